/** A config that is tried out before it goes to any reader. */
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/core/events.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { ConfigDelivery } from '../../../src/delivery/config-delivery.js';
import type { ConfigChange } from '../../../src/delivery/config-lock.js';
import { resolveTrial } from '../../../src/delivery/trial.js';
import { AT_ONCE, BROKEN } from '../../support/config-readers.js';

const BY: ConfigChange = { by: 'a test', breakGlass: '' };
const TRIAL = { forMs: 1_000, maxGrowthRatio: 0.25 };

/** @param whileTried runs while a config is tried out. */
const open = (whileTried: (delivery: ConfigDelivery<string>) => void = () => {}) => {
  const clock = new VirtualClock();
  const assigned: string[] = [];
  const tried: string[] = [];
  const delivery: ConfigDelivery<string> = new ConfigDelivery<string>({
    to: 'readers',
    readers: ['w1', 'w2'],
    initial: 'first',
    assign: (reader, _version, config) => assigned.push(`${reader}: ${config}`),
    health: () => ({ exits: 0, heapRatio: 0 }),
    check: (config) => (config === BROKEN ? 'it is broken' : null),
    tryOut: async (config, running, { forMs }) => {
      tried.push(`${config} after ${running} for ${forMs}`);
      whileTried(delivery);
      return config === 'greedy' ? 'it takes all memory' : null;
    },
    clock,
    emit: new EventStream(() => clock.nowMs()).emit,
  });
  return { assigned, tried, delivery };
};

describe('a config that is tried out first', () => {
  it('goes to the readers when nothing is wrong with it', async () => {
    const { assigned, tried, delivery } = open();
    expect(await delivery.pushTried('second', AT_ONCE, BY, TRIAL)).toMatchObject({ status: 202, version: 2 });
    expect(tried).toEqual(['second after first for 1000']);
    expect(assigned).toEqual(['w1: second', 'w2: second']);
  });

  it('goes to nobody when something is, and that is written down', async () => {
    const { assigned, delivery } = open();
    const outcome = await delivery.pushTried('greedy', AT_ONCE, BY, TRIAL);
    expect(outcome).toEqual({ accepted: false, status: 422, reason: 'it takes all memory' });
    expect(assigned).toEqual([]);
    expect(delivery.lock.audit).toMatchObject([
      { by: 'a test', allowed: false, reason: 'it takes all memory' },
    ]);
  });

  it('is refused when another one was ordered meanwhile', async () => {
    const { assigned, delivery } = open((other) => other.push('third', AT_ONCE, BY));
    expect(await delivery.pushTried('second', AT_ONCE, BY, TRIAL)).toMatchObject({ status: 409 });
    expect(assigned).toEqual(['w1: third', 'w2: third']);
  });

  it('gets no trial when it is not valid, or the config is locked', async () => {
    const { tried, delivery } = open();
    expect(await delivery.pushTried(BROKEN, AT_ONCE, BY, TRIAL)).toMatchObject({ status: 422 });
    delivery.lockConfig('a test', 'an incident');
    expect(await delivery.pushTried('second', AT_ONCE, BY, TRIAL)).toMatchObject({ status: 423 });
    expect(tried).toEqual([]);
  });

  it('is refused when the config was locked meanwhile', async () => {
    const { assigned, delivery } = open((other) => other.lockConfig('a test', 'an incident'));
    expect(await delivery.pushTried('second', AT_ONCE, BY, TRIAL)).toMatchObject({ status: 423 });
    expect(assigned).toEqual([]);
  });
});

describe('a trial', () => {
  it.each([
    [{}, null],
    [{ trial: {} }, TRIAL],
    [{ trial: { for: '300ms', maxGrowth: '40%' } }, { forMs: 300, maxGrowthRatio: 0.4 }],
  ])('as written in %j is %j', (section, trial) => expect(resolveTrial(section)).toEqual(trial));
});
