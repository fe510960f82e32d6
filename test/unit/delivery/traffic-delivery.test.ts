/**
 * The whole of a delivery to a reader that serves requests, on a virtual clock: a config goes out in stages, comes back
 * by itself or by hand, and drops no request on the way.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigChange } from '../../../src/delivery/config-lock.js';
import { resolveTrafficStrategy } from '../../../src/delivery/traffic-strategy.js';
import { ConfigTraffic, UNBUILDABLE } from '../../support/config-traffic.js';

const AT_ONCE = resolveTrafficStrategy({});
const STAGED = resolveTrafficStrategy({ strategy: 'staged' });
const BY: ConfigChange = { by: 'a test', breakGlass: '' };

describe('a config that is pushed in stages', () => {
  it('gets a growing share of the requests, and then all of them', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    traffic.serve(41_000);
    expect(traffic.shares).toEqual(['2: 5%', '2: 25%', '2: 50%', '2: 100%']);
    expect(traffic.delivery).toMatchObject({ version: 2, underWay: null, status: null, config: 'second' });
    expect(traffic.seen()).toEqual(['config.pushed', 'config.promoted']);
    expect(traffic.versions.stable.config).toBe('second');
    expect(traffic.dropped).toBe(0);
  });

  it('says how far it is and what it waits for', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    traffic.clock.advance(15_000);
    expect(traffic.delivery.status).toEqual({
      version: 2,
      stage: 1,
      shareRatio: 0.05,
      waitsFor: 'too-few-results',
    });
  });

  it('is told to have everything also where the last stage was less', () => {
    const traffic = new ConfigTraffic();
    const staged = { stages: [{ share: '50%', bake: '1s' }] };
    traffic.delivery.push('second', resolveTrafficStrategy({ strategy: 'staged', staged }), BY);
    traffic.serve(2_000);
    expect(traffic.shares).toEqual(['2: 50%', '2: 100%']);
  });

  it('that fails is taken back by itself within a second, and only its share has suffered', () => {
    const traffic = new ConfigTraffic();
    traffic.failing.add('bad');
    traffic.delivery.push('bad', STAGED, BY);
    traffic.serve(1_000);
    expect(traffic.delivery).toMatchObject({ version: 1, underWay: null });
    expect(traffic.shares).toEqual(['2: 5%', '2: 0%']);
    expect(traffic.seen()).toEqual(['config.pushed', 'config.rolled-back', 'config.rollback-finished']);
    expect(traffic.events[1]).toMatchObject({
      from: 2,
      version: 1,
      reason: expect.stringContaining('results failed'),
    });
    expect(traffic.failed / traffic.answered).toBeLessThan(0.06);
    const { failed } = traffic;
    traffic.serve(1_000);
    expect(traffic.failed).toBe(failed);
  });

  it('is taken back by its results alone when timers do not fire any more', () => {
    const traffic = new ConfigTraffic();
    traffic.failing.add('bad');
    traffic.delivery.push('bad', STAGED, BY);
    traffic.timersFire = false;
    traffic.serve(1_000);
    expect(traffic.delivery.underWay).toBeNull();
    expect(traffic.versions.candidate).toBeNull();
  });

  it('is taken back when the reader says that it cannot serve it', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    traffic.delivery.failed(1, 'another version is meant');
    expect(traffic.delivery.underWay).toBe(2);
    traffic.delivery.failed(2, 'process 3 cannot listen');
    expect(traffic.events.at(-2)).toMatchObject({
      type: 'config.rolled-back',
      reason: 'process 3 cannot listen',
    });
  });

  it('gives way to one that is pushed meanwhile', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    traffic.serve(12_000);
    traffic.delivery.push('third', STAGED, BY);
    expect(traffic.delivery.status).toMatchObject({ version: 3, stage: 1 });
    traffic.serve(41_000);
    expect(traffic.delivery.version).toBe(3);
    expect(traffic.alive).toEqual(['first', 'third']);
  });
});

describe('a config of which nothing can be made', () => {
  it.each([
    ['all at once', AT_ONCE],
    ['in stages', STAGED],
  ])('goes nowhere %s, and what is under way goes on', (_name, strategy) => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    expect(traffic.delivery.push(UNBUILDABLE, strategy, BY)).toMatchObject({ accepted: false, status: 422 });
    expect(traffic.delivery).toMatchObject({ version: 1, underWay: 2 });
    traffic.serve(41_000);
    expect(traffic.delivery.version).toBe(2);
    expect(traffic.seen()).toEqual(['config.pushed', 'config.refused', 'config.promoted']);
  });
});

describe('a rollback', () => {
  it('out of a rollout is in force when it returns', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    traffic.serve(12_000);
    expect(traffic.delivery.rollback('a test', 'looks bad')).toEqual({
      accepted: true,
      status: 202,
      version: 1,
    });
    expect(traffic.versions).toMatchObject({ candidate: null, stable: { version: 1 } });
    expect(traffic.delivery.underWay).toBeNull();
  });

  it('of a version that serves everything builds nothing', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', AT_ONCE, BY);
    const { built } = traffic;
    traffic.delivery.rollback('a test', 'looks bad');
    expect(traffic.versions.stable).toMatchObject({ version: 1, config: 'first' });
    expect(traffic.built).toBe(built);
    expect(traffic.alive).toEqual(['first']);
  });

  it('goes one version further back each time, and is refused at the first', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', AT_ONCE, BY);
    traffic.delivery.push('third', AT_ONCE, BY);
    const reached = [1, 2, 3].map(() => traffic.delivery.rollback('a test', 'further back'));
    expect(reached.map((outcome) => (outcome.accepted ? outcome.version : outcome.status))).toEqual([
      2, 1, 409,
    ]);
    expect(traffic.versions.stable.config).toBe('first');
  });

  it('is not stopped by a lock, which stops a push', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', AT_ONCE, BY);
    traffic.delivery.lockConfig('somebody', 'an outage');
    expect(traffic.delivery.push('third', AT_ONCE, BY)).toMatchObject({ status: 423 });
    expect(traffic.delivery.rollback('a test', 'the cause')).toMatchObject({ accepted: true });
    expect(traffic.delivery.lock.audit.map(({ action }) => action)).toEqual([
      'push',
      'lock',
      'push',
      'rollback',
    ]);
  });
});

describe('a delivery whose reader follows a newer order from elsewhere', () => {
  const overtaken = (order: number) => ({
    order,
    stable: { version: 40, config: 'of another' },
    candidate: null,
    standby: null,
  });

  it('ends its rollout at the next step, says so, and leaves the reader alone', () => {
    const traffic = new ConfigTraffic();
    traffic.delivery.push('second', STAGED, BY);
    traffic.serve(9_000);
    traffic.versions.apply(overtaken(50));
    traffic.serve(2_000);
    expect(traffic.versions.stable.config).toBe('of another');
    expect(traffic.delivery.underWay).toBeNull();
    expect(traffic.seen()).toEqual(['config.pushed', 'config.refused']);
    expect(traffic.delivery.rollback('a test', 'mine')).toMatchObject({ accepted: false, status: 409 });
  });
});

const order = fc.oneof(
  fc.record({
    does: fc.constant('push' as const),
    config: fc.constantFrom('good', 'bad', UNBUILDABLE),
    strategy: fc.constantFrom(AT_ONCE, STAGED),
  }),
  fc.record({ does: fc.constant('rollback' as const) }),
  fc.record({ does: fc.constant('serve' as const), ms: fc.integer({ min: 50, max: 12_000 }) }),
);

describe('whatever is pushed, rolled back and served', () => {
  it('no request is dropped, and what serves is what is meant to', () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 10 }), (orders) => {
        const traffic = new ConfigTraffic({ rateRps: 100 });
        traffic.failing.add('bad');
        for (const one of orders) {
          if (one.does === 'push') traffic.delivery.push(one.config, one.strategy, BY);
          else if (one.does === 'rollback') traffic.delivery.rollback('a test', 'a test wants it');
          else traffic.serve(one.ms);
          const { versions, delivery } = traffic;
          expect(versions.stable).toMatchObject({ version: delivery.version, config: delivery.config });
          expect(versions.candidate?.version ?? null).toBe(delivery.underWay);
        }
        traffic.endAll();
        expect(traffic.dropped).toBe(0);
        expect(traffic.versions.draining).toEqual([]);
        const { stable, candidate, standby } = traffic.versions;
        expect(traffic.alive).toHaveLength([stable, candidate, standby].filter((one) => one !== null).length);
        traffic.delivery.stop();
      }),
      { numRuns: 60 },
    );
  });
});
