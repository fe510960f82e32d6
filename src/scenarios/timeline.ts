/**
 * What happens to the world during a run, and when: the `timeline:` section.
 */
import { type Json, merge } from '../core/document/overrides.js';
import type { Path } from '../core/document/positions.js';
import { checkSchema, type Finding } from '../core/document/schema-problems.js';
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
import {
  findStrategyProblems,
  TRAFFIC_STRATEGY_NAMES,
  TrafficStrategyProperties,
  type TrafficStrategySection,
} from '../delivery/traffic-strategy.js';
import { findConfigProblems, findContradictions, findFixedChanges } from '../gateway/config/check.js';
import { GatewaySchema, type GatewaySection, resolveGatewayConfig } from '../gateway/config.js';
import { checkWorkerConfig, type WorkerConfig, WorkerConfigSchema } from '../upstream/config.js';
import { WORKER_FAULTS, type WorkerFaultName } from '../upstream/faults/worker-faults.js';

export const TimelineEntrySchema = Section(
  {
    at: Duration('When, from the start of the load.'),
    note: Optional(Type.String({ description: 'Says what happens, in the output; does nothing.' })),
    inject: Optional(
      OneOf(Object.keys(WORKER_FAULTS) as WorkerFaultName[], 'A fault to inject; needs `on` and `for`.'),
    ),
    on: Optional(Type.String({ description: 'The worker it is injected into, such as worker-2.' })),
    for: Optional(Duration('How long the fault lasts.')),
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
    breakGlass: Optional(Type.String({ minLength: 1, description: 'Why a push passes the lock by.' })),
    to: Optional(OneOf(['workers', 'gateway'], 'Who gets the config; default workers.')),
    ...StrategyProperties,
    strategy: Optional(
      OneOf(
        [...STRATEGY_NAMES, 'staged'],
        'How it goes out; default all-at-once. To workers also rolling and canary, to the gateway also staged.',
      ),
    ),
    staged: TrafficStrategyProperties.staged,
  },
  'One event of the timeline: `at` and one of note, inject, push-config, rollback-config, lock-config, unlock-config.',
);

export type TimelineEntrySection = Static<typeof TimelineEntrySchema>;

export type Action =
  | { readonly type: 'note'; readonly text: string }
  | {
      readonly type: 'inject';
      readonly fault: WorkerFaultName;
      readonly worker: string;
      readonly forMs: number;
    }
  | {
      readonly type: 'push-config';
      readonly config: WorkerConfig;
      readonly strategy: Strategy;
      /** Why a lock is passed by; empty: it is not. */
      readonly breakGlass: string;
    }
  | {
      readonly type: 'push-gateway-config';
      /** The whole gateway section, as it is written. */
      readonly config: Json;
      readonly strategy: TrafficStrategySection;
      readonly breakGlass: string;
    }
  | { readonly type: 'rollback-gateway-config' }
  | { readonly type: 'lock-config'; readonly reason: string }
  | { readonly type: 'unlock-config' }
  | { readonly type: 'rollback-config'; readonly strategy: RollbackStrategy };

export interface TimelineEntry {
  readonly atMs: number;
  readonly action: Action;
}

const ACTIONS = ['note', 'inject', 'push-config', 'rollback-config', 'lock-config', 'unlock-config'] as const;

/** Keys that mean something only beside one of these actions. */
const BELONGS_TO: Readonly<Record<string, readonly string[]>> = {
  on: ['inject'],
  for: ['inject'],
  breakGlass: ['push-config'],
  to: ['push-config', 'rollback-config'],
  strategy: ['push-config', 'rollback-config'],
  rolling: ['push-config', 'rollback-config'],
  canary: ['push-config', 'rollback-config'],
  staged: ['push-config'],
};

/** Strategies by who gets the config. */
const STRATEGIES_OF: Readonly<Record<'workers' | 'gateway', readonly string[]>> = {
  workers: STRATEGY_NAMES,
  gateway: TRAFFIC_STRATEGY_NAMES,
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
  /** The variant's gateway section. */
  readonly gateway: GatewaySection;
}

const belowPush = ({ path, message, key = false }: Finding): EntryProblem => ({
  key: 'push-config',
  path,
  message,
  atKey: key,
});

const checkWorkerPush = (pushed: Json): EntryProblem[] => {
  const findings = checkSchema(pushed, WorkerConfigSchema);
  if (findings.length > 0) {
    return findings.map(belowPush);
  }
  const problem = checkWorkerConfig(pushed as unknown as WorkerConfig);
  return problem === null ? [] : [{ key: 'push-config', message: problem }];
};

const checkGatewayPush = (pushed: Json, { workers, gateway }: EntryScope): EntryProblem[] => {
  const section = merge(gateway, pushed);
  const findings = checkSchema(section, GatewaySchema);
  if (findings.length > 0) return findings.map(belowPush);
  const contradictions = findContradictions(section);
  if (contradictions.length > 0) return contradictions.map(belowPush);
  const config = resolveGatewayConfig(section);
  return [
    ...findFixedChanges(resolveGatewayConfig(gateway), config),
    ...findConfigProblems(config, workers),
  ].map(belowPush);
};

const checkStrategy = (entry: TimelineEntrySection, action: string): EntryProblem[] => {
  const { to = 'workers', strategy } = entry;
  const problems: EntryProblem[] = [];
  if (strategy !== undefined && !STRATEGIES_OF[to].includes(strategy)) {
    const message = `${strategy} does not go to ${to}; use ${STRATEGIES_OF[to].join(' or ')}`;
    problems.push({ key: 'strategy', message });
  }
  if (action === 'rollback-config' && strategy === 'canary') {
    problems.push({ key: 'strategy', message: 'a rollback has no gate to pass: use all-at-once or rolling' });
  }
  if (to === 'gateway' && entry.staged !== undefined) {
    for (const { path, message } of findStrategyProblems({ staged: entry.staged })) {
      problems.push({ key: 'staged', path: path.slice(1), message });
    }
  }
  return problems;
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
  if (action === 'inject') {
    if (entry.on === undefined)
      problems.push({ key: 'inject', message: 'needs `on`, the worker it goes to' });
    else if (!workers.includes(entry.on)) {
      problems.push({ key: 'on', message: `there is no ${entry.on}; there are ${workers.join(', ')}` });
    }
    if (entry.for === undefined) problems.push({ key: 'inject', message: 'needs `for`, how long it lasts' });
  }
  const pushed = entry['push-config'] as Json | undefined;
  if (pushed !== undefined) {
    problems.push(...(entry.to === 'gateway' ? checkGatewayPush(pushed, scope) : checkWorkerPush(pushed)));
  }
  return problems;
};

/**
 * @param entry one that `checkEntry` has nothing against.
 * @param gateway the variant's section, which a push to the gateway is laid over.
 */
export const resolveEntry = (entry: TimelineEntrySection, gateway: GatewaySection): TimelineEntry => {
  const atMs = parseDurationMs(entry.at);
  const { breakGlass = '', to = 'workers' } = entry;
  const pushed = entry['push-config'] as Json | undefined;
  if (pushed !== undefined && to === 'gateway') {
    const strategy = { strategy: entry.strategy, staged: entry.staged } as TrafficStrategySection;
    const config = merge(gateway, pushed);
    return { atMs, action: { type: 'push-gateway-config', config, strategy, breakGlass } };
  }
  if (pushed !== undefined) {
    const config = pushed as unknown as WorkerConfig;
    const strategy = resolveStrategy(entry as StrategySection);
    return { atMs, action: { type: 'push-config', config, strategy, breakGlass } };
  }
  const lock = entry['lock-config'];
  if (lock !== undefined) return { atMs, action: { type: 'lock-config', reason: lock.reason } };
  if (entry['unlock-config'] !== undefined) return { atMs, action: { type: 'unlock-config' } };
  if (entry['rollback-config'] !== undefined) {
    if (to === 'gateway') return { atMs, action: { type: 'rollback-gateway-config' } };
    const strategy = resolveRollbackStrategy(entry as StrategySection);
    return { atMs, action: { type: 'rollback-config', strategy } };
  }
  if (entry.inject !== undefined) {
    return {
      atMs,
      action: { type: 'inject', fault: entry.inject, worker: entry.on!, forMs: parseDurationMs(entry.for!) },
    };
  }
  return { atMs, action: { type: 'note', text: entry.note! } };
};
