/** Plans of sweeps, and what they could have measured, without running anything. */

import type { MeasuredRun } from '../../src/scenarios/sweep/measured-run.js';
import { parseParameters } from '../../src/scenarios/sweep/parameters.js';
import { planSweep, type SweepPlan, type SweepRequest } from '../../src/scenarios/sweep/sweep-plan.js';
import { type SweepResult, toSweepResult } from '../../src/scenarios/sweep/sweep-result.js';

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

/** Of a sweep that is made up. */
export const WHEN = { startedAt: '2024-11-08T16:06:00.000Z', partial: false };

/** Good below a load that falls with the length of the outage; at that load, with one seed of two. */
export const swept = (vary: readonly string[], request: Partial<SweepRequest> = {}): SweepResult => {
  const plan = planned(vary, request);
  const measured = measuredBy(plan, ({ point, seed }) => {
    const load = Number(point[0]);
    const edge = 1 - Number.parseFloat(String(point[1] ?? 100)) / 1000;
    const good = load < edge || (load === edge && seed === 7);
    return { values: plan.metrics.map((_, index) => (index === 0 ? Number(good) : 12.5)), recovered: good };
  });
  return toSweepResult(plan, measured, WHEN);
};

/** Two parameters, twelve points. */
export const GRID = ['load.scale=0.4,0.6,0.8,1', 'timeline.0.for=100ms,200ms,400ms'];
