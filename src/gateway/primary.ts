/**
 * The gateway on several processes: the primary serves no request, but holds what they share. That is the port, the
 * config, the health checks, the metrics and the admin API. Everything else each process decides alone, with its share
 * (`shares.ts`).
 */
import type { ParentLink } from '../core/child.js';
import type { Clock } from '../core/clock.js';
import { type Event, EventStream } from '../core/events.js';
import { Random } from '../core/random.js';
import type { TrafficPlan } from '../delivery/live-versions.js';
import { ReaderRegister } from '../delivery/readers.js';
import type { Versioned } from '../delivery/version-history.js';
import { type Admin, type AdminSource, buildAdmin } from './admin.js';
import type { GatewayConfig } from './config.js';
import { GatewayControl, type Reach } from './control.js';
import { type HealthCheckParts, HealthChecks } from './health-check.js';
import {
  type FromGateway,
  type GatewayArgument,
  REPORT_INTERVAL_MS,
  type ServingArgument,
  startingVersion,
  type ToGateway,
  type ToServing,
} from './messages.js';
import { buildMetrics } from './metrics.js';
import { type Names, type OpenNamesParts, openNames } from './names/names.js';
import { NOBODY, type ProcessExit, ProcessGroup, type ProcessGroupOptions } from './process-group.js';
import type { MemoryUse, ProcessorUse } from './process-use.js';
import { changeUpstream } from './reach.js';
import { shareOf, sharePlan } from './shares.js';
import { Totals } from './totals.js';
import { UpstreamPool } from './upstream-pool.js';

/** Less than a parent waits for the primary itself, so that the primary can still tell of it. */
const STOP_GRACE_MS = 600;

type Link = ParentLink<ToGateway, FromGateway>;

/** What a primary stands on: this machine's processes, ports and time, or models of them. */
export interface PrimaryGround {
  readonly clock: Clock;
  readonly pid: number;
  readonly spawn: ProcessGroupOptions['spawn'];
  /** @param port 0: a free one. @returns the port that the processes are to share. */
  readonly findPort: (host: string, port: number) => Promise<number>;
  /** Opens the admin API. @returns its port. */
  readonly openAdmin: (admin: Admin, port: number) => Promise<number>;
  /** How health checks are made. */
  readonly checking: (config: GatewayConfig) => Pick<HealthCheckParts, 'check' | 'tls'>;
  readonly openQuery?: OpenNamesParts['openQuery'];
  /** How long its event loop stood still since it was asked last, milliseconds. */
  readonly takeStallMs: () => number;
  readonly readMemory: () => MemoryUse;
  readonly readUse: () => ProcessorUse;
  /** Everything is stopped. */
  readonly end: () => void;
}

export class Primary {
  readonly #ground: PrimaryGround;
  readonly #argument: GatewayArgument;
  readonly #first: Versioned<GatewayConfig>;
  readonly #link: Link;
  readonly #pool: UpstreamPool;
  readonly #stream: EventStream;
  readonly #metrics = buildMetrics({
    upstreams: () => this.#totals.readings(this.#pool.upstreams),
    configVersion: () => this.#control.delivery.version,
    processes: () => [
      { memory: this.#ground.readMemory(), open: 0, global: null },
      ...this.#totals.processes(),
    ],
    use: () => this.#ground.readUse(),
  });
  readonly #totals = new Totals(this.#metrics.tallies);
  readonly #names: Names | null;
  readonly #checks: HealthChecks;
  readonly #control: GatewayControl;
  readonly #admin: Admin;
  /** The processes, by what they say they run. */
  readonly #readers = new ReaderRegister();
  /** The last plan; `null`: every process runs the first version. */
  #plan: TrafficPlan<GatewayConfig> | null = null;
  #group: ProcessGroup | null = null;
  #events: Event[] = [];
  #stopping = false;

  constructor(argument: GatewayArgument, link: Link, ground: PrimaryGround) {
    const { clock, openQuery } = ground;
    this.#ground = ground;
    this.#argument = argument;
    this.#stream = new EventStream(clock.nowMs);
    this.#first = startingVersion(argument);
    const { config } = this.#first;
    this.#link = link;
    this.#pool = new UpstreamPool(argument.upstreams);
    this.#pool.place(config.upstreams, null);
    this.#stream.subscribe(this.#metrics.onEvent);
    this.#stream.subscribe((event) => {
      this.#events.push(event);
      if (event.type === 'upstream.turned-healthy' || event.type === 'upstream.turned-unhealthy') {
        this.#group?.send(this.#health());
      }
    });
    const { resolver, history } = argument;
    const { emit } = this.#stream;
    this.#names = openNames({
      ...{ config: config.names, resolver, clock, emit },
      ...(openQuery && { openQuery }),
    });
    this.#checks = new HealthChecks(this.#pool, config.healthCheck, {
      ...ground.checking(config),
      clock,
      lookup: this.#names?.lookup,
      random: new Random(argument.seed).fork('health'),
      emit: this.#stream.emit,
      onGood: ({ id }) => {
        if (this.#stable.outlierEjection !== null) this.#group?.send({ type: 'good-check', id });
      },
    });
    this.#control = new GatewayControl({
      config,
      history,
      onSettled: (settled) => link.send({ type: 'settled', history: settled }),
      pool: this.#pool,
      reach: this.#reach(),
      drained: argument.drained,
      clock,
      emit: this.#stream.emit,
    });
    this.#admin = buildAdmin(this.#adminSource(), this.#control, argument);
  }

  async run(): Promise<void> {
    const { clock, end } = this.#ground;
    const reporting = clock.every(REPORT_INTERVAL_MS, () => this.#report());
    this.#link.onMessage(async ({ type }) => {
      if (type !== 'stop') return;
      this.#stopping = true;
      reporting.cancel();
      this.#checks.stop();
      this.#names?.close();
      this.#control.stop();
      await Promise.all([this.#group?.stop(STOP_GRACE_MS), this.#admin.close()]);
      this.#report();
      end();
    });
    try {
      await this.#start();
    } catch (error) {
      this.#link.send({ type: 'failed', message: (error as Error).message });
      await this.#group?.stop(STOP_GRACE_MS);
    }
  }

  /** Ends the processes at once. */
  kill(): void {
    this.#group?.kill();
  }

  /** A request to the admin API that comes without a socket. */
  readonly ask: Admin['ask'] = (method, path, body) => this.#admin.ask(method, path, body);

  async #start(): Promise<void> {
    const { host, adminPort: wanted } = this.#argument;
    const { openAdmin, findPort } = this.#ground;
    const adminPort = await openAdmin(this.#admin, wanted);
    const port = await findPort(host, this.#argument.port);
    await this.#checks.start();
    // Asked to end meanwhile: nothing more may be started.
    if (this.#stopping) return;
    this.#group = this.#makeGroup(port);
    await this.#group.start();
    this.#link.send({ type: 'ready', port, adminPort });
  }

  #makeGroup(port: number): ProcessGroup {
    const { upstreams, resolver, host, seed } = this.#argument;
    const { config, version } = this.#first;
    const random = new Random(seed).fork('gateway');
    return new ProcessGroup({
      processes: config.processes,
      clock: this.#ground.clock,
      spawn: this.#ground.spawn,
      argumentOf: (number, start): ServingArgument => ({
        config: shareOf(config, number),
        version,
        upstreams,
        resolver,
        host,
        port,
        // Of the start too: a process that takes a dead one's place must not give out its Ray IDs again.
        seed: random.fork(`process ${number}, start ${start}`).seed,
      }),
      greet: (number) => [
        this.#health(),
        ...(this.#plan === null ? [] : [{ type: 'plan' as const, plan: sharePlan(this.#plan, number) }]),
        ...this.#changes(),
      ],
      onStart: (number, pid) => {
        this.#link.send({ type: 'process-started', pid });
        this.#stream.emit('gateway.process-started', { process: number, pid });
      },
      onRefused: (number, version, reason) => this.#control.refused(`process ${number}`, version, reason),
      onReport: (number, { events, stallMs, ruleMs, status, results }) => {
        this.#metrics.onRuleTime(ruleMs);
        this.#totals.absorb(number, status);
        this.#readers.saw(`process ${number}`, status.version, this.#ground.clock.nowMs());
        for (const [version, count, failures] of results) {
          this.#control.delivery.onResults(version, count, failures);
        }
        for (const event of events) this.#metrics.onEvent(event);
        this.#link.send({
          type: 'report',
          events: events.map((event) => ({ ...event, process: number })),
          stallMs,
          ruleMs,
        });
      },
      onExit: (number, exit) => this.#onExit(number, exit),
    });
  }

  /** The config that serves whatever no rollout takes. */
  get #stable(): GatewayConfig {
    return this.#plan?.stable.config ?? this.#first.config;
  }

  /** What was done by hand, for a process that was not there then. */
  #changes(): ToServing[] {
    return this.#pool.upstreams.map((upstream) => {
      const { id, weight, drained } = upstream;
      const change = { weight, drained, ejected: upstream.isEjectedBy('by-hand') };
      return { type: 'change', id, change };
    });
  }

  #onExit(number: number, { pid, restartInMs, ...exit }: ProcessExit): void {
    this.#link.send({ type: 'process-exited', pid });
    this.#totals.forget(number);
    if (restartInMs === null) return;
    this.#stream.emit('gateway.process-exited', { process: number, pid, restartInMs, ...exit });
  }

  /** Every process gets its own share of each version. */
  #reach(): Reach {
    return {
      apply: (plan) => {
        this.#pool.place(plan.stable.config.upstreams, this.#stable.upstreams);
        this.#plan = plan;
        this.#group?.sendEach((number) => {
          this.#readers.expect(`process ${number}`, plan.stable.version, this.#ground.clock.nowMs());
          return { type: 'plan', plan: sharePlan(plan, number) };
        });
        this.#checks.reconfigure(plan.stable.config.healthCheck);
        return null;
      },
      smokeTest: async (config, checks) =>
        this.#group === null ? NOBODY : this.#group.smokeTest((number) => shareOf(config, number), checks),
      change: (id, change) => {
        // Shown from here; what becomes of requests is decided there.
        const upstream = this.#pool.find(id);
        if (upstream !== undefined) changeUpstream(upstream, change, this.#ground.clock.nowMs());
        this.#group?.send({ type: 'change', id, change });
      },
      purge: async (target, soft) => {
        await this.#group?.ask();
        const before = this.#totals.purged;
        this.#group?.send({ type: 'purge', target, soft });
        await this.#group?.ask();
        return this.#totals.purged - before;
      },
    };
  }

  #health(): ToServing {
    const healthy = this.#pool.upstreams.filter((upstream) => upstream.healthy).map(({ id }) => id);
    return { type: 'health', healthy };
  }

  #report(): void {
    const stallMs = this.#ground.takeStallMs();
    this.#metrics.tallies.onStall(stallMs);
    this.#link.send({ type: 'report', events: this.#events, stallMs, ruleMs: 0 });
    this.#events = [];
  }

  #adminSource(): AdminSource {
    const fresh = async (): Promise<void> => {
      await this.#group?.ask();
    };
    return {
      metricsType: this.#metrics.contentType,
      readers: () => this.#readers.list(this.#ground.clock.nowMs()),
      memory: async () => {
        await fresh();
        return this.#totals.memory({ pid: this.#ground.pid, ...this.#ground.readMemory() });
      },
      upstreams: async () => {
        await fresh();
        return this.#totals.views(this.#pool.upstreams);
      },
      renderMetrics: async () => {
        await fresh();
        return this.#metrics.render();
      },
    };
  }
}
