/** What a timeline does to the links before the workers: `toxic` and `remove-toxic`, with `on` and `for`. */
import { OneOf, Optional, Type } from '../../core/schema.js';
import { formatFor } from '../../core/units.js';
import {
  type Attributes,
  findAttributeProblems,
  resolveAttributes,
  type WrittenAttributes,
} from '../../upstream/links/attributes.js';
import { STREAMS, type Stream } from '../../upstream/links/connection.js';
import type { RemovalOrder, ToxicOrder } from '../../upstream/links/messages.js';
import { TOXIC_TYPES, TOXICS } from '../../upstream/links/toxics/toxics.js';
import { ALL, forMsOf } from './targets.js';
import type { EntryProblem } from './timeline.js';

/** Not one of the toxics, but a link that is not enabled: it refuses connections, as a firewall that rejects. */
const DOWN = 'down';

const TOXIC_NAMES = [...TOXIC_TYPES, DOWN] as const;

type ToxicName = (typeof TOXIC_NAMES)[number];

export const LinkProperties = {
  toxic: Optional(OneOf(TOXIC_NAMES, 'What becomes of the links to workers; needs `on`.')),
  'remove-toxic': Optional(
    OneOf([...TOXIC_NAMES, ALL], 'A toxic to take away before its time, or all; needs `on`.'),
  ),
  stream: Optional(
    OneOf(STREAMS, 'The direction it is on: upstream, with the requests, or downstream; default downstream.'),
  ),
  toxicity: Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the connections it meets, from 0 to 1, drawn from the seed; default 1.',
    }),
  ),
  attributes: Optional(
    Type.Object(
      {},
      { additionalProperties: true, description: 'As Toxiproxy has them, such as `latency: 500`.' },
    ),
  ),
};

/** Of an entry, what is about links. */
export interface LinkEntry {
  readonly toxic?: ToxicName;
  readonly 'remove-toxic'?: ToxicName | typeof ALL;
  readonly stream?: Stream;
  readonly toxicity?: number;
  readonly attributes?: object;
  readonly for?: string;
}

export type LinkAction =
  | { readonly type: 'toxic'; readonly workers: readonly string[]; readonly order: ToxicOrder }
  | { readonly type: 'remove-toxic'; readonly workers: readonly string[]; readonly order: RemovalOrder };

/** Keys that mean something only beside one of these actions. */
export const LINK_BELONGS_TO: Readonly<Record<string, readonly string[]>> = {
  stream: ['toxic', 'remove-toxic'],
  toxicity: ['toxic'],
  attributes: ['toxic'],
};

/** They are on every connection, in both directions. */
const isOnWholeLink = (name: string): boolean =>
  name === DOWN || TOXICS[name as keyof typeof TOXICS]?.swallowsConnections === true;

const writtenOf = ({ attributes = {} }: LinkEntry): WrittenAttributes => attributes as WrittenAttributes;

const attributesProblems = (name: ToxicName, entry: LinkEntry): EntryProblem[] => {
  const problems =
    name === DOWN
      ? Object.keys(writtenOf(entry)).map((key) => ({
          key,
          message: `is not an attribute of ${DOWN}; it has none`,
        }))
      : findAttributeProblems(name, writtenOf(entry), { complete: true });
  return problems.map(({ key, message }): EntryProblem => {
    if (key !== '') return { key: 'attributes', path: [key], message };
    return { key: entry.attributes === undefined ? 'toxic' : 'attributes', message };
  });
};

/** What the schema cannot say of an entry that is about links. */
export const checkLinkEntry = (entry: LinkEntry): EntryProblem[] => {
  const problems: EntryProblem[] = [];
  const { toxic: name = entry['remove-toxic']! } = entry;
  for (const key of ['stream', 'toxicity'] as const) {
    if (entry[key] === undefined || !isOnWholeLink(name)) continue;
    problems.push({ key, message: `means nothing to ${name}, which is on every connection, both ways` });
  }
  if (entry.toxic !== undefined) problems.push(...attributesProblems(entry.toxic, entry));
  return problems;
};

const resolveAttributesOf = (name: ToxicName, entry: LinkEntry): Attributes =>
  name === DOWN ? {} : resolveAttributes(name, writtenOf(entry));

/**
 * @param entry one that `checkLinkEntry` has nothing against.
 * @param workers those it is on.
 * @returns `null`: it is about something else.
 */
export const resolveLinkEntry = (entry: LinkEntry, workers: readonly string[]): LinkAction | null => {
  const { toxic, 'remove-toxic': removed, stream, toxicity = 1 } = entry;
  if (toxic !== undefined) {
    const attributes = resolveAttributesOf(toxic, entry);
    const forMs = forMsOf(entry);
    const order = { type: toxic, stream: stream ?? 'downstream', toxicity, attributes, forMs };
    return { type: 'toxic', workers, order };
  }
  if (removed === undefined) return null;
  const order = { type: removed === ALL ? null : removed, stream: stream ?? null };
  return { type: 'remove-toxic', workers, order };
};

/** What a validated scenario says of it. */
export const linkActionText = (action: LinkAction): string => {
  const where = `on the links of ${action.workers.join(', ')}`;
  if (action.type === 'remove-toxic') return `no more ${action.order.type ?? 'toxics'} ${where}`;
  const { type, stream, toxicity, attributes, forMs } = action.order;
  const given = Object.entries(attributes).map(([name, value]) => `${name} ${value}`);
  if (!isOnWholeLink(type)) given.push(stream);
  if (toxicity < 1) given.push(`toxicity ${toxicity}`);
  const how = given.length === 0 ? '' : ` (${given.join(', ')})`;
  return `${type}${how} ${where}${formatFor(forMs)}`;
};
