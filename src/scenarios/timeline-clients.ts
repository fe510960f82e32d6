/** What a timeline does to the clients' side: the action `flood`. */
import { Count, Duration, Optional, Rate, Section, type Static } from '../core/schema.js';
import { formatFor, parseDurationMs, parseRateRps } from '../core/units.js';
import { MAX_ADDRESSES } from './addresses.js';
import { ASKED_PROPERTIES, checkAsked, resolveAsked } from './client-classes.js';
import {
  DEFAULT_FLOOD_CONNECTIONS,
  DEFAULT_FLOOD_REQUESTS,
  type FloodPlan,
  MAX_FLOOD_CONNECTIONS,
  MAX_FLOOD_RPS,
} from './flood.js';
import type { EntryProblem } from './timeline.js';

export const FloodSchema = Section(
  {
    rate: Rate('Requests a second of all identities together, at most 5000/s.'),
    for: Duration('How long it lasts; it ends with the load in any case.'),
    identities: Optional(
      Count(1, 'Clients, each with an address of its own, from which it comes in turn; default 20.'),
    ),
    connections: Optional(
      Count(1, 'Requests in flight at most; default 1000, at most 2000. More are skipped and counted.'),
    ),
    requests: Optional(Count(1, 'Requests in all; default 100000. More are skipped and counted.')),
    ...ASKED_PROPERTIES,
  },
  'Hostile clients who send at a steady rate, whatever they get for it.',
);

export type FloodSection = Static<typeof FloodSchema>;

/** As many as the attackers of the scenario library. */
const DEFAULT_IDENTITIES = 20;

export const resolveFlood = (section: FloodSection, atMs: number): FloodPlan => ({
  ...resolveAsked(section),
  atMs,
  durationMs: parseDurationMs(section.for),
  rateRps: parseRateRps(section.rate),
  identities: section.identities ?? DEFAULT_IDENTITIES,
  maxConnections: section.connections ?? DEFAULT_FLOOD_CONNECTIONS,
  maxRequests: section.requests ?? DEFAULT_FLOOD_REQUESTS,
});

/** What the schema cannot say. */
export const checkFlood = (section: FloodSection): EntryProblem[] => {
  const problems: EntryProblem[] = checkAsked(section).map(({ path, message, key = false }) => ({
    key: 'flood',
    path,
    message,
    atKey: key,
  }));
  const wrong = (key: string, message: string): void => {
    problems.push({ key: 'flood', path: [key], message });
  };
  const { rateRps, identities, maxConnections } = resolveFlood(section, 0);
  if (rateRps > MAX_FLOOD_RPS) {
    wrong(
      'rate',
      `at most ${MAX_FLOOD_RPS}/s, or the generator falls behind with the other clients; got ${section.rate}`,
    );
  }
  if (rateRps === 0) wrong('rate', 'a flood of 0/s is none');
  if (identities > MAX_ADDRESSES) {
    wrong('identities', `at most ${MAX_ADDRESSES}, one address each; got ${identities}`);
  }
  if (maxConnections > MAX_FLOOD_CONNECTIONS) {
    wrong(
      'connections',
      `at most ${MAX_FLOOD_CONNECTIONS}, or the open files of a process run out; got ${maxConnections}`,
    );
  }
  if (identities > maxConnections) {
    const key = section.connections === undefined ? 'identities' : 'connections';
    wrong(key, `${identities} identities need a connection each, and may have ${maxConnections} together`);
  }
  return problems;
};

export const floodText = ({ rateRps, identities, method, path, durationMs }: FloodPlan): string =>
  `a flood of ${rateRps}/s ${method} ${path} from ${identities} ${identities === 1 ? 'identity' : 'identities'}${formatFor(durationMs)}`;
