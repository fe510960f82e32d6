/** What a timeline does to single workers: `inject` and `heal`, with `on: WORKER`. */
import type { Emit } from '../../core/events.js';
import { OneOf, Optional, type Schema } from '../../core/schema.js';
import type { Injection } from '../../upstream/active-faults.js';
import { findOptionProblems, resolveOptions, type WrittenOptions } from '../../upstream/faults/options.js';
import { FAULT_PARAMETERS } from '../../upstream/faults/parameters.js';
import {
  WORKER_FAULT_NAMES,
  WORKER_FAULTS,
  type WorkerFaultName,
} from '../../upstream/faults/worker-faults.js';
import type { Fleet } from '../../upstream/fleet.js';
import { ALL, forMsOf } from './targets.js';
import type { EntryProblem } from './timeline.js';

/** Each as a key of its own beside `inject`. */
export const ParameterProperties = Object.fromEntries(
  Object.entries(FAULT_PARAMETERS).map(([name, { schema }]) => [name, Optional(schema)]),
) as unknown as Record<keyof typeof FAULT_PARAMETERS, ReturnType<typeof Optional<Schema>>>;

export const FaultProperties = {
  inject: Optional(
    OneOf(WORKER_FAULT_NAMES, 'A fault to inject; needs `on`, and takes the keys that belong to it.'),
  ),
  heal: Optional(OneOf([...WORKER_FAULT_NAMES, ALL], 'A fault to take away before its time; needs `on`.')),
};

export type FaultAction =
  | {
      readonly type: 'inject';
      readonly workers: readonly string[];
      readonly injection: Injection;
    }
  | {
      readonly type: 'heal';
      readonly workers: readonly string[];
      /** `null`: whatever they have. */
      readonly fault: WorkerFaultName | null;
    };

/** Of an entry, what is about faults of workers, besides their parameters. */
export interface FaultEntry {
  readonly inject?: WorkerFaultName;
  readonly heal?: WorkerFaultName | typeof ALL;
  readonly for?: string;
}

/** The keys of an entry that are a fault's own. */
export const optionsOf = (entry: object): WrittenOptions =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => Object.hasOwn(FAULT_PARAMETERS, key)));

const checkInjection = (entry: FaultEntry, name: WorkerFaultName): EntryProblem[] => {
  const fault = WORKER_FAULTS[name];
  const problems = findOptionProblems(name, fault, optionsOf(entry)).map(
    ({ key, message }): EntryProblem => ({ key: key === '' ? 'inject' : key, message }),
  );
  if (fault.lasts === 'bounded' && entry.for === undefined) {
    problems.push({ key: 'inject', message: 'needs `for`, how long it lasts' });
  }
  if (fault.lasts === 'moment' && entry.for !== undefined) {
    problems.push({ key: 'for', message: `means nothing to ${name}, which is over when it has begun` });
  }
  return problems;
};

const NOT_HEALED: Readonly<Record<'moment' | 'bounded', string>> = {
  moment: 'is over when it has begun',
  bounded: 'cannot be healed before its time: nothing reaches the worker until then',
};

const checkHealing = (name: WorkerFaultName | typeof ALL): EntryProblem[] => {
  if (name === ALL) return [];
  const { lasts } = WORKER_FAULTS[name];
  return lasts === 'span' ? [] : [{ key: 'heal', message: `${name} ${NOT_HEALED[lasts]}` }];
};

/** Nothing for an entry that is about something else. */
export const checkFaultEntry = (entry: FaultEntry): EntryProblem[] => {
  if (entry.inject !== undefined) return checkInjection(entry, entry.inject);
  return entry.heal === undefined ? [] : checkHealing(entry.heal);
};

/** @param entry one that `checkFaultEntry` has nothing against. @returns `null`: it is about something else. */
export const resolveFaultEntry = (entry: FaultEntry, workers: readonly string[]): FaultAction | null => {
  if (entry.inject !== undefined) {
    const fault = entry.inject;
    const options = resolveOptions(WORKER_FAULTS[fault], optionsOf(entry));
    return { type: 'inject', workers, injection: { fault, options, forMs: forMsOf(entry) } };
  }
  if (entry.heal === undefined) return null;
  return { type: 'heal', workers, fault: entry.heal === ALL ? null : entry.heal };
};

export const performOnWorkers = (
  action: FaultAction,
  fleet: Pick<Fleet, 'inject' | 'heal'>,
  emit: Emit,
): void => {
  for (const worker of action.workers) {
    if (action.type === 'heal') fleet.heal(worker, action.fault);
    else if (!fleet.inject(worker, action.injection)) {
      // It stays what the timeline said: a worker that is back later has not had it.
      emit('fault.refused', { fault: action.injection.fault, worker, reason: 'down' });
    }
  }
};
