/**
 * The parameters of a fault as somebody wrote them: checked, and filled in. Apart from `fault.ts`, because schemas are
 * heavy and nothing that workers load may need them: 3 MiB of heap and 18 MiB of memory for each worker.
 */
import type { Options, Parameters, TakesParameters } from './fault.js';
import { FAULT_PARAMETERS, type ParameterName } from './parameters.js';

/** Parameters as they are written, such as `{ perRequest: '200KiB' }`. */
export type WrittenOptions = Readonly<Record<string, unknown>>;

export interface OptionProblem {
  /** Empty: the fault as a whole. */
  readonly key: string;
  readonly message: string;
}

const namesOf = (fault: TakesParameters): ParameterName[] => Object.keys(fault.takes) as ParameterName[];

/** A parameter whose types only its name decides. */
interface AnyParameter {
  parse(written: unknown): unknown;
  check?(value: unknown): string | null;
}

const parameter = (name: ParameterName): AnyParameter => FAULT_PARAMETERS[name] as unknown as AnyParameter;

/** With the defaults filled in. @param written one that `findOptionProblems` has nothing against. */
export const resolveOptions = (
  fault: TakesParameters,
  written: WrittenOptions,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    namesOf(fault).map((name) => {
      const value = written[name] ?? fault.takes[name];
      return [name, value === null ? null : parameter(name).parse(value)];
    }),
  );

/** What is wrong with parameters that are each right by their schema. */
export const findOptionProblems = (
  name: string,
  fault: TakesParameters,
  written: WrittenOptions,
): OptionProblem[] => {
  const known = namesOf(fault);
  const problems: OptionProblem[] = [];
  for (const key of Object.keys(written)) {
    if (known.includes(key as ParameterName)) continue;
    const hint = known.length === 0 ? 'it takes nothing' : `it takes ${known.join(', ')}`;
    problems.push({ key, message: `${key} means nothing to ${name}; ${hint}` });
  }
  for (const key of known) {
    if (written[key] === undefined) continue;
    const { parse, check } = parameter(key);
    const problem = check?.(parse(written[key])) ?? null;
    if (problem !== null) problems.push({ key, message: `${problem}, got ${String(written[key])}` });
  }
  if (problems.length > 0) return problems;
  const problem = fault.check?.(resolveOptions(fault, written) as Options<Parameters>) ?? null;
  return problem === null ? [] : [{ key: '', message: `${name} ${problem}` }];
};
