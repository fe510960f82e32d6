/** What a run of a variant comes to: what was recorded of it, and what its world says of itself. */
import { measureClients } from './measure-clients.js';
import { findAlerts } from './monitoring/alerts.js';
import type { VariantResult } from './result.js';
import type { Variant } from './scenario.js';
import type { World } from './world.js';

/** Of the variant, what its result is about. */
export type MeasuredPlan = Pick<Variant, 'name' | 'durationMs' | 'fleet' | 'clients' | 'floods' | 'incident'>;

const sizeOf = ({ fleet: { workers, slots } }: MeasuredPlan) => ({ workers, slots });

/** @param partial the run was interrupted. */
export const measure = (
  variant: MeasuredPlan,
  { recorder, fleet }: Pick<World, 'recorder' | 'fleet'>,
  partial: boolean,
): VariantResult => {
  const { originMs } = recorder;
  const recorded = recorder.recorded(fleet.status().map(({ worker }) => worker));
  const workerSeconds = fleet.workerSeconds(originMs, originMs + variant.durationMs);
  return {
    name: variant.name,
    verdict: 'pass',
    reasons: [],
    durationMs: variant.durationMs,
    partial,
    ...recorded,
    ...measureClients(variant, recorder),
    alerts: findAlerts(recorder.ticks.ticks(), { ...variant.incident, ...sizeOf(variant) }),
    downtime: { costPerMinute: variant.incident.costPerMinute, minuteMs: variant.incident.minuteMs },
    heapLimitBytes: variant.fleet.heapLimitBytes,
    workerSeconds: Number(workerSeconds.toFixed(2)),
    thresholds: [],
    skippedThresholds: [],
  };
};
