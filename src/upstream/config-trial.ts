/** A config tried out by a worker that serves nobody: it begins with the one in force, and takes the new one over. */
import type { Clock, Timer } from '../core/clock.js';
import { Deferred } from '../core/deferred.js';
import { formatDuration, formatSize } from '../core/units.js';
import type { Trial } from '../delivery/trial.js';
import type { WorkerConfig } from './config.js';
import type { Machine, WorkerChild } from './machine.js';
import type { FromWorker, WorkerArgument } from './messages.js';

/** From its start until what it has in its heap is what it has when nothing happens. */
const SETTLE_MS = 200;

/** Sooner or later a process that does not boot has to be given up; on a machine with no time left it takes seconds. */
const BOOT_WITHIN_MS = 10_000;

export interface TrialParts {
  /** What a worker of the fleet is started with; its config is the one in force. */
  readonly argument: WorkerArgument;
  readonly heapLimitBytes: number;
  readonly openFiles: number;
  readonly machine: Pick<Machine, 'spawn'>;
  readonly clock: Clock;
}

export class ConfigTrial {
  /** What is wrong with the config; `null`: nothing that was seen. Settles when its worker has ended. */
  readonly outcome: Promise<string | null>;
  readonly #config: WorkerConfig;
  readonly #trial: Trial;
  readonly #parts: TrialParts;
  readonly #child: WorkerChild;
  readonly #judged = new Deferred<string | null>();
  readonly #timers: Timer[] = [];
  #heapBytes = 0;
  /** Heap in use, and when, before it got the config; `null`: it has not got it yet. */
  #before: { readonly heapBytes: number; readonly atMs: number } | null = null;

  constructor(config: WorkerConfig, trial: Trial, parts: TrialParts) {
    this.#config = config;
    this.#trial = trial;
    this.#parts = parts;
    this.#child = parts.machine.spawn({
      argument: parts.argument,
      heapLimitBytes: parts.heapLimitBytes,
      openFiles: parts.openFiles,
      onMessage: (message) => this.#hear(message),
    });
    void this.#child.exited.then(() => this.#judge(this.#explainDeath()));
    this.#after(BOOT_WITHIN_MS, () => this.#judgeUnlessBegun());
    this.outcome = this.#judged.promise.then(async (problem) => {
      for (const timer of this.#timers) timer.cancel();
      this.#child.kill();
      await this.#child.exited;
      return problem;
    });
  }

  /** Gives it up; what comes of it is of no use to anybody any more. */
  stop(): void {
    this.#judge('the trial was broken off');
  }

  #hear(message: FromWorker): void {
    if (message.type === 'ready') this.#after(SETTLE_MS, () => this.#begin());
    else if (message.type === 'failed')
      this.#judge(`no worker could be started to try it: ${message.message}`);
    else if (message.type === 'sample') this.#saw(message.heapBytes);
  }

  #begin(): void {
    const { argument, clock } = this.#parts;
    this.#before = { heapBytes: this.#heapBytes, atMs: clock.nowMs() };
    this.#child.send({
      type: 'config',
      config: { version: argument.config.version + 1, config: this.#config },
    });
    this.#after(this.#trial.forMs, () => this.#judge(null));
  }

  #saw(heapBytes: number): void {
    this.#heapBytes = heapBytes;
    if (this.#before === null) return;
    const { heapLimitBytes, clock } = this.#parts;
    const grownBytes = heapBytes - this.#before.heapBytes;
    const maxBytes = this.#trial.maxGrowthRatio * heapLimitBytes;
    if (grownBytes <= maxBytes) return;
    const took = formatDuration(clock.nowMs() - this.#before.atMs);
    this.#judge(
      `a worker that tried it out, and served nobody, grew by ${formatSize(grownBytes)} in ${took}, where ${formatSize(maxBytes)} is the limit`,
    );
  }

  #explainDeath(): string {
    return this.#before === null
      ? `no worker could be started to try it: ${this.#child.stderr.trim().split('\n').at(-1) ?? ''}`
      : 'a worker that tried it out, and served nobody, died of it';
  }

  #judgeUnlessBegun(): void {
    if (this.#before === null)
      this.#judge(`no worker was up to try it within ${formatDuration(BOOT_WITHIN_MS)}`);
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(this.#parts.clock.after(ms, run));
  }

  #judge(problem: string | null): void {
    this.#judged.resolve(problem);
  }
}
