/**
 * The load generator's process. autocannon sends and reads; what became of each request is counted here. Its own figures
 * are whole milliseconds and whole seconds, it counts no error when a connection is closed without an answer, and after
 * that, or a reset, it takes each answer's latency for the next one's. No rate is asked of it: with one it sends a
 * second's worth at once, and its correction for coordinated omission invents samples.
 */
import type { EventEmitter } from 'node:events';
import autocannon from 'autocannon';
import { parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Histogram } from '../core/histogram.js';
import type { FromLoad, Load, LoadReport, ToLoad } from './load.js';

/**
 * A round ends after this many failures: against a port that refuses, autocannon reconnects in a loop without a pause,
 * tens of thousands of times a second.
 */
const MAX_FAILURES = 1_000;

/** autocannon looks for the end of its time once in this interval. */
const SAMPLE_INTERVAL_MS = 100;

const REQUEST_TIMEOUT_S = 10;

/**
 * A request that has waited for this share of the round when it ends, and for so many times as long as nearly every
 * answer took, is not merely under way.
 */
const UNANSWERED_SHARE = 0.5;
const UNANSWERED_TIMES_P99 = 5;

/** What became of the requests of one round. */
class Tally {
  readonly #latencies = new Histogram();
  readonly #statuses: Record<string, number> = {};
  readonly #errors: Record<string, number> = {};
  #answered = 0;
  /** When the request under way on each connection was sent. */
  readonly #sentAtMs = new Map<EventEmitter, number>();

  /** @param client one of autocannon's connections; it has one request under way at a time. */
  follow(client: EventEmitter): void {
    client.on('request', () => {
      const beforeMs = this.#sentAtMs.get(client);
      const nowMs = wallClock.nowMs();
      // The next is sent without an answer to the last: its connection was closed, or its time was over.
      if (beforeMs !== undefined)
        this.#failed(nowMs - beforeMs < REQUEST_TIMEOUT_S * 1000 ? 'closed' : 'timeout');
      this.#sentAtMs.set(client, nowMs);
    });
    client.on('response', (status: number) => {
      this.#latencies.record(wallClock.nowMs() - this.#sentAtMs.get(client)!);
      this.#sentAtMs.delete(client);
      this.#answered++;
      this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    });
    client.on('connError', (error: NodeJS.ErrnoException) => {
      this.#sentAtMs.delete(client);
      this.#failed(error.code ?? error.message);
    });
  }

  /** Requests without an answer for long count as failed, and their wait as a latency. */
  end(roundMs: number): Omit<LoadReport, 'elapsedMs' | 'generatorCores'> {
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
      statuses: this.#statuses,
      errors: this.#errors,
      latencyMs: {
        p50: percentile(50),
        p90: percentile(90),
        p99: percentile(99),
        max: this.#latencies.maxMs,
      },
    };
  }

  #failed(kind: string): void {
    this.#errors[kind] = (this.#errors[kind] ?? 0) + 1;
  }
}

const toOptions = (load: Load): autocannon.Options => ({
  url: load.url,
  method: load.method as NonNullable<autocannon.Options['method']>,
  connections: load.connections,
  duration: load.durationMs / 1000,
  timeout: REQUEST_TIMEOUT_S,
  bailout: MAX_FAILURES,
  ...(load.bodyBytes > 0 && { body: Buffer.alloc(load.bodyBytes, 'x') }),
  ...({ sampleInt: SAMPLE_INTERVAL_MS } as object),
});

const round = (load: Load): Promise<LoadReport> => {
  const tally = new Tally();
  const options = toOptions(load);
  options.setupClient = (client) => tally.follow(client as unknown as EventEmitter);
  const startMs = wallClock.nowMs();
  const cpuBefore = process.cpuUsage();
  return new Promise((resolve, reject) => {
    autocannon(options, (error) => {
      if (error) {
        reject(error);
        return;
      }
      const elapsedMs = wallClock.nowMs() - startMs;
      const { user, system } = process.cpuUsage(cpuBefore);
      resolve({
        elapsedMs,
        ...tally.end(elapsedMs),
        generatorCores: (user + system) / 1000 / elapsedMs,
      });
    });
  });
};

const link = parentLink<ToLoad, FromLoad>();
link.onMessage(async (message) => {
  if (message.type === 'stop') process.exit(0);
  link.send({ type: 'done', report: await round(message.load) });
});
link.send({ type: 'ready' });
