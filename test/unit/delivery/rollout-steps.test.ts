/**
 * The decisions of one rollout, strategy by strategy: who gets the config when, when a canary is let through, and what
 * it is held against.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReaderHealth, Rollout, type RolloutStep } from '../../../src/delivery/rollout.js';
import {
  resolveRollbackStrategy,
  resolveStrategy,
  type Strategy,
  type StrategySection,
} from '../../../src/delivery/strategy.js';

type CanaryStrategy = Extract<Strategy, { name: 'canary' }>;

const READERS = ['w1', 'w2', 'w3', 'w4'];
const START_MS = 10_000;

const AT_ONCE: Strategy = { name: 'all-at-once' };
const ROLLING: Strategy = { name: 'rolling', intervalMs: 1_000 };
const CANARY: CanaryStrategy = {
  name: 'canary',
  readers: 1,
  bakeMs: 5_000,
  maxExits: 0,
  maxHeapRatio: 0.8,
};

type HealthOf = (reader: string) => ReaderHealth;

const healthy: HealthOf = () => ({ exits: 0, heapRatio: 0.1 });

/** Healthy but for those named. */
const but =
  (unwell: Readonly<Record<string, Partial<ReaderHealth>>>): HealthOf =>
  (reader) => ({ ...healthy(reader), ...unwell[reader] });

const newRollout = (strategy: Strategy, before: HealthOf = healthy): Rollout =>
  new Rollout(READERS, strategy, START_MS, before);

const brief = (step: RolloutStep): string => {
  if (step.kind === 'wait') return 'wait';
  if (step.kind === 'fail') return `fail: ${step.reason}`;
  return `${step.readers.join(' ')}${step.promoted ? ' promoted' : ''}${step.done ? ' done' : ''}`;
};

/** What the rollout says at each moment, counted from its beginning. */
const stepsAt = (
  strategy: Strategy,
  moments: readonly number[],
  health: HealthOf = healthy,
  before?: HealthOf,
): string[] => {
  const rollout = newRollout(strategy, before);
  return moments.map((afterMs) => brief(rollout.next(START_MS + afterMs, afterMs === 0 ? healthy : health)));
};

describe('a rollout to all at once', () => {
  it('is done with its first step', () => {
    expect(stepsAt(AT_ONCE, [0])).toEqual(['w1 w2 w3 w4 done']);
  });
});

describe('a rolling rollout', () => {
  it.each<[string, number[], string[]]>([
    ['reaches one reader per interval', [0, 1_000, 2_000, 3_000], ['w1', 'w2', 'w3', 'w4 done']],
    ['waits in between', [0, 50, 999, 1_000, 1_999], ['w1', 'wait', 'wait', 'w2', 'wait']],
    ['catches up when it is asked late', [0, 2_500, 2_999, 3_000], ['w1', 'w2 w3', 'wait', 'w4 done']],
    ['reaches the rest when it is asked very late', [0, 60_000], ['w1', 'w2 w3 w4 done']],
  ])('%s', (_name, moments, expected) => {
    expect(stepsAt(ROLLING, moments)).toEqual(expected);
  });

  it('does not look at the health of readers', () => {
    expect(stepsAt(ROLLING, [0, 1_000], but({ w1: { exits: 3, heapRatio: 0.99 } }))).toEqual(['w1', 'w2']);
  });
});

describe('a canary rollout', () => {
  it.each<[string, Partial<CanaryStrategy>, number[], string[]]>([
    [
      'is promoted when the canary lived long enough',
      {},
      [0, 50, 4_999, 5_000],
      ['w1', 'wait', 'wait', 'w2 w3 w4 promoted done'],
    ],
    ['watches as many readers as it is told', { readers: 3 }, [0, 5_000], ['w1 w2 w3', 'w4 promoted done']],
  ])('%s', (_name, fields, moments, expected) => {
    expect(stepsAt({ ...CANARY, ...fields }, moments)).toEqual(expected);
  });

  it.each<[string, number]>([
    ['all readers', READERS.length],
    ['more readers than there are', READERS.length + 3],
  ])('watches its canaries even if they are %s', (_name, readers) => {
    const strategy = { ...CANARY, readers };
    expect(stepsAt(strategy, [0, 50, 5_000])).toEqual(['w1 w2 w3 w4', 'wait', ' promoted done']);
    expect(stepsAt(strategy, [0, 50], but({ w2: { exits: 1 } }))[1]).toMatch(/^fail: canary .*w2.* died/);
  });

  it.each<[string, Partial<CanaryStrategy>, Record<string, Partial<ReaderHealth>>, string]>([
    ['a canary that died', {}, { w1: { exits: 1 } }, 'fail: canary w1 died 1.2s after it got the config'],
    [
      'one death more than is fine',
      { maxExits: 1 },
      { w1: { exits: 2 } },
      'fail: canary w1 died 1.2s after it got the config',
    ],
    [
      'a heap above the limit',
      {},
      { w1: { heapRatio: 0.805 } },
      'fail: canary w1 used 80.5% of its heap 1.2s after it got the config',
    ],
    [
      'the one of two canaries whose heap is above the limit',
      { readers: 2 },
      { w2: { heapRatio: 0.93 } },
      'fail: canary w2 used 93% of its heap 1.2s after it got the config',
    ],
    [
      'the one of two canaries that died',
      { readers: 2 },
      { w2: { exits: 1 } },
      'fail: canary w2 died 1.2s after it got the config',
    ],
    [
      'both canaries when both died',
      { readers: 2 },
      { w1: { exits: 1 }, w2: { exits: 1 } },
      'fail: canary w1, w2 died 1.2s after it got the config',
    ],
  ])('fails over %s', (_name, fields, unwell, expected) => {
    expect(stepsAt({ ...CANARY, ...fields }, [0, 1_200], but(unwell))[1]).toBe(expected);
  });

  it.each<[string, Partial<CanaryStrategy>, Record<string, Partial<ReaderHealth>>]>([
    ['deaths up to the limit', { maxExits: 2 }, { w1: { exits: 2 } }],
    ['a heap at the limit', {}, { w1: { heapRatio: 0.8 } }],
    ['a reader that is no canary and died', {}, { w2: { exits: 5 } }],
    ['a reader that is no canary and is full', {}, { w4: { heapRatio: 1 } }],
  ])('puts up with %s', (_name, fields, unwell) => {
    expect(stepsAt({ ...CANARY, ...fields }, [0, 1_200, 5_000], but(unwell)).slice(1)).toEqual([
      'wait',
      'w2 w3 w4 promoted done',
    ]);
  });

  it('does not count deaths from before it began', () => {
    const died = but({ w1: { exits: 7 } });
    expect(stepsAt(CANARY, [0, 1_200, 5_000], died, died)).toEqual(['w1', 'wait', 'w2 w3 w4 promoted done']);
  });

  it('adds up the deaths of all canaries', () => {
    const strategy = { ...CANARY, readers: 2, maxExits: 1 };
    const each = but({ w1: { exits: 1 }, w2: { exits: 1 } });
    expect(stepsAt(strategy, [0, 1_200], each)[1]).toMatch(/^fail: canary w1, w2 died/);
  });

  it('fails over a death at the very end of the watch', () => {
    expect(stepsAt(CANARY, [0, 5_000], but({ w1: { exits: 1 } }))[1]).toMatch(/^fail/);
  });

  it('has given the config to its canaries alone when it fails', () => {
    const rollout = newRollout({ ...CANARY, readers: 2 });
    rollout.next(START_MS, healthy);
    rollout.next(START_MS + 50, but({ w1: { exits: 1 } }));
    expect(rollout.assigned).toEqual(['w1', 'w2']);
  });
});

const strategies: fc.Arbitrary<Strategy> = fc.oneof(
  fc.constant(AT_ONCE),
  fc.record({ name: fc.constant('rolling' as const), intervalMs: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({
    name: fc.constant('canary' as const),
    readers: fc.integer({ min: 1, max: 12 }),
    bakeMs: fc.integer({ min: 0, max: 5_000 }),
    maxExits: fc.constant(0),
    maxHeapRatio: fc.constant(0.8),
  }),
);

describe('a rollout that completes', () => {
  it('has given the config to every reader, in order, exactly once', () => {
    fc.assert(
      fc.property(
        strategies,
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.double({ min: 0, max: 2_000, noNaN: true }), { maxLength: 100 }),
        (strategy, count, pausesMs) => {
          const readers = Array.from({ length: count }, (_, index) => `w${index + 1}`);
          const rollout = new Rollout(readers, strategy, START_MS, healthy);
          const reached: string[] = [];
          let nowMs = START_MS;
          let done = false;
          for (const pauseMs of [0, ...pausesMs, 100_000, 100_000]) {
            nowMs += pauseMs;
            const step = rollout.next(nowMs, healthy);
            expect(step.kind).not.toBe('fail');
            if (step.kind === 'assign') {
              reached.push(...step.readers);
              done = step.done;
            }
            expect(rollout.assigned).toEqual(reached);
            if (done) break;
          }
          expect(done).toBe(true);
          expect(reached).toEqual(readers);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a strategy as it is written', () => {
  it.each<[string, StrategySection, Strategy]>([
    ['is all at once when nothing is said', {}, AT_ONCE],
    ['has a second between readers when rolling', { strategy: 'rolling' }, ROLLING],
    [
      'has the interval it is given',
      { strategy: 'rolling', rolling: { interval: '250ms' } },
      { name: 'rolling', intervalMs: 250 },
    ],
    ['has one canary, five seconds, no deaths and four fifths of the heap', { strategy: 'canary' }, CANARY],
    [
      'has the gate it is given',
      { strategy: 'canary', canary: { readers: 2, bake: '1m30s', maxExits: 3, maxHeap: '50%' } },
      { name: 'canary', readers: 2, bakeMs: 90_000, maxExits: 3, maxHeapRatio: 0.5 },
    ],
  ])('%s', (_name, section, expected) => {
    expect(resolveStrategy(section)).toEqual(expected);
  });

  it('of a rollback is the same without the canary, which is refused', () => {
    expect(resolveRollbackStrategy({})).toEqual(AT_ONCE);
    expect(resolveRollbackStrategy({ strategy: 'rolling' })).toEqual(ROLLING);
    expect(() => resolveRollbackStrategy({ strategy: 'canary' })).toThrow(/canary/);
  });
});
