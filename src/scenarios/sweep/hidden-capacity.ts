/**
 * The hidden capacity of a system: the load below which it comes back by itself whatever triggered the failure, since even
 * with every request tried as often as it may be, the workers can keep up. It is the capacity divided by the worst
 * amplification (Bronson, Aghayev, Charapko, Zhu, "Metastable Failures in Distributed Systems", HotOS 2021, section 2).
 */
import { formatRatio } from '../../core/units.js';
import type { Stage } from '../clients/workload.js';
import type { Variant } from '../scenario.js';

export interface HiddenCapacity {
  /** What the workers can serve: workers × slots / mean service time. */
  readonly capacityRps: number;
  /** Attempts that reach workers, per request, when all fail: tries of a client × attempts of the gateways for each. */
  readonly amplification: number;
  /** What is asked for when the trigger is over: at most in the window `after`, or at the end where there is none. */
  readonly offeredRps: number;
  /** What makes it less sure than it looks, for people. */
  readonly caveats: readonly string[];
}

export type KnownOrNot =
  | ({ readonly known: true } & HiddenCapacity)
  | { readonly known: false; readonly why: string };

/** Below it a system comes back by itself. */
export const hiddenRps = ({ capacityRps, amplification }: HiddenCapacity): number =>
  capacityRps / amplification;

/** Why it is not known of a variant; `null`: it is. */
const unknownBecause = ({ load, fleet, gateway, front, floods, timeline }: Variant): string | null => {
  if (load.population !== undefined) return 'users of a population wait for their answers';
  if (floods.length > 0) return 'a flood comes on top of the load';
  if (fleet.autoscale !== null || timeline.some(({ action }) => action.type === 'scale')) {
    return 'the number of workers changes';
  }
  if (fleet.dependencies.length > 0) return 'workers wait for dependencies';
  if (gateway.cache !== null) return 'a cache answers some of the requests';
  if (gateway.hedge !== null) return 'requests are hedged';
  if (gateway.routes !== null || front.edge?.config.routes) return 'requests go by routes';
  if (timeline.some(({ action }) => action.type === 'update-clients')) return 'clients change what they do';
  if (timeline.some(({ action }) => action.type === 'push-gateway-config')) {
    return 'the gateway gets another config';
  }
  return null;
};

/** A limit of the gateways below a worker's slots leaves the others empty. */
const slotsUsed = ({ fleet: { slots }, gateway: { concurrency }, front: { gateways } }: Variant): number =>
  concurrency?.algorithm.name === 'fixed'
    ? Math.min(slots, concurrency.algorithm.options.limit * gateways)
    : slots;

const clientTries = ({ clients }: Variant): number =>
  clients.reduce((sum, { shareRatio, behaviour }) => sum + shareRatio * behaviour.attempts, 0);

const rateAt = ({ fromRps, toRps, durationMs }: Stage, ms: number): number =>
  fromRps + ((toRps - fromRps) * ms) / durationMs;

const offeredAfter = ({ load, windows, durationMs }: Variant): number => {
  const after = windows.find(({ name }) => name === 'after');
  const { fromMs, toMs } = after ?? { fromMs: durationMs, toMs: durationMs };
  let startMs = 0;
  let mostRps = 0;
  for (const stage of load.stages) {
    const endMs = startMs + stage.durationMs;
    const [from, to] = [Math.max(startMs, fromMs), Math.min(endMs, toMs)];
    if (from <= to && (from < to || after === undefined)) {
      mostRps = Math.max(mostRps, rateAt(stage, from - startMs), rateAt(stage, to - startMs));
    }
    startMs = endMs;
  }
  return mostRps;
};

const caveatsOf = ({ clients, gateway }: Variant): string[] => {
  const caveats: string[] = [];
  if (clients.some(({ behaviour: { budget } }) => budget !== null)) {
    const most = Math.max(...clients.map(({ behaviour: { budget } }) => budget?.refundRatio ?? 0));
    caveats.push(
      `clients have a budget for retries, so more than the line can be borne for long: it gives back ${formatRatio(most)} of an answered try`,
    );
  }
  if (clients.some(({ behaviour: { backoff } }) => backoff !== 'none')) {
    caveats.push(
      'clients wait before they try again, which spreads the retries and leaves their number as it is',
    );
  }
  if (gateway.retry !== null && gateway.retry.budget.name !== 'unlimited') {
    caveats.push('the gateway has a budget for retries, so more than the line can be borne for long');
  }
  return caveats;
};

export const hiddenCapacityOf = (variant: Variant): KnownOrNot => {
  const why = unknownBecause(variant);
  if (why !== null) return { known: false, why };
  const { fleet, gateway, front } = variant;
  const capacityRps = (fleet.workers * slotsUsed(variant) * 1000) / fleet.serviceTime.meanMs;
  const amplification =
    clientTries(variant) * (gateway.retry?.attempts ?? 1) * (front.edge?.config.retry?.attempts ?? 1);
  const offeredRps = offeredAfter(variant);
  if (!(offeredRps > 0)) return { known: false, why: 'nothing is asked for when the trigger is over' };
  return { known: true, capacityRps, amplification, offeredRps, caveats: caveatsOf(variant) };
};
