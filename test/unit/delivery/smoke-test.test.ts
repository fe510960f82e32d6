/** A config that has to answer some requests before it goes to anybody's. */
import { describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/core/events.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { ConfigChange } from '../../../src/delivery/config-lock.js';
import { resolveSmokeTest } from '../../../src/delivery/smoke-test.js';
import { TrafficDelivery } from '../../../src/delivery/traffic-delivery.js';
import { resolveTrafficStrategy } from '../../../src/delivery/traffic-strategy.js';
import { BROKEN } from '../../support/config-readers.js';
import { ConfigTraffic } from '../../support/config-traffic.js';

const AT_ONCE = { name: 'all-at-once' } as const;
const BY: ConfigChange = { by: 'a test', breakGlass: '' };
const CHECKS = resolveSmokeTest({ smokeTest: [{ path: '/a' }] });

/** @param meanwhile runs while a config is tested. */
const open = (meanwhile: (delivery: TrafficDelivery<string>, clock: VirtualClock) => void = () => {}) => {
  const clock = new VirtualClock();
  const applied: string[] = [];
  const tested: string[] = [];
  const delivery: TrafficDelivery<string> = new TrafficDelivery<string>({
    to: 'gateway',
    initial: 'first',
    apply: ({ stable }) => {
      applied.push(stable.config);
      return null;
    },
    check: (config) => (config === BROKEN ? 'it is broken' : null),
    smokeTest: async (config, checks) => {
      tested.push(`${config}: ${checks.map(({ path }) => path).join(' ')}`);
      meanwhile(delivery, clock);
      if (config === 'alone') return { status: 409, reason: 'nobody can' };
      return config === 'dead' ? { status: 422, reason: 'it answers 502' } : null;
    },
    clock,
    emit: new EventStream(() => clock.nowMs()).emit,
  });
  return { applied, tested, delivery };
};

describe('a config that is tested first', () => {
  it('goes out when it answers as it should', async () => {
    const { applied, tested, delivery } = open();
    expect(await delivery.pushTested('second', AT_ONCE, BY, CHECKS)).toMatchObject({
      status: 202,
      version: 2,
    });
    expect(tested).toEqual(['second: /a']);
    expect(applied).toEqual(['second']);
  });

  it('goes nowhere when it does not, and that is written down', async () => {
    const { applied, delivery } = open();
    const outcome = await delivery.pushTested('dead', AT_ONCE, BY, CHECKS);
    expect(outcome).toEqual({ accepted: false, status: 422, reason: 'it answers 502' });
    expect(applied).toEqual([]);
    expect(delivery.lock.audit).toMatchObject([{ by: 'a test', allowed: false, reason: 'it answers 502' }]);
  });

  it('is refused otherwise when nobody could test it, for that says nothing of it', async () => {
    const { applied, delivery } = open();
    const outcome = await delivery.pushTested('alone', AT_ONCE, BY, CHECKS);
    expect(outcome).toEqual({ accepted: false, status: 409, reason: 'nobody can' });
    expect(applied).toEqual([]);
    expect(delivery.lock.audit).toEqual([]);
  });

  it('is refused where nobody ever can', async () => {
    const traffic = new ConfigTraffic();
    expect(await traffic.delivery.pushTested('second', AT_ONCE, BY, CHECKS)).toMatchObject({ status: 409 });
    expect(traffic.delivery.version).toBe(1);
  });

  it('takes the place of one whose rollout goes on, ends well or goes back meanwhile', async () => {
    const stages = [
      { share: '50%', bake: '1s' },
      { share: '100%', bake: '1s' },
    ];
    const staged = resolveTrafficStrategy({ strategy: 'staged', staged: { stages, minResults: 1 } });
    for (const failures of [0, 1]) {
      const { delivery } = open((other, clock) => {
        for (let results = 0; results < 40; results++) {
          clock.advance(100);
          other.onResults(2, 10, failures * 10);
          other.onResults(1, 10, 0);
        }
      });
      delivery.push('second', staged, BY);
      expect(await delivery.pushTested('third', AT_ONCE, BY, CHECKS)).toMatchObject({
        status: 202,
        version: 3,
      });
    }
  });

  it('is asked nothing when it was made from another version, and is told so', async () => {
    const { tested, delivery } = open();
    const outcome = await delivery.pushTested('dead', AT_ONCE, { ...BY, basedOn: 7 }, CHECKS);
    expect(outcome).toMatchObject({ status: 409, reason: expect.stringContaining('made from version 7') });
    expect(tested).toEqual([]);
  });

  it('is refused when another one was ordered meanwhile', async () => {
    const { applied, delivery } = open((other) => other.push('third', AT_ONCE, BY));
    expect(await delivery.pushTested('second', AT_ONCE, BY, CHECKS)).toMatchObject({ status: 409 });
    expect(applied).toEqual(['third']);
  });

  it('is refused when the config was locked meanwhile', async () => {
    const { applied, delivery } = open((other) => other.lockConfig('a test', 'an incident'));
    expect(await delivery.pushTested('second', AT_ONCE, BY, CHECKS)).toMatchObject({ status: 423 });
    expect(applied).toEqual([]);
  });

  it('is not asked anything when it is not valid, or the config is locked, or there is nothing to ask', async () => {
    const { tested, delivery } = open();
    expect(await delivery.pushTested(BROKEN, AT_ONCE, BY, CHECKS)).toMatchObject({ status: 422 });
    expect(await delivery.pushTested('second', AT_ONCE, BY, [])).toMatchObject({ status: 202 });
    delivery.lockConfig('a test', 'an incident');
    expect(await delivery.pushTested('third', AT_ONCE, BY, CHECKS)).toMatchObject({ status: 423 });
    expect(tested).toEqual([]);
  });
});

describe('a smoke test', () => {
  it.each([
    [{}, []],
    [
      { smokeTest: [{ path: '/' }] },
      [{ path: '/', headers: {}, status: null, upstreams: null, requests: 5 }],
    ],
    [
      {
        smokeTest: [
          { path: '/a', headers: { Host: 'shop' }, status: 204, upstreams: ['worker-1'], requests: 2 },
        ],
      },
      [{ path: '/a', headers: { host: 'shop' }, status: 204, upstreams: ['worker-1'], requests: 2 }],
    ],
  ])('as written in %j is %j', (section, checks) => expect(resolveSmokeTest(section)).toEqual(checks));
});
