/**
 * The gateway on several processes: the primary serves no request, but holds what they share. That is the port, the
 * config, the health checks, the metrics and the admin API. Everything else each process decides alone, with its share
 * (`shares.ts`).
 */
import type { ParentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { type Event, EventStream } from '../core/events.js';
import { LoopWatch } from '../core/loop-watch.js';
import { Random } from '../core/random.js';
import { type Admin, type AdminSource, buildAdmin, readMemory } from './admin.js';
import { HealthChecker } from './health-check.js';
import { findPort } from './listen.js';
import {
  type FromGateway,
  type GatewayArgument,
  LOOP_INTERVAL_MS,
  REPORT_INTERVAL_MS,
  type ServingArgument,
  type ToGateway,
  type ToServing,
} from './messages.js';
import { buildMetrics } from './metrics.js';
import { type ProcessExit, ProcessGroup } from './process-group.js';
import { shareOf } from './shares.js';
import { Totals } from './totals.js';
import { UpstreamPool } from './upstream-pool.js';

/** Less than a parent waits for the primary itself, so that the primary can still tell of it. */
const STOP_GRACE_MS = 600;

type Link = ParentLink<ToGateway, FromGateway>;

class Primary {
  readonly #argument: GatewayArgument;
  readonly #link: Link;
  readonly #pool: UpstreamPool;
  readonly #stream = new EventStream(wallClock.nowMs);
  readonly #metrics = buildMetrics(() => this.#totals.readings(this.#pool.upstreams));
  readonly #totals = new Totals(this.#metrics.onAnswer);
  readonly #watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
  readonly #checker: HealthChecker | null;
  readonly #admin: Admin;
  #group: ProcessGroup | null = null;
  #events: Event[] = [];
  #stopping = false;

  constructor(argument: GatewayArgument, link: Link) {
    this.#argument = argument;
    this.#link = link;
    this.#pool = new UpstreamPool(argument.upstreams);
    this.#stream.subscribe(this.#metrics.onEvent);
    this.#stream.subscribe((event) => {
      this.#events.push(event);
      if (event.type === 'upstream.turned-healthy' || event.type === 'upstream.turned-unhealthy') {
        this.#group?.send(this.#health());
      }
    });
    const { config } = argument;
    this.#checker =
      config.healthCheck && new HealthChecker(this.#pool, config.healthCheck, wallClock, this.#stream.emit);
    this.#admin = buildAdmin(config, this.#adminSource());
  }

  async run(): Promise<void> {
    const reporting = wallClock.every(REPORT_INTERVAL_MS, () => this.#report());
    this.#link.onMessage(async ({ type }) => {
      if (type !== 'stop') return;
      this.#stopping = true;
      reporting.cancel();
      this.#watch.stop();
      this.#checker?.stop();
      await Promise.all([this.#group?.stop(STOP_GRACE_MS), this.#admin.close()]);
      this.#report();
      process.disconnect();
    });
    // However this process ends, short of SIGKILL: one that spins would not notice that it is alone.
    process.on('exit', () => this.#group?.kill());
    try {
      await this.#start();
    } catch (error) {
      this.#link.send({ type: 'failed', message: (error as Error).message });
      await this.#group?.stop(STOP_GRACE_MS);
    }
  }

  async #start(): Promise<void> {
    const { host, adminPort: wanted } = this.#argument;
    const adminPort = await this.#admin.listen(wanted);
    const port = await findPort(host, this.#argument.port);
    await this.#checker?.start();
    // Asked to end meanwhile: nothing more may be started.
    if (this.#stopping) return;
    this.#group = this.#makeGroup(port);
    await this.#group.start();
    this.#link.send({ type: 'ready', port, adminPort });
  }

  #makeGroup(port: number): ProcessGroup {
    const { config, upstreams, host, seed } = this.#argument;
    const random = new Random(seed).fork('gateway');
    return new ProcessGroup({
      processes: config.processes,
      clock: wallClock,
      argumentOf: (number, start): ServingArgument => ({
        config: shareOf(config, number),
        upstreams,
        host,
        port,
        // Of the start too: a process that takes a dead one's place must not give out its Ray IDs again.
        seed: random.fork(`process ${number}, start ${start}`).seed,
      }),
      health: () => this.#health(),
      onStart: (number, pid) => {
        this.#link.send({ type: 'process-started', pid });
        this.#stream.emit('gateway.process-started', { process: number, pid });
      },
      onReport: (number, { events, stallMs, status }) => {
        this.#totals.absorb(number, status);
        for (const event of events) this.#metrics.onEvent(event);
        this.#link.send({
          type: 'report',
          events: events.map((event) => ({ ...event, process: number })),
          stallMs,
        });
      },
      onExit: (number, exit) => this.#onExit(number, exit),
    });
  }

  #onExit(number: number, { pid, restartInMs, ...exit }: ProcessExit): void {
    this.#link.send({ type: 'process-exited', pid });
    this.#totals.forget(number);
    if (restartInMs === null) return;
    this.#stream.emit('gateway.process-exited', { process: number, pid, restartInMs, ...exit });
  }

  #health(): ToServing {
    const healthy = this.#pool.upstreams.filter((upstream) => upstream.healthy).map(({ id }) => id);
    return { type: 'health', healthy };
  }

  #report(): void {
    this.#link.send({ type: 'report', events: this.#events, stallMs: this.#watch.read() });
    this.#events = [];
  }

  #adminSource(): AdminSource {
    const fresh = async (): Promise<void> => {
      await this.#group?.ask();
    };
    return {
      metricsType: this.#metrics.contentType,
      memory: async () => {
        await fresh();
        return this.#totals.memory({ pid: process.pid, ...readMemory() });
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

export const runPrimary = (argument: GatewayArgument, link: Link): Promise<void> =>
  new Primary(argument, link).run();
