/** What a timeline does to the clients' side: `flood`, and `update-clients` with `on` and `for`. */

import { isObject } from '../../core/json.js';
import { Count, Duration, Optional, Rate, Section, type Static } from '../../core/schema.js';
import { formatFor, parseDurationMs, parseRateRps } from '../../core/units.js';
import { MAX_ADDRESSES } from '../clients/addresses.js';
import { BEHAVIOUR_PROPERTIES, type BehaviourSection } from '../clients/behaviour.js';
import { ASKED_PROPERTIES, checkAsked, resolveAsked } from '../clients/classes.js';
import {
  DEFAULT_FLOOD_CONNECTIONS,
  DEFAULT_FLOOD_REQUESTS,
  type FloodPlan,
  MAX_FLOOD_CONNECTIONS,
  MAX_FLOOD_RPS,
} from '../clients/flood.js';
import { ALL, findUnknownTargets, forMsOf, targetsOf } from './targets.js';
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

export const ClientProperties = {
  flood: Optional(FloodSchema),
  'update-clients': Optional(
    Section(
      BEHAVIOUR_PROPERTIES,
      'What clients do otherwise from now on, laid over what they do, key by key: a release of their app, or new settings for it. With `on` for these classes alone; with `for` they go back.',
    ),
  ),
};

/** Of an entry, what is about clients. */
export interface ClientEntry {
  readonly flood?: FloodSection;
  readonly 'update-clients'?: BehaviourSection;
  readonly on?: string | readonly string[];
  readonly for?: string;
}

/** What clients are given to do otherwise. */
export interface ClientUpdate {
  /** Of whom, by name; empty: the scenario names no classes. */
  readonly classes: readonly string[];
  /** As written. */
  readonly changes: BehaviourSection;
  /** `null`: to the end of the run. */
  readonly forMs: number | null;
}

export type ClientAction =
  | { readonly type: 'flood'; readonly plan: FloodPlan }
  | { readonly type: 'update-clients'; readonly update: ClientUpdate };

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
const checkFlood = (section: FloodSection): EntryProblem[] => {
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

const checkChanges = (changes: BehaviourSection): EntryProblem[] => {
  const key = 'update-clients';
  if (Object.keys(changes).length === 0) {
    return [{ key, message: 'changes nothing; give `retry`, `patience`, or both' }];
  }
  if (changes.retry === undefined || Object.keys(changes.retry).length > 0) return [];
  const message = 'changes nothing; give `attempts: 1` for no retries, or another of its keys';
  return [{ key, path: ['retry'], message }];
};

const checkClasses = (entry: ClientEntry, classes: readonly string[]): EntryProblem[] => {
  if (classes.length > 0) return findUnknownTargets(entry, [...classes, ALL], 'class ');
  if (targetsOf(entry).every((target) => target === ALL)) return [];
  const message = 'all clients are alike here: leave `on` out, or name classes under `clients.classes`';
  return [{ key: 'on', message }];
};

/** What the schema cannot say of an entry that is about clients. @param classes of the scenario, by name. */
export const checkClientEntry = (entry: ClientEntry, classes: readonly string[]): EntryProblem[] => {
  const { flood, 'update-clients': changes } = entry;
  if (flood !== undefined) return checkFlood(flood);
  return changes === undefined ? [] : [...checkChanges(changes), ...checkClasses(entry, classes)];
};

/** @param entry one that `checkClientEntry` has nothing against. @returns `null`: it is about something else. */
export const resolveClientEntry = (
  entry: ClientEntry,
  classes: readonly string[],
  atMs: number,
): ClientAction | null => {
  if (entry.flood !== undefined) return { type: 'flood', plan: resolveFlood(entry.flood, atMs) };
  const changes = entry['update-clients'];
  if (changes === undefined) return null;
  const targets = targetsOf(entry);
  const isEverybody = entry.on === undefined || targets.includes(ALL);
  const chosen = isEverybody ? classes : classes.filter((name) => targets.includes(name));
  return { type: 'update-clients', update: { classes: chosen, changes, forMs: forMsOf(entry) } };
};

const changesText = (changes: object): string =>
  Object.entries(changes)
    .map(([key, value]) => (isObject(value) ? `${key} (${changesText(value)})` : `${key} ${value}`))
    .join(', ');

/** Whose, in a sentence: of one class, of several, or of all. */
export const clientsText = (classes: readonly string[]): string =>
  classes.length === 0 ? 'all clients' : `the clients of ${classes.join(', ')}`;

/** What an update changes and how long it lasts, such as `patience 2s, retry (attempts 1) for 10s`. */
export const updateText = ({ changes, forMs }: Omit<ClientUpdate, 'classes'>): string =>
  `${changesText(changes)}${formatFor(forMs)}`;
