/**
 * The virtual engine: runs the variants of a scenario in virtual time, in threads, as many at once as there are
 * processors. They share nothing, so how many run at once does not change what comes out.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { VariantResult } from '../result.js';
import { checkResults } from '../runner.js';
import type { Scenario, Variant } from '../scenario.js';
import type { FromEngine, ScenarioSource, ToEngine } from './messages.js';

/** Where it is compiled: threads always run `dist/`. */
const THREAD = fileURLToPath(new URL('../../../dist/scenarios/virtual/engine-thread.js', import.meta.url));

/**
 * As for the gateway's process (`gateway/gateway-child.ts`): what V8 takes for long-lived and makes in the old generation
 * keeps whole requests alive there until a full collection. Measured with 20 workers: 17,000 requests a second with it,
 * 66,000 without. V8 takes flags for a process, and heeds these in the threads that begin afterwards.
 *
 * With thousands of requests in flight a young generation of 16 MiB is full of them: each collection copies them all to
 * make a little room. Measured with 1,000 workers and 5,000 in flight: a third less processor time with 128 MiB, and with
 * 512 MiB a third less again, of which V8 takes only what it needs: 1.6 GiB in all there, and no more than with 128 in
 * runs of an ordinary size. With more it is slower again.
 */
const V8_FLAGS = [
  '--no-allocation-site-pretenuring',
  '--min-semi-space-size=16',
  '--max-semi-space-size=512',
];

export interface VirtualRunOptions {
  /** Aborted: runs end as soon as they can, with what was measured so far. */
  readonly signal: AbortSignal;
  /** Threads at once; default: one for each processor, and no more than there is work. */
  readonly threads?: number;
  /** Called with the share of all work that is done. */
  readonly onProgress?: (doneRatio: number) => void;
  /** Called with the place of the work; what it returns, if anything, is kept instead. */
  readonly onVariantEnd?: (result: VariantResult, index: number) => VariantResult | undefined;
}

/** One thread, for one variant at a time. */
export class EngineThread {
  readonly #worker = new Worker(THREAD);
  #onMessage: (message: FromEngine) => void = () => {};
  #onEnd: (error: Error) => void = () => {};

  constructor() {
    this.#worker.on('message', (message: FromEngine) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#onEnd(error));
    this.#worker.on('exit', (code) =>
      this.#onEnd(new Error(`a thread of the virtual engine ended with ${code}`)),
    );
  }

  run(
    source: ScenarioSource,
    variant: string,
    onProgress: (doneRatio: number) => void,
  ): Promise<VariantResult> {
    return new Promise((resolve, reject) => {
      this.#onEnd = reject;
      this.#onMessage = (message) => {
        if (message.type === 'progress') onProgress(message.doneRatio);
        else if (message.type === 'result') resolve(message.result);
        else reject(new Error(message.message));
      };
      this.#send({ type: 'run', source, variant });
    });
  }

  interrupt(): void {
    this.#send({ type: 'interrupt' });
  }

  async stop(): Promise<void> {
    this.#onEnd = () => {};
    await this.#worker.terminate();
  }

  #send(message: ToEngine): void {
    this.#worker.postMessage(message);
  }
}

/** Does every piece of work, as many at once as there are threads. @returns what came of each, in order. */
export const inThreads = async <Work, Done>(
  works: readonly Work[],
  threads: number,
  doOne: (thread: EngineThread, work: Work, index: number) => Promise<Done>,
  signal: AbortSignal,
): Promise<Done[]> => {
  const done: Done[] = [];
  for (const flag of V8_FLAGS) setFlagsFromString(flag);
  const all = Array.from({ length: Math.min(threads, works.length) }, () => new EngineThread());
  const interrupt = (): void => {
    for (const thread of all) thread.interrupt();
  };
  signal.addEventListener('abort', interrupt);
  let next = 0;
  try {
    await Promise.all(
      all.map(async (thread) => {
        while (next < works.length && !signal.aborted) {
          const index = next++;
          done[index] = await doOne(thread, works[index]!, index);
        }
      }),
    );
  } finally {
    signal.removeEventListener('abort', interrupt);
    await Promise.all(all.map((thread) => thread.stop()));
  }
  return done.filter((one) => one !== undefined);
};

/** One variant of a scenario as it was read. */
export interface VirtualWork {
  readonly source: ScenarioSource;
  readonly variant: string;
}

/** @returns what was measured, in order; interrupted, of those that were begun. Thresholds are not judged yet. */
export const measureVirtually = (
  works: readonly VirtualWork[],
  { signal, threads = availableParallelism(), onProgress, onVariantEnd }: VirtualRunOptions,
): Promise<VariantResult[]> => {
  const ratios = works.map(() => 0);
  return inThreads(
    works,
    threads,
    async (thread, { source, variant }, index) => {
      const result = await thread.run(source, variant, (doneRatio) => {
        ratios[index] = doneRatio;
        onProgress?.(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length);
      });
      return onVariantEnd?.(result, index) ?? result;
    },
    signal,
  );
};

/** @returns one result per variant that was begun. */
export const runVirtually = async (
  scenario: Scenario,
  variants: readonly Variant[],
  source: ScenarioSource,
  options: VirtualRunOptions,
): Promise<VariantResult[]> => {
  const works = variants.map(({ name }) => ({ source, variant: name }));
  return checkResults(scenario, variants, await measureVirtually(works, options));
};
