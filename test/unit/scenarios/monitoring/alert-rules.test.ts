/** The rules that raise alerts, each by itself: what makes it speak, and what does not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLEAR_MS, findAlerts } from '../../../../src/scenarios/monitoring/alerts.js';
import { HEAP_WINDOW_MS, HeapForecast } from '../../../../src/scenarios/monitoring/heap-forecast.js';
import type { MonitoringPlan } from '../../../../src/scenarios/monitoring/rule.js';
import {
  HEAP_HORIZON_MS,
  makeRule,
  RULE_NAMES,
  type RuleName,
} from '../../../../src/scenarios/monitoring/rules.js';
import { TICK_MS, type Tick } from '../../../../src/scenarios/monitoring/ticks.js';

const PLAN: MonitoringPlan = { sloRatio: 0.999, hourMs: 5_000, workers: 4, slots: 8 };
const SECOND = 1_000 / TICK_MS;

const CALM: Omit<Tick, 'nowMs'> = {
  requests: 20,
  tries: 20,
  ended: 20,
  failed: 0,
  worked: 20,
  queued: 3,
  heapFull: { inMs: Number.POSITIVE_INFINITY, worker: '' },
  latency: null,
};

type Fields = Partial<Omit<Tick, 'nowMs'>>;

/** A calm run of 20 s, in which ticks from that second on have these fields. */
const run = (fromS: number, fields: (index: number) => Fields): Tick[] =>
  Array.from({ length: 20 * SECOND }, (_, index) => {
    const nowMs = (index + 1) * TICK_MS;
    const latency = nowMs % 500 === 0 ? { answers: 100, p99Ms: 400 } : null;
    return { ...CALM, latency, ...(index >= fromS * SECOND && fields(index - fromS * SECOND)), nowMs };
  });

const spokenMs = (name: RuleName, ticks: readonly Tick[]): number[] => {
  const rule = makeRule(name, PLAN);
  return ticks.filter((tick) => rule.observe(tick) !== null).map(({ nowMs }) => nowMs);
};

describe('a rule', () => {
  it.each<[RuleName, string, number, (index: number) => Fields]>([
    ['fast-burn', 'everything fails', 5_100, () => ({ failed: 20 })],
    // 1.44 % of 5 s of 200 requests are 15: half a second of 6 a tick, 1.5 s of one.
    ['fast-burn', 'one of twenty fails', 6_500, () => ({ failed: 1 })],
    // 0.6 % of the 2,600 results so far are less than 16: one every half second.
    ['slow-burn', 'one of a hundred fails', 13_000, (index) => ({ failed: index % 5 === 4 ? 1 : 0 })],
    [
      'heap-slope',
      'a heap will be full',
      5_100,
      () => ({ heapFull: { inMs: HEAP_HORIZON_MS, worker: 'worker-1' } }),
    ],
    ['queue-growth', 'queues grow without end', 6_300, (index) => ({ queued: 3 + 5 * (index + 1) })],
    [
      'latency-growth',
      'p99 is more than twice as high',
      6_500,
      (index) => ({ latency: (index + 1) % 5 === 0 ? { answers: 30, p99Ms: 801 } : null }),
    ],
    // Six ticks of 40 tries and four of 20 are 32 for 20.
    ['amplification', 'every request is tried again', 5_600, () => ({ tries: 40 })],
    ['traffic-drop', 'nothing comes any more', 5_800, () => ({ worked: 0 })],
  ])('%s speaks when %s', (name, _what, firstMs, fields) => {
    expect(spokenMs(name, run(5, fields))[0]).toBe(firstMs);
  });

  it.each<[RuleName, string, (index: number) => Fields]>([
    ['fast-burn', 'a few requests fail at once', (index) => ({ failed: index === 0 ? 4 : 0 })],
    ['fast-burn', 'one in a thousand fails', (index) => ({ failed: index % 50 === 0 ? 1 : 0 })],
    ['slow-burn', 'one in a thousand fails', (index) => ({ failed: index % 50 === 0 ? 1 : 0 })],
    [
      'heap-slope',
      'a heap will be full later',
      () => ({ heapFull: { inMs: HEAP_HORIZON_MS + 1, worker: 'worker-1' } }),
    ],
    ['queue-growth', 'a short queue grows', (index) => ({ queued: Math.min(64, 4 * index) })],
    ['latency-growth', 'p99 is twice as high', () => ({ latency: { answers: 100, p99Ms: 800 } })],
    [
      'latency-growth',
      'two half seconds are slow',
      (index) => ({ latency: { answers: 100, p99Ms: index < 10 ? 900 : 400 } }),
    ],
    ['latency-growth', 'there are too few answers', () => ({ latency: { answers: 29, p99Ms: 5_000 } })],
    ['amplification', 'half of the requests are tried again', () => ({ tries: 30 })],
    ['traffic-drop', 'traffic falls to a third', () => ({ worked: 7 })],
  ])('%s says nothing when %s', (name, _what, fields) => {
    const ticks = run(5, fields).map((tick) => (tick.nowMs % 500 === 0 ? tick : { ...tick, latency: null }));
    expect(spokenMs(name, ticks)).toEqual([]);
  });

  it.each(RULE_NAMES)('%s says nothing in a calm run', (name) => {
    expect(
      spokenMs(
        name,
        run(0, () => ({})),
      ),
    ).toEqual([]);
  });

  it('about tries says nothing where there are next to no requests', () => {
    expect(
      spokenMs(
        'amplification',
        run(0, () => ({ requests: 1, tries: 4 })),
      ),
    ).toEqual([]);
  });

  it('about the queue goes on until it is not deep any more, though it does not grow', () => {
    const ticks = run(5, (index) => ({ queued: index < 50 ? 500 : 60 }));
    expect(spokenMs('queue-growth', ticks)).toEqual(
      Array.from({ length: 50 }, (_, index) => 5_100 + index * TICK_MS),
    );
  });

  it('about traffic does not become used to there being none', () => {
    expect(
      spokenMs(
        'traffic-drop',
        run(5, () => ({ worked: 0 })),
      ).at(-1),
    ).toBe(20_000);
  });
});

describe('the forecast of a heap', () => {
  const MIB = 1024 ** 2;
  /** In MiB, as the heaps below. */
  const LIMIT = 64;
  const observe = (heaps: readonly number[], stepMs = 50): number[] => {
    const forecast = new HeapForecast();
    return heaps.map((heapBytes, index) =>
      forecast.observe({ heapBytes: heapBytes * MIB, heapLimitBytes: LIMIT * MIB }, index * stepMs),
    );
  };

  it('is exact for a straight line', () => {
    const heaps = Array.from({ length: 20 }, (_, index) => 6 + 2 * index);
    expect(observe(heaps).at(-1)).toBeCloseTo(((LIMIT - 44) / 2) * 50, 6);
  });

  it('is not in sight for a heap that is low, for one that shrinks, and before there is a line', () => {
    expect(observe([6, 8, 10, 12, 14, 16, 18, 20, 22])).toEqual(new Array(9).fill(Infinity));
    expect(observe(Array.from({ length: 20 }, (_, index) => 60 - index)).at(-1)).toBe(Infinity);
    expect(observe([30, 40, 50, 60, 61, 62, 63])).toEqual(new Array(7).fill(Infinity));
  });

  it('is not alarmed by a sawtooth of collections', () => {
    const heaps = Array.from({ length: 200 }, (_, index) => 26 + (index % 10));
    expect(Math.min(...observe(heaps))).toBeGreaterThan(HEAP_HORIZON_MS / 4);
    const whole = observe(Array.from({ length: 200 }, (_, index) => 20 + (index % 5)));
    expect(Math.min(...whole)).toBe(Infinity);
  });

  it('forgets what is older than its window', () => {
    const flat = Array.from({ length: HEAP_WINDOW_MS / 50 }, () => 40);
    const steep = Array.from({ length: HEAP_WINDOW_MS / 50 }, (_, index) => 6 + index);
    expect(observe([...steep, ...flat]).at(-1)).toBe(Infinity);
  });
});

describe('the alerts of a run', () => {
  const failing = (spans: readonly (readonly [number, number])[]): Tick[] =>
    run(0, (index) => ({
      failed: spans.some(([from, to]) => index >= from * SECOND && index < to * SECOND) ? 20 : 0,
    }));
  const ofRule = (ticks: readonly Tick[], name: RuleName) =>
    findAlerts(ticks, PLAN).filter(({ rule }) => rule === name);

  it('are raised at once and cleared when their rule fell silent', () => {
    const [alert, ...more] = ofRule(failing([[5, 7]]), 'fast-burn');
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ raisedMs: 5_100, clearedMs: 7_500 });
    expect(alert!.reason).toMatch(
      /^20 of 1000 results failed within 5s: the error budget burns 20 times too fast/,
    );
  });

  it('are one while the rule is quiet for less than it takes to clear them', () => {
    expect(
      ofRule(
        failing([
          [5, 6],
          [7, 8],
        ]),
        'fast-burn',
      ),
    ).toHaveLength(1);
    expect(
      ofRule(
        failing([
          [5, 6],
          [6.4 + 2 * (CLEAR_MS / 1_000), 12],
        ]),
        'fast-burn',
      ),
    ).toHaveLength(2);
  });

  it('are on at the end of a run in which nothing got better', () => {
    expect(ofRule(failing([[15, 20]]), 'fast-burn').map(({ clearedMs }) => clearedMs)).toEqual([null]);
  });

  it('are in order, one at a time of each rule, and within the run', () => {
    const field = fc.record({
      failed: fc.constantFrom(0, 0, 1, 20),
      tries: fc.constantFrom(20, 20, 60),
      worked: fc.constantFrom(20, 20, 0),
      queued: fc.constantFrom(0, 10, 500),
    });
    fc.assert(
      fc.property(fc.array(field, { minLength: 20, maxLength: 200 }), (fields) => {
        const ticks = fields.map((one, index) => ({ ...CALM, ...one, nowMs: (index + 1) * TICK_MS }));
        const alerts = findAlerts(ticks, PLAN);
        expect(alerts.map(({ raisedMs }) => raisedMs)).toEqual(
          alerts.map(({ raisedMs }) => raisedMs).sort((a, b) => a - b),
        );
        for (const name of RULE_NAMES) {
          const own = alerts.filter(({ rule }) => rule === name);
          for (const [index, { raisedMs, clearedMs }] of own.entries()) {
            expect(raisedMs).toBeLessThan(clearedMs ?? Infinity);
            const next = own[index + 1];
            if (next !== undefined)
              expect(next.raisedMs - clearedMs!).toBeGreaterThanOrEqual(CLEAR_MS - TICK_MS);
          }
        }
      }),
    );
  });
});
