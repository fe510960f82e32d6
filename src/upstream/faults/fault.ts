/** Faults that a worker enacts upon itself, for real: what each is, what it can be given, and what it may touch. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { WorkerRuntime } from '../runtime.js';
import type { ParameterName, ParameterValue } from './parameters.js';

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
  readonly runtime: WorkerRuntime;
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

/** Whatever takes parameters, a worker's fault or another. */
export type TakesParameters = Pick<Definition<Parameters>, 'takes' | 'check'>;

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
