/** How the gateway, the workers and the rest are, from what happened. */
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../src/core/events.js';
import { Readings } from '../../../../src/scenarios/status-page/readings.js';
import type { WorkerStatus } from '../../../../src/upstream/fleet.js';

const worker = (number: number, fields: Partial<WorkerStatus> = {}): WorkerStatus => ({
  ...{ worker: `worker-${number}`, up: true, active: true, exits: 0, heapBytes: 0, heapLimitBytes: 1 },
  ...{ configVersion: 1, faults: [], version: 1, drained: false, requests: null, slots: null },
  ...fields,
});

const WORKERS = [1, 2, 3, 4].map((number) => worker(number));

const event = (type: string, fields: object, atMs = 0): Event =>
  ({ type, atMs, ...fields }) as unknown as Event;

const of = (readings: Readings, id: string, workers: readonly WorkerStatus[] = WORKERS) =>
  readings.read(workers, []).find((one) => one.id === id);

describe('the gateway', () => {
  it('is out while it is killed or stands still, and that is the cause', () => {
    const readings = new Readings(['gateway-1'], false);
    readings.event(event('gateway.disrupted', { gateway: 'gateway-1', how: 'kill' }));
    expect(of(readings, 'gateway')).toMatchObject({ state: 'major_outage', detail: 'is not running' });
    expect(readings.identified(0)).toBe('gateway-1 is not running');
    readings.event(event('gateway.recovered', { gateway: 'gateway-1', how: 'kill' }));
    expect(of(readings, 'gateway')).toMatchObject({ state: 'operational', detail: '' });
    expect(readings.identified(0)).toBeNull();
  });

  it('is partly out where one of several is', () => {
    const readings = new Readings(['gateway-1', 'gateway-2', 'gateway-3'], true);
    readings.event(event('gateway.disrupted', { gateway: 'gateway-2', how: 'stop' }));
    expect(of(readings, 'gateway')).toMatchObject({
      state: 'degraded_performance',
      detail: 'gateway-2 stands still',
    });
    expect(of(readings, 'edge')!.state).toBe('operational');
    readings.event(event('gateway.disrupted', { gateway: 'edge', how: 'block' }));
    expect(of(readings, 'edge')).toMatchObject({ state: 'major_outage', detail: 'does not answer' });
  });

  it('is degraded without one of its processes, and not shown where there is none', () => {
    const readings = new Readings(['gateway-1'], false);
    readings.event(event('gateway.process-exited', { process: 2 }));
    expect(of(readings, 'gateway')!.state).toBe('degraded_performance');
    readings.event(event('gateway.process-started', { process: 2 }));
    expect(of(readings, 'gateway')!.state).toBe('operational');
    expect(of(new Readings([], false), 'gateway')).toBeUndefined();
  });
});

describe('the workers', () => {
  it.each([
    [[], 'operational', '4 of 4 fit'],
    [[1], 'degraded_performance', '3 of 4 fit; down: worker-1'],
    [[1, 2], 'partial_outage', '2 of 4 fit; down: worker-1, worker-2'],
    [[1, 2, 3, 4], 'major_outage', '0 of 4 fit; down: 4'],
  ])('of whom %j are down', (down, state, detail) => {
    const workers = [1, 2, 3, 4].map((number) => worker(number, { up: !down.includes(number) }));
    expect(of(new Readings(['gateway-1'], false), 'workers', workers)).toMatchObject({ state, detail });
  });

  it('that a gateway does not trust are not fit, until it does', () => {
    const readings = new Readings(['gateway-1', 'gateway-2'], false);
    readings.event(event('circuit.opened', { upstream: 'worker-1', gateway: 'gateway-1' }));
    readings.event(event('upstream.turned-unhealthy', { upstream: 'worker-1', gateway: 'gateway-2' }));
    expect(of(readings, 'workers')!.detail).toBe('3 of 4 fit; not trusted: worker-1');
    readings.event(event('circuit.closed', { upstream: 'worker-1', gateway: 'gateway-1' }));
    expect(of(readings, 'workers')!.state).toBe('degraded_performance');
    // Killed and started anew it has forgotten what it held against anybody.
    readings.event(event('gateway.recovered', { gateway: 'gateway-2', how: 'kill' }));
    expect(of(readings, 'workers')!.state).toBe('operational');
  });

  it('that stand by do not count', () => {
    const workers = [worker(1), worker(2, { active: false, up: false })];
    expect(of(new Readings(['gateway-1'], false), 'workers', workers)!.detail).toBe('1 of 1 fit');
  });
});

describe('what was undone', () => {
  it('is believed to be the cause, for a while', () => {
    const readings = new Readings(['gateway-1'], false);
    readings.event(event('config.rolled-back', { from: 2, version: 1, reason: 'x', to: 'workers' }, 1_000));
    expect(readings.identified(5_000)).toBe('version 2 of the config of the workers, which is rolled back');
    expect(readings.identified(20_000)).toBeNull();
  });
});
