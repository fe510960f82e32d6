/** What can be seen of a run: of failed requests and of workers, within the time in which nobody had done anything yet. */
import type { SampledRequest, VariantResult } from '../result.js';
import { ofType, type TypedEvent } from '../result-events.js';

/** Where somebody looks, and in what time. */
export interface Outage {
  readonly place: string;
  readonly fromMs: number;
  readonly toMs: number;
}

type Attempt = SampledRequest['attempts'][number];

const attemptsOf = ({ requests }: VariantResult): Attempt[] => requests.flatMap(({ attempts }) => attempts);

const shareOf = <Item>(items: readonly Item[], isMeant: (item: Item) => boolean): number =>
  items.length === 0 ? 0 : items.filter(isMeant).length / items.length;

/** Of the attempts that failed in one of these ways, the share that a worker failed. */
export const attemptsAt = (result: VariantResult, worker: string, causes: readonly string[]): number => {
  const failed = attemptsOf(result)
    .flatMap(({ upstreams }) => upstreams)
    .filter(({ cause }) => causes.includes(cause));
  return shareOf(failed, ({ upstream }) => upstream === worker);
};

export const timeoutsAt = (result: VariantResult, worker: string): number =>
  attemptsAt(result, worker, ['response_timeout', 'connect_timeout']);

/** Of the failed tries, the share that has this cause. */
export const failuresBy = (result: VariantResult, cause: string): number =>
  shareOf(
    attemptsOf(result).filter((attempt) => attempt.cause !== ''),
    (attempt) => attempt.cause === cause,
  );

const pointsIn = ({ series }: VariantResult, { fromMs, toMs }: Outage) =>
  series.filter(({ t }) => t * 1_000 >= fromMs + 2_000 && t * 1_000 < toMs);

/** Of a worker, or the mean of all, while nobody had done anything. */
const meanOf = (result: VariantResult, outage: Outage, of: 'busy' | 'queued'): number => {
  const samples = pointsIn(result, outage)
    .flatMap(({ workers }) => workers)
    .filter(({ worker, heapBytes }) => heapBytes !== null && isAt(outage.place, worker));
  return samples.length === 0 ? 0 : samples.reduce((sum, one) => sum + one[of], 0) / samples.length;
};

const isAt = (place: string, worker: string): boolean => place === worker || !place.startsWith('worker-');

/** Requests that it has in work. */
export const busyOf = (result: VariantResult, outage: Outage): number => meanOf(result, outage, 'busy');

/** As many wait as would fill its slots three times over. */
const LONG_QUEUE = 12;

export const isQueueLong = (result: VariantResult, outage: Outage): boolean =>
  meanOf(result, outage, 'queued') > LONG_QUEUE;

export const deathsOfWorker = (result: VariantResult, worker: string): TypedEvent<'worker.exited'>[] =>
  ofType(result, 'worker.exited').filter(({ fields }) => fields.worker === worker);
