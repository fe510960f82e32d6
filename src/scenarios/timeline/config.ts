/** What a timeline does to config: `push-config`, `rollback-config` and the lock; what is pushed, and how it goes out. */
import { merge } from '../../core/document/overrides.js';
import { checkSchema, type Finding } from '../../core/document/schema-problems.js';
import type { Json } from '../../core/json.js';
import { thereAre } from '../../core/nearest.js';
import { Count, OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { SmokeTestProperties, type SmokeTestSection } from '../../delivery/smoke-test.js';
import {
  type RollbackStrategy,
  resolveRollbackStrategy,
  resolveStrategy,
  STRATEGY_NAMES,
  type Strategy,
  StrategyProperties,
  type StrategySection,
} from '../../delivery/strategy.js';
import {
  findStrategyProblems,
  TRAFFIC_STRATEGY_NAMES,
  TrafficStrategyProperties,
  type TrafficStrategySection,
} from '../../delivery/traffic-strategy.js';
import { resolveTrial, type Trial, TrialProperties } from '../../delivery/trial.js';
import { findConfigProblems, findContradictions, findFixedChanges } from '../../gateway/config/check.js';
import { GatewaySchema, type GatewaySection, resolveGatewayConfig } from '../../gateway/config.js';
import { checkWorkerConfig, type WorkerConfig, WorkerConfigSchema } from '../../upstream/config.js';
import { EDGE, ONE_GATEWAY } from '../front/config.js';
import { withOwnHealthCheck } from '../own-health-check.js';
import type { EntryProblem, EntryScope } from './timeline.js';

export const ConfigProperties = {
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
  basedOn: Optional(
    Count(
      1,
      'The version it was made from: refused when another one is in force by then. To the gateway it means something with `approved: off` only.',
    ),
  ),
  to: Optional(
    OneOf(
      ['workers', 'gateway', 'edge'],
      'Who gets the config, default workers; whose cache is emptied, default gateway.',
    ),
  ),
  ...StrategyProperties,
  strategy: Optional(
    OneOf(
      [...STRATEGY_NAMES, 'staged'],
      'How it goes out; default all-at-once. To workers also rolling and canary, to the gateway also staged.',
    ),
  ),
  staged: TrafficStrategyProperties.staged,
  ...TrialProperties,
  ...SmokeTestProperties,
};

export const CONFIG_ACTIONS = ['push-config', 'rollback-config', 'lock-config', 'unlock-config'] as const;

/** Keys that mean something only beside one of these actions. */
export const CONFIG_BELONGS_TO: Readonly<Record<string, readonly string[]>> = {
  approved: ['push-config'],
  basedOn: ['push-config'],
  breakGlass: ['push-config'],
  to: ['push-config', 'rollback-config', 'purge-cache'],
  strategy: ['push-config', 'rollback-config'],
  rolling: ['push-config', 'rollback-config'],
  canary: ['push-config', 'rollback-config'],
  staged: ['push-config'],
  trial: ['push-config'],
  smokeTest: ['push-config'],
};

const ConfigKeys = Type.Object(ConfigProperties);

/** Of an entry, what is about config. */
export type ConfigEntry = Static<typeof ConfigKeys>;

export type ConfigAction =
  | {
      readonly type: 'push-config';
      readonly config: WorkerConfig;
      readonly strategy: Strategy;
      /** Why a lock is passed by; empty: it is not. */
      readonly breakGlass: string;
      /** The version it was made from; left out: whichever is in force. */
      readonly basedOn?: number;
      /** Tried out first; left out: it is not. */
      readonly trial?: Trial;
    }
  | {
      readonly type: 'push-gateway-config';
      readonly to: 'gateway' | 'edge';
      /** The whole gateway section, as it is written. */
      readonly config: Json;
      readonly strategy: TrafficStrategySection;
      readonly breakGlass: string;
      readonly basedOn?: number;
      /** Whether a guard is passed by. */
      readonly approved: boolean;
      /** What it is asked first, as it is written; left out: nothing. */
      readonly smokeTest?: SmokeTestSection;
    }
  | { readonly type: 'rollback-gateway-config'; readonly to: 'gateway' | 'edge' }
  | { readonly type: 'rollback-config'; readonly strategy: RollbackStrategy }
  | { readonly type: 'lock-config'; readonly reason: string }
  | { readonly type: 'unlock-config' };

export type GatewayPush = Extract<ConfigAction, { readonly type: 'push-gateway-config' }>;

/** A push to a gateway, as its admin API takes it. @param by who does it. */
export const pushBody = (
  { config, strategy, approved, breakGlass, basedOn, smokeTest }: GatewayPush,
  by: string,
): Json => ({
  ...{ by, config, ...strategy },
  // It means what it says; what a guard would object to is what a scenario, or a hand in the lab, is there to show.
  ...(approved && { approve: `the ${by} says so` }),
  ...(breakGlass !== '' && { breakGlass }),
  ...(basedOn !== undefined && { basedOn }),
  ...(smokeTest !== undefined && { smokeTest }),
});

/** Strategies by who gets the config. */
const STRATEGIES_OF: Readonly<Record<'workers' | 'gateway' | 'edge', readonly string[]>> = {
  workers: STRATEGY_NAMES,
  gateway: TRAFFIC_STRATEGY_NAMES,
  edge: TRAFFIC_STRATEGY_NAMES,
};

const belowPush = ({ path, message, key = false }: Finding): EntryProblem => ({
  key: 'push-config',
  path,
  message,
  atKey: key,
});

const checkWorkerPush = (pushed: Json): EntryProblem[] => {
  const findings = checkSchema(pushed, WorkerConfigSchema);
  const keys = Object.keys(pushed);
  if (findings.length > 0 && keys.length > 0 && keys.every((key) => key in GatewaySchema.properties)) {
    const message = `${keys.join(', ')} is of the gateway’s config, and this goes to the workers; add \`to: gateway\``;
    return [{ key: 'push-config', message, atKey: true }];
  }
  if (findings.length > 0) return findings.map(belowPush);
  const problem = checkWorkerConfig(pushed as unknown as WorkerConfig);
  return problem === null ? [] : [{ key: 'push-config', message: problem }];
};

/** @param running the section that the push is laid over. @param upstreams of whoever gets it. */
const checkGatewayPush = (
  pushed: Json,
  running: GatewaySection,
  upstreams: readonly string[],
): EntryProblem[] => {
  const section = merge(running, pushed);
  const findings = checkSchema(section, GatewaySchema);
  if (findings.length > 0) return findings.map(belowPush);
  const contradictions = findContradictions(section);
  if (contradictions.length > 0) return contradictions.map(belowPush);
  const config = resolveGatewayConfig(section);
  return [
    ...findFixedChanges(resolveGatewayConfig(running), config),
    // What may be approved is what such an entry is there to show.
    ...findConfigProblems(config, upstreams).filter(({ approvable }) => !approvable),
  ].map(belowPush);
};

/** Upstreams of whoever gets a config. */
const upstreamsOf = (
  to: 'gateway' | 'edge',
  { workers, upstreams = workers, front = ONE_GATEWAY }: EntryScope,
): readonly string[] => (to === 'gateway' ? upstreams : [...front.keys()].filter((id) => id !== EDGE));

const checkPush = (pushed: Json, { to = 'workers' }: ConfigEntry, scope: EntryScope): EntryProblem[] => {
  if (to === 'workers') return checkWorkerPush(pushed);
  const { gateway, edge = null } = scope;
  const running = to === 'gateway' ? gateway : edge;
  return running === null ? [] : checkGatewayPush(pushed, running, upstreamsOf(to, scope));
};

const checkStrategy = (entry: ConfigEntry, action: string, readers: number): EntryProblem[] => {
  const { to = 'workers', strategy } = entry;
  const problems: EntryProblem[] = [];
  for (const name of ['rolling', 'canary', 'staged'] as const) {
    if (entry[name] !== undefined && strategy !== name && CONFIG_BELONGS_TO[name]!.includes(action)) {
      problems.push({ key: name, message: `means nothing without \`strategy: ${name}\`` });
    }
  }
  if (strategy !== undefined && !STRATEGIES_OF[to].includes(strategy)) {
    const message = `${strategy} does not go to ${to}; use ${STRATEGIES_OF[to].join(' or ')}`;
    problems.push({ key: 'strategy', message });
  }
  if (action === 'rollback-config' && strategy === 'canary') {
    problems.push({ key: 'strategy', message: 'a rollback has no gate to pass: use all-at-once or rolling' });
  }
  if (to !== 'workers' && entry.staged !== undefined) {
    for (const { path, message } of findStrategyProblems({ staged: entry.staged })) {
      problems.push({ key: 'staged', path: path.slice(1), message });
    }
  }
  if (to !== 'workers' && entry.trial !== undefined) {
    const message =
      'is for what goes to workers; what goes to a gateway is asked something first with `smokeTest`';
    problems.push({ key: 'trial', message });
  }
  if ((entry.canary?.readers ?? 0) >= readers) {
    problems.push({
      key: 'canary',
      message: `a canary of all ${readers} workers is none; give fewer readers`,
    });
  }
  return problems;
};

const checkSmokeTest = ({ to = 'workers', smokeTest }: ConfigEntry, scope: EntryScope): EntryProblem[] => {
  if (smokeTest === undefined) return [];
  if (to === 'workers') {
    const message = 'is for what goes to a gateway; what goes to workers is tried out with `trial`';
    return [{ key: 'smokeTest', message }];
  }
  const ids = upstreamsOf(to, scope);
  return smokeTest.flatMap(({ upstreams = [] }, index) =>
    upstreams.flatMap((id, place): EntryProblem[] => {
      if (ids.includes(id)) return [];
      const message = `there is no upstream "${id}"${thereAre(id, ids)}`;
      return [{ key: 'smokeTest', path: [index, 'upstreams', place], message }];
    }),
  );
};

/** What the schema cannot say of an entry that is about config. @param action the entry's. */
export const checkConfigEntry = (entry: ConfigEntry, action: string, scope: EntryScope): EntryProblem[] => {
  const { configReaders = scope.workers } = scope;
  const problems = [...checkStrategy(entry, action, configReaders.length), ...checkSmokeTest(entry, scope)];
  const pushed = entry['push-config'] as Json | undefined;
  if (pushed !== undefined) problems.push(...checkPush(pushed, entry, scope));
  if (entry.to === 'edge' && (scope.edge ?? null) === null) {
    problems.push({ key: 'to', message: 'there is no edge; give the scenario the section `edge`' });
  }
  return problems;
};

const resolvePush = (entry: ConfigEntry, pushed: Json, { gateway, edge, own }: EntryScope): ConfigAction => {
  const { breakGlass = '', to = 'workers' } = entry;
  const basedOn = entry.basedOn === undefined ? {} : { basedOn: entry.basedOn };
  if (to === 'workers') {
    const config = pushed as unknown as WorkerConfig;
    const strategy = resolveStrategy(entry as StrategySection);
    const trial = resolveTrial(entry);
    return { type: 'push-config', config, strategy, breakGlass, ...basedOn, ...(trial && { trial }) };
  }
  const strategy = { strategy: entry.strategy, staged: entry.staged } as TrafficStrategySection;
  const section = merge(to === 'edge' ? (edge ?? {}) : gateway, pushed);
  const config = own && to === 'gateway' ? (withOwnHealthCheck(section) as Json) : section;
  return {
    type: 'push-gateway-config',
    ...{ to, config, strategy, breakGlass, ...basedOn },
    approved: entry.approved !== 'off',
    ...(entry.smokeTest !== undefined && { smokeTest: entry.smokeTest }),
  };
};

/** @param entry one that `checkConfigEntry` has nothing against. @returns `null`: it is about something else. */
export const resolveConfigEntry = (entry: ConfigEntry, scope: EntryScope): ConfigAction | null => {
  const { 'push-config': pushed, 'lock-config': lock, to = 'workers' } = entry;
  if (pushed !== undefined) return resolvePush(entry, pushed as Json, scope);
  if (lock !== undefined) return { type: 'lock-config', reason: lock.reason };
  if (entry['unlock-config'] !== undefined) return { type: 'unlock-config' };
  if (entry['rollback-config'] === undefined) return null;
  if (to !== 'workers') return { type: 'rollback-gateway-config', to };
  return { type: 'rollback-config', strategy: resolveRollbackStrategy(entry as StrategySection) };
};
