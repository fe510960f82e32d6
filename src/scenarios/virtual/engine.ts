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
 */
const V8_FLAGS = ['--no-allocation-site-pretenuring', '--min-semi-space-size=16'];

/**
 * How large each half of a young generation may get. Measured: with 20 workers 32 MiB are as fast as anything, since they
 * stay in the processor's cache, and a run takes 0.3 GiB in all, however long it is. With 1,000 workers and 5,000 requests
 * in flight they would be full of these: each collection would copy them all to make a little room, and 512 MiB take half
 * the processor time and 1.6 GiB in all.
 */
const SEMI_SPACE_MIB = 32;
const LARGE_SEMI_SPACE_MIB = 512;
/** Requests that a fleet serves at once. */
const LARGE_FLEET = 2_000;

/** V8 counts both halves, and a third of it for what is large. */
const SEMI_SPACES = 3;

export interface VirtualRunOptions {
  /** Aborted: runs end as soon as they can, with what was measured so far. */
  readonly signal: AbortSignal;
  /** Threads at once; default: one for each processor, and no more than there is work. */
  readonly threads?: number;
  /** Called with the share of all work that is done. */
  readonly onProgress?: (doneRatio: number) => void;
  /** Called with the place of the work; what it returns, if anything, is kept instead. */
  readonly onVariantEnd?: (result: VariantResult, index: number) => VariantResult | undefined;
  /** Of each thread's young generation; default: what suits fleets of a usual size. */
  readonly semiSpaceMib?: number;
}

/** One thread, for one variant at a time. */
export class EngineThread {
  readonly #worker: Worker;
  #onMessage: (message: FromEngine) => void = () => {};
  #onEnd: (error: Error) => void = () => {};

  constructor(semiSpaceMib: number) {
    this.#worker = new Worker(THREAD, {
      resourceLimits: { maxYoungGenerationSizeMb: SEMI_SPACES * semiSpaceMib },
    });
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
  semiSpaceMib = SEMI_SPACE_MIB,
): Promise<Done[]> => {
  const done: Done[] = [];
  for (const flag of V8_FLAGS) setFlagsFromString(flag);
  const all = Array.from({ length: Math.min(threads, works.length) }, () => new EngineThread(semiSpaceMib));
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
  { signal, threads = availableParallelism(), onProgress, onVariantEnd, semiSpaceMib }: VirtualRunOptions,
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
    semiSpaceMib,
  );
};

/** What suits the largest fleet among variants that threads are to run. */
export const semiSpaceFor = (variants: readonly Pick<Variant, 'fleet'>[]): number =>
  variants.some(({ fleet }) => fleet.maxWorkers * fleet.slots > LARGE_FLEET)
    ? LARGE_SEMI_SPACE_MIB
    : SEMI_SPACE_MIB;

/** @returns one result per variant that was begun. */
export const runVirtually = async (
  scenario: Scenario,
  variants: readonly Variant[],
  source: ScenarioSource,
  options: VirtualRunOptions,
): Promise<VariantResult[]> => {
  const works = variants.map(({ name }) => ({ source, variant: name }));
  const measured = await measureVirtually(works, { semiSpaceMib: semiSpaceFor(variants), ...options });
  return checkResults(scenario, variants, measured);
};
