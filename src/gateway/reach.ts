/** One gateway in this process, as `GatewayControl` reaches it. */
import type { Clock } from '../core/clock.js';
import type { TrafficPlan } from '../delivery/live-versions.js';
import type { SmokeCheck, SmokeFailure } from '../delivery/smoke-test.js';
import type { PurgeTarget } from '../policies/cache/cache.js';
import type { GatewayConfig } from './config.js';
import type { Reach, UpstreamChange } from './control.js';
import type { Gateway } from './server.js';
import type { Upstream } from './upstream-pool.js';

/** What of a change is seen at the upstream itself. */
export const changeUpstream = (
  upstream: Upstream,
  { weight, drained, ejected }: UpstreamChange,
  nowMs: number,
): void => {
  if (weight !== undefined) upstream.weight = weight;
  if (drained !== undefined) upstream.setDrained(drained, nowMs);
  if (ejected !== undefined) upstream.setEjected('by-hand', ejected, nowMs);
};

const NO_CONFIG = 'the profile naive takes no other config';

export class OwnReach implements Reach {
  /** Responses removed by command so far, or made stale. */
  purged = 0;
  readonly #gateway: Pick<Gateway, 'pool' | 'generations'>;
  readonly #clock: Pick<Clock, 'nowMs'>;

  constructor(gateway: Pick<Gateway, 'pool' | 'generations'>, clock: Pick<Clock, 'nowMs'>) {
    this.#gateway = gateway;
    this.#clock = clock;
  }

  apply(plan: TrafficPlan<GatewayConfig>): string | null {
    const { generations } = this.#gateway;
    if (generations === null) return NO_CONFIG;
    const outcome = generations.apply(plan);
    return outcome.outcome === 'refused' ? outcome.reason : null;
  }

  async smokeTest(config: GatewayConfig, checks: readonly SmokeCheck[]): Promise<SmokeFailure | null> {
    const { generations } = this.#gateway;
    return generations === null ? { status: 422, reason: NO_CONFIG } : generations.smokeTest(config, checks);
  }

  change(id: string, change: UpstreamChange): void {
    const upstream = this.#gateway.pool.find(id);
    if (upstream === undefined) return;
    changeUpstream(upstream, change, this.#clock.nowMs());
    if (change.forgiven) this.#gateway.generations?.uneject(id);
  }

  purge(target: PurgeTarget, soft: boolean): number {
    const removed = this.#gateway.generations?.purge(target, soft) ?? 0;
    this.purged += removed;
    return removed;
  }
}
