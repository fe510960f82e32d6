/** What is at work, told by workers and dependencies and by events: who has it, since when, and what ends it. */
import { describe, expect, it } from 'vitest';
import type { EventMap, EventType } from '../../../../src/core/event-map.js';
import type { Event } from '../../../../src/core/events.js';
import { AtWorkList } from '../../../../src/scenarios/live/at-work.js';
import type { DependencyStatus } from '../../../../src/upstream/dependencies/dependency-fleet.js';
import type { WorkerStatus } from '../../../../src/upstream/fleet.js';

const event = <Type extends EventType>(type: Type, fields: EventMap[Type]): Event =>
  ({ atMs: 0, type, ...fields }) as unknown as Event;

const worker = (id: string, ...faults: readonly object[]): WorkerStatus =>
  ({ worker: id, faults }) as unknown as WorkerStatus;

const slow = { fault: 'slow', options: { factor: 10 }, forMs: 5_000 };

const told = (...events: readonly Event[]) => {
  const list = new AtWorkList();
  for (const one of events) list.event(one);
  return list.list([], [], 3);
};

const post = (body: object) => ({ method: 'POST', path: 'timeline', body });

describe('what is at work', () => {
  it('is one for all who have the same, with the first since and the last until', () => {
    const list = new AtWorkList();
    list.list([worker('worker-1', slow), worker('worker-2')], [], 1);
    const both = [worker('worker-1', slow), worker('worker-2', slow)];
    expect(list.list(both, [], 2)).toEqual([
      {
        ...{ kind: 'worker', what: 'slow', on: ['worker-1', 'worker-2'], how: ' (factor 10)' },
        ...{ sinceS: 1, untilS: 7, heal: post({ heal: 'slow', on: ['worker-1', 'worker-2'] }) },
      },
    ]);
  });

  it('begins anew when it was over', () => {
    const list = new AtWorkList();
    list.list([worker('worker-1', slow)], [], 1);
    list.list([worker('worker-1')], [], 2);
    expect(list.list([worker('worker-1', slow)], [], 3)).toMatchObject([{ sinceS: 3, untilS: 8 }]);
  });

  it('cannot be ended where nothing reaches it', () => {
    const blocked = { fault: 'event-loop-block', options: {}, forMs: 2_000 };
    expect(new AtWorkList().list([worker('worker-1', blocked)], [], 0)).toMatchObject([{ heal: null }]);
  });

  it('is of dependencies too', () => {
    const store = {
      dependency: 'store',
      up: true,
      faults: [{ fault: 'hang', options: {}, forMs: null }],
    } as DependencyStatus;
    expect(new AtWorkList().list([], [store], 4)).toMatchObject([
      { kind: 'dependency', what: 'hang', untilS: null, heal: post({ recover: 'hang', on: 'store' }) },
    ]);
  });

  const NAME = { fault: 'dns-nxdomain', worker: 'worker-1' };
  const TOXIC = { link: 'worker-2', name: 'latency_downstream', toxic: 'latency' };
  const FLOOD = { path: '/', rateRps: 300, identities: 20 };
  const PATIENCE = { classes: [], changes: { patience: '1s' } };
  it.each<[string, Event, object, Event]>([
    [
      'a name',
      event('fault.injected', { ...NAME, forMs: null, options: {} }),
      { kind: 'name', what: 'nxdomain', on: ['worker-1'], heal: post({ dns: 'heal', on: 'worker-1' }) },
      event('fault.healed', { ...NAME, reason: 'ordered' }),
    ],
    [
      'a link',
      event('link.toxic-added', {
        ...TOXIC,
        ...{
          stream: 'downstream',
          toxicity: 0.5,
          attributes: { latency: 500 },
          forMs: 2_000,
          by: 'timeline',
        },
      }),
      {
        ...{ kind: 'link', what: 'latency', how: ' (latency 500, toxicity 0.5)', untilS: 5 },
        heal: post({ 'remove-toxic': 'latency', on: 'worker-2' }),
      },
      event('link.toxic-removed', { ...TOXIC, reason: 'api' }),
    ],
    [
      'a gateway that is gone',
      event('gateway.disrupted', { gateway: 'gateway-1', how: 'kill', forMs: null }),
      { kind: 'gateway', what: 'kill', heal: post({ disrupt: 'kill', on: 'gateway-1', for: '1ms' }) },
      event('gateway.recovered', { gateway: 'gateway-1', how: 'kill' }),
    ],
    [
      'a certificate',
      event('certificate.replaced', { gateway: 'edge', as: 'expired', forMs: null }),
      { kind: 'certificate', on: ['edge'], heal: post({ certificate: 'renewed', on: 'edge' }) },
      event('certificate.replaced', { gateway: 'edge', as: 'valid', forMs: null }),
    ],
    [
      'a flood',
      event('flood.began', FLOOD),
      { kind: 'clients', what: 'flood', on: [], heal: null },
      event('flood.ended', { path: '/', sent: 1, skipped: 0 }),
    ],
    [
      'an update that goes back',
      event('clients.updated', { ...PATIENCE, forMs: 9_000 }),
      { kind: 'clients', how: ': patience 1s', untilS: 12, heal: null },
      event('clients.reverted', PATIENCE),
    ],
    [
      'the load',
      event('load.changed', { scale: 1, rateRps: 200 }),
      { kind: 'load', heal: { method: 'PUT', path: 'load', body: { scale: 1 } } },
      event('load.changed', { scale: 1, rateRps: null }),
    ],
    [
      'a lock of the workers’ config',
      event('config.locked', { by: 'me', reason: 'freeze', to: 'workers' }),
      { kind: 'lock', on: ['workers'], how: ': freeze', heal: post({ 'unlock-config': {} }) },
      event('config.unlocked', { by: 'me', to: 'workers' }),
    ],
    [
      'a lock of the gateway’s',
      event('config.locked', { by: 'me', reason: 'freeze', to: 'gateway' }),
      { kind: 'lock', on: ['gateway'], heal: { method: 'DELETE', path: 'gateway/config/lock', body: {} } },
      event('config.unlocked', { by: 'me', to: 'gateway' }),
    ],
  ])('is %s from the event that begins it to the one that ends it', (_what, begins, expected, ends) => {
    expect(told(begins)).toMatchObject([expected]);
    expect(told(begins, ends)).toEqual([]);
  });

  it('stays where another fault of a name has taken its place', () => {
    const other = event('fault.injected', { ...NAME, fault: 'dns-timeout', forMs: null, options: {} });
    const first = event('fault.injected', { ...NAME, forMs: null, options: {} });
    const replaced = event('fault.healed', { ...NAME, reason: 'replaced' });
    expect(told(first, other, replaced)).toMatchObject([{ what: 'timeout' }]);
  });

  it('is not what clients do from now on', () => {
    expect(told(event('clients.updated', { ...PATIENCE, forMs: null }))).toEqual([]);
  });
});
