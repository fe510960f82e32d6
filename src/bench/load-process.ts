/**
 * The load generator's process. autocannon sends and reads; what became of each request is counted here. Its own figures
 * are whole milliseconds and whole seconds, it counts no error when a connection is closed without an answer, and after
 * that, or a reset, it takes each answer's latency for the next one's. No rate is asked of it: with one it sends a
 * second's worth at once, and its correction for coordinated omission invents samples.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import autocannon from 'autocannon';
import { parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Histogram } from '../core/histogram.js';
import type { FromLoad, Load, LoadReport, ToLoad } from './load.js';
import { cpuMsBetween, cpuMsOf } from './procfs.js';

/**
 * A round ends after this many failures: against a port that refuses, autocannon reconnects in a loop without a pause,
 * tens of thousands of times a second.
 */
const MAX_FAILURES = 1_000;

/** autocannon looks whether it shall stop once in this interval. */
const SAMPLE_INTERVAL_MS = 20;

const REQUEST_TIMEOUT_S = 10;

/**
 * A request that has waited for this share of the round when it ends, and for so many times as long as nearly every
 * answer took, is not merely under way.
 */
const UNANSWERED_SHARE = 0.5;
const UNANSWERED_TIMES_P99 = 5;

/**
 * A round makes its connections anew, and begins when each has had an answer, which it holds its next request for: Node
 * accepts one connection in a turn of its event loop (libuv since 1.45), so that of a thousand that send all they can
 * some hundred are left waiting for seconds. And what connections cost a target is not what a request costs it.
 * Measured with rounds of 600 ms that counted from the first connection on: a third of the cost, and more of it for a
 * proxy that gives up abandoned requests than for one that does not. For no longer than this share of the round.
 */
const LEAD_IN_SHARE = 1;

/** What is used of autocannon's connections. */
interface Client extends EventEmitter {
  readonly conn: Socket;
}

/** What became of the requests of one round: answers from `begin` on, failures from the first connection on. */
class Tally {
  #latencies = new Histogram();
  #statuses: Record<string, number> = {};
  readonly #errors: Record<string, number> = {};
  #answered = 0;
  /** Without an answer so far. */
  readonly #silent = new Set<Client>();
  /** With an answer, and a request that is not sent yet. */
  readonly #held = new Set<Client>();
  #begun = false;
  readonly #onLedIn: () => void;
  /** When the request under way on each connection was sent. */
  readonly #sentAtMs = new Map<Client, number>();

  /** @param onLedIn called when every connection has had an answer, or has failed. */
  constructor(onLedIn: () => void) {
    this.#onLedIn = onLedIn;
  }

  /** From now on it counts, and nobody is held. */
  begin(): void {
    const nowMs = wallClock.nowMs();
    for (const client of this.#held) {
      this.#sentAtMs.set(client, nowMs);
      client.conn.uncork();
    }
    this.#held.clear();
    this.#begun = true;
    this.#latencies = new Histogram();
    this.#statuses = {};
    this.#answered = 0;
  }

  /** @param client one of autocannon's connections; it has one request under way at a time. */
  follow(client: Client): void {
    this.#silent.add(client);
    client.on('request', () => {
      const beforeMs = this.#sentAtMs.get(client);
      const nowMs = wallClock.nowMs();
      // The next is sent without an answer to the last: its connection was closed, or its time was over.
      if (beforeMs !== undefined)
        this.#failed(nowMs - beforeMs < REQUEST_TIMEOUT_S * 1000 ? 'closed' : 'timeout');
      if (this.#begun || this.#silent.has(client)) {
        this.#sentAtMs.set(client, nowMs);
        return;
      }
      client.conn.cork();
      this.#held.add(client);
    });
    client.on('response', (status: number) => {
      this.#latencies.record(wallClock.nowMs() - this.#sentAtMs.get(client)!);
      this.#sentAtMs.delete(client);
      this.#answered++;
      this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
      this.#heard(client);
    });
    client.on('connError', (error: NodeJS.ErrnoException) => {
      this.#sentAtMs.delete(client);
      this.#failed(error.code ?? error.message);
      this.#heard(client);
    });
  }

  /** Requests without an answer for long count as failed, and their wait as a latency. */
  end(roundMs: number): Omit<LoadReport, 'elapsedMs' | 'generatorCores' | 'usedMs'> {
    const nowMs = wallClock.nowMs();
    const unansweredMs = Math.max(
      roundMs * UNANSWERED_SHARE,
      this.#answered === 0 ? 0 : this.#latencies.percentileMs(99) * UNANSWERED_TIMES_P99,
    );
    for (const sentAtMs of this.#sentAtMs.values()) {
      if (nowMs - sentAtMs < unansweredMs) continue;
      this.#failed('unanswered');
      this.#latencies.record(nowMs - sentAtMs);
    }
    const percentile = (percent: number): number => this.#latencies.percentileMs(percent);
    return {
      answered: this.#answered,
      statuses: { ...this.#statuses },
      errors: { ...this.#errors },
      latencyMs: {
        p50: percentile(50),
        p90: percentile(90),
        p99: percentile(99),
        max: this.#latencies.maxMs,
      },
    };
  }

  #heard(client: Client): void {
    if (this.#silent.delete(client) && this.#silent.size === 0) this.#onLedIn();
  }

  #failed(kind: string): void {
    this.#errors[kind] = (this.#errors[kind] ?? 0) + 1;
  }
}

/** autocannon's own end, for the case that ours does not come. */
const AT_MOST_TIMES = 4;

const toOptions = (load: Load): autocannon.Options => ({
  url: load.url,
  method: load.method as NonNullable<autocannon.Options['method']>,
  connections: load.connections,
  duration: (load.durationMs * AT_MOST_TIMES) / 1000,
  timeout: REQUEST_TIMEOUT_S,
  bailout: MAX_FAILURES,
  ...(load.bodyBytes > 0 && { body: Buffer.alloc(load.bodyBytes, 'x') }),
  ...({ sampleInt: SAMPLE_INTERVAL_MS } as object),
});

/** Time, and processor time of the generator and of the target, since it was made. */
class Meter {
  readonly #startMs = wallClock.nowMs();
  readonly #own = process.cpuUsage();
  readonly #target: ReadonlyMap<number, number>;

  constructor(pids: readonly number[]) {
    this.#target = cpuMsOf(pids);
  }

  read(): Pick<LoadReport, 'elapsedMs' | 'generatorCores' | 'usedMs'> {
    const usedMs = cpuMsBetween(this.#target, cpuMsOf([...this.#target.keys()]));
    const { user, system } = process.cpuUsage(this.#own);
    const elapsedMs = wallClock.nowMs() - this.#startMs;
    return { elapsedMs, usedMs, generatorCores: (user + system) / 1000 / elapsedMs };
  }
}

const round = (load: Load): Promise<LoadReport> =>
  new Promise((resolve, reject) => {
    let meter = new Meter(load.pids);
    let report: LoadReport | null = null;
    const end = (): LoadReport => {
      const read = meter.read();
      return { ...read, ...tally.end(read.elapsedMs) };
    };
    const tally = new Tally(() => begin());
    const begin = (): void => {
      leadIn.cancel();
      tally.begin();
      meter = new Meter(load.pids);
      wallClock.after(load.durationMs, () => {
        report = end();
        (run as unknown as { stop(): void }).stop();
      });
    };
    const leadIn = wallClock.after(load.durationMs * LEAD_IN_SHARE, begin);
    const options = toOptions(load);
    options.setupClient = (client) => tally.follow(client as unknown as Client);
    const run = autocannon(options, (error) => {
      if (error) reject(error);
      // Without ours, it gave up by itself.
      else resolve(report ?? end());
    });
  });

const link = parentLink<ToLoad, FromLoad>();
link.onMessage(async (message) => {
  if (message.type === 'stop') process.exit(0);
  link.send({ type: 'done', report: await round(message.load) });
});
link.send({ type: 'ready' });
