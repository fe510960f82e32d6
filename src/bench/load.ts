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
  /** Beside what the first answers on all connections take. */
  readonly durationMs: number;
  /** Processes of the target on this machine. */
  readonly pids: readonly number[];
}

/** What came of it, as the load generator saw it. */
export interface LoadReport {
  readonly elapsedMs: number;
  readonly answered: number;
  readonly statuses: Readonly<Record<string, number>>;
  /**
   * Requests without an answer, by what became of them: the code of the connection's error; `closed`, the connection was
   * closed; `timeout`, none came within 10 s; `unanswered`, none had come for half the round, and far
   * longer than others took, when it ended.
   */
  readonly errors: Readonly<Record<string, number>>;
  /** From the send to the end of the answer; of an unanswered request, as long as it had waited. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  };
  /** Processor time of the target's processes in `elapsedMs`, milliseconds; `null` where there is nothing to read. */
  readonly usedMs: number | null;
  /** Processors that the generator kept busy; near 1 it was the limit, not the target. */
  readonly generatorCores: number;
}

export type ToLoad = { readonly type: 'run'; readonly load: Load } | { readonly type: 'stop' };

export type FromLoad = { readonly type: 'ready' } | { readonly type: 'done'; readonly report: LoadReport };

const STOP_GRACE_MS = 1_000;

/** Runs one load after another. */
export class LoadGenerator {
  readonly #child: Child<ToLoad, FromLoad>;
  /** Set when it has ended: what is asked of it then fails at once. */
  #ended: UserError | null = null;
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
      this.#ended = new UserError('couldNotStart', how);
      this.#waiting?.reject(this.#ended);
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
      if (this.#ended === null) this.#waiting = { resolve, reject };
      else reject(this.#ended);
    });
  }
}
