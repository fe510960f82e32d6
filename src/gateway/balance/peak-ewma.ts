/**
 * Peak EWMA (Finagle, `PeakEwma.scala`): the power of two choices on what an upstream costs, `cost · (load + 1)`. The
 * cost is a moving average of latencies that jumps to a peak at once and comes down slowly: e^(−Δt/τ) of it is left after
 * Δt. Looking at it lets it decay too, so an upstream that was slow once, and gets nothing since, is tried again.
 *
 * An upstream that fails fast looks fast: as in Finagle, a failure's latency counts like any other. `failureCostMs` is
 * the cure, after Linkerd's load biaser.
 */
import type { Upstream } from '../upstream-pool.js';
import { drawOther } from './p2c.js';
import { type BalancerParts, withDefaults } from './parts.js';
import type { Selector } from './selector.js';

export interface PeakEwmaOptions {
  /** τ: after so long, 37 % of a peak is left. Above 0. */
  readonly decayMs: number;
  /** The cost of an upstream that has requests in flight and no history: it gets one request, and is then waited for. */
  readonly unknownCostMs: number;
  /** A failed attempt counts as having taken at least this long; 0: what it took. */
  readonly failureCostMs: number;
}

export const PEAK_EWMA_DEFAULTS: PeakEwmaOptions = {
  /** Finagle's and Envoy's. */
  decayMs: 10_000,
  /** 39 hours, Finagle's `Long.MaxValue >> 16` nanoseconds: more than any latency times any load. */
  unknownCostMs: 140_000_000,
  /** As in Finagle, trap and all: a wind tunnel shows a policy as it is. */
  failureCostMs: 0,
};

interface Cost {
  latencyMs: number;
  atMs: number;
}

export const peakEwma = ({ random, options }: BalancerParts<PeakEwmaOptions>): Selector => {
  const { decayMs, unknownCostMs, failureCostMs } = withDefaults(PEAK_EWMA_DEFAULTS, options);
  const costs = new WeakMap<Upstream, Cost>();

  const learn = (upstream: Upstream, latencyMs: number, nowMs: number): number => {
    let cost = costs.get(upstream);
    if (cost === undefined) {
      cost = { latencyMs: 0, atMs: nowMs };
      costs.set(upstream, cost);
    }
    if (latencyMs > cost.latencyMs) {
      cost.latencyMs = latencyMs;
    } else {
      const kept = Math.exp(-Math.max(0, nowMs - cost.atMs) / decayMs);
      cost.latencyMs = cost.latencyMs * kept + latencyMs * (1 - kept);
    }
    cost.atMs = nowMs;
    return cost.latencyMs;
  };

  const loadOf = (upstream: Upstream, nowMs: number): number => {
    const latencyMs = learn(upstream, 0, nowMs);
    const { load } = upstream;
    return latencyMs === 0 && load > 0 ? unknownCostMs + load : latencyMs * (load + 1);
  };

  return {
    select: (available, { nowMs }) => {
      if (available.length === 1) return available[0]!;
      const first = random.below(available.length);
      const a = available[first]!;
      const b = available[drawOther(random, first, available.length)]!;
      return loadOf(b, nowMs) < loadOf(a, nowMs) ? b : a;
    },
    observe: (upstream, { latencyMs, outcome, nowMs }) => {
      // A client that left tells how long it takes at least: enough for a peak, not for an average.
      if (outcome === 'ignored' && latencyMs <= learn(upstream, 0, nowMs)) return;
      learn(upstream, outcome === 'failure' ? Math.max(latencyMs, failureCostMs) : latencyMs, nowMs);
    },
  };
};
