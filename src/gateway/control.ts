/**
 * What an operator can do to a gateway while it runs: change its config by versions, take upstreams out and put them
 * back, empty its cache. It reaches one process or several in the same words.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { capacityGuard, type Guard, sizeGuard } from '../delivery/guards.js';
import type { TrafficPlan } from '../delivery/live-versions.js';
import type { SmokeTest } from '../delivery/smoke-test.js';
import { TrafficDelivery } from '../delivery/traffic-delivery.js';
import type { HistoryRecord } from '../delivery/version-history.js';
import type { PurgeTarget } from '../policies/cache/cache.js';
import { takesWeight, weightProblem } from './balance/balancers.js';
import { type ConfigProblem, findConfigProblems, findFixedChanges } from './config/check.js';
import type { GatewayConfig } from './config.js';
import type { Upstream, UpstreamPool } from './upstream-pool.js';

/** What can be changed of an upstream by hand; `ejected` is for a while, `drained` until it is taken back. */
export interface UpstreamChange {
  readonly weight?: number;
  readonly drained?: boolean;
  readonly ejected?: boolean;
  /** Outlier detection lets it in again too. */
  readonly forgiven?: true;
}

/** Every process that serves. */
export interface Reach {
  /** @returns why the plan was refused; `null` when it is followed. */
  apply(plan: TrafficPlan<GatewayConfig>): string | null;
  /** Has one process answer requests that nobody waits for, by a config that serves nobody yet. */
  readonly smokeTest: SmokeTest<GatewayConfig>;
  change(id: string, change: UpstreamChange): void;
  /** @returns how many responses were removed, or with `soft` are stale now. */
  purge(target: PurgeTarget, soft: boolean): number | Promise<number>;
}

/** An ejection by hand that says no time: Envoy's first one. */
export const DEFAULT_EJECTION_MS = 30_000;

/** No ejection lasts longer: who means for good drains. */
export const MAX_EJECTION_MS = 24 * 60 * 60_000;

export interface ControlParts {
  readonly config: GatewayConfig;
  /** Versions of a process before this one, of which the config is the last. */
  readonly history?: HistoryRecord<GatewayConfig> | undefined;
  /** Gets what such a process has to know, whenever another version is stable. */
  readonly onSettled?: (history: HistoryRecord<GatewayConfig>) => void;
  readonly pool: UpstreamPool;
  readonly reach: Reach;
  /** Upstreams that get nothing from the first moment on; default: none. */
  readonly drained?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
}

const problemText = (problems: readonly ConfigProblem[]): string =>
  problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');

/** Upstreams that get requests under a config: what a change must not take away at once. */
const capacityOf = (config: GatewayConfig, { upstreams }: UpstreamPool): number => {
  const pooled = new Set(Object.values(config.pools).flat());
  const reachable = (config.routes ?? [{ pool: null }]).some(({ pool }) => pool === null);
  return upstreams
    .filter(({ id }) => reachable || pooled.has(id))
    .reduce((sum, { id }) => sum + (config.upstreams[id]?.weight ?? 1), 0);
};

/** Against routes that lead to nobody, and more rules than there is room for. */
const referenceGuard =
  (ids: readonly string[]): Guard<GatewayConfig> =>
  (_from, to) => {
    const found = findConfigProblems(to, ids).filter(({ approvable }) => approvable);
    return found.length === 0 ? null : problemText(found);
  };

const guardsOf = (pool: UpstreamPool): Guard<GatewayConfig>[] => [
  referenceGuard(pool.upstreams.map(({ id }) => id)),
  capacityGuard({ measure: (config: GatewayConfig) => capacityOf(config, pool) }),
  sizeGuard({ measure: (config: GatewayConfig) => JSON.stringify(config).length }),
];

export class GatewayControl {
  readonly delivery: TrafficDelivery<GatewayConfig>;
  readonly #parts: ControlParts;
  /** By hand, those that last. */
  readonly #ejections = new Map<string, { readonly timer: Timer; readonly startedMs: number }>();

  constructor(parts: ControlParts) {
    const { config, history, onSettled, pool, reach, clock, emit } = parts;
    this.#parts = parts;
    const ids = pool.upstreams.map(({ id }) => id);
    this.delivery = new TrafficDelivery<GatewayConfig>({
      to: 'gateway',
      initial: config,
      history,
      ...(onSettled && { onSettled }),
      apply: (plan) => reach.apply(plan),
      check: (wanted) => {
        const found = findConfigProblems(wanted, ids).filter(({ approvable }) => !approvable);
        const problems = [...findFixedChanges(config, wanted), ...found];
        return problems.length === 0 ? null : problemText(problems);
      },
      smokeTest: (wanted, checks) => reach.smokeTest(wanted, checks),
      guards: guardsOf(pool),
      onShare: (version, shareRatio) => emit('config.share-changed', { version, shareRatio }),
      clock,
      emit,
    });
    for (const id of parts.drained ?? []) this.drain(id, true);
  }

  /**
   * One of several processes cannot follow a plan. A rollout goes back; a version that the others serve already stays.
   * @param who the process.
   */
  refused(who: string, version: number, reason: string): void {
    if (this.delivery.underWay === version) {
      this.delivery.failed(version, reason);
      return;
    }
    const detail = `${who} goes on without version ${version}: ${reason}`;
    this.#parts.emit('config.refused', { status: 422, reason: detail });
  }

  find(id: string): Upstream | undefined {
    return this.#parts.pool.find(id);
  }

  /** @returns why it would mean nothing; `null` when it is done. */
  setWeight(id: string, weight: number): string | null {
    const { name } = this.delivery.config.balancer;
    if (!takesWeight(name, weight)) return weightProblem(name);
    this.#parts.reach.change(id, { weight });
    this.#parts.emit('upstream.weighted', { upstream: id, weight });
    return null;
  }

  /** Nothing new is sent to it; what is in flight ends. */
  drain(id: string, drained: boolean): void {
    this.#parts.reach.change(id, { drained });
    this.#parts.emit(drained ? 'upstream.drained' : 'upstream.undrained', { upstream: id });
  }

  eject(id: string, forMs: number): void {
    const { reach, clock, emit } = this.#parts;
    const before = this.#ejections.get(id);
    before?.timer.cancel();
    reach.change(id, { ejected: true });
    emit('upstream.ejected', { upstream: id, detector: 'by-hand', observed: 0, threshold: 0, forMs });
    const timer = clock.after(forMs, () => this.#endEjection(id, 'time-over'));
    this.#ejections.set(id, { timer, startedMs: before?.startedMs ?? clock.nowMs() });
  }

  /** Also one that outlier detection has ejected, which tells of that itself. */
  uneject(id: string): void {
    this.#endEjection(id, 'by-hand');
    this.#parts.reach.change(id, { forgiven: true });
  }

  purge(target: PurgeTarget, soft: boolean): number | Promise<number> {
    return this.#parts.reach.purge(target, soft);
  }

  stop(): void {
    this.delivery.stop();
    for (const { timer } of this.#ejections.values()) timer.cancel();
  }

  #endEjection(id: string, reason: string): void {
    const { reach, clock, emit } = this.#parts;
    const ejection = this.#ejections.get(id);
    if (ejection === undefined) return;
    ejection.timer.cancel();
    this.#ejections.delete(id);
    reach.change(id, { ejected: false });
    emit('upstream.unejected', { upstream: id, reason, afterMs: clock.nowMs() - ejection.startedMs });
  }
}
