/**
 * The versions of the gateway's config that run side by side: which one a request gets, and what it keeps until it has
 * ended. A version that no request needs any more is closed; what the next one has with the same options is kept.
 */
import type { IncomingMessage } from 'node:http';
import {
  type LiveVersion,
  LiveVersions,
  type PlanOutcome,
  type TrafficPlan,
} from '../delivery/live-versions.js';
import type { SmokeCheck, SmokeFailure } from '../delivery/smoke-test.js';
import type { PurgeTarget } from '../policies/cache/cache.js';
import type { Call } from '../policies/service.js';
import type { GatewayConfig } from './config.js';
import { Generation } from './generation.js';
import type { Outliers } from './outliers.js';
import type { Surroundings } from './parts.js';
import { keyOf } from './request-key.js';
import { smokeTest } from './smoke-test.js';

export type RunningVersion = LiveVersion<GatewayConfig, Generation>;

/** Balancers that keep requests of one key on one upstream. */
const needsKey = ({ balancer }: GatewayConfig): boolean =>
  balancer.name === 'ring-hash' || balancer.name === 'maglev';

export class Generations {
  readonly #versions: LiveVersions<GatewayConfig, Generation>;
  readonly #onStable: (config: GatewayConfig) => void;
  readonly #around: Surroundings;

  /** @param onStable called with each config that takes the place of the one before it. */
  constructor(
    config: GatewayConfig,
    around: Surroundings,
    onStable: (config: GatewayConfig) => void = () => {},
    version = 1,
  ) {
    this.#onStable = onStable;
    this.#around = around;
    this.#versions = new LiveVersions<GatewayConfig, Generation>({
      initial: { version, config },
      build: (versioned) => new Generation(versioned, around),
      retire: (generation) => generation.close(),
    });
    this.#versions.stable.live.parts.install(null);
  }

  get stable(): RunningVersion {
    return this.#versions.stable;
  }

  /** The version on its way. */
  get candidate(): RunningVersion | null {
    return this.#versions.candidate;
  }

  /** The version of a request that begins now; to be given back with `end`. */
  begin(raw: IncomingMessage, call: Call): RunningVersion {
    const { stable, candidate } = this.#versions;
    if (candidate !== null || needsKey(stable.config)) call.key = keyOf(raw, call, stable.config.hashOn);
    const chosen = this.#versions.begin(call.key);
    // A version that hashes on something else than the one that chose it.
    if (chosen !== stable && needsKey(chosen.config)) call.key = keyOf(raw, call, chosen.config.hashOn);
    return chosen;
  }

  end(version: RunningVersion): void {
    this.#versions.end(version);
  }

  apply(plan: TrafficPlan<GatewayConfig>): PlanOutcome {
    const before = this.#versions.stable;
    const outcome = this.#versions.apply(plan);
    if (outcome.outcome === 'applied') {
      const { config, live } = this.#versions.stable;
      live.parts.install(before.live.parts);
      if (config !== before.config) this.#onStable(config);
    }
    return outcome;
  }

  /** Has a config answer requests that nobody waits for. @returns what is wrong with it; `null`: nothing that was seen. */
  smokeTest(config: GatewayConfig, checks: readonly SmokeCheck[]): Promise<SmokeFailure | null> {
    return smokeTest(config, checks, this.#around);
  }

  /** A good health check may bring back whoever was ejected. */
  onGoodCheck(id: string): void {
    for (const outliers of this.#outliers()) outliers.onGoodCheck(id);
  }

  /** By hand, though outlier detection has ejected it. */
  uneject(id: string): void {
    for (const outliers of this.#outliers()) outliers.uneject(id);
  }

  /** @returns how many responses were removed, or with `soft` are stale now. */
  purge(target: PurgeTarget, soft: boolean): number {
    // Of those on their way out too: a version that comes back brings its cache along. Versions with the same options
    // share one, which must not be counted twice.
    const caches = new Set(this.#versions.all.map(({ live }) => live.parts.cache));
    let removed = 0;
    for (const cache of caches) removed += cache?.purge(target, soft) ?? 0;
    return removed;
  }

  close(): void {
    this.#versions.close();
  }

  /** Versions with the same options share theirs. */
  #outliers(): Iterable<Outliers> {
    return new Set(this.#versions.all.flatMap(({ live }) => live.parts.outliers ?? []));
  }
}
