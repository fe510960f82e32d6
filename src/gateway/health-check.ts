/**
 * Active health checks: ask every upstream at an interval, and let `rise` good or `fall` bad answers in a row decide.
 *
 * `HealthState` decides and knows no time (`core/health.ts`); `HealthChecker` asks. A check opens a connection of its own
 * each time, as HAProxy's do, so that it sees what a new request would see. The first check decides alone, as in Envoy:
 * until then an upstream is unhealthy.
 */
import { connect, type LookupFunction } from 'node:net';
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { askHealth, HealthState } from '../core/health.js';
import type { Random } from '../core/random.js';
import type { HealthCheckConfig } from './config.js';
import type { UpstreamTlsOf } from './transport/upstream-tls.js';
import type { Upstream, UpstreamPool } from './upstream-pool.js';

/** Health checks as the config has them, and as the next one has them. */
export class HealthChecks {
  readonly #pool: UpstreamPool;
  readonly #parts: HealthCheckParts;
  /** Of them something is known: a check has been good or bad, or there was none, and all counted as healthy. */
  readonly #checked: Set<Upstream>;
  #config: HealthCheckConfig | null;
  #checker: HealthChecker | null = null;

  constructor(pool: UpstreamPool, config: HealthCheckConfig | null, parts: HealthCheckParts) {
    this.#pool = pool;
    this.#config = config;
    this.#parts = parts;
    this.#checked = new Set(config === null ? pool.upstreams : []);
  }

  /** Settles when every upstream has been checked once, also where another config has come meanwhile. */
  async start(): Promise<void> {
    this.#checker ??= this.#begin();
    for (let waited: HealthChecker | null = null; this.#checker !== waited; ) {
      waited = this.#checker;
      await waited?.first;
    }
  }

  /** Without checks, every upstream counts as healthy. */
  reconfigure(config: HealthCheckConfig | null): void {
    if (JSON.stringify(config) === JSON.stringify(this.#config)) return;
    this.stop();
    this.#config = config;
    this.#checker = this.#begin();
    if (config !== null) return;
    const { clock, emit } = this.#parts;
    for (const upstream of this.#pool.upstreams) {
      this.#checked.add(upstream);
      if (upstream.healthy) continue;
      upstream.setHealthy(true, clock.nowMs());
      emit('upstream.turned-healthy', { upstream: upstream.id });
    }
  }

  stop(): void {
    this.#checker?.stop();
    this.#checker = null;
  }

  /** Whoever has been checked stays as it is until these checks say otherwise; of the others the first decides. */
  #begin(): HealthChecker | null {
    return this.#config && new HealthChecker(this.#pool, this.#config, this.#parts, this.#checked);
  }
}

/** One check: `null` when good, else what was wrong with it. */
export type Check = (
  upstream: Upstream,
  config: HealthCheckConfig,
  parts: CheckParts,
) => Promise<string | null>;

export interface CheckParts {
  readonly clock: Clock;
  /** Of upstreams that have a name; default: Node's. */
  readonly lookup?: LookupFunction | undefined;
  /** Default: plain HTTP. A TCP check sees no more than the connection. */
  readonly tls?: UpstreamTlsOf | null;
}

/** Whether a connection comes about: the process need not do anything for it, the kernel is enough. */
const checkConnection: Check = (upstream, config, { clock, lookup }) =>
  new Promise((resolve) => {
    const socket = connect({ host: upstream.host, port: upstream.port, lookup });
    const timer = clock.after(config.timeoutMs, () => finish(`no connection within ${config.timeoutMs}ms`));
    const finish = (problem: string | null): void => {
      timer.cancel();
      resolve(problem);
      socket.destroy();
    };
    socket.on('connect', () => finish(null));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });

const checkAnswer: Check = ({ host, port }, { path, timeoutMs }, { clock, lookup, tls = null }) =>
  askHealth({ host, port, path, lookup, tls: tls?.(host) ?? null }, timeoutMs, clock);

/** A deep check differs from a shallow one by its path alone: it is the worker that answers it by way of its queue. */
const CHECKS: Readonly<Record<HealthCheckConfig['type'], Check>> = {
  tcp: checkConnection,
  http: checkAnswer,
  deep: checkAnswer,
};

export interface HealthCheckParts extends CheckParts {
  readonly random: Random;
  readonly emit: Emit;
  /** Makes a check; default: over the network, by its type. */
  readonly check?: Check;
  /** Called after every good check. */
  readonly onGood?: (upstream: Upstream) => void;
}

export class HealthChecker {
  readonly #timers = new Map<Upstream, Timer>();
  readonly #config: HealthCheckConfig;
  readonly #parts: HealthCheckParts;
  readonly #checked: Set<Upstream>;
  /** Settles when every upstream has been checked once, or when it is stopped. */
  readonly first: Promise<unknown>;
  #stopped = false;

  /** @param checked whoever is not among these is unhealthy until its first check; grows with each. */
  constructor(
    pool: UpstreamPool,
    config: HealthCheckConfig,
    parts: HealthCheckParts,
    checked: Set<Upstream>,
  ) {
    this.#config = config;
    this.#parts = parts;
    this.#checked = checked;
    this.first = Promise.all(
      pool.upstreams.map((upstream) => {
        const known = checked.has(upstream);
        if (!known) upstream.awaitFirstCheck();
        return this.#check(upstream, new HealthState(config, known ? upstream.healthy : null));
      }),
    );
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** Checks, and again an interval after the beginning, or at once when the check took longer than that. */
  async #check(upstream: Upstream, state: HealthState): Promise<void> {
    const { clock, random } = this.#parts;
    const { intervalMs, jitterRatio, type } = this.#config;
    const nextMs = clock.nowMs() + intervalMs * (1 + jitterRatio * (2 * random.next() - 1));
    const { check = CHECKS[type] } = this.#parts;
    const problem = await check(upstream, this.#config, this.#parts);
    if (this.#stopped) return;
    this.#checked.add(upstream);
    this.#apply(upstream, state, problem);
    const again = (): void => void this.#check(upstream, state);
    this.#timers.set(upstream, clock.after(nextMs - clock.nowMs(), again));
  }

  #apply(upstream: Upstream, state: HealthState, problem: string | null): void {
    const { clock, emit, onGood } = this.#parts;
    if (problem === null) onGood?.(upstream);
    if (!state.onCheck(problem === null)) return;
    upstream.setHealthy(state.healthy, clock.nowMs());
    if (state.healthy) emit('upstream.turned-healthy', { upstream: upstream.id });
    else emit('upstream.turned-unhealthy', { upstream: upstream.id, reason: problem ?? '' });
  }
}
