/**
 * Prequal (Wydrowski, Kleinberg, Rumble and Archer, "Load is not what you should balance: Introducing Prequal", NSDI
 * 2024): upstreams are probed, not on a request's way but ahead of it, and the answers wait in a small pool. A probe tells
 * the requests in flight and the latency to expect at that many; a request goes to the best one in the pool, by the
 * hot-cold lexicographic rule: among the cold, the lowest latency; where all are hot, the fewest in flight.
 *
 * The pool is kept from going stale: a probe is used only so often and only so long, each use adds one to what it says
 * is in flight, and each request takes one out, in turn the oldest and the worst, since otherwise the bad ones, which
 * nobody uses, would be what is left.
 *
 * This decides only: what `probesDue` names, somebody else probes, and hands the answer to `probed`. An upstream that
 * fails fast reports few in flight and a low latency, and draws traffic here too.
 */
import type { Random } from '../../core/random.js';
import type { Upstream } from '../upstream-pool.js';
import { InFlightQuantile } from './in-flight-quantile.js';
import { type BalancerParts, withDefaults } from './parts.js';
import type { Choice, Selector } from './selector.js';

/** What an upstream answers. */
export interface ProbeResult {
  /** Requests it has accepted and not answered, from all its clients. */
  readonly inFlight: number;
  /** Median of its recent latencies with about that many in flight; not how long the probe took. */
  readonly latencyMs: number;
}

/** A selector that wants to know how upstreams are. */
export interface ProbingSelector extends Selector {
  /** Called once for each request. @returns whom to probe now. */
  probesDue(available: readonly Upstream[], nowMs: number): readonly Upstream[];
  /** A probe was answered; one that was not needs no word. */
  probed(upstream: Upstream, result: ProbeResult, nowMs: number): void;
}

export const isProbing = (selector: Selector): selector is ProbingSelector => 'probesDue' in selector;

export interface PrequalOptions {
  /** Probes sent for each request; may be a fraction; above `removalsPerRequest`. */
  readonly probesPerRequest: number;
  /** Probes in the pool, at most; fewer where there are few upstreams: see `fittingPoolSize`. */
  readonly poolSize: number;
  /** A probe this old is thrown away. */
  readonly maxAgeMs: number;
  /** A probe that is not answered in this time is given up, and its upstream may be probed again. */
  readonly probeTimeoutMs: number;
  /** Hot is who has more in flight than this part of the recent probes; 0: nearly all are, 1: nobody is. */
  readonly hotQuantile: number;
  /** Probes taken out of the pool for each request, besides the one used up. */
  readonly removalsPerRequest: number;
  /** Uses that the pool gains with each request beyond the one it spends; the paper's δ. */
  readonly reuseSlack: number;
}

/** The paper's, but for the time limit. */
export const PREQUAL_DEFAULTS: PrequalOptions = {
  probesPerRequest: 3,
  poolSize: 16,
  maxAgeMs: 1_000,
  /** 3 ms in the paper, within a data centre; a busy Node process takes longer before it so much as looks. */
  probeTimeoutMs: 100,
  hotQuantile: 2 ** -0.25,
  removalsPerRequest: 1,
  reuseSlack: 1,
};

/** With fewer there is nothing to choose from, and the choice is random. */
export const MIN_POOL_SIZE = 2;

/** Uses of one probe: the formula grows without limit where upstreams are few, and news grow old. */
export const MAX_USES = 16;

/**
 * Probes that the pool may hold with so many upstreams. A probe of an upstream that is in the pool already brings nothing
 * new, and in a pool as large as `hosts · (1 − removals/probes)` (two thirds of the upstreams, by default) so few bring
 * something that no more comes in than is taken out. So 16 need 25 upstreams; 5 upstreams get a pool of 3.
 */
export const fittingPoolSize = (
  hosts: number,
  {
    poolSize,
    probesPerRequest,
    removalsPerRequest,
  }: Pick<PrequalOptions, 'poolSize' | 'probesPerRequest' | 'removalsPerRequest'>,
): number => {
  const limit = (hosts * (probesPerRequest - removalsPerRequest)) / probesPerRequest;
  return Math.max(MIN_POOL_SIZE, Math.min(poolSize, Math.ceil(limit) - 1));
};

/**
 * How often a probe is used, on average: the paper's b = (1 + δ) / ((1 − m/n) · r_probe − r_remove), at least 1. Where
 * the denominator is 0 or less, as in the smallest pools, more uses are never enough, and it is the most allowed.
 */
export const usesPerProbe = (
  hosts: number,
  poolSize: number,
  {
    probesPerRequest,
    removalsPerRequest,
    reuseSlack,
  }: Pick<PrequalOptions, 'probesPerRequest' | 'removalsPerRequest' | 'reuseSlack'>,
): number => {
  const gained = (1 - poolSize / hosts) * probesPerRequest - removalsPerRequest;
  if (gained <= 0) return MAX_USES;
  return Math.max(1, Math.min(MAX_USES, (1 + reuseSlack) / gained));
};

/** An answer in the pool. */
interface Probe {
  readonly upstream: Upstream;
  readonly latencyMs: number;
  readonly atMs: number;
  inFlight: number;
  usesLeft: number;
}

const NONE: readonly Upstream[] = [];

export class Prequal implements ProbingSelector {
  readonly #options: PrequalOptions;
  readonly #random: Random;
  readonly #inFlight = new InFlightQuantile();
  /** The oldest first; at most one of each upstream. */
  readonly #pool: Probe[] = [];
  /** When the probe that is under way was sent. */
  readonly #sentAtMs = new WeakMap<Upstream, number>();
  #hosts = 0;
  #probesOwed = 0;
  #removalsOwed = 0;
  #oldestIsNext = true;

  constructor({ random, options }: BalancerParts<PrequalOptions>) {
    this.#random = random;
    this.#options = withDefaults(PREQUAL_DEFAULTS, options);
  }

  /** Probes in the pool. */
  get size(): number {
    return this.#pool.length;
  }

  select(available: readonly Upstream[], { nowMs }: Choice): Upstream {
    this.#hosts = available.length;
    this.#expire(nowMs);
    const hotAbove = this.#inFlight.at(this.#options.hotQuantile);
    const best = this.#best(available, hotAbove);
    if (best === null) return available[this.#random.below(available.length)]!;
    best.inFlight++;
    if (--best.usesLeft === 0) this.#pool.splice(this.#pool.indexOf(best), 1);
    this.#removeSome(hotAbove);
    return best.upstream;
  }

  probesDue(available: readonly Upstream[], nowMs: number): readonly Upstream[] {
    this.#hosts = available.length;
    this.#probesOwed += this.#options.probesPerRequest;
    let wanted = Math.min(Math.floor(this.#probesOwed), available.length);
    this.#probesOwed %= 1;
    if (wanted === 0) return NONE;
    const due: Upstream[] = [];
    // Selection sampling: each is taken with probability wanted/left, so every set of that size is equally likely.
    for (let left = available.length; wanted > 0; left--) {
      if (this.#random.below(left) >= wanted) continue;
      wanted--;
      const upstream = available[left - 1]!;
      if (this.#isBeingProbed(upstream, nowMs)) continue;
      this.#sentAtMs.set(upstream, nowMs);
      due.push(upstream);
    }
    return due;
  }

  probed(upstream: Upstream, { inFlight, latencyMs }: ProbeResult, nowMs: number): void {
    this.#sentAtMs.delete(upstream);
    this.#inFlight.add(inFlight);
    const pool = this.#pool;
    const known = pool.findIndex((probe) => probe.upstream === upstream);
    if (known !== -1) pool.splice(known, 1);
    const size = fittingPoolSize(this.#hosts, this.#options);
    const uses = usesPerProbe(this.#hosts, size, this.#options);
    // A fraction of a use is one more use for that fraction of the probes.
    const usesLeft = Math.floor(uses + this.#random.next());
    pool.push({ upstream, latencyMs, atMs: nowMs, inFlight, usesLeft });
    while (pool.length > size) pool.shift();
  }

  #isBeingProbed(upstream: Upstream, nowMs: number): boolean {
    const sentAtMs = this.#sentAtMs.get(upstream);
    return sentAtMs !== undefined && nowMs - sentAtMs < this.#options.probeTimeoutMs;
  }

  #expire(nowMs: number): void {
    while (this.#pool.length > 0 && nowMs - this.#pool[0]!.atMs >= this.#options.maxAgeMs) this.#pool.shift();
  }

  /** The best probe of an available upstream; `null` when there are too few to choose from. */
  #best(available: readonly Upstream[], hotAbove: number): Probe | null {
    let best: Probe | null = null;
    let usable = 0;
    for (const probe of this.#pool) {
      if (!available.includes(probe.upstream)) continue;
      usable++;
      if (best === null || isBetter(probe, best, hotAbove)) best = probe;
    }
    return usable < MIN_POOL_SIZE ? null : best;
  }

  #removeSome(hotAbove: number): void {
    const pool = this.#pool;
    this.#removalsOwed += this.#options.removalsPerRequest;
    for (; this.#removalsOwed >= 1; this.#removalsOwed--) {
      // Two bad probes are better than a blind choice, and age out soon.
      if (pool.length <= MIN_POOL_SIZE) continue;
      let going = 0;
      if (!this.#oldestIsNext) {
        for (let index = 1; index < pool.length; index++) {
          if (isBetter(pool[going]!, pool[index]!, hotAbove)) going = index;
        }
      }
      pool.splice(going, 1);
      this.#oldestIsNext = !this.#oldestIsNext;
    }
  }
}

/** The hot-cold lexicographic rule. */
const isBetter = (a: Probe, b: Probe, hotAbove: number): boolean => {
  const aIsHot = a.inFlight > hotAbove;
  const bIsHot = b.inFlight > hotAbove;
  if (aIsHot !== bIsHot) return bIsHot;
  return aIsHot ? a.inFlight < b.inFlight : a.latencyMs < b.latencyMs;
};

export const prequal = (parts: BalancerParts<PrequalOptions>): ProbingSelector => new Prequal(parts);
