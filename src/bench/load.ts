/**
 * The benchmark's load: autocannon, in a process of its own. A closed loop: each connection sends its next request when
 * it has the answer to the last, so the target is driven as fast as it goes. That measures what a request costs; it can
 * show neither an overload nor the latency at a given rate, which is what `badgateway run` is for.
 */
import { Child } from '../core/child.js';
import { UserError } from '../core/errors.js';
import type { Reaper } from '../core/reaper.js';

export interface Load {
  readonly url: string;
  readonly method: string;
  /** Size of the request's body; 0: none. */
  readonly bodyBytes: number;
  readonly connections: number;
  readonly durationMs: number;
}

/** What came of it, as the load generator saw it. */
export interface LoadReport {
  readonly elapsedMs: number;
  readonly sent: number;
  readonly answered: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Failed requests and connections, by error code; `timeout` where no answer came within 10 s. */
  readonly errors: Readonly<Record<string, number>>;
  /**
   * Requests that vanished: sent, and neither answered, failed nor under way at the end. It happens when the target
   * closes a connection without an answer; autocannon counts no error, and its latencies are wrong from then on.
   */
  readonly lost: number;
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  /** Processors that the generator kept busy; near 1 it was the limit, not the target. */
  readonly generatorCores: number;
}

export type ToLoad = { readonly type: 'run'; readonly load: Load } | { readonly type: 'stop' };

export type FromLoad = { readonly type: 'ready' } | { readonly type: 'done'; readonly report: LoadReport };

const STOP_GRACE_MS = 1_000;

/** Runs one load after another. */
export class LoadGenerator {
  readonly #child: Child<ToLoad, FromLoad>;
  #waiting: { resolve(message: FromLoad): void; reject(error: Error): void } | null = null;

  constructor(reaper: Reaper) {
    this.#child = new Child<ToLoad, FromLoad>({
      name: 'load generator',
      entry: 'bench/load-process.js',
      argument: null,
      reaper,
      onMessage: (message) => this.#waiting?.resolve(message),
    });
    this.#child.exited.then(({ code, signal }) => {
      const how = `the load generator ended with ${signal ?? `code ${code}`}\n${this.#child.stderr}`.trim();
      this.#waiting?.reject(new UserError('couldNotStart', how));
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  ready(): Promise<FromLoad> {
    return this.#answer();
  }

  async run(load: Load): Promise<LoadReport> {
    const answer = this.#answer();
    this.#child.send({ type: 'run', load });
    const message = await answer;
    if (message.type !== 'done') throw new Error(`expected a report, got ${message.type}`);
    return message.report;
  }

  async stop(): Promise<void> {
    await this.#child.stop({ type: 'stop' }, STOP_GRACE_MS);
  }

  #answer(): Promise<FromLoad> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }
}
