/**
 * The circuit breaker, one per upstream: opossum's state machine, fed with outcomes.
 *
 * opossum is made to wrap calls. Wrapped around concurrent requests, it counts refusals as calls, lets the late success
 * of a call from before the opening close a half-open circuit, sticks half-open when its one trial never ends, and takes
 * a client that left for a success. So a request asks for admission here, and its outcome is given to opossum when it
 * is known, and only if it is about the present state: a permit remembers the period in which it was given. The trial of
 * a half-open circuit is kept here too: one at a time, and one that ended `ignored` makes room for another.
 *
 * Switched off in opossum: its timeout (ours aborts one request and not all), its capacity (see `concurrency.ts`), its
 * percentiles (each failure would sort the window) and its snapshots.
 */
import CircuitBreaker from 'opossum';
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import { outcomeOfError, outcomeOfStatus, Permit } from './outcome.js';
import type { Layer } from './service.js';

export interface BreakerOptions {
  /** The circuit opens when more than this share of the outcomes in the window are failures. */
  readonly errorRatio: number;
  /** With fewer outcomes in the window it never opens: the first failure of all would be 100 %. */
  readonly minRequests: number;
  readonly windowMs: number;
  /** How long it stays open before a trial. */
  readonly openMs: number;
}

export type CircuitState = 'closed' | 'open' | 'half-open';

/** Until a circuit changed. */
export interface Counted {
  readonly from: CircuitState;
  /** Of the outcomes in the window. */
  readonly failed: number;
  readonly outcomes: number;
}

const WINDOW_BUCKETS = 10;

const nothing = (): void => {};

const FAILED = new Error('the upstream failed');

/**
 * The outcome as opossum's action tells it: not a promise, but with as much of one as opossum uses. It settles while it
 * is asked, so the circuit knows at once and not some turns of the promise queue later, in which more requests would be
 * let through; and a request has five promises fewer.
 */
const SETTLED = {
  success: {
    // biome-ignore lint/suspicious/noThenProperty: it is what opossum looks for.
    then: (onSuccess: () => void) => {
      onSuccess();
      return { catch: nothing };
    },
  },
  failure: {
    // biome-ignore lint/suspicious/noThenProperty: it is what opossum looks for.
    then: () => ({ catch: (onFailure: (error: Error) => void) => onFailure(FAILED) }),
  },
};

const settle = (outcome: 'success' | 'failure'): Promise<void> =>
  SETTLED[outcome] as unknown as Promise<void>;

export class Breaker {
  readonly #circuit: CircuitBreaker<['success' | 'failure'], void>;
  /** Counts the changes of state, so that an outcome from an earlier period can be told. */
  #period = 0;
  #trialUnderWay = false;
  /** Before the change that is told of. */
  #last: CircuitState = 'closed';
  readonly #openMs: number;
  /** When it opened last; not a number where nobody gave it a clock. */
  #openedMs = Number.NaN;

  /**
   * @param onChange called after each change of state, with what was counted until then.
   * @param clock tells when it opened; without one nobody knows when the next trial is.
   */
  constructor(
    name: string,
    options: BreakerOptions,
    onChange: (state: CircuitState, counted: Counted) => void,
    clock: Pick<Clock, 'nowMs'> | null = null,
  ) {
    this.#openMs = options.openMs;
    this.#circuit = new CircuitBreaker(settle, {
      name,
      timeout: false,
      errorThresholdPercentage: options.errorRatio * 100,
      volumeThreshold: options.minRequests,
      rollingCountTimeout: options.windowMs,
      rollingCountBuckets: WINDOW_BUCKETS,
      resetTimeout: options.openMs,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
    });
    const turn = (state: CircuitState) => (): void => {
      this.#period++;
      this.#trialUnderWay = false;
      if (state === 'open') this.#openedMs = clock?.nowMs() ?? Number.NaN;
      const { failures, successes } = this.#circuit.stats;
      const from = this.#last;
      this.#last = state;
      onChange(state, { from, failed: failures, outcomes: failures + successes });
    };
    this.#circuit.on('open', turn('open'));
    this.#circuit.on('halfOpen', turn('half-open'));
    this.#circuit.on('close', turn('closed'));
  }

  get state(): CircuitState {
    if (this.#circuit.opened) return 'open';
    return this.#circuit.halfOpen ? 'half-open' : 'closed';
  }

  /** Whether a request would be let through now. */
  get admits(): boolean {
    const { state } = this;
    return state === 'closed' || (state === 'half-open' && !this.#trialUnderWay);
  }

  /** How long until it lets a trial through, milliseconds; `null`: it is not open, or nobody knows. */
  trialInMs(nowMs: number): number | null {
    if (this.state !== 'open' || Number.isNaN(this.#openedMs)) return null;
    return Math.max(0, this.#openedMs + this.#openMs - nowMs);
  }

  /** @returns the permit of one attempt, or `null` when it is refused. */
  admit(): Permit | null {
    if (!this.admits) return null;
    const period = this.#period;
    const trial = this.state === 'half-open';
    if (trial) this.#trialUnderWay = true;
    return new Permit((outcome) => {
      if (period !== this.#period) return;
      if (trial) this.#trialUnderWay = false;
      if (outcome === 'ignored') return;
      const fired = this.#circuit.fire(outcome);
      // Of a success there is nothing to catch, and each promise costs.
      if (outcome === 'failure') fired.catch(nothing);
    });
  }

  /** Stops opossum's timers. */
  close(): void {
    this.#circuit.shutdown();
  }

  readonly layer: Layer = (next) => (request, call) => {
    const permit = this.admit();
    if (permit === null)
      return Promise.reject(new GatewayError('BGW_ERR_CIRCUIT_OPEN', `circuit is ${this.state}`));
    return next(request, call).then(
      (response) => {
        permit.end(outcomeOfStatus(response.statusCode));
        return response;
      },
      (error) => {
        permit.end(outcomeOfError(error));
        throw error;
      },
    );
  };
}
