/**
 * What one of several processes does for its primary: it serves requests with its share of the limits, is told the
 * health of the upstreams, and reports what happens and where it stands.
 */
import type { Clock } from '../core/clock.js';
import type { Event } from '../core/events.js';
import { type FromServing, type ProcessStatus, REPORT_INTERVAL_MS, type ToServing } from './messages.js';
import { readGlobal } from './metrics.js';
import type { MemoryUse, ProcessorUse } from './process-use.js';
import { OwnReach } from './reach.js';
import { ResultTally } from './result-tally.js';
import type { Gateway, GatewayOptions } from './server.js';

/** The gateway of one process, behind sockets or not. */
export type ServedGateway = Pick<Gateway, 'pool' | 'metrics' | 'generations'> & {
  close(): void | Promise<void>;
};

/** What such a process stands on: one of this machine's, or a model. */
export interface ServingGround {
  readonly clock: Clock;
  readonly pid: number;
  /** To the primary. */
  readonly send: (message: FromServing) => void;
  /** @throws when it cannot. */
  readonly listen: () => Promise<unknown>;
  /** How long its event loop stood still since it was asked last, milliseconds. */
  readonly takeStallMs: () => number;
  readonly readMemory: () => MemoryUse;
  readonly readUse: () => ProcessorUse;
  /** Everything is stopped. */
  readonly end: () => void | Promise<void>;
}

export class ServingService {
  readonly #ground: ServingGround;
  readonly #gateway: ServedGateway;
  readonly #reach: OwnReach;
  readonly #results = new ResultTally();
  readonly #reporting: { cancel(): void };
  #events: Event[] = [];
  #asked = 0;
  #ruleMs = 0;
  #listening = false;

  /** @param build makes the gateway, which tells what happens. */
  constructor(
    ground: ServingGround,
    build: (told: Required<Pick<GatewayOptions, 'onEvent' | 'onResult'>>) => ServedGateway,
  ) {
    this.#ground = ground;
    this.#gateway = build({
      onEvent: (event) => this.#events.push(event),
      onResult: (version, good) => this.#results.add(version, good),
    });
    this.#reach = new OwnReach(this.#gateway, ground.clock);
    this.#reporting = ground.clock.every(REPORT_INTERVAL_MS, () => this.#report());
    ground.send({ type: 'up' });
  }

  async onMessage(message: ToServing): Promise<void> {
    switch (message.type) {
      case 'health':
        for (const upstream of this.#gateway.pool.upstreams) {
          upstream.setHealthy(message.healthy.includes(upstream.id), this.#ground.clock.nowMs());
        }
        if (!this.#listening) {
          this.#listening = true;
          await this.#listen();
        }
        return;
      case 'good-check':
        this.#gateway.generations?.onGoodCheck(message.id);
        return;
      case 'plan': {
        const reason = this.#reach.apply(message.plan);
        const { candidate, stable } = message.plan;
        const { version } = candidate ?? stable;
        if (reason !== null) this.#ground.send({ type: 'refused', version, reason });
        return;
      }
      case 'smoke-test': {
        const { number, config, checks } = message;
        const failure = await this.#reach.smokeTest(config, checks);
        this.#ground.send({ type: 'smoke-tested', number, failure });
        return;
      }
      case 'change':
        this.#reach.change(message.id, message.change);
        return;
      case 'purge':
        this.#reach.purge(message.target, message.soft);
        return;
      case 'ask':
        this.#asked = message.number;
        this.#report();
        return;
      case 'stop':
        this.#reporting.cancel();
        await this.#gateway.close();
        this.#report();
        await this.#ground.end();
    }
  }

  async #listen(): Promise<void> {
    const { listen, send } = this.#ground;
    try {
      await listen();
      send({ type: 'listening' });
    } catch (error) {
      send({ type: 'failed', message: (error as Error).message });
    }
  }

  #report(): void {
    const { send, takeStallMs } = this.#ground;
    const before = this.#ruleMs;
    this.#ruleMs = this.#gateway.metrics.ruleMs;
    const stallMs = takeStallMs();
    this.#gateway.metrics.tallies.onStall(stallMs);
    const burned = { stallMs, ruleMs: this.#ruleMs - before };
    const results = this.#results.take();
    send({
      type: 'report',
      events: this.#events,
      ...burned,
      status: this.#status(),
      results,
      asked: this.#asked,
    });
    this.#events = [];
  }

  #status(): ProcessStatus {
    const { pool, metrics, generations } = this.#gateway;
    return {
      pid: this.#ground.pid,
      upstreams: pool.upstreams.map(({ id, inFlight, queued, admits, ejected, limit, breaker, counts }) => ({
        id,
        inFlight,
        queued,
        admits,
        ejected,
        limit: limit?.limit ?? null,
        circuit: breaker?.state ?? null,
        counts,
      })),
      tally: metrics.tallies.snapshot(this.#ground.readUse()),
      open: metrics.tallies.open,
      global: readGlobal(generations?.stable.live.parts.globalLimit ?? null),
      purged: this.#reach.purged,
      version: generations?.stable.version ?? 1,
      memory: this.#ground.readMemory(),
    };
  }
}
