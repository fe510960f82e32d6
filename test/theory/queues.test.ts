/**
 * The virtual engine against queueing theory: a scenario with one worker or several, a load without memory and no costs but
 * the service is a queue of the textbooks, whose mean wait and loss are known. (Kleinrock, "Queueing Systems", volume 1,
 * 1975; Erlang, 1917.)
 */
import { describe, expect, it } from 'vitest';
import { runHere } from '../support/virtual-run.js';

const SERVICE_MS = 10;
const SEEDS = Array.from({ length: 20 }, (_, index) => 1_000 + index);

/** Student's t for 99 % and 19 degrees of freedom. */
const T99 = 2.861;

/** Requests of one run; the first tenth is left out, since every run begins with an empty queue. */
const REQUESTS = 4_000;
const WARM_UP_SHARE = 0.1;

interface Queue {
  readonly servers: number;
  readonly load: number;
  readonly distribution: 'exponential' | 'constant';
  /** Places in the system, those in service included; left out: as many as come. */
  readonly places?: number;
}

/** Arrivals per second. */
const rateOf = ({ servers, load }: Queue): number => (servers * load * 1000) / SERVICE_MS;

const scenarioOf = (queue: Queue): string => {
  const { servers, places, distribution } = queue;
  const rate = rateOf(queue);
  const limit =
    places === undefined ? '' : `concurrency: { limit: ${servers}, queue: ${places - servers}, maxWait: 1h }`;
  return `
version: 1
name: theory
title: a queue of the textbooks
fleet: { workers: 1, slots: ${servers}, serviceTime: { distribution: ${distribution}, mean: ${SERVICE_MS}ms } }
gateway: { healthCheck: off, timeouts: { attempt: 1h, request: 1h }, ${limit} }
clients: { patience: 1h }
load: { arrivals: poisson, stages: [{ rate: ${rate}/s, for: ${Math.ceil((REQUESTS / rate) * 1000)}ms }] }
`;
};

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of as many runs as seeds: the mean, and half the width of its 99 % confidence interval. */
const estimate = async (queue: Queue, measure: (run: Awaited<ReturnType<typeof runHere>>) => number) => {
  const values: number[] = [];
  for (const seed of SEEDS) values.push(measure(await runHere(scenarioOf(queue), seed)));
  const mean = meanOf(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, halfWidth: T99 * Math.sqrt(variance / values.length) };
};

/** What remains of the time in the system when the service is taken away, on the average. */
const meanWaitMs = ({ records }: Awaited<ReturnType<typeof runHere>>): number => {
  const inOrder = records.toSorted((a, b) => a.arrivalMs - b.arrivalMs);
  const counted = inOrder.slice(Math.floor(inOrder.length * WARM_UP_SHARE));
  return meanOf(counted.map(({ arrivalMs, endMs }) => endMs - arrivalMs)) - SERVICE_MS;
};

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** Erlang's C: the probability of a wait with c servers, each busy a share ρ of the time. */
const erlangC = (c: number, rho: number): number => {
  const offered = c * rho;
  const last = offered ** c / factorial(c) / (1 - rho);
  const others = Array.from({ length: c }, (_, k) => offered ** k / factorial(k)).reduce(
    (sum, one) => sum + one,
    0,
  );
  return last / (others + last);
};

/** M/M/c. */
const mmcWaitMs = ({ servers, load }: Queue): number =>
  (erlangC(servers, load) * SERVICE_MS) / (servers * (1 - load));

/** M/D/1, by Pollaczek and Khinchine. */
const md1WaitMs = ({ load }: Queue): number => (load * SERVICE_MS) / (2 * (1 - load));

/** M/M/c/K: the share of arrivals that find no place. */
const lossOf = ({ servers: c, load, places }: Queue): number => {
  const offered = c * load;
  const weights = Array.from({ length: places! + 1 }, (_, n) =>
    n <= c ? offered ** n / factorial(n) : (offered ** c / factorial(c)) * load ** (n - c),
  );
  return weights.at(-1)! / weights.reduce((sum, weight) => sum + weight, 0);
};

const text = ({ servers, load }: Queue): string =>
  `${servers} server${servers > 1 ? 's' : ''} at a load of ${load}`;

describe('mean waits', () => {
  const queues: readonly (readonly [name: string, queue: Queue, expectedMs: (queue: Queue) => number])[] = [
    ...[0.5, 0.7, 0.9].map(
      (load) => ['M/M/1', { servers: 1, load, distribution: 'exponential' }, mmcWaitMs] as const,
    ),
    ...[0.5, 0.9].map(
      (load) => ['M/M/c', { servers: 4, load, distribution: 'exponential' }, mmcWaitMs] as const,
    ),
    ...[0.5, 0.9].map(
      (load) => ['M/D/1', { servers: 1, load, distribution: 'constant' }, md1WaitMs] as const,
    ),
  ];
  it.each(queues.map(([name, queue, of]) => [`${name}, ${text(queue)}`, queue, of] as const))(
    'of %s',
    async (_name, queue, expectedMs) => {
      const { mean, halfWidth } = await estimate(queue, meanWaitMs);
      const expected = expectedMs(queue);
      expect(
        Math.abs(mean - expected),
        `${mean} ± ${halfWidth} ms, seeds ${SEEDS[0]} to ${SEEDS.at(-1)}`,
      ).toBeLessThan(halfWidth);
      // An interval in which everything lies would prove nothing.
      expect(halfWidth / expected).toBeLessThan(0.25);
    },
    120_000,
  );
});

describe('losses', () => {
  const queues: readonly Queue[] = [
    { servers: 1, load: 0.9, distribution: 'exponential', places: 4 },
    { servers: 4, load: 0.9, distribution: 'exponential', places: 6 },
    { servers: 2, load: 1.5, distribution: 'exponential', places: 2 },
  ];
  it.each(queues.map((queue) => [`${text(queue)} and ${queue.places} places`, queue] as const))(
    'of M/M/c/K, %s',
    async (_name, queue) => {
      const { mean, halfWidth } = await estimate(queue, ({ records }) =>
        meanOf(records.map(({ ok }) => (ok ? 0 : 1))),
      );
      expect(Math.abs(mean - lossOf(queue)), `${mean} ± ${halfWidth}, seeds ${SEEDS[0]} on`).toBeLessThan(
        halfWidth,
      );
      expect(halfWidth).toBeLessThan(0.03);
    },
    120_000,
  );
});
