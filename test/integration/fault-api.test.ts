/** Faults by hand over the control API of a run: in, out, and what is said of those that cannot be. */
import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { ConfigDelivery } from '../../src/delivery/config-delivery.js';
import { openControl } from '../../src/scenarios/control/control.js';
import { serveFaults } from '../../src/scenarios/control/fault-api.js';
import { Orders } from '../../src/scenarios/timeline/orders.js';
import type { World } from '../../src/scenarios/world.js';
import { ActiveFaults, type Injection } from '../../src/upstream/active-faults.js';
import type { WorkerConfig } from '../../src/upstream/config.js';
import type { WorkerFaultName } from '../../src/upstream/faults/worker-faults.js';
import type { Fleet } from '../../src/upstream/fleet.js';
import { constant, startFaultyFleet } from '../support/faulty-fleet.js';
import { ask as askWorker } from '../support/gateway.js';

const openFor = async (fleet: { status(): readonly { readonly worker: string }[] }) => {
  const delivery = new ConfigDelivery<WorkerConfig>({
    to: 'workers',
    readers: ['worker-1'],
    initial: { downstream: { service: 's', endpoints: [{ name: 'a', weight: 1 }] } },
    assign: () => {},
    health: () => ({ exits: 0, heapRatio: 0 }),
    check: () => null,
    clock: new VirtualClock(),
    emit: () => {},
  });
  const scope = { workers: fleet.status().map(({ worker }) => worker), gateway: {} };
  const world = { fleet, scope } as unknown as World;
  const send = () => ({ abort: () => {} });
  const orders = new Orders({ clock: new VirtualClock(), emit: () => {}, send });
  const control = await openControl({ world, delivery, orders });
  onTestFinished(() => control.close());
  return async (method: string, query = '', body?: unknown) => {
    const response = await fetch(`${control.address}/faults${query}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
};

/** Three workers of which the last is down, without processes. */
const makeFleet = () => {
  const clock = new VirtualClock();
  const workers = new Map(
    ['worker-1', 'worker-2', 'worker-3'].map((id) => [id, new ActiveFaults(id, clock, () => {})]),
  );
  for (const id of ['worker-1', 'worker-2']) workers.get(id)!.started({ send: () => {}, kill: () => {} });
  const fleet = {
    status: () => [...workers].map(([worker, faults]) => ({ worker, faults: faults.list })),
    inject: (id: string, injection: Injection) => workers.get(id)!.inject(injection),
    heal: (id: string, fault: WorkerFaultName | null) => workers.get(id)!.heal(fault),
  };
  return { fleet, clock };
};

const open = async () => {
  const { fleet, clock } = makeFleet();
  return { ask: await openFor(fleet), clock };
};

describe('POST /faults', () => {
  it('injects as a timeline would, and GET tells of it until its time is over', async () => {
    const { ask, clock } = await open();
    const order = { inject: 'slow', on: 'worker-1', factor: 66, share: '1%', for: '2s' };
    expect(await ask('POST', '', order)).toEqual({
      status: 200,
      body: { injected: ['worker-1'], down: [] },
    });
    const options = { factor: 66, share: 0.01, requests: null };
    expect(await ask('GET')).toEqual({
      status: 200,
      body: [{ worker: 'worker-1', fault: 'slow', options, forMs: 2_000 }],
    });
    clock.advance(2_000);
    expect((await ask('GET')).body).toEqual([]);
  });

  it('says who is down and cannot get it; what outlasts a process waits there', async () => {
    const { ask } = await open();
    expect((await ask('POST', '', { inject: 'hang', on: 'all' })).body).toEqual({
      injected: ['worker-1', 'worker-2'],
      down: ['worker-3'],
    });
    expect((await ask('POST', '', { inject: 'errors', on: ['worker-3'] })).body).toEqual({
      injected: ['worker-3'],
      down: [],
    });
  });

  it.each<[string, unknown, string]>([
    ['that there is not', { inject: 'leek', on: 'all' }, 'inject: expected one of leak, '],
    ['of nothing', { on: 'all' }, 'missing `inject`, the name of a fault'],
    ['without a worker', { inject: 'slow' }, 'inject: needs `on`, the worker it goes to'],
    [
      'of a worker that there is not',
      { inject: 'slow', on: 'worker-9' },
      'on: there is no worker-9; there are worker-1,',
    ],
    ['out of range', { inject: 'slow', on: 'all', share: '0%' }, 'share: must be above 0%'],
    ['without a unit', { inject: 'leak', on: 'all', perRequest: 200 }, 'perRequest: expected a size'],
    [
      'with another’s parameter',
      { inject: 'stop', on: 'all', factor: 2 },
      'factor: factor means nothing to stop',
    ],
    ['with an unknown key', { inject: 'stop', on: 'all', force: true }, 'force: unknown key'],
    ['without the time it needs', { inject: 'event-loop-block', on: 'all' }, 'inject: needs `for`'],
    [
      'for longer than can be kept',
      { inject: 'hang', on: 'all', for: '600h' },
      'for: is 600h; the longest time',
    ],
    ['at a moment', { inject: 'hang', on: 'all', at: '5s' }, 'at: it happens now'],
    ['and something else', { inject: 'hang', on: 'all', note: 'a' }, 'note'],
    ['that is no object', ['hang'], 'expected an object such as'],
  ])('refuses one %s with 422, and says why', async (_title, body, message) => {
    const { ask } = await open();
    const refused = await ask('POST', '', body);
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toContain(message);
    expect((await ask('GET')).body).toEqual([]);
  });
});

describe('DELETE /faults', () => {
  const inject = async () => {
    const { ask } = await open();
    for (const [fault, on] of [
      ['slow', 'worker-1'],
      ['hang', 'worker-1'],
      ['slow', 'worker-2'],
    ])
      await ask('POST', '', { inject: fault, on });
    return ask;
  };

  it.each([
    ['', ['slow worker-1', 'hang worker-1', 'slow worker-2']],
    ['?fault=slow', ['slow worker-1', 'slow worker-2']],
    ['?on=worker-1', ['slow worker-1', 'hang worker-1']],
    ['?fault=slow&on=worker-1', ['slow worker-1']],
    ['?fault=errors&on=all', []],
  ])('%s heals %j', async (query, healed) => {
    const ask = await inject();
    const { status, body } = await ask('DELETE', query);
    expect(status).toBe(200);
    expect(
      body.healed.map(({ fault, worker }: { fault: string; worker: string }) => `${fault} ${worker}`),
    ).toEqual(healed);
    expect((await ask('GET')).body).toHaveLength(3 - healed.length);
  });

  it.each([
    ['?fault=leek', 'heal: expected one of leak, '],
    ['?on=worker-9', 'on: there is no worker-9'],
    ['?fault=crash', 'heal: crash is over when it has begun'],
    ['?fault=event-loop-block', 'heal: event-loop-block cannot be healed before its time'],
    ['?worker=worker-1', 'worker: unknown key'],
  ])('%s is refused with 422', async (query, message) => {
    const ask = await inject();
    const refused = await ask('DELETE', query);
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toContain(message);
    expect((await ask('GET')).body).toHaveLength(3);
  });
});

it('knows the clusters of the scenario as a timeline does', async () => {
  const app = Fastify();
  onTestFinished(() => app.close());
  const east = ['worker-1', 'worker-2'];
  const workers = [...east, 'worker-3'];
  const scope = () => ({ workers, clusters: { east }, gateway: {} });
  serveFaults(app, makeFleet().fleet as unknown as Fleet, scope);
  const post = (payload: object) => app.inject({ method: 'POST', url: '/faults', payload });
  expect((await post({ inject: 'slow', on: 'east' })).json()).toEqual({ injected: east, down: [] });
  const refused = await post({ inject: 'slow', on: 'west' });
  expect(refused.statusCode).toBe(422);
  expect(refused.json().message).toContain('there are worker-1, worker-2, worker-3, east');
  const healed = await app.inject({ method: 'DELETE', url: '/faults?on=east' });
  expect(healed.json().healed).toHaveLength(2);
});

it('reaches a real worker', async () => {
  const workers = await startFaultyFleet({ workers: 1, serviceTime: constant('1ms') });
  const ask = await openFor(workers.fleet);
  await ask('POST', '', { inject: 'errors', on: 'worker-1', statuses: [503] });
  await workers.heard('worker-1');
  expect((await askWorker(workers.port)).status).toBe(503);
  expect((await ask('DELETE')).body).toEqual({ healed: [{ worker: 'worker-1', fault: 'errors' }] });
  await workers.heard('worker-1');
  expect((await askWorker(workers.port)).status).toBe(200);
});
