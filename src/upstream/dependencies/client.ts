/**
 * How a worker calls its dependencies: whether a request needs one, the policies around the call, and what the request
 * gets when it fails. Loaded by workers that have dependencies, and by no others.
 */
import type { Clock } from '../../core/clock.js';
import { causeOf, GatewayError } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { Breaker, type CircuitState } from '../../policies/breaker.js';
import { ConcurrencyLimit, type ConcurrencyOptions } from '../../policies/concurrency.js';
import { FixedLimit } from '../../policies/limits/fixed.js';
import { outcomeOfStatus } from '../../policies/outcome.js';
import { Call, type Layer, type Service, stack } from '../../policies/service.js';
import { attemptTimeout } from '../../policies/timeout.js';
import type { Consulted } from './consulted.js';
import { databaseWire } from './database-wire.js';
import type { DependencyKind, DependencyTarget, DependencyUse, FallbackName } from './messages.js';
import { thirdPartyWire } from './third-party-wire.js';

/** The calls of one request. */
export interface Consultation {
  /** In order, up to the first that failed; empty when the request needs none. */
  readonly done: Promise<readonly Consulted[]>;
  /** Gives up what is under way, because its request's sender is gone. */
  cancel(): void;
}

/** Told of one call. */
export interface CallTrace {
  /** It has a connection, and no policy refused it: what came before was waiting. */
  sent(): void;
  ended(consulted: Consulted): void;
}

/** Told when a call begins. */
export type CallWatch = (target: DependencyTarget) => CallTrace;

export interface DependencyParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each change of a breaker's state. */
  readonly onCircuit: (dependency: string, state: CircuitState) => void;
  /** Whether somebody may watch calls; default: nobody does, and there is no layer for it. */
  readonly traced?: boolean;
  /** How calls travel; sockets by default. */
  readonly wires?: Readonly<Record<DependencyKind, (target: DependencyTarget) => Service>>;
}

const WIRES = { database: databaseWire, 'third-party': thirdPartyWire };

/** Paths whose last good answer is kept; the one used longest ago makes way. As many as a small service has. */
const CACHED_PATHS = 1_000;

/** An error answer has no code of its own. */
const ERROR_ANSWER = 'upstream_response';

/**
 * A pool of connections: waiting for one too long means that the dependency does not give them back, so it is its
 * failure, where the same of a gateway's queue would be nobody's.
 */
const connectionPool =
  (limit: ConcurrencyLimit): Layer =>
  (next) => {
    const pooled = limit.layer(next);
    return (request, call) =>
      pooled(request, call).catch((error: unknown) => {
        if (!(error instanceof GatewayError) || error.code !== 'BGW_ERR_QUEUE_TIMEOUT') throw error;
        throw new GatewayError('BGW_ERR_CONNECT_TIMEOUT', error.message, { cause: error });
      });
  };

const limitOf = (limit: number, options: ConcurrencyOptions, clock: Clock): ConcurrencyLimit =>
  new ConcurrencyLimit({ options, algorithm: new FixedLimit({ limit }), clock });

/** Outermost first: whoever the bulkhead turns away costs nothing; a call that is too late is the breaker's concern. */
const layersOf = ({ use, name }: DependencyTarget, { clock, onCircuit }: DependencyParts): Layer[] => {
  const { bulkhead, breaker, timeoutMs, pool, acquireTimeoutMs } = use;
  const layers: Layer[] = [];
  if (bulkhead !== null) layers.push(limitOf(bulkhead, { queue: 0, maxWaitMs: 0 }, clock).layer);
  if (breaker !== null) layers.push(new Breaker(name, breaker, (state) => onCircuit(name, state)).layer);
  if (timeoutMs !== null) layers.push(attemptTimeout(timeoutMs, clock));
  if (pool !== null) {
    // Whoever waits has a slot of the worker: there are no more of them than that.
    const options = {
      queue: Number.POSITIVE_INFINITY,
      maxWaitMs: acquireTimeoutMs ?? Number.POSITIVE_INFINITY,
    };
    layers.push(connectionPool(limitOf(pool, options, clock)));
  }
  return layers;
};

const tellSent =
  (traces: WeakMap<Call, CallTrace>): Layer =>
  (next) =>
  (request, call) => {
    traces.get(call)?.sent();
    return next(request, call);
  };

class DependencyClient {
  readonly target: DependencyTarget;
  readonly #name: string;
  readonly #use: DependencyUse;
  readonly #random: Random;
  readonly #service: Service;
  readonly #traces = new WeakMap<Call, CallTrace>();
  /** Paths that had a good answer, the one used longest ago first. */
  readonly #cached = new Set<string>();

  constructor(target: DependencyTarget, parts: DependencyParts) {
    const { wires = WIRES } = parts;
    this.target = target;
    this.#name = target.name;
    this.#use = target.use;
    this.#random = parts.random.fork(target.name);
    const layers = [...layersOf(target, parts), ...(parts.traced ? [tellSent(this.#traces)] : [])];
    this.#service = stack(...layers)(wires[target.kind](target));
  }

  /** Whether the request that comes now needs it. */
  isNeededBy(path: string): boolean {
    const { path: prefix, share } = this.#use;
    return path.startsWith(prefix) && (share === 1 || this.#random.next() < share);
  }

  /** @param trace `null`: nobody watches. */
  async call(path: string, call: Call, trace: CallTrace | null): Promise<Consulted> {
    if (trace !== null) this.#traces.set(call, trace);
    const consulted = await this.#call(path, call);
    trace?.ended(consulted);
    return consulted;
  }

  async #call(path: string, call: Call): Promise<Consulted> {
    const cause = await this.#causeOfFailure(call);
    if (cause === '') {
      this.#remember(path);
      return this.#consulted('answered', cause);
    }
    return this.#consulted(this.#fallbackFor(path), cause);
  }

  /** @returns empty: it did not fail. */
  async #causeOfFailure(call: Call): Promise<string> {
    try {
      const { statusCode } = await this.#service({ method: 'GET', path: '/', headers: {}, body: null }, call);
      return outcomeOfStatus(statusCode) === 'success' ? '' : ERROR_ANSWER;
    } catch (error) {
      if (error instanceof GatewayError) return causeOf(error.code);
      throw error;
    }
  }

  #consulted(outcome: Consulted['outcome'], cause: string): Consulted {
    return { dependency: this.#name, outcome, cause, status: this.#use.status };
  }

  #fallbackFor(path: string): Exclude<FallbackName, 'none'> | 'failed' {
    const { fallback } = this.#use;
    if (fallback === 'none' || (fallback === 'cached' && !this.#cached.has(path))) return 'failed';
    return fallback;
  }

  #remember(path: string): void {
    if (this.#use.fallback !== 'cached') return;
    this.#cached.delete(path);
    this.#cached.add(path);
    for (const oldest of this.#cached) {
      if (this.#cached.size <= CACHED_PATHS) return;
      this.#cached.delete(oldest);
    }
  }
}

export class DependencyClients {
  readonly #clients: readonly DependencyClient[];
  readonly #clock: Clock;

  constructor(targets: readonly DependencyTarget[], parts: DependencyParts) {
    this.#clock = parts.clock;
    this.#clients = targets.map((target) => new DependencyClient(target, parts));
  }

  /**
   * Calls what a request needs, one after another in the order of the scenario.
   * @param watch left out: nobody wants to know of each call. What it is told before a call is sent needs `traced`.
   */
  consult(path: string, watch?: CallWatch): Consultation {
    const needed = this.#clients.filter((client) => client.isNeededBy(path));
    let current: Call | null = null;
    let left: GatewayError | null = null;
    const callAll = async (): Promise<readonly Consulted[]> => {
      const all: Consulted[] = [];
      for (const client of needed) {
        current = new Call('', this.#clock);
        if (left !== null) current.cancel(left);
        const consulted = await client.call(path, current, watch?.(client.target) ?? null);
        all.push(consulted);
        if (consulted.outcome === 'failed') break;
      }
      return all;
    };
    return {
      done: callAll(),
      cancel: () => {
        left = new GatewayError('BGW_ERR_CLIENT_LEFT');
        current?.cancel(left);
      },
    };
  }
}
