/**
 * When a request that failed may be worth another try, where the gateway can know it: a circuit's next trial, the end of
 * an ejection, the drain of a queue, the next token. Of everything else, such as a worker that is dead, it knows nothing,
 * and says so. Arithmetic over what is there already: nothing is counted for it while requests go well.
 */
import type { ErrorCode } from '../core/errors.js';
import type { Endpoint } from './endpoint.js';
import type { Upstream } from './upstream-pool.js';

/** How it is known. */
export type RecoverySource = 'rate-limit' | 'circuit' | 'ejection' | 'queue';

export interface Recovery {
  /** From now, at the earliest; above 0. */
  readonly afterMs: number;
  readonly source: RecoverySource;
}

/** What there is to look at: of one route. */
export interface RecoveryView {
  readonly upstreams: readonly Upstream[];
  readonly endpointOf: (upstream: Upstream) => Endpoint | undefined;
  /** When outlier detection lets one back in, by the clock; `null`: it does not have it out. */
  readonly ejectedUntilMs: (id: string) => number | null;
  /** Requests that wait before all upstreams together. */
  readonly queuedGlobally: () => number;
}

/** A longer time than this is no estimate: whoever is told it has left. */
const LONGEST_MS = 600_000;

/** Rates are of at least so long, and of at most so long ago. */
const MIN_SPAN_MS = 1_000;
const MAX_SPAN_MS = 5_000;
const SPACING_MS = 250;

/**
 * How fast attempts end, told from their number at moments at which somebody asked. It is looked at only when a queue
 * refuses, so it costs nothing until then, and knows nothing in the first second of an overload.
 */
export class DrainWatch {
  readonly #seen: { readonly atMs: number; readonly ended: number }[] = [];

  /** @param ended attempts so far. @returns how many end in a second; `null`: not known yet. */
  rateRps(ended: number, nowMs: number): number | null {
    while (this.#seen.length > 0 && this.#seen[0]!.atMs < nowMs - MAX_SPAN_MS) this.#seen.shift();
    const [first] = this.#seen;
    const lastMs = this.#seen.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs >= SPACING_MS) this.#seen.push({ atMs: nowMs, ended });
    if (first === undefined || nowMs - first.atMs < MIN_SPAN_MS) return null;
    return ((ended - first.ended) / (nowMs - first.atMs)) * 1_000;
  }
}

/** The soonest; `null`: none is known. */
const soonest = (times: readonly (number | null)[]): number | null =>
  times.reduce((least, ms) => (ms === null || (least !== null && least <= ms) ? least : ms), null);

const circuitMs: Estimate = ({ upstreams, endpointOf }, _drain, nowMs) =>
  soonest(
    upstreams
      .filter(({ available }) => available)
      .map((upstream) => endpointOf(upstream)?.breaker?.trialInMs(nowMs) ?? null),
  );

/** Of those that are out for this alone. */
const ejectionMs: Estimate = ({ upstreams, ejectedUntilMs }, _drain, nowMs) =>
  soonest(
    upstreams
      .filter((upstream) => upstream.healthy && !upstream.drained && !upstream.isEjectedBy('by-hand'))
      .map(({ id }) => {
        const untilMs = ejectedUntilMs(id);
        return untilMs === null ? null : Math.max(0, untilMs - nowMs);
      }),
  );

const queueMs: Estimate = (view, drain, nowMs) => {
  let [queued, ended] = [view.queuedGlobally(), 0];
  for (const upstream of view.upstreams) {
    queued += view.endpointOf(upstream)?.limit?.queued ?? 0;
    const { success, failure, ignored } = upstream.counts;
    ended += success + failure + ignored;
  }
  const rateRps = drain.rateRps(ended, nowMs);
  return rateRps === null || rateRps <= 0 || queued === 0 ? null : (queued / rateRps) * 1_000;
};

type Estimate = (view: RecoveryView, drain: DrainWatch, nowMs: number) => number | null;

const ESTIMATES: Partial<Record<ErrorCode, readonly [RecoverySource, Estimate]>> = {
  BGW_ERR_CIRCUIT_OPEN: ['circuit', circuitMs],
  BGW_ERR_NO_UPSTREAM: ['ejection', ejectionMs],
  BGW_ERR_QUEUE_FULL: ['queue', queueMs],
  BGW_ERR_QUEUE_TIMEOUT: ['queue', queueMs],
};

/** Thousands fail in a second, and of a large pool each estimate asks everybody: one answers for those of so long after it. */
const KEPT_MS = 50;

/** The estimates of one route. */
export class RecoveryEstimates {
  readonly #view: RecoveryView;
  readonly #drain = new DrainWatch();
  readonly #kept = new Map<ErrorCode, { readonly atMs: number; readonly recovery: Recovery | null }>();

  constructor(view: RecoveryView) {
    this.#view = view;
  }

  /** `null`: not known. */
  of(code: ErrorCode, nowMs: number): Recovery | null {
    const found = ESTIMATES[code];
    if (found === undefined) return null;
    const kept = this.#kept.get(code);
    if (kept !== undefined && nowMs - kept.atMs < KEPT_MS) return kept.recovery;
    const [source, estimate] = found;
    const afterMs = estimate(this.#view, this.#drain, nowMs);
    const recovery =
      afterMs === null || afterMs > LONGEST_MS ? null : { afterMs: Math.max(1, afterMs), source };
    this.#kept.set(code, { atMs: nowMs, recovery });
    return recovery;
  }
}

/** In whole seconds, as `Retry-After` has it: never sooner, and never 0. */
export const recoverySeconds = ({ afterMs }: Recovery): number => Math.max(1, Math.ceil(afterMs / 1_000));
