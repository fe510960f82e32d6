/** What a run of a variant comes to: what was recorded of it, and what its world says of itself. */
import { findIncident, type Observed } from '../incident/incident.js';
import { findAlerts } from '../monitoring/alerts.js';
import type { VariantResult } from '../result.js';
import type { Variant } from '../scenario.js';
import { targetName } from '../targets/choice.js';
import type { World } from '../world.js';
import { measureClients } from './clients.js';

/** Of the variant, what its result is about. */
export type MeasuredPlan = Pick<
  Variant,
  'name' | 'target' | 'losses' | 'durationMs' | 'fleet' | 'clients' | 'floods' | 'incident'
>;

const measureTarget = ({ target, losses }: MeasuredPlan): Pick<VariantResult, 'target' | 'losses'> => ({
  ...(target.kind !== 'gateway' && { target: targetName(target) }),
  ...(losses.length > 0 && {
    losses: losses.map(({ path, text, degree }) => ({ path: path.join('.'), text, degree })),
  }),
});

const measureIncident = (
  { fleet: { workers, slots }, incident: plan }: MeasuredPlan,
  observed: Omit<Observed, 'alerts'>,
): Pick<VariantResult, 'alerts' | 'incident' | 'downtime'> => {
  const { costPerMinute, minuteMs, clock } = plan;
  const alerts = findAlerts(observed.ticks, { ...plan, workers, slots });
  return {
    alerts,
    incident: findIncident({ ...observed, alerts }, plan),
    downtime: { costPerMinute, minuteMs, clock },
  };
};

/** @param partial the run was interrupted. */
export const measure = (
  variant: MeasuredPlan,
  { recorder, fleet }: Pick<World, 'recorder' | 'fleet'>,
  partial: boolean,
): VariantResult => {
  const { originMs } = recorder;
  const workers = fleet.status().map(({ worker }) => worker);
  const recorded = recorder.recorded(workers);
  const workerSeconds = fleet.workerSeconds(originMs, originMs + variant.durationMs);
  return {
    name: variant.name,
    ...measureTarget(variant),
    verdict: 'pass',
    reasons: [],
    durationMs: variant.durationMs,
    partial,
    ...recorded,
    ...measureClients(variant, recorder),
    ...measureIncident(variant, { ticks: [...recorder.ticks.ticks()], events: recorded.events, workers }),
    heapLimitBytes: variant.fleet.heapLimitBytes,
    workerSeconds: Number(workerSeconds.toFixed(2)),
    thresholds: [],
    skippedThresholds: [],
  };
};
