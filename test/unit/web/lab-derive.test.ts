/** Numbers of a live page: what is added up, over how long, and how it is said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tick } from '../../../src/scenarios/live/feed.js';
import {
  formatMs,
  formatPercent,
  headlineOf,
  lastOf,
  markOf,
  mixOf,
  outcomesOf,
  ratesOf,
} from '../../../src/web/app/lab/derive.js';
import { fakeTick } from '../../support/fake-lab.js';

const tick = (t: number, counts: Partial<Tick> = {}): Tick => ({ ...fakeTick(0), t, ...counts });

describe('rates', () => {
  it('are of the second before, also where ticks are longer', () => {
    const ticks = [tick(0.25), tick(0.5), tick(0.75), tick(1), tick(1.25), tick(3.25, { spanMs: 2_000 })];
    expect(ratesOf(ticks, ({ spanMs }) => spanMs / 10)).toEqual([100, 100, 100, 100, 100, 100]);
    expect(ratesOf(ticks.slice(0, 5), ({ t }) => (t === 0.25 ? 10 : 0))).toEqual([40, 20, 40 / 3, 10, 0]);
  });

  it('lose and invent nothing: over all ticks they come to what was counted', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 500 }), { minLength: 8, maxLength: 60 }), (counts) => {
        // Quiet at the end, so that every count has left the second again.
        const all = [...counts, 0, 0, 0];
        const ticks = all.map((offered, index) => tick((index + 1) / 4, { offered }));
        const rates = ratesOf(ticks, ({ offered }) => offered).slice(3);
        const counted = counts.slice(3).reduce((sum, count) => sum + count, 0);
        const summed = rates.reduce((sum, rate) => sum + rate / 4, 0);
        expect(summed).toBeGreaterThanOrEqual(counted - 1e-6);
      }),
    );
  });
});

describe('outcomes', () => {
  it('are by status, and a good status that came too late is another error', () => {
    const counts = outcomesOf(tick(1, { ok: 8, status: { '200': 10, '502': 2, '429': 1, none: 3 } }));
    expect(counts).toEqual({ ok: 8, '502': 2, '503': 0, '504': 0, other: 3, none: 3 });
  });

  it('are stacked in their order, each with a value for each tick', () => {
    const mix = mixOf([fakeTick(1), fakeTick(2)]);
    expect(mix.map(({ outcome }) => outcome.key)).toEqual(['ok', '502', '503', '504', 'other', 'none']);
    expect(mix.every(({ values }) => values.length === 2)).toBe(true);
  });
});

describe('the headline', () => {
  it('says nothing of a lab that has not begun', () => {
    expect(headlineOf([])).toMatchObject({ offeredRps: 0, goodRatio: null, failed: [], cause: null });
  });

  it('is of the last second, with the commonest cause', () => {
    const failing = { offered: 10, ok: 5, status: { '200': 5, '502': 5 }, cause: { connection_refused: 5 } };
    const now = headlineOf([tick(0.25), tick(10, failing), tick(10.25, failing)]);
    expect(now).toMatchObject({ offeredRps: 40, goodRps: 20, goodRatio: 0.5, cause: 'connection_refused' });
    expect(now.failed.map(({ outcome, rps }) => [outcome.key, rps])).toEqual([['502', 20]]);
  });

  it('looks back so many seconds, and no further', () => {
    expect(lastOf([tick(1), tick(9), tick(10)], 2).map(({ t }) => t)).toEqual([9, 10]);
  });
});

describe('words', () => {
  it.each([
    [1, '100 %'],
    [0.99999, '99.99 %'],
    [0.5, '50.0 %'],
    [0, '0 %'],
  ])('%d is %s', (ratio, text) => {
    expect(formatPercent(ratio)).toBe(text);
  });

  it.each([
    [12.4, '12 ms'],
    [1_500, '1.5 s'],
    [12_000, '12 s'],
  ])('%d is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it.each([
    ['fault.injected', { fault: 'leak', worker: 'worker-2' }, 'leak w2'],
    ['worker.exited', { worker: 'worker-2' }, '† w2'],
    ['config.pushed', {}, 'push'],
    ['link.toxic-added', { link: 'worker-2', toxic: 'latency' }, 'latency link w2'],
    ['dependency.disturbed', { dependency: 'store', fault: 'hang' }, 'hang store'],
    ['dependency.recovered', { dependency: 'store', fault: 'hang' }, 'store well'],
    ['gateway.disrupted', { gateway: 'gateway-1', how: 'kill' }, 'kill gw1'],
    ['certificate.replaced', { gateway: 'edge', as: 'expired' }, 'certificate expired'],
    ['flood.began', {}, 'flood'],
    ['load.changed', { scale: 2, rateRps: null }, 'load ×2'],
    ['load.changed', { scale: 1, rateRps: 80 }, '80/s'],
    ['deploy.began', { version: 2 }, 'deploy v2'],
    ['fleet.scaled', { to: 5 }, '5 workers'],
    ['upstream.turned-healthy', {}, null],
  ])('%s is marked', (eventType, fields, expected) => {
    expect(markOf({ t: 1, eventType, text: '', fields })).toBe(expected);
  });
});
