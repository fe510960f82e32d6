/**
 * What happens to the world during a run, and when: the `timeline:` section.
 */
import type { Path } from '../../core/document/positions.js';
import { Duration, Optional, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs } from '../../core/units.js';
import type { GatewaySection } from '../../gateway/config.js';
import { FAULT_PARAMETERS } from '../../upstream/faults/parameters.js';
import { membersOf } from '../../upstream/fleet/mechanisms.js';
import { ONE_GATEWAY } from '../front/config.js';
import { type CacheAction, CacheActionProperties, checkCacheEntry, resolveCacheEntry } from './cache.js';
import {
  type ClientAction,
  type ClientEntry,
  ClientProperties,
  checkClientEntry,
  resolveClientEntry,
} from './clients.js';
import {
  CONFIG_ACTIONS,
  CONFIG_BELONGS_TO,
  type ConfigAction,
  ConfigProperties,
  checkConfigEntry,
  resolveConfigEntry,
} from './config.js';
import {
  checkDependencyEntry,
  type DependencyAction,
  type DependencyEntry,
  type DependencyKinds,
  DependencyProperties,
  resolveDependencyEntry,
} from './dependencies.js';
import {
  checkFaultEntry,
  type FaultAction,
  type FaultEntry,
  FaultProperties,
  optionsOf,
  ParameterProperties,
  resolveFaultEntry,
} from './faults.js';
import {
  checkFleetEntry,
  FLEET_ACTIONS,
  type FleetAction,
  type FleetEntry,
  FleetProperties,
  resolveFleetEntry,
} from './fleet.js';
import {
  checkFrontEntry,
  FRONT_ACTIONS,
  type FrontAction,
  FrontActionProperties,
  type FrontEntry,
  resolveFrontEntry,
} from './front.js';
import {
  checkLinkEntry,
  LINK_BELONGS_TO,
  type LinkAction,
  type LinkEntry,
  LinkProperties,
  resolveLinkEntry,
} from './links.js';
import {
  findNameProblems,
  type NameAction,
  type NameEntry,
  NameProperties,
  resolveNameEntry,
} from './names.js';
import { explainNeedOfWorkers } from './own-upstreams.js';
import { ALL, findUnknownTargets, targetsOf } from './targets.js';
import { checkThrough, resolveThrough, type Through, ThroughProperties } from './through.js';

export const TimelineEntrySchema = Section(
  {
    at: Duration('When, from the start of the load.'),
    note: Optional(Type.String({ description: 'Says what happens, in the output; does nothing.' })),
    ...FaultProperties,
    on: Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        description:
          'Who it is done to: a worker such as worker-2, or a cluster of them; of disturb and recover a dependency; of disrupt and certificate a gateway such as gateway-1, or edge; of update-clients a class. Several in a list; all workers, dependencies or classes: all.',
      }),
    ),
    for: Optional(
      Duration(
        'How long it lasts; left out: until it is healed, or to the end of the run. `disrupt: block` and event-loop-block need it: nothing reaches them before.',
      ),
    ),
    ...ParameterProperties,
    ...ClientProperties,
    ...NameProperties,
    ...LinkProperties,
    ...DependencyProperties,
    ...FleetProperties,
    ...FrontActionProperties,
    ...CacheActionProperties,
    ...ConfigProperties,
    ...ThroughProperties,
  },
  'One event of the timeline: `at` and one of note, inject, heal, flood, update-clients, dns, toxic, remove-toxic, disturb, recover, deploy, rollback-deploy, scale, disrupt, certificate, push-config, rollback-config, lock-config, unlock-config, purge-cache.',
);

export type TimelineEntrySection = Static<typeof TimelineEntrySchema>;

export type Action =
  | NameAction
  | LinkAction
  | DependencyAction
  | FleetAction
  | FrontAction
  | FaultAction
  | ClientAction
  | CacheAction
  | ConfigAction
  | { readonly type: 'note'; readonly text: string };

export interface TimelineEntry {
  readonly atMs: number;
  readonly action: Action;
  /** The way that an order takes; left out: it comes from beside the data path. */
  readonly through?: Through;
}

/** An entry has one of them. */
export const ACTIONS = [
  'note',
  'inject',
  'heal',
  'flood',
  'update-clients',
  ...CONFIG_ACTIONS,
  'purge-cache',
  'dns',
  'toxic',
  'remove-toxic',
  'disturb',
  'recover',
  ...FLEET_ACTIONS,
  ...FRONT_ACTIONS,
] as const;

/** Keys that mean something only beside one of these actions. */
export const BELONGS_TO: Readonly<Record<string, readonly string[]>> = {
  on: [
    ...['inject', 'heal', 'dns', 'toxic', 'remove-toxic', 'disturb', 'recover', 'update-clients'],
    ...FRONT_ACTIONS,
  ],
  for: ['inject', 'dns', 'toxic', 'disturb', 'update-clients', ...FRONT_ACTIONS],
  ...LINK_BELONGS_TO,
  ...Object.fromEntries(Object.keys(FAULT_PARAMETERS).map((name) => [name, ['inject', 'disturb']])),
  ...CONFIG_BELONGS_TO,
  // What somebody orders of a control plane; everything else happens.
  through: [...CONFIG_ACTIONS, 'purge-cache', ...FLEET_ACTIONS],
};

export interface EntryProblem {
  readonly key: string;
  /** Below the key. */
  readonly path?: Path;
  readonly message: string;
  /** It is the last key itself that is wrong, not its value. */
  readonly atKey?: boolean;
}

/** What a timeline is checked against. */
export interface EntryScope {
  readonly workers: readonly string[];
  /** Whether they are upstreams of the user's own; default: no. */
  readonly own?: boolean;
  /** Those that get what is pushed to workers; default: all. */
  readonly configReaders?: readonly string[];
  /** How many of these run at first; default: all. */
  readonly running?: number;
  /** Names for several workers; default: none. */
  readonly clusters?: Readonly<Record<string, readonly string[]>>;
  /** Of everything that the gateway sends to; default: the workers. */
  readonly upstreams?: readonly string[];
  /** Whether the workers have names; default: no. */
  readonly named?: boolean;
  /** Of the clients, by name; default: the scenario names none. */
  readonly classes?: readonly string[];
  /** What the workers call; default: nothing. */
  readonly dependencies?: DependencyKinds;
  /** The variant's gateway section. */
  readonly gateway: GatewaySection;
  /** The same of the edge; `null`: there is none. */
  readonly edge?: GatewaySection | null;
  /** Every gateway and the edge, with the number of its processes; default: one gateway of one process. */
  readonly front?: ReadonlyMap<string, number>;
  /** Those of them that speak TLS; default: none. */
  readonly secure?: readonly string[];
}

/** Those that go to workers. */
const WORKER_ACTIONS = ['inject', 'heal', 'dns', 'toxic', 'remove-toxic'] as const;

const checkTargets = (
  entry: TimelineEntrySection,
  action: (typeof WORKER_ACTIONS)[number],
  { workers, clusters = {} }: EntryScope,
): EntryProblem[] => {
  if (entry.on === undefined) return [{ key: action, message: 'needs `on`, the worker it goes to' }];
  return findUnknownTargets(entry, [...workers, ...Object.keys(clusters), ALL]);
};

const isAbout = <Name extends string>(action: string, names: readonly Name[]): action is Name =>
  names.includes(action as Name);

/** Keys that are not of the action that the entry has. */
const findStrayKeys = (entry: TimelineEntrySection, action: string): EntryProblem[] =>
  Object.entries(BELONGS_TO).flatMap(([key, owners]): EntryProblem[] => {
    if (!Object.hasOwn(entry, key) || owners.includes(action)) return [];
    const message = `${key} means nothing beside ${action}; it belongs to ${owners.join(' and ')}`;
    return [{ key, message }];
  });

/** What the schema cannot say: one action an entry, and only the keys that belong to it. */
export const checkEntry = (entry: TimelineEntrySection, scope: EntryScope): EntryProblem[] => {
  const { workers, running = workers.length } = scope;
  const actions = ACTIONS.filter((action) => entry[action] !== undefined);
  const [action] = actions;
  if (action === undefined || actions.length > 1) {
    const found = actions.length === 0 ? 'none' : actions.join(' and ');
    return [{ key: '', message: `expected one of ${ACTIONS.join(', ')} beside \`at\`, found ${found}` }];
  }
  const need = scope.own ? explainNeedOfWorkers(action, entry) : null;
  if (need !== null) return [need];
  const problems = findStrayKeys(entry, action);
  if (action === 'purge-cache') problems.push(...checkCacheEntry(entry, scope));
  if (isAbout(action, CONFIG_ACTIONS)) problems.push(...checkConfigEntry(entry, action, scope));
  if (isAbout(action, WORKER_ACTIONS)) problems.push(...checkTargets(entry, action, scope));
  if (action === 'disturb' || action === 'recover') {
    const { dependencies = {} } = scope;
    problems.push(...checkDependencyEntry(entry as DependencyEntry, optionsOf(entry), dependencies));
  }
  if (action === 'toxic' || action === 'remove-toxic') problems.push(...checkLinkEntry(entry as LinkEntry));
  if (action === 'dns') problems.push(...findNameProblems(entry as NameEntry, scope.named ?? false));
  problems.push(...checkFaultEntry(entry as FaultEntry));
  problems.push(...checkThrough(entry.through));
  problems.push(...checkClientEntry(entry as ClientEntry, scope.classes ?? []));
  problems.push(...checkFleetEntry(entry as FleetEntry, { running, places: workers.length }));
  if (isAbout(action, FRONT_ACTIONS)) {
    const { front = ONE_GATEWAY, secure = [] } = scope;
    problems.push(...checkFrontEntry(entry as FrontEntry, { front, secure }));
  }
  return problems;
};

const resolveAction = (entry: TimelineEntrySection, scope: EntryScope, atMs: number): Action => {
  const { workers, clusters = {}, dependencies = {}, classes = [] } = scope;
  const targets = targetsOf(entry);
  const chosen = targets.includes(ALL) ? workers : membersOf(targets, { clusters });
  return (
    resolveCacheEntry(entry) ??
    resolveConfigEntry(entry, scope) ??
    resolveClientEntry(entry as ClientEntry, classes, atMs) ??
    resolveDependencyEntry(entry as DependencyEntry, optionsOf(entry), dependencies) ??
    resolveFleetEntry(entry as FleetEntry) ??
    resolveFrontEntry(entry as FrontEntry) ??
    resolveNameEntry(entry as NameEntry, chosen) ??
    resolveLinkEntry(entry as LinkEntry, chosen) ??
    resolveFaultEntry(entry as FaultEntry, chosen) ?? { type: 'note', text: entry.note! }
  );
};

/** @param entry one that `checkEntry` has nothing against. */
export const resolveEntry = (entry: TimelineEntrySection, scope: EntryScope): TimelineEntry => {
  const atMs = parseDurationMs(entry.at);
  const action = resolveAction(entry, scope, atMs);
  return entry.through === undefined
    ? { atMs, action }
    : { atMs, action, through: resolveThrough(entry.through) };
};
