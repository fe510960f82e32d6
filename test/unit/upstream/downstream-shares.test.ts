/** Which endpoint a worker's next call goes to: shares follow the weights, and a new version takes over at once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DownstreamBalancer, type DownstreamConfig } from '../../../src/upstream/downstream.js';
import { countingRuntime } from '../../support/worker-runtime.js';

const configOf = (...weights: readonly number[]): DownstreamConfig => ({
  service: 'store',
  endpoints: weights.map((weight, index) => ({ name: `store-${index}`, weight })),
});

const balancerOf = (...weights: readonly number[]): DownstreamBalancer => {
  const balancer = new DownstreamBalancer(countingRuntime());
  balancer.actuate(configOf(...weights));
  return balancer;
};

/** Entries of the array that they are expanded into. */
const slotsOf = (...weights: readonly number[]): number => {
  const runtime = countingRuntime();
  new DownstreamBalancer(runtime).actuate(configOf(...weights));
  return runtime.entries;
};

/** Calls per endpoint, in the order of the endpoints, out of `total`. */
const callsOf = (balancer: DownstreamBalancer, endpoints: number, total: number): number[] => {
  const calls = new Array<number>(endpoints).fill(0);
  for (let count = 0; count < total; count++) {
    const name = balancer.pick()!;
    calls[Number(name.slice('store-'.length))]!++;
  }
  return calls;
};

const weights = fc
  .array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 6 })
  .filter((chosen) => chosen.some((weight) => weight > 0));

describe('the calls of a worker', () => {
  it('are shared out exactly by weight over one round, wherever the round begins', () => {
    fc.assert(
      fc.property(weights, fc.nat({ max: 100 }), fc.nat({ max: 3 }), (chosen, before, refreshes) => {
        const balancer = balancerOf(...chosen);
        for (let count = 0; count < before; count++) balancer.pick();
        for (let count = 0; count < refreshes; count++) balancer.refresh();
        const round = chosen.reduce((sum, weight) => sum + weight);
        expect(callsOf(balancer, chosen.length, round)).toEqual(chosen);
      }),
    );
  });

  it('depend on the ratio of the weights and not on their size', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 2, max: 50 }), (chosen, factor) => {
        const multiplied = chosen.map((weight) => weight * factor);
        const small = balancerOf(...chosen);
        const large = balancerOf(...multiplied);
        expect(slotsOf(...multiplied)).toBe(slotsOf(...chosen));
        for (let count = 0; count < 50; count++) expect(large.pick()).toBe(small.pick());
      }),
    );
  });

  it('never go to an endpoint of weight 0', () => {
    expect(callsOf(balancerOf(0, 3, 0, 1), 4, 400)).toEqual([0, 300, 0, 100]);
  });

  it('go nowhere when every weight is 0', () => {
    const balancer = balancerOf(0, 0, 0);
    expect(balancer.pick()).toBeUndefined();
    balancer.refresh();
    expect(balancer.pick()).toBeUndefined();
  });

  it('go nowhere before there is a config', () => {
    expect(new DownstreamBalancer(countingRuntime()).pick()).toBeUndefined();
  });

  it('go somewhere again when weights come back', () => {
    const balancer = balancerOf(0, 0);
    balancer.actuate(configOf(0, 1));
    expect(balancer.pick()).toBe('store-1');
  });

  it('follow a new version from the next call on', () => {
    const balancer = balancerOf(1, 0);
    expect(balancer.pick()).toBe('store-0');
    balancer.actuate(configOf(0, 1));
    expect(callsOf(balancer, 2, 10)).toEqual([0, 10]);
  });
});
