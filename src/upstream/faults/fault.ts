/** Faults that a worker enacts upon itself, for real: what each is, what it can be given, and what it may touch. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import { FAULT_PARAMETERS, type ParameterName, type ParameterValue } from './parameters.js';

/** Takes back what was done; called once. */
export type Undo = () => void;

/** One request at a worker. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a fault may touch in a worker. Everything that is added here is taken back with the `Undo`. */
export interface WorkerSite {
  readonly clock: Clock;
  readonly random: Random;
  /** Sees each request before it has a slot or a place in the queue; `true`: takes it over, and nothing else is done. */
  onArrival(take: (visit: Visit) => boolean): Undo;
  /** Changes how long a request keeps its slot. */
  onService(change: (serviceMs: number, visit: Visit) => number): Undo;
  /** Sees each request that begins to wait for a slot; what it returns is called when the wait is over. */
  onWait(hold: (visit: Visit) => Undo): Undo;
  /** Sees each request that has been served, before its answer; `true`: answers in its place. */
  onAnswer(take: (visit: Visit) => boolean): Undo;
  /** Decides what the readiness check is told, in place of the truth. */
  onReadiness(says: (truth: boolean) => boolean): Undo;
}

/** Which parameters a fault takes: the default as it would be written, or `null` where there is none. */
export type Parameters = { readonly [Name in ParameterName]?: unknown };

export type Options<Takes extends Parameters> = {
  readonly [Name in keyof Takes & ParameterName]: Takes[Name] extends null
    ? ParameterValue<Name> | null
    : ParameterValue<Name>;
};

/** What a fault is, for the list of faults in the docs. */
interface Described {
  /** What happens in the worker. */
  readonly description: string;
  /** What a client gets, through a gateway that does nothing about it. */
  readonly clientSees: string;
  /** The real incidents it stands for. */
  readonly standsFor: string;
}

interface Definition<Takes extends Parameters> extends Described {
  readonly takes: Takes;
  /** What is wrong with its parameters together, after its name in a sentence; `null`: nothing. */
  readonly check?: (options: Options<Takes>) => string | null;
  /**
   * How long it lasts. `moment`: it is over when it has begun. `span`: until it is healed. `bounded`: it has to be told
   * for how long, because nothing can be said to it until then.
   */
  readonly lasts: 'moment' | 'span' | 'bounded';
  /** Whether a worker that comes back has it again, because its cause is not in the process. */
  readonly survivesRestart: boolean;
}

/** One that the worker enacts. */
interface InWorker<Takes extends Parameters> extends Definition<Takes> {
  /** @param forMs how long it lasts; Infinity: until it is healed. */
  begin(site: WorkerSite, options: Options<Takes>, forMs: number): Undo;
}

/** One that is done to the process from outside. */
interface OnProcess<Takes extends Parameters> extends Definition<Takes> {
  readonly signals: { readonly begin: NodeJS.Signals; readonly end: NodeJS.Signals };
}

/** Some fault, whatever it takes. */
export type WorkerFault = Definition<Parameters> &
  (
    | { begin(site: WorkerSite, options: Readonly<Record<string, unknown>>, forMs: number): Undo }
    | { readonly signals: OnProcess<Parameters>['signals'] }
  );

/** Makes the options of `begin` what `takes` says. */
export const defineFault = <const Takes extends Parameters>(
  fault: InWorker<Takes> | OnProcess<Takes>,
): WorkerFault => fault as unknown as WorkerFault;

/** Parameters as they are written, such as `{ perRequest: '200KiB' }`. */
export type WrittenOptions = Readonly<Record<string, unknown>>;

export interface OptionProblem {
  /** Empty: the fault as a whole. */
  readonly key: string;
  readonly message: string;
}

/** Whatever takes parameters, a worker's fault or another. */
type Takes = Pick<Definition<Parameters>, 'takes' | 'check'>;

const namesOf = (fault: Takes): ParameterName[] => Object.keys(fault.takes) as ParameterName[];

/** A parameter whose types only its name decides. */
interface AnyParameter {
  parse(written: unknown): unknown;
  check?(value: unknown): string | null;
}

const parameter = (name: ParameterName): AnyParameter => FAULT_PARAMETERS[name] as unknown as AnyParameter;

/** With the defaults filled in. @param written one that `findOptionProblems` has nothing against. */
export const resolveOptions = (
  fault: Takes,
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
  fault: Takes,
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
