/**
 * What keeps an old or unlooked-for config from its readers: the number of the order that each assignment carries, the
 * version that a config was made from, and approval for what a guard holds back.
 */
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/core/events.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { ConfigDelivery } from '../../../src/delivery/config-delivery.js';
import type { ConfigChange } from '../../../src/delivery/config-lock.js';
import { sizeGuard } from '../../../src/delivery/guards.js';
import { AT_ONCE, CANARY, ROLLING } from '../../support/config-readers.js';

const BY: ConfigChange = { by: 'a test', breakGlass: '' };

const open = () => {
  const clock = new VirtualClock();
  const assigned: string[] = [];
  const exits = new Map<string, number>();
  const delivery = new ConfigDelivery<string>({
    to: 'readers',
    readers: ['w1', 'w2'],
    initial: 'first',
    assign: (reader, version, _config, order) => assigned.push(`${reader}=${version} by ${order}`),
    health: (reader) => ({ exits: exits.get(reader) ?? 0, heapRatio: 0 }),
    check: () => null,
    guards: [sizeGuard({ measure: (config) => config.length, floor: 10 })],
    clock,
    emit: new EventStream(() => clock.nowMs()).emit,
  });
  return { clock, assigned, exits, delivery };
};

describe('an order', () => {
  it('has a number that grows with a rollback too, while the version goes back', () => {
    const { assigned, delivery } = open();
    delivery.push('second', AT_ONCE, BY);
    delivery.rollback(AT_ONCE, 'a test', 'it is bad');
    expect(assigned).toEqual(['w1=2 by 1', 'w2=2 by 1', 'w1=1 by 2', 'w2=1 by 2']);
  });

  it('has a number of its own when a canary is taken back', () => {
    const { clock, assigned, exits, delivery } = open();
    delivery.push('second', CANARY, BY);
    exits.set('w1', 1);
    clock.advance(50);
    expect(assigned).toEqual(['w1=2 by 1', 'w1=1 by 2']);
  });

  it('has one number however long it is on its way', () => {
    const { clock, assigned, delivery } = open();
    delivery.push('second', ROLLING, BY);
    clock.advance(1_000);
    expect(assigned).toEqual(['w1=2 by 1', 'w2=2 by 1']);
  });
});

describe('a config made from a version that is not in force any more', () => {
  it('is refused, and goes out when somebody says why', () => {
    const { assigned, delivery } = open();
    delivery.push('second', AT_ONCE, { ...BY, basedOn: 1 });
    expect(delivery.push('late', AT_ONCE, { ...BY, basedOn: 1 })).toEqual({
      accepted: false,
      status: 409,
      reason:
        'it was made from version 1, and version 2 is in force; to send it out all the same, approve it with a reason',
    });
    expect(delivery.config).toBe('second');
    expect(assigned).toHaveLength(2);
    expect(delivery.push('late', AT_ONCE, { ...BY, basedOn: 1, approve: 'I have seen it' })).toMatchObject({
      accepted: true,
      version: 3,
    });
  });
});

describe('approval', () => {
  const LARGE = 'x'.repeat(20);

  it('is written down with what it was needed for', () => {
    const { delivery } = open();
    expect(delivery.push(LARGE, AT_ONCE, BY)).toMatchObject({ status: 409 });
    delivery.push(LARGE, AT_ONCE, { ...BY, approve: 'the list has grown' });
    expect(delivery.lock.audit.map(({ action, allowed, reason }) => [action, allowed, reason])).toEqual([
      ['push', false, 'it would make the config grow 2 times (size 5 before, 20 after)'],
      ['push', true, ''],
      [
        'approve',
        true,
        'the list has grown (although it would make the config grow 2 times (size 5 before, 20 after))',
      ],
    ]);
  });

  it('that was not needed is not written down', () => {
    const { delivery } = open();
    delivery.push('second', AT_ONCE, { ...BY, approve: 'to be sure' });
    expect(delivery.lock.audit.map(({ action }) => action)).toEqual(['push']);
  });

  it('does not pass a lock by', () => {
    const { delivery } = open();
    delivery.lockConfig('somebody', 'an outage');
    expect(delivery.push(LARGE, AT_ONCE, { ...BY, approve: 'now' })).toMatchObject({ status: 423 });
    expect(delivery.config).toBe('first');
  });
});

describe('the register', () => {
  it('knows what each reader is meant to run from the beginning', () => {
    const { delivery, clock } = open();
    expect(delivery.register.list(0).map(({ reader, meant }) => [reader, meant])).toEqual([
      ['w1', 1],
      ['w2', 1],
    ]);
    delivery.push('second', ROLLING, BY);
    delivery.register.saw('w1', 2, 10);
    delivery.register.saw('w2', 1, 10);
    expect(delivery.register.list(20).map(({ condition }) => condition)).toEqual(['current', 'current']);
    clock.advance(1_000);
    expect(delivery.register.list(1_000).map(({ condition }) => condition)).toEqual(['current', 'behind']);
  });
});

describe('versions', () => {
  it('can be gone back to one after another, but not without end', () => {
    const { delivery } = open();
    for (let version = 2; version <= 30; version++) delivery.push(`v${version}`, AT_ONCE, BY);
    const reached: string[] = [];
    while (delivery.rollback(AT_ONCE, 'a test', 'further').accepted) reached.push(delivery.config);
    expect(reached).toEqual(Array.from({ length: 19 }, (_, index) => `v${29 - index}`));
  });
});
