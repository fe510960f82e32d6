/** One gateway in this process, as `GatewayControl` reaches it. */
import type { Clock } from '../core/clock.js';
import type { TrafficPlan } from '../delivery/live-versions.js';
import type { PurgeTarget } from '../policies/cache/cache.js';
import type { GatewayConfig } from './config.js';
import type { Reach, UpstreamChange } from './control.js';
import type { Gateway } from './server.js';

export class OwnReach implements Reach {
  /** Responses removed by command so far. */
  purged = 0;
  readonly #gateway: Gateway;
  readonly #clock: Pick<Clock, 'nowMs'>;

  constructor(gateway: Gateway, clock: Pick<Clock, 'nowMs'>) {
    this.#gateway = gateway;
    this.#clock = clock;
  }

  apply(plan: TrafficPlan<GatewayConfig>): string | null {
    const { generations } = this.#gateway;
    if (generations === null) return 'the profile naive takes no other config';
    const outcome = generations.apply(plan);
    return outcome.outcome === 'refused' ? outcome.reason : null;
  }

  change(id: string, { weight, drained, ejected, forgiven }: UpstreamChange): void {
    const upstream = this.#gateway.pool.find(id);
    if (upstream === undefined) return;
    const nowMs = this.#clock.nowMs();
    if (weight !== undefined) upstream.weight = weight;
    if (drained !== undefined) upstream.setDrained(drained, nowMs);
    if (ejected !== undefined) upstream.setEjected('by-hand', ejected, nowMs);
    if (forgiven) this.#gateway.generations?.uneject(id);
  }

  purge(target: PurgeTarget): number {
    const removed = this.#gateway.generations?.purge(target) ?? 0;
    this.purged += removed;
    return removed;
  }
}
