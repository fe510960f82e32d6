/**
 * What happens to the world during a run, and when: the `timeline:` section.
 */
import { type Json, merge } from '../core/document/overrides.js';
import type { Path } from '../core/document/positions.js';
import { Duration, OneOf, Optional, Section, type Static, Type } from '../core/schema.js';
import { parseDurationMs } from '../core/units.js';
import {
  type RollbackStrategy,
  resolveRollbackStrategy,
  resolveStrategy,
  STRATEGY_NAMES,
  type Strategy,
  StrategyProperties,
  type StrategySection,
} from '../delivery/strategy.js';
import { TrafficStrategyProperties, type TrafficStrategySection } from '../delivery/traffic-strategy.js';
import type { GatewaySection } from '../gateway/config.js';
import type { WorkerConfig } from '../upstream/config.js';
import { FAULT_PARAMETERS } from '../upstream/faults/parameters.js';
import type { FloodPlan } from './flood.js';
import { EDGE } from './front-config.js';
import { checkFlood, FloodSchema, resolveFlood } from './timeline-clients.js';
import { checkGatewayPush, checkStrategy, checkWorkerPush } from './timeline-config.js';
import {
  checkDependencyEntry,
  type DependencyAction,
  type DependencyEntry,
  type DependencyKinds,
  DependencyProperties,
  resolveDependencyEntry,
} from './timeline-dependencies.js';
import {
  checkFaultEntry,
  type FaultAction,
  type FaultEntry,
  FaultProperties,
  optionsOf,
  ParameterProperties,
  resolveFaultEntry,
} from './timeline-faults.js';
import {
  checkFleetEntry,
  FLEET_ACTIONS,
  type FleetAction,
  type FleetEntry,
  FleetProperties,
  resolveFleetEntry,
} from './timeline-fleet.js';
import {
  checkFrontEntry,
  type FrontAction,
  FrontActionProperties,
  type FrontEntry,
  resolveFrontEntry,
} from './timeline-front.js';
import {
  checkLinkEntry,
  LINK_BELONGS_TO,
  type LinkAction,
  type LinkEntry,
  LinkProperties,
  resolveLinkEntry,
} from './timeline-links.js';
import {
  findNameProblems,
  type NameAction,
  type NameEntry,
  NameProperties,
  resolveNameAction,
} from './timeline-names.js';
import { ALL, findUnknownTargets, targetsOf } from './timeline-targets.js';

export const TimelineEntrySchema = Section(
  {
    at: Duration('When, from the start of the load.'),
    note: Optional(Type.String({ description: 'Says what happens, in the output; does nothing.' })),
    ...FaultProperties,
    on: Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        description:
          'Who it is done to: a worker such as worker-2, or a cluster of them; of disturb and recover a dependency; of disrupt a gateway such as gateway-1, or edge. Several in a list; all workers or dependencies: all.',
      }),
    ),
    for: Optional(
      Duration(
        'How long it lasts; left out: until it is healed, or to the end of the run. `disrupt: block` and event-loop-block need it: nothing reaches them before.',
      ),
    ),
    ...ParameterProperties,
    flood: Optional(FloodSchema),
    ...NameProperties,
    ...LinkProperties,
    ...DependencyProperties,
    ...FleetProperties,
    ...FrontActionProperties,
    'push-config': Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            'A new config. To workers: the whole of it. To the gateway: keys of the gateway section, laid over the variant’s.',
        },
      ),
    ),
    'rollback-config': Optional(Section({}, 'Goes back to the last good config.')),
    'lock-config': Optional(
      Section(
        { reason: Type.String({ minLength: 1, description: 'Why.' }) },
        'No new config goes out from now on.',
      ),
    ),
    'unlock-config': Optional(Section({}, 'New config may go out again.')),
    approved: Optional(
      OneOf(
        ['on', 'off'],
        'Whether a push to the gateway goes out although a guard objects; default on, off: the gateway decides.',
      ),
    ),
    breakGlass: Optional(Type.String({ minLength: 1, description: 'Why a push passes the lock by.' })),
    to: Optional(OneOf(['workers', 'gateway', 'edge'], 'Who gets the config; default workers.')),
    ...StrategyProperties,
    strategy: Optional(
      OneOf(
        [...STRATEGY_NAMES, 'staged'],
        'How it goes out; default all-at-once. To workers also rolling and canary, to the gateway also staged.',
      ),
    ),
    staged: TrafficStrategyProperties.staged,
  },
  'One event of the timeline: `at` and one of note, inject, heal, flood, dns, toxic, remove-toxic, disturb, recover, deploy, rollback-deploy, scale, disrupt, push-config, rollback-config, lock-config, unlock-config.',
);

export type TimelineEntrySection = Static<typeof TimelineEntrySchema>;

export type Action =
  | NameAction
  | LinkAction
  | DependencyAction
  | FleetAction
  | FrontAction
  | FaultAction
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'flood'; readonly plan: FloodPlan }
  | {
      readonly type: 'push-config';
      readonly config: WorkerConfig;
      readonly strategy: Strategy;
      /** Why a lock is passed by; empty: it is not. */
      readonly breakGlass: string;
    }
  | {
      readonly type: 'push-gateway-config';
      readonly to: 'gateway' | 'edge';
      /** The whole gateway section, as it is written. */
      readonly config: Json;
      readonly strategy: TrafficStrategySection;
      readonly breakGlass: string;
      /** Whether a guard is passed by. */
      readonly approved: boolean;
    }
  | { readonly type: 'rollback-gateway-config'; readonly to: 'gateway' | 'edge' }
  | { readonly type: 'lock-config'; readonly reason: string }
  | { readonly type: 'unlock-config' }
  | { readonly type: 'rollback-config'; readonly strategy: RollbackStrategy };

export interface TimelineEntry {
  readonly atMs: number;
  readonly action: Action;
}

/** An entry has one of them. */
export const ACTIONS = [
  'note',
  'inject',
  'heal',
  'flood',
  'push-config',
  'rollback-config',
  'lock-config',
  'unlock-config',
  'dns',
  'toxic',
  'remove-toxic',
  'disturb',
  'recover',
  ...FLEET_ACTIONS,
  'disrupt',
] as const;

/** Keys that mean something only beside one of these actions. */
const BELONGS_TO: Readonly<Record<string, readonly string[]>> = {
  on: ['inject', 'heal', 'dns', 'toxic', 'remove-toxic', 'disturb', 'recover', 'disrupt'],
  for: ['inject', 'dns', 'toxic', 'disturb', 'disrupt'],
  ...LINK_BELONGS_TO,
  ...Object.fromEntries(Object.keys(FAULT_PARAMETERS).map((name) => [name, ['inject', 'disturb']])),
  approved: ['push-config'],
  breakGlass: ['push-config'],
  to: ['push-config', 'rollback-config'],
  strategy: ['push-config', 'rollback-config'],
  rolling: ['push-config', 'rollback-config'],
  canary: ['push-config', 'rollback-config'],
  staged: ['push-config'],
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
  /** How many of these run at first; default: all. */
  readonly running?: number;
  /** Names for several workers; default: none. */
  readonly clusters?: Readonly<Record<string, readonly string[]>>;
  /** Of everything that the gateway sends to; default: the workers. */
  readonly upstreams?: readonly string[];
  /** Whether the workers have names; default: no. */
  readonly named?: boolean;
  /** What the workers call; default: nothing. */
  readonly dependencies?: DependencyKinds;
  /** The variant's gateway section. */
  readonly gateway: GatewaySection;
  /** The same of the edge; `null`: there is none. */
  readonly edge?: GatewaySection | null;
  /** Every gateway and the edge, with the number of its processes; default: one gateway of one process. */
  readonly front?: ReadonlyMap<string, number>;
}

const ONE_GATEWAY: ReadonlyMap<string, number> = new Map([['gateway-1', 1]]);

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

const checkPush = (
  pushed: Json,
  { to = 'workers' }: TimelineEntrySection,
  { workers, upstreams = workers, gateway, edge = null, front = ONE_GATEWAY }: EntryScope,
): EntryProblem[] => {
  if (to === 'workers') return checkWorkerPush(pushed);
  if (to === 'gateway') return checkGatewayPush(pushed, gateway, upstreams);
  const behind = [...front.keys()].filter((id) => id !== EDGE);
  return edge === null ? [] : checkGatewayPush(pushed, edge, behind);
};

/** What the schema cannot say: one action an entry, and only the keys that belong to it. */
export const checkEntry = (entry: TimelineEntrySection, scope: EntryScope): EntryProblem[] => {
  const { workers } = scope;
  const actions = ACTIONS.filter((action) => entry[action] !== undefined);
  const [action] = actions;
  if (action === undefined || actions.length > 1) {
    const found = actions.length === 0 ? 'none' : actions.join(' and ');
    return [{ key: '', message: `expected one of ${ACTIONS.join(', ')} beside \`at\`, found ${found}` }];
  }
  const problems: EntryProblem[] = [];
  for (const [key, owners] of Object.entries(BELONGS_TO)) {
    if (Object.hasOwn(entry, key) && !owners.includes(action)) {
      problems.push({
        key,
        message: `${key} means nothing beside ${action}; it belongs to ${owners.join(' and ')}`,
      });
    }
  }
  for (const name of ['rolling', 'canary', 'staged'] as const) {
    if (entry[name] !== undefined && entry.strategy !== name && BELONGS_TO[name]!.includes(action)) {
      problems.push({ key: name, message: `means nothing without \`strategy: ${name}\`` });
    }
  }
  problems.push(...checkStrategy(entry, action));
  if ((entry.canary?.readers ?? 0) >= workers.length) {
    problems.push({
      key: 'canary',
      message: `a canary of all ${workers.length} workers is none; give fewer readers`,
    });
  }
  const toWorkers = WORKER_ACTIONS.find((one) => one === action);
  if (toWorkers !== undefined) problems.push(...checkTargets(entry, toWorkers, scope));
  if (action === 'disturb' || action === 'recover') {
    const { dependencies = {} } = scope;
    problems.push(...checkDependencyEntry(entry as DependencyEntry, optionsOf(entry), dependencies));
  }
  if (action === 'toxic' || action === 'remove-toxic') problems.push(...checkLinkEntry(entry as LinkEntry));
  if (action === 'dns') problems.push(...findNameProblems(entry as NameEntry, scope.named ?? false));
  problems.push(...checkFaultEntry(entry as FaultEntry));
  if (entry.flood !== undefined) problems.push(...checkFlood(entry.flood));
  const { running = workers.length } = scope;
  problems.push(...checkFleetEntry(entry as FleetEntry, { running, places: workers.length }));
  const pushed = entry['push-config'] as Json | undefined;
  if (pushed !== undefined) problems.push(...checkPush(pushed, entry, scope));
  if (entry.to === 'edge' && (scope.edge ?? null) === null) {
    problems.push({ key: 'to', message: 'there is no edge; give the scenario the section `edge`' });
  }
  if (action === 'disrupt')
    problems.push(...checkFrontEntry(entry as FrontEntry, scope.front ?? ONE_GATEWAY));
  return problems;
};

/** @param entry one that `checkEntry` has nothing against. */
export const resolveEntry = (
  entry: TimelineEntrySection,
  { workers, clusters = {}, gateway, edge = null, dependencies = {} }: EntryScope,
): TimelineEntry => {
  const atMs = parseDurationMs(entry.at);
  const { breakGlass = '', to = 'workers' } = entry;
  const pushed = entry['push-config'] as Json | undefined;
  if (pushed !== undefined && to !== 'workers') {
    const strategy = { strategy: entry.strategy, staged: entry.staged } as TrafficStrategySection;
    const config = merge(to === 'edge' ? (edge ?? {}) : gateway, pushed);
    const approved = entry.approved !== 'off';
    return { atMs, action: { type: 'push-gateway-config', to, config, strategy, breakGlass, approved } };
  }
  if (pushed !== undefined) {
    const config = pushed as unknown as WorkerConfig;
    const strategy = resolveStrategy(entry as StrategySection);
    return { atMs, action: { type: 'push-config', config, strategy, breakGlass } };
  }
  if (entry.flood !== undefined) {
    return { atMs, action: { type: 'flood', plan: resolveFlood(entry.flood, atMs) } };
  }
  const lock = entry['lock-config'];
  if (lock !== undefined) return { atMs, action: { type: 'lock-config', reason: lock.reason } };
  if (entry['unlock-config'] !== undefined) return { atMs, action: { type: 'unlock-config' } };
  if (entry['rollback-config'] !== undefined) {
    if (to !== 'workers') return { atMs, action: { type: 'rollback-gateway-config', to } };
    const strategy = resolveRollbackStrategy(entry as StrategySection);
    return { atMs, action: { type: 'rollback-config', strategy } };
  }
  const disturbed = resolveDependencyEntry(entry as DependencyEntry, optionsOf(entry), dependencies);
  if (disturbed !== null) return { atMs, action: disturbed };
  const onFleet = resolveFleetEntry(entry as FleetEntry);
  if (onFleet !== null) return { atMs, action: onFleet };
  const onFront = resolveFrontEntry(entry as FrontEntry);
  if (onFront !== null) return { atMs, action: onFront };
  const targets = targetsOf(entry);
  const chosen = targets.includes(ALL)
    ? workers
    : [...new Set(targets.flatMap((target) => clusters[target] ?? target))];
  if (entry.dns !== undefined) return { atMs, action: resolveNameAction(entry as NameEntry, chosen) };
  const link = resolveLinkEntry(entry as LinkEntry, chosen);
  if (link !== null) return { atMs, action: link };
  const fault = resolveFaultEntry(entry as FaultEntry, chosen);
  if (fault !== null) return { atMs, action: fault };
  return { atMs, action: { type: 'note', text: entry.note! } };
};
