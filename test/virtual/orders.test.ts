/** Orders that go the clients' way, in a run: they fare as requests do, and end with the load. */
import { describe, expect, it } from 'vitest';
import { ofType } from '../../src/scenarios/result-events.js';
import { runHere } from '../support/virtual-run.js';

const END_SECONDS = 6;

/** Two workers answer nobody in time from 1 s on; somebody orders a config to be pushed at 2 s. */
const scenarioOf = (fault: string): string => `
version: 1
name: orders
title: an order that goes the way of the clients
fleet: { workers: 2, slots: 50, serviceTime: { distribution: constant, mean: 20ms }, configReaders: [worker-2] }
gateway: { healthCheck: off, timeouts: { attempt: 20s, request: 30s } }
clients: { patience: 5s }
load: { arrivals: constant, stages: [{ rate: 10/s, for: ${END_SECONDS}s }] }
timeline:
  - { at: 1s, inject: slow, on: all, factor: 1000${fault} }
  - at: 2s
    push-config: { downstream: { service: store, endpoints: [{ name: store-1, weight: 1 }] } }
    through: { patience: 700ms, again: 100ms }
`;

describe('an order through the gateways, in a run', () => {
  it('is carried out when the workers answer again, by those who read the config', async () => {
    const { result } = await runHere(scenarioOf(', for: 2s'), 42);
    const [accepted, ...more] = ofType(result, 'order.accepted');
    expect(more).toEqual([]);
    expect(accepted!.t).toBeGreaterThan(3);
    expect(accepted!.fields.tries).toBe(ofType(result, 'order.failed').length + 1);
    const [push] = ofType(result, 'config.pushed');
    expect(push).toMatchObject({ t: accepted!.t, fields: { to: 'workers', readers: 1 } });
    const { version } = push!.fields;
    const given = ofType(result, 'config.assigned').filter(({ fields }) => fields.version === version);
    expect(given.map(({ fields }) => fields.reader)).toEqual(['worker-2']);
  });

  it('ends with the load, though clients still wait for their answers', async () => {
    const { result, records } = await runHere(scenarioOf(''), 42);
    expect(ofType(result, 'order.accepted')).toEqual([]);
    const failed = ofType(result, 'order.failed').map(({ t }) => t);
    // From 2 s on, a try each 800 ms.
    expect(failed).toHaveLength(5);
    expect(failed.at(-1)).toBeLessThan(END_SECONDS);
    // The run itself went on.
    expect(Math.max(...records.map(({ endMs }) => endMs))).toBeGreaterThan(END_SECONDS * 1_000);
  });
});
