/** What a run of a variant comes to: what was recorded of it, and what its world says of itself. */
import { hostAndPort } from '../../core/http-address.js';
import { findIncident, type Observed } from '../incident/incident.js';
import { findAlerts } from '../monitoring/alerts.js';
import type { VariantResult } from '../result.js';
import type { Variant } from '../scenario.js';
import { targetName } from '../targets/choice.js';
import type { World } from '../world.js';
import { measureClients } from './clients.js';
import type { Recorded } from './recorder.js';

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

type Machine = NonNullable<VariantResult['machine']>;

/** Without what is about workers: they cannot have starved. */
const watchedOf = ({ lateSends, gatewayStallMs }: Machine): Machine => ({ lateSends, gatewayStallMs });

/** The workers of the run, or the upstreams in their places, of which nothing is known but where they are. */
const measureFleet = (
  { durationMs, fleet: { upstreams, heapLimitBytes } }: MeasuredPlan,
  { recorder, fleet }: Pick<World, 'recorder' | 'fleet'>,
  ids: readonly string[],
): Recorded & Pick<VariantResult, 'upstreams' | 'heapLimitBytes' | 'workerSeconds'> => {
  if (upstreams !== null) {
    const { machine, ...recorded } = recorder.recorded([]);
    const places = upstreams.map((address, index) => ({
      worker: ids[index]!,
      address: hostAndPort(address),
    }));
    return { ...recorded, machine: machine && watchedOf(machine), upstreams: places, workerSeconds: 0 };
  }
  const seconds = fleet.workerSeconds(recorder.originMs, recorder.originMs + durationMs);
  return { ...recorder.recorded(ids), heapLimitBytes, workerSeconds: Number(seconds.toFixed(2)) };
};

/** @param partial the run was interrupted. */
export const measure = (
  variant: MeasuredPlan,
  world: Pick<World, 'recorder' | 'fleet'>,
  partial: boolean,
): VariantResult => {
  const { recorder, fleet } = world;
  const workers = fleet.status().map(({ worker }) => worker);
  const measured = measureFleet(variant, world, workers);
  return {
    name: variant.name,
    ...measureTarget(variant),
    verdict: 'pass',
    reasons: [],
    durationMs: variant.durationMs,
    partial,
    ...measured,
    ...measureClients(variant, recorder),
    ...measureIncident(variant, { ticks: [...recorder.ticks.ticks()], events: measured.events, workers }),
    thresholds: [],
    skippedThresholds: [],
  };
};
