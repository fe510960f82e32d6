/** What a timeline does to the dependencies of the workers: `disturb` and `recover`, with `on: NAME`. */
import { OneOf, Optional } from '../../core/schema.js';
import type { Disturbance } from '../../upstream/dependencies/dependency-fleet.js';
import {
  DEPENDENCY_FAULT_NAMES,
  DEPENDENCY_FAULTS,
  type DependencyFaultName,
} from '../../upstream/dependencies/faults/dependency-faults.js';
import type { DependencyKind } from '../../upstream/dependencies/messages.js';
import { findOptionProblems, resolveOptions, type WrittenOptions } from '../../upstream/faults/options.js';
import { ALL, findUnknownTargets, forMsOf, targetsOf } from './targets.js';
import type { EntryProblem } from './timeline.js';

export const DependencyProperties = {
  disturb: Optional(
    OneOf(
      DEPENDENCY_FAULT_NAMES,
      'A fault of a dependency; needs `on`, and takes the keys that belong to it.',
    ),
  ),
  recover: Optional(
    OneOf(
      [...DEPENDENCY_FAULT_NAMES, ALL],
      'A fault of a dependency to take away before its time; needs `on`.',
    ),
  ),
};

export type DependencyAction =
  | {
      readonly type: 'disturb';
      readonly dependencies: readonly string[];
      readonly disturbance: Disturbance;
    }
  | {
      readonly type: 'recover';
      readonly dependencies: readonly string[];
      /** `null`: whatever they have. */
      readonly fault: DependencyFaultName | null;
    };

/** The dependencies of the variant, by name. */
export type DependencyKinds = Readonly<Record<string, DependencyKind>>;

/** Of an entry, what is about dependencies. */
export interface DependencyEntry {
  readonly disturb?: DependencyFaultName;
  readonly recover?: DependencyFaultName | typeof ALL;
  readonly on?: string | readonly string[];
  readonly for?: string;
}

const chosenOf = (entry: DependencyEntry, kinds: DependencyKinds): readonly string[] =>
  targetsOf(entry).includes(ALL) ? Object.keys(kinds) : targetsOf(entry);

const checkTargets = (entry: DependencyEntry, kinds: DependencyKinds): EntryProblem[] => {
  const action = entry.disturb === undefined ? 'recover' : 'disturb';
  const known = Object.keys(kinds);
  if (known.length === 0) {
    return [{ key: action, message: 'there are no dependencies; name them under `fleet.dependencies`' }];
  }
  if (entry.on === undefined) return [{ key: action, message: 'needs `on`, the dependency it goes to' }];
  return findUnknownTargets(entry, [...known, ALL], 'dependency ');
};

const checkKinds = (entry: DependencyEntry, kinds: DependencyKinds): EntryProblem[] => {
  const name = entry.disturb!;
  return chosenOf(entry, kinds).flatMap((target): EntryProblem[] => {
    const kind = kinds[target];
    if (kind === undefined || DEPENDENCY_FAULTS[name].kinds.includes(kind)) return [];
    const others = DEPENDENCY_FAULT_NAMES.filter((other) => DEPENDENCY_FAULTS[other].kinds.includes(kind));
    const message = `${target} is a ${kind}, which knows no ${name}; it knows ${others.join(', ')}`;
    return [{ key: 'disturb', message }];
  });
};

/** @param written the keys of the entry that are parameters of faults. */
export const checkDependencyEntry = (
  entry: DependencyEntry,
  written: WrittenOptions,
  kinds: DependencyKinds,
): EntryProblem[] => {
  const { disturb } = entry;
  const problems = checkTargets(entry, kinds);
  if (disturb === undefined) return problems;
  const options = findOptionProblems(disturb, DEPENDENCY_FAULTS[disturb], written).map(
    ({ key, message }): EntryProblem => ({ key: key === '' ? 'disturb' : key, message }),
  );
  return [...problems, ...checkKinds(entry, kinds), ...options];
};

/** @param entry one that `checkDependencyEntry` has nothing against. @returns `null`: it is about something else. */
export const resolveDependencyEntry = (
  entry: DependencyEntry,
  written: WrittenOptions,
  kinds: DependencyKinds,
): DependencyAction | null => {
  const dependencies = chosenOf(entry, kinds);
  if (entry.disturb !== undefined) {
    const fault = entry.disturb;
    const options = resolveOptions(DEPENDENCY_FAULTS[fault], written);
    return { type: 'disturb', dependencies, disturbance: { fault, options, forMs: forMsOf(entry) } };
  }
  if (entry.recover === undefined) return null;
  return { type: 'recover', dependencies, fault: entry.recover === ALL ? null : entry.recover };
};
