/** The control API of a run over HTTP: pushes, the lock that refuses them with 423, break-glass, the audit. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Emit } from '../../src/core/events.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { ConfigDelivery } from '../../src/delivery/config-delivery.js';
import { openControl } from '../../src/scenarios/control/control.js';
import { Orders } from '../../src/scenarios/timeline/orders.js';
import type { World } from '../../src/scenarios/world.js';
import { checkWorkerConfig, type WorkerConfig } from '../../src/upstream/config.js';

const config = (weight: number): WorkerConfig => ({
  downstream: { service: 'store', endpoints: [{ name: 'a', weight }] },
});

const open = async () => {
  const assigned: [reader: string, version: number][] = [];
  const events: string[] = [];
  const clock = new VirtualClock();
  const delivery = new ConfigDelivery<WorkerConfig>({
    to: 'workers',
    readers: ['worker-1', 'worker-2'],
    initial: config(1),
    assign: (reader, version) => assigned.push([reader, version]),
    health: () => ({ exits: 0, heapRatio: 0 }),
    check: checkWorkerConfig,
    tryOut: async ({ downstream }) => (downstream.endpoints[0]!.weight > 1_000 ? 'it grows' : null),
    clock,
    emit: ((type) => events.push(type)) as Emit,
  });
  const fleet = { status: () => [{ worker: 'worker-1', up: true }] };
  const world = { fleet, scope: { workers: ['worker-1', 'worker-2'] } } as unknown as World;
  const send = () => ({ abort: () => {} });
  const orders = new Orders({ clock, emit: () => {}, send });
  const control = await openControl({ world, delivery, orders });
  onTestFinished(() => control.close());
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${control.address}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  };
  return { ask, assigned, events, delivery, address: control.address };
};

describe('the control API', () => {
  it('tells of the workers and of the config', async () => {
    const { ask } = await open();
    expect((await ask('GET', '/workers')).body).toEqual([{ worker: 'worker-1', up: true }]);
    expect((await ask('GET', '/config')).body).toEqual({
      version: 1,
      underWay: null,
      locked: false,
      config: config(1),
    });
  });

  it('takes a push with 202, and hands it to the readers', async () => {
    const { ask, assigned } = await open();
    const pushed = await ask('PUT', '/config', { by: 'ann', config: config(2) });
    expect(pushed).toEqual({ status: 202, body: { version: 2 } });
    expect(assigned).toEqual([
      ['worker-1', 2],
      ['worker-2', 2],
    ]);
  });

  it('answers a push with a trial when that is over', async () => {
    const { ask, assigned } = await open();
    const refused = await ask('PUT', '/config', { by: 'ann', config: config(80_000), trial: {} });
    expect(refused).toMatchObject({ status: 422, body: { detail: 'it grows' } });
    expect(assigned).toEqual([]);
    const pushed = await ask('PUT', '/config', { by: 'ann', config: config(2), trial: { for: '200ms' } });
    expect(pushed).toEqual({ status: 202, body: { version: 2 } });
  });

  it.each([
    ['of the wrong form', { downstream: { service: 'store' } }],
    ['that no call could follow', config(0)],
  ])('refuses a config %s with 422, and nothing changes', async (_title, bad) => {
    const { ask, assigned, events } = await open();
    expect((await ask('PUT', '/config', { by: 'ann', config: bad })).status).toBe(422);
    expect(assigned).toEqual([]);
    expect(events).toEqual(['config.refused']);
    expect((await ask('GET', '/config/audit')).body).toMatchObject([
      { by: 'ann', action: 'push', allowed: false, reason: expect.stringMatching(/./) },
    ]);
  });

  it.each([
    ['without saying who', { config: config(2) }],
    ['with a key that nobody knows', { by: 'ann', config: config(2), force: true }],
  ])('refuses a push %s with 400', async (_title, body) => {
    const { ask } = await open();
    expect((await ask('PUT', '/config', body)).status).toBe(400);
  });

  it('refuses a push with 423 while the config is locked, says by whom and why, and still rolls back', async () => {
    const { ask, assigned } = await open();
    await ask('PUT', '/config', { by: 'ann', config: config(2) });
    expect((await ask('PUT', '/config/lock', { by: 'bob', reason: 'outage' })).status).toBe(204);
    const refused = await ask('PUT', '/config', { by: 'ann', config: config(3) });
    expect(refused.status).toBe(423);
    expect(refused.body.detail).toBe('the config is locked by bob: outage');
    expect((await ask('POST', '/config/rollback', { by: 'bob' })).status).toBe(202);
    expect(assigned.at(-1)).toEqual(['worker-2', 1]);
    expect((await ask('POST', '/config/rollback', { by: 'bob' })).status).toBe(409);
  });

  it('lets a push through the lock with a reason, and tells of it', async () => {
    const { ask, events } = await open();
    await ask('PUT', '/config/lock', { by: 'bob', reason: 'outage' });
    const pushed = await ask('PUT', '/config', {
      by: 'ann',
      config: config(2),
      breakGlass: 'the fix itself',
    });
    expect(pushed.status).toBe(202);
    expect(events).toContain('config.glass-broken');
  });

  it('takes pushes again when it is unlocked', async () => {
    const { ask } = await open();
    await ask('PUT', '/config/lock', { by: 'bob', reason: 'outage' });
    expect((await ask('DELETE', '/config/lock?by=bob')).status).toBe(204);
    expect((await ask('PUT', '/config', { by: 'ann', config: config(2) })).status).toBe(202);
  });

  it('writes down who asked for what, and what was decided', async () => {
    const { ask } = await open();
    await ask('PUT', '/config/lock', { by: 'bob', reason: 'outage' });
    await ask('PUT', '/config', { by: 'ann', config: config(2) });
    await ask('PUT', '/config', { by: 'ann', config: config(2), breakGlass: 'the fix' });
    await ask('POST', '/config/rollback', { by: 'eve' });
    const lines = (await ask('GET', '/config/audit')).body as {
      by: string;
      action: string;
      allowed: boolean;
    }[];
    expect(lines.map(({ by, action, allowed }) => [by, action, allowed])).toEqual([
      ['bob', 'lock', true],
      ['ann', 'push', false],
      ['ann', 'push', true],
      ['eve', 'rollback', true],
    ]);
  });

  it.each<[string, Record<string, string>, number]>([
    ['an origin of its own', { 'content-type': 'application/json', origin: 'http://evil.example' }, 403],
    ['a form', { 'content-type': 'text/plain' }, 415],
  ])('keeps out a page of another site with %s', async (_what, headers, status) => {
    const { address, events } = await open();
    const body = JSON.stringify({ by: 'eve' });
    const refused = await fetch(`${address}/config/rollback`, { method: 'POST', headers, body });
    expect([refused.status, events]).toEqual([status, []]);
    expect(await refused.json()).toMatchObject({ status, detail: expect.any(String) });
  });
});
