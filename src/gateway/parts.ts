/**
 * The policies of one version of the config, made from it: what the pipeline is put together from. What keeps a state
 * comes from `kept-state.ts`, so that it outlives a change that does not touch it.
 */
import type { Clock } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import { type AdmissionParts, EnvoyAdmission, SreThrottle } from '../policies/admission.js';
import { Breaker, type CircuitState, type Counted } from '../policies/breaker.js';
import { makeBudget } from '../policies/budgets/budgets.js';
import { HttpCache } from '../policies/cache/cache.js';
import { ConcurrencyLimit } from '../policies/concurrency.js';
import { CRITICALITIES } from '../policies/criticality.js';
import { HedgeDelay, type HedgeParts } from '../policies/hedge.js';
import type { LimitAlgorithm } from '../policies/limits/limit-algorithm.js';
import { LIMIT_ALGORITHMS } from '../policies/limits/limit-algorithms.js';
import type { RetryParts } from '../policies/retry.js';
import { compileConditions, isStatusCause } from '../policies/retry-conditions.js';
import type { Call, Service } from '../policies/service.js';
import { TokenBuckets } from '../policies/token-bucket.js';
import type { BalanceParts } from './balance/balance.js';
import { BALANCERS } from './balance/balancers.js';
import { Group } from './balance/group.js';
import { isProbing, PREQUAL_DEFAULTS } from './balance/prequal.js';
import { probeOver } from './balance/probes.js';
import type { Selector } from './balance/selector.js';
import { slowStartWeight } from './balance/slow-start.js';
import type { ConcurrencyConfig, LimitConfig } from './config/limits.js';
import type { RouteConfig } from './config/routing.js';
import type { GatewayConfig } from './config.js';
import { Rules, type RulesParts } from './edge/rules.js';
import { Endpoint } from './endpoint.js';
import type { KeptState } from './kept-state.js';
import { tellLimit } from './limit-events.js';
import type { Metrics } from './metrics.js';
import { handOver, Outliers } from './outliers.js';
import type { Tracing } from './tracing/tracing.js';
import type { Transport } from './transport/transport.js';
import type { Upstream, UpstreamAddress, UpstreamPool } from './upstream-pool.js';

/** What all versions have in common. */
export interface Surroundings {
  readonly pool: UpstreamPool;
  readonly kept: KeptState;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  readonly metrics: Pick<Metrics, 'onCache' | 'onRuleTime'>;
  /** `null`: requests are not traced. */
  readonly tracing: Tracing | null;
  /** Opens the way to an upstream. Sockets here, models in virtual time. */
  readonly open: (upstream: UpstreamAddress, config: GatewayConfig) => Transport;
}

const algorithmOf = ({ name, options }: LimitConfig, random: Random): LimitAlgorithm =>
  (LIMIT_ALGORITHMS[name] as (options: unknown, random: Random) => LimitAlgorithm)(options, random);

const lastAnswer =
  (clock: Clock) =>
  ({ tried, lastAttempt, startedMs }: Call): { upstream: string; afterMs: number } => ({
    upstream: tried.at(-1) ?? '',
    afterMs: clock.nowMs() - (lastAttempt?.startedMs ?? startedMs),
  });

export class Parts {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly endpoints: ReadonlyMap<Upstream, Endpoint>;
  readonly cache: HttpCache | null;
  readonly globalLimit: ConcurrencyLimit | null;
  readonly buckets: TokenBuckets | null;
  readonly admission: AdmissionParts | null;
  readonly retry: RetryParts | null;
  readonly outliers: Outliers | null;
  readonly #selector: Selector;
  readonly #around: Surroundings;
  readonly #releases: (() => void)[] = [];

  constructor(config: GatewayConfig, around: Surroundings) {
    const { random } = around;
    this.config = config;
    this.clock = around.clock;
    this.emit = around.emit;
    this.#around = around;
    this.#selector = this.#keep('selector', [config.balancer, config.slowStart], () => this.#makeSelector());
    this.outliers = config.outlierEjection && this.#makeOutliers();
    this.cache = config.cache && this.#makeCache();
    this.buckets =
      config.rateLimit &&
      this.#keep('rate-limit', config.rateLimit, () => ({ part: new TokenBuckets(config.rateLimit!) }));
    this.globalLimit = config.globalConcurrency && this.#makeLimit('global', config.globalConcurrency);
    this.admission = config.admission && this.#makeAdmission();
    this.retry = config.retry && this.#makeRetry(random.fork('retry'));
    this.endpoints = new Map(
      around.pool.upstreams.map((upstream) => [upstream, this.#makeEndpoint(upstream)]),
    );
  }

  /** `null`: everybody is let in. */
  rules(): Rules | null {
    const { config, clock, emit } = this;
    if (config.rules.length === 0) return null;
    const bucketsOf: RulesParts['bucketsOf'] = (name, options) =>
      this.#keep(`rate-limit of ${name}`, options, () => ({ part: new TokenBuckets(options) }));
    return new Rules({ config, clock, emit, bucketsOf, onTook: this.#around.metrics.onRuleTime });
  }

  /** `null`: nobody wants to know how attempts went. */
  get selectorThatLearns(): Selector | null {
    return this.#selector.observe === undefined ? null : this.#selector;
  }

  /** `null`: requests are not traced. */
  get tracing(): Tracing | null {
    return this.#around.tracing;
  }

  transport(upstream: Upstream): Service {
    const { connectTimeoutMs, bodyTimeoutMs, maxConnections, keepAlive, upstreamTls } = this.config;
    const options = { connectTimeoutMs, bodyTimeoutMs, maxConnections, keepAlive, upstreamTls };
    return this.#keep(`transport ${upstream.id}`, options, () => {
      const transport = this.#around.open(upstream, this.config);
      return { part: transport.send, close: () => void transport.close() };
    });
  }

  routeLimit(route: RouteConfig): ConcurrencyLimit | null {
    const { concurrencyLimit } = route;
    if (concurrencyLimit === null) return null;
    const shares = this.config.criticality?.shares ?? null;
    const options = { queue: 0, maxWaitMs: 0, shares };
    const algorithm = { name: 'fixed', options: { limit: concurrencyLimit } } as const;
    return this.#makeLimit(`route ${this.#labelOf(route)}`, { ...options, algorithm });
  }

  /** `null`: requests of that route are not hedged. What is usual is each route's own. */
  hedge(route: RouteConfig): HedgeParts | null {
    const { hedge: options } = this.config;
    if (options === null || !route.retry) return null;
    const { emit } = this;
    const { quantile, delayMs } = options;
    const name = `hedge delay ${this.#labelOf(route)}`;
    return {
      options,
      delay: this.#keep(name, { quantile, delayMs }, () => ({ part: new HedgeDelay(options) })),
      budget: this.#keep('hedge budget', options.budget, () => ({ part: makeBudget(options.budget) })),
      clock: this.clock,
      causeOf: compileConditions(options.conditions),
      onHedge: ({ rayId }, afterMs) => emit('request.hedged', { rayId, afterMs }),
      onHedgeWon: ({ rayId }) => emit('hedge.won', { rayId }),
      onBudgetSpent: ({ rayId }, detail) => emit('hedge.refused', { rayId, detail }),
    };
  }

  balancing({ pool: name }: RouteConfig): BalanceParts {
    const { config, clock, endpoints } = this;
    const { pool, random, emit } = this.#around;
    const group = new Group({
      ids: name === null ? null : (config.pools[name] ?? []),
      pool,
      options: config.priorities,
      random: random.fork(`priorities ${name}`),
      onPanic: (panics) => emit(panics ? 'panic.began' : 'panic.ended', { pool: name ?? 'all' }),
    });
    const { probePath: path, options } = config.balancer;
    const timeoutMs = options.probeTimeoutMs ?? PREQUAL_DEFAULTS.probeTimeoutMs;
    // Each holds the upstream's transport: only who asks has them.
    const probed = isProbing(this.#selector) ? group.upstreams : [];
    const probes = new Map(
      probed.map((upstream) => {
        return [upstream, probeOver(this.transport(upstream), { path, timeoutMs, clock })];
      }),
    );
    const probe = (upstream: Upstream) => probes.get(upstream)!();
    return { group, selector: this.#selector, endpoints, probe, clock };
  }

  /**
   * Makes these policies the ones that the upstreams show.
   * @param before those that were; `null`: none.
   */
  install(before: Parts | null): void {
    const { pool } = this.#around;
    for (const [upstream, { limit, breaker }] of this.endpoints) {
      upstream.limit = limit;
      upstream.breaker = breaker;
    }
    pool.place(this.config.upstreams, before?.config.upstreams ?? null);
    handOver(before?.outliers ?? null, this.outliers, pool, this.clock.nowMs());
  }

  /** Gives back what no other version holds. */
  close(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  #keep<Part>(
    name: string,
    options: unknown,
    make: () => { readonly part: Part; readonly close?: () => void },
  ): Part {
    const { part, release } = this.#around.kept.hold(name, options, make);
    this.#releases.push(release);
    return part;
  }

  /** A route's name, and where several have it, which of them: they must not share what each has for itself. */
  #labelOf(route: RouteConfig): string {
    const before = (this.config.routes ?? []).filter(({ name }) => name === route.name).indexOf(route);
    return before <= 0 ? route.name : `${route.name} (${before + 1})`;
  }

  #makeSelector() {
    const { balancer, slowStart } = this.config;
    const weightOf = (upstream: Upstream, nowMs: number): number =>
      slowStart === null
        ? upstream.weight
        : slowStartWeight(upstream.weight, nowMs - upstream.upSinceMs, slowStart);
    const random = this.#around.random.fork('selector');
    const make = BALANCERS[balancer.name];
    return { part: make({ random, weightOf, options: balancer.options }) as Selector };
  }

  #makeLimit(name: string, config: ConcurrencyConfig): ConcurrencyLimit {
    const { clock, emit } = this;
    return this.#keep(`limit ${name}`, config, () => {
      const algorithm = algorithmOf(config.algorithm, this.#around.random.fork(`limit ${name}`));
      const { onChange, close } = tellLimit(name, clock, emit);
      return {
        part: new ConcurrencyLimit({
          options: config,
          algorithm,
          clock,
          onChange,
          onDrop: (reason) => emit('queue.dropped', { of: name, reason }),
        }),
        close,
      };
    });
  }

  #makeEndpoint(upstream: Upstream): Endpoint {
    const { concurrency, breaker: options } = this.config;
    const limit = concurrency && this.#makeLimit(upstream.id, concurrency);
    const breaker =
      options &&
      this.#keep(`breaker ${upstream.id}`, options, () => {
        const { errorRatio, openMs } = options;
        const of = { upstream: upstream.id };
        const tell = (state: CircuitState, { from, failed, outcomes }: Counted): void => {
          if (state === 'open') {
            const counted = { from: from === 'half-open' ? from : ('closed' as const), failed, outcomes };
            this.emit('circuit.opened', { ...of, ...counted, errorRatio, openMs });
          } else {
            this.emit(state === 'closed' ? 'circuit.closed' : 'circuit.half-opened', of);
          }
        };
        const part = new Breaker(upstream.id, options, tell, this.clock);
        return { part, close: () => part.close() };
      });
    return new Endpoint(upstream, limit, breaker);
  }

  #makeAdmission(): AdmissionParts {
    const options = this.config.admission!;
    const core = this.#keep('admission', options, () => ({
      part: options.formula === 'sre' ? new SreThrottle(options) : new EnvoyAdmission(options),
    }));
    return {
      core,
      classes: this.config.criticality === null ? 1 : CRITICALITIES.length,
      clock: this.clock,
      random: this.#around.random.fork('admission'),
      onReject: (criticality) => this.emit('request.shed', { criticality: CRITICALITIES[criticality] ?? '' }),
    };
  }

  #makeRetry(random: Random): RetryParts {
    const options = this.config.retry!;
    const { emit } = this;
    const answered = lastAnswer(this.clock);
    return {
      options,
      budget: this.#keep('retry budget', options.budget, () => ({ part: makeBudget(options.budget) })),
      clock: this.clock,
      random,
      onRetry: (call, cause, waitMs) => {
        const { rayId, attempts } = call;
        const retried = { rayId, attempt: attempts + 1, cause, waitMs };
        emit('attempt.retried', isStatusCause(cause) ? { ...retried, ...answered(call) } : retried);
      },
      onRefused: ({ rayId }, cause, reason, detail) =>
        emit('retry.refused', { rayId, cause, reason, detail }),
    };
  }

  #makeOutliers(): Outliers {
    const options = this.config.outlierEjection!;
    const { pool, clock, emit } = this.#around;
    return this.#keep('outliers', options, () => {
      const random = this.#around.random.fork('outliers');
      const part = new Outliers({ options, pool, clock, random, emit });
      return { part, close: () => part.close() };
    });
  }

  #makeCache(): HttpCache {
    const options = this.config.cache!;
    const { clock, emit } = this;
    const { metrics } = this.#around;
    return this.#keep('cache', options, () => ({
      part: new HttpCache(options, clock, {
        onHit: (_call, collapsed) => metrics.onCache(collapsed ? 'collapsed' : 'hit'),
        onMiss: (_call, forward) => metrics.onCache(forward),
        onStale: ({ rayId }, reason) => {
          metrics.onCache(`stale_${reason}`);
          emit('cache.served-stale', { rayId, reason });
        },
        onStored: () => metrics.onCache('stored'),
        onEvicted: (key, bytes) => emit('cache.evicted', { key, bytes }),
        onPurged: (responses, soft) => emit('cache.purged', { responses, soft }),
      }),
    }));
  }
}
