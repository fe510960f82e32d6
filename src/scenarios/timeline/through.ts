/**
 * `through` of a timeline's entry: the order does not come from beside the data path, as orders do, but goes the way that
 * clients' requests go, and is carried out when it is answered. So shares its fate whoever reaches the control plane
 * through what it controls (OpenAI, 11 December 2024; Cloudflare, 2 July 2019; Google Cloud, 12 June 2025).
 */
import { Duration, Optional, PATH_PATTERN, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseDurationMsOr } from '../../core/units.js';
import { ASKED_PROPERTIES, type Asked, resolveAsked } from '../clients/classes.js';
import type { EntryProblem } from './timeline.js';

/** As long as an operator's tool waits who has set it to give up at all; longer than any gateway waits here. */
const PATIENCE_MS = 5_000;

/** An operator who reads the error before trying again. */
const AGAIN_MS = 1_000;

/** Orders that are refused at once must not become a flood of their own. */
const MIN_AGAIN_MS = 100;

export const ThroughSchema = Section(
  {
    path: Optional(
      Type.String({ pattern: PATH_PATTERN, description: 'Where the control plane is; default /admin.' }),
    ),
    headers: ASKED_PROPERTIES.headers,
    patience: Optional(Duration('How long a try waits for its answer; default 5s.')),
    again: Optional(
      Duration('From the end of a try to the next, until one is answered; default 1s, at least 100ms.'),
    ),
  },
  'The order goes as a request of its own the way that clients’ go, and is carried out when it is answered; default: it comes from beside them, and always arrives.',
);

export const ThroughProperties = { through: Optional(ThroughSchema) };

export interface Through {
  readonly asked: Asked;
  readonly patienceMs: number;
  readonly againMs: number;
}

export const checkThrough = (through: Static<typeof ThroughSchema> | undefined): EntryProblem[] => {
  if (through?.again === undefined || parseDurationMs(through.again) >= MIN_AGAIN_MS) return [];
  return [{ key: 'through', path: ['again'], message: `expected at least ${MIN_AGAIN_MS}ms` }];
};

export const resolveThrough = (through: Static<typeof ThroughSchema>): Through => {
  const { path: asked = '/admin', headers: fields } = through;
  return {
    asked: resolveAsked({ path: asked, method: 'POST', ...(fields && { headers: fields }) }),
    patienceMs: parseDurationMsOr(through.patience, PATIENCE_MS),
    againMs: parseDurationMsOr(through.again, AGAIN_MS),
  };
};
