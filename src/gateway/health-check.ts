/**
 * Active health checks: ask every upstream at an interval, and let `rise` good or `fall` bad answers in a row decide.
 *
 * `HealthState` decides and knows no time; `HealthChecker` asks. A check opens a connection of its own each time, as
 * HAProxy's do, so that it sees what a new request would see. The first check decides alone, as in Envoy: until then
 * an upstream is unhealthy.
 */
import { get } from 'node:http';
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import type { HealthCheckConfig } from './config.js';
import type { Upstream, UpstreamPool } from './upstream-pool.js';

export class HealthState {
  healthy = false;
  /** Checks in a row that spoke against the present state. */
  #against = 0;
  #decided = false;
  readonly #thresholds: Pick<HealthCheckConfig, 'rise' | 'fall'>;

  constructor(thresholds: Pick<HealthCheckConfig, 'rise' | 'fall'>) {
    this.#thresholds = thresholds;
  }

  /** @returns whether the state turned; the first check always says something new. */
  onCheck(good: boolean): boolean {
    if (!this.#decided) {
      this.#decided = true;
      this.healthy = good;
      return true;
    }
    if (good === this.healthy) {
      this.#against = 0;
      return false;
    }
    if (++this.#against < (good ? this.#thresholds.rise : this.#thresholds.fall)) return false;
    this.healthy = good;
    this.#against = 0;
    return true;
  }
}

/** One check: `null` when good, else what was wrong with it. */
const check = (upstream: Upstream, config: HealthCheckConfig, clock: Clock): Promise<string | null> =>
  new Promise((resolve) => {
    const request = get(
      { host: upstream.host, port: upstream.port, path: config.path, agent: false },
      (response) => {
        response.resume();
        const { statusCode = 0 } = response;
        finish(statusCode >= 200 && statusCode < 400 ? null : `answered ${statusCode}`);
      },
    );
    const timer = clock.after(config.timeoutMs, () => finish(`no answer within ${config.timeoutMs}ms`));
    const finish = (problem: string | null): void => {
      timer.cancel();
      resolve(problem);
      // A good answer's body is not waited for: an upstream that never ends it must not keep a connection each time.
      request.destroy();
    };
    request.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });

export class HealthChecker {
  #timers: Timer[] = [];
  readonly #pool: UpstreamPool;
  readonly #config: HealthCheckConfig;
  readonly #clock: Clock;
  readonly #emit: Emit;

  constructor(pool: UpstreamPool, config: HealthCheckConfig, clock: Clock, emit: Emit) {
    this.#pool = pool;
    this.#config = config;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Settles when every upstream has been checked once. */
  async start(): Promise<void> {
    const firstChecks = this.#pool.upstreams.map((upstream) => {
      upstream.healthy = false;
      const state = new HealthState(this.#config);
      let underWay = false;
      const checkOnce = async (): Promise<void> => {
        // A check slower than the interval must not pile up on an upstream that is already slow.
        if (underWay) return;
        underWay = true;
        const problem = await check(upstream, this.#config, this.#clock);
        underWay = false;
        this.#apply(upstream, state, problem);
      };
      this.#timers.push(this.#clock.every(this.#config.intervalMs, checkOnce));
      return checkOnce();
    });
    await Promise.all(firstChecks);
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  #apply(upstream: Upstream, state: HealthState, problem: string | null): void {
    if (!state.onCheck(problem === null)) return;
    upstream.healthy = state.healthy;
    if (state.healthy) this.#emit('upstream.turned-healthy', { upstream: upstream.id });
    else this.#emit('upstream.turned-unhealthy', { upstream: upstream.id, reason: problem ?? '' });
  }
}
