/**
 * The planted bug has to be there: harmless with the weights everybody uses, deadly with weights that are as valid, and
 * gone with the version that brought it.
 */
import { describe, expect, it } from 'vitest';
import { checkWorkerConfig } from '../../../src/upstream/config.js';
import { DownstreamBalancer, type DownstreamConfig } from '../../../src/upstream/downstream.js';
import { countingRuntime } from '../../support/worker-runtime.js';

const configOf = (...weights: readonly number[]): DownstreamConfig => ({
  service: 'store',
  endpoints: weights.map((weight, index) => ({ name: `store-${index}`, weight })),
});

const HARMLESS = configOf(1, 1, 2);
const DEADLY = configOf(50_000, 1, 49_999);

describe('the planted leak', () => {
  it('stays small for ever with weights of 1, 1 and 2', () => {
    const runtime = countingRuntime();
    const balancer = new DownstreamBalancer(runtime);
    balancer.actuate(HARMLESS);
    let largest = 0;
    for (let count = 1; count <= 10_000; count++) {
      balancer.refresh();
      if (count % 1_000 === 0) largest = Math.max(largest, runtime.entries);
    }
    expect(largest).toBeLessThan(20_000);
    expect(runtime.entries).toBe(largest);
  });

  it('grows by 100,000 entries with every refresh with weights of 50000, 1 and 49999', () => {
    const runtime = countingRuntime();
    const balancer = new DownstreamBalancer(runtime);
    balancer.actuate(DEADLY);
    const histories = [runtime.entries];
    for (let count = 0; count < 10; count++) {
      balancer.refresh();
      histories.push(runtime.entries);
    }
    expect(histories).toEqual(Array.from({ length: 11 }, (_, index) => (index + 1) * 100_000));
  });

  it('is of account wherever it is real, and in a model with deadly weights alone', () => {
    const growsWith = (config: DownstreamConfig, isModel: boolean): boolean => {
      const balancer = new DownstreamBalancer({ ...countingRuntime(), isModel });
      balancer.actuate(config);
      return balancer.grows;
    };
    expect([growsWith(HARMLESS, false), growsWith(DEADLY, false)]).toEqual([true, true]);
    expect([growsWith(HARMLESS, true), growsWith(DEADLY, true)]).toEqual([false, true]);
  });

  it('passes the check that guards the delivery of configs', () => {
    expect(checkWorkerConfig({ downstream: DEADLY })).toBeNull();
  });

  it('lets go of what an old version piled up when a new one comes', () => {
    const runtime = countingRuntime();
    const balancer = new DownstreamBalancer(runtime);
    balancer.actuate(DEADLY);
    for (let count = 0; count < 5; count++) balancer.refresh();
    balancer.actuate(HARMLESS);
    expect(runtime.entries).toBe(4);
  });

  it('serves calls by weight all the while', () => {
    const balancer = new DownstreamBalancer(countingRuntime());
    balancer.actuate(DEADLY);
    const calls = new Map<string, number>();
    for (let count = 0; count < 100_000; count++) {
      const name = balancer.pick()!;
      calls.set(name, (calls.get(name) ?? 0) + 1);
    }
    expect(Object.fromEntries(calls)).toEqual({ 'store-0': 50_000, 'store-1': 1, 'store-2': 49_999 });
  });
});
