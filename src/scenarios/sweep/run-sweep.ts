/** Runs what of a sweep is not measured yet, in the threads of the virtual engine. */
import { availableParallelism } from 'node:os';
import { inThreads } from '../virtual/engine.js';
import { pointText, type SweepRun } from './grid.js';
import { type MeasuredRun, toMeasuredRun } from './measured-run.js';
import { type SweepPlan, sourceOf } from './sweep-plan.js';
import type { SweepState } from './sweep-state.js';

export interface SweepOptions {
  /** Aborted: the runs that are under way are thrown away, and no other is begun. */
  readonly signal: AbortSignal;
  /** Runs at once; default: one for each processor. */
  readonly threads?: number;
  /** Called with how many of all runs are measured, those of an earlier time included. */
  readonly onProgress?: (done: number) => void;
}

/** @returns every run of the plan that is measured; without an interruption, all. */
export const runSweep = async (
  plan: SweepPlan,
  state: SweepState,
  { signal, threads = availableParallelism(), onProgress }: SweepOptions,
): Promise<MeasuredRun[]> => {
  const missing = plan.runs.filter((run) => !state.has(run));
  let done = plan.runs.length - missing.length;
  onProgress?.(done);
  await inThreads(
    missing,
    threads,
    async (thread, run: SweepRun) => {
      const result = await thread
        .run(sourceOf(plan, run), run.variant, () => {})
        .catch((error: Error) => {
          const where = [pointText(plan.parameters, run.point), `${run.variant}, seed ${run.seed}`];
          throw new Error(`${where.filter((text) => text !== '').join(', ')}: ${error.message}`, {
            cause: error,
          });
        });
      // What an interrupted run measured is of another span of time.
      if (result.partial) return;
      state.add(toMeasuredRun(run, result, plan.metrics));
      onProgress?.(++done);
    },
    signal,
    plan.semiSpaceMib,
  );
  return state.of(plan.runs);
};
