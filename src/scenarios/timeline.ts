/**
 * What happens to the world during a run, and when: the `timeline:` section.
 */
import { Duration, OneOf, Optional, Section, type Static, Type } from '../core/schema.js';
import { parseDurationMs } from '../core/units.js';
import {
  type RollbackStrategy,
  resolveRollbackStrategy,
  resolveStrategy,
  type Strategy,
  StrategyProperties,
} from '../delivery/strategy.js';
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
    'push-config': Optional(WorkerConfigSchema),
    'rollback-config': Optional(Section({}, 'Goes back to the last good config.')),
    'lock-config': Optional(
      Section(
        { reason: Type.String({ minLength: 1, description: 'Why.' }) },
        'No new config goes out from now on.',
      ),
    ),
    'unlock-config': Optional(Section({}, 'New config may go out again.')),
    breakGlass: Optional(Type.String({ minLength: 1, description: 'Why a push passes the lock by.' })),
    to: Optional(OneOf(['workers'], 'Who gets the config; default workers.')),
    ...StrategyProperties,
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
};

export interface EntryProblem {
  readonly key: string;
  readonly message: string;
}

/** What the schema cannot say: one action an entry, and only the keys that belong to it. */
export const checkEntry = (entry: TimelineEntrySection, workers: readonly string[]): EntryProblem[] => {
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
  for (const name of ['rolling', 'canary'] as const) {
    if (entry[name] !== undefined && entry.strategy !== name && BELONGS_TO[name]!.includes(action)) {
      problems.push({ key: name, message: `means nothing without \`strategy: ${name}\`` });
    }
  }
  if (action === 'rollback-config' && entry.strategy === 'canary') {
    problems.push({ key: 'strategy', message: 'a rollback has no gate to pass: use all-at-once or rolling' });
  }
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
  const pushed = entry['push-config'];
  if (pushed !== undefined) {
    const problem = checkWorkerConfig(pushed);
    if (problem !== null) problems.push({ key: 'push-config', message: problem });
  }
  return problems;
};

/** @param entry one that `checkEntry` has nothing against. */
export const resolveEntry = (entry: TimelineEntrySection): TimelineEntry => {
  const atMs = parseDurationMs(entry.at);
  const pushed = entry['push-config'];
  if (pushed !== undefined) {
    const strategy = resolveStrategy(entry);
    return {
      atMs,
      action: { type: 'push-config', config: pushed, strategy, breakGlass: entry.breakGlass ?? '' },
    };
  }
  const lock = entry['lock-config'];
  if (lock !== undefined) return { atMs, action: { type: 'lock-config', reason: lock.reason } };
  if (entry['unlock-config'] !== undefined) return { atMs, action: { type: 'unlock-config' } };
  if (entry['rollback-config'] !== undefined) {
    return { atMs, action: { type: 'rollback-config', strategy: resolveRollbackStrategy(entry) } };
  }
  if (entry.inject !== undefined) {
    return {
      atMs,
      action: { type: 'inject', fault: entry.inject, worker: entry.on!, forMs: parseDurationMs(entry.for!) },
    };
  }
  return { atMs, action: { type: 'note', text: entry.note! } };
};
