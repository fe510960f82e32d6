/** Plans of sweeps, and what they could have measured, without running anything. */

import type { MeasuredRun } from '../../src/scenarios/sweep/measured-run.js';
import { parseParameters } from '../../src/scenarios/sweep/parameters.js';
import { planSweep, type SweepPlan, type SweepRequest } from '../../src/scenarios/sweep/sweep-plan.js';

/** Hidden capacity 50/s: two workers with a slot each and 20 ms, and clients that try twice. Loads are below and above. */
export const SWEPT = `version: 1
name: swept
title: A small one, swept
seed: 7
fleet: { workers: 2, slots: 1, serviceTime: { distribution: constant, mean: 20ms } }
gateway: { healthCheck: off }
clients: { patience: 1s, retry: { attempts: 2 } }
load: { arrivals: constant, stages: [{ rate: 100/s, for: 2s }] }
timeline: [{ at: 500ms, inject: stop, on: all, for: 100ms }]
windows: { after: 1s..2s }
`;

export const planned = (vary: readonly string[], request: Partial<SweepRequest> = {}): SweepPlan =>
  planSweep({
    file: 'test.yaml',
    text: SWEPT,
    overrides: [],
    parameters: parseParameters(vary),
    chooseVariants: ({ variants }) => variants.map(({ name }) => name),
    seeds: (first) => [first, first + 1],
    metrics: [],
    ...request,
  });

/** Every run of a plan, measured by a rule. */
export const measuredBy = (
  { runs }: SweepPlan,
  measure: (run: SweepPlan['runs'][number]) => Pick<MeasuredRun, 'values' | 'recovered'>,
): MeasuredRun[] => runs.map((run) => ({ ...run, ...measure(run) }));
