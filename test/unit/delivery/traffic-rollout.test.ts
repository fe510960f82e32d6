/**
 * The decisions of a rollout over a share of the requests: when the share grows, when the new version has to go, and
 * when it must not be blamed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isWorse,
  type Side,
  TrafficRollout,
  type TrafficStep,
} from '../../../src/delivery/traffic-rollout.js';
import { resolveTrafficStrategy, type StagedStrategy } from '../../../src/delivery/traffic-strategy.js';

const STRATEGY = resolveTrafficStrategy({
  strategy: 'staged',
  staged: {
    stages: [
      { share: '10%', bake: '10s' },
      { share: '50%', bake: '20s' },
    ],
  },
}) as StagedStrategy;

const START_MS = 1_000_000;
const STEP_MS = 50;

/** How many of a hundred results fail, at a moment after the beginning. */
type FailuresOf = (side: Side, afterMs: number) => number;

const none: FailuresOf = () => 0;

/** What is said, with the moment, of everything that is not waiting. */
interface Told {
  readonly afterMs: number;
  readonly step: TrafficStep;
}

/** Traffic of so many requests a second, failing evenly as it is told, looked at every 50 ms. */
const serve = (
  failuresOf: FailuresOf,
  { untilMs = 60_000, rateRps = 400, strategy = STRATEGY } = {},
): { told: Told[]; waits: Set<string> } => {
  const rollout = new TrafficRollout(strategy, START_MS);
  const told: Told[] = [];
  const waits = new Set<string>();
  const owed = { stable: 0, candidate: 0 };
  const failing = { stable: 0, candidate: 0 };
  for (let afterMs = STEP_MS; afterMs <= untilMs; afterMs += STEP_MS) {
    const nowMs = START_MS + afterMs;
    for (const side of ['stable', 'candidate'] as const) {
      const share = side === 'candidate' ? rollout.shareRatio : 1 - rollout.shareRatio;
      for (owed[side] += (rateRps * STEP_MS * share) / 1_000; owed[side] >= 1; owed[side]--) {
        failing[side] += failuresOf(side, afterMs) / 100;
        const good = failing[side] < 1;
        if (!good) failing[side]--;
        rollout.onResult(side, good, nowMs);
      }
    }
    const step = rollout.next(nowMs);
    if (step.kind === 'wait') waits.add(step.why);
    else told.push({ afterMs, step });
    if (step.kind === 'done' || step.kind === 'roll-back') break;
  }
  return { told, waits };
};

const kinds = ({ told }: { told: Told[] }): string[] =>
  told.map(({ afterMs, step }) => `${step.kind} ${afterMs / 1_000}s`);

describe('a rollout over the requests', () => {
  it('goes from stage to stage after each bake, and is done', () => {
    const { told, waits } = serve(none);
    expect(told).toEqual([
      { afterMs: 10_000, step: { kind: 'advance', shareRatio: 0.5 } },
      { afterMs: 30_000, step: { kind: 'done' } },
    ]);
    expect([...waits]).toEqual(['bake']);
  });

  it('waits for results before a stage is over', () => {
    const rollout = new TrafficRollout(STRATEGY, START_MS);
    rollout.onResults('candidate', 19, 0, START_MS);
    rollout.onResults('stable', 1_000, 0, START_MS);
    expect(rollout.next(START_MS + 60_000)).toEqual({ kind: 'wait', why: 'too-few-results' });
    rollout.onResult('candidate', true, START_MS + 60_000);
    expect(rollout.next(START_MS + 60_000)).toEqual({ kind: 'advance', shareRatio: 0.5 });
    expect(rollout).toMatchObject({ stage: 2, shareRatio: 0.5 });
    expect(rollout.next(START_MS + 90_000), 'each stage needs its own').toMatchObject({
      why: 'too-few-results',
    });
  });

  it('puts up with failures within the objective, and with one failure of few', () => {
    expect(kinds(serve(() => 1))).toEqual(['advance 10s', 'done 30s']);
    const rollout = new TrafficRollout(STRATEGY, START_MS);
    rollout.onResults('candidate', 20, 2, START_MS);
    rollout.onResults('stable', 200, 0, START_MS);
    expect(rollout.next(START_MS)).toEqual({ kind: 'wait', why: 'bake' });
  });
});

describe('a version that fails', () => {
  it('has to go, with the numbers that it was judged by', () => {
    const { told } = serve((side) => (side === 'candidate' ? 100 : 0));
    const reason =
      '20 of 20 results failed within 5s: the error budget burns 100 times too fast (and 100 times within 417ms), ' +
      "where 14.4 times is the limit; of the stable version's requests 0% failed at the same time";
    expect(told).toEqual([{ afterMs: 500, step: { kind: 'roll-back', reason } }]);
  });

  it('has to go when it fails slowly', () => {
    const { told } = serve((side) => (side === 'candidate' ? 9 : 0), { rateRps: 4_000 });
    expect(told.at(-1)!.step).toMatchObject({
      kind: 'roll-back',
      reason: expect.stringContaining('within 30s'),
    });
  });

  it('has to go when it begins to fail at a later stage', () => {
    const { told } = serve((side, afterMs) => (side === 'candidate' && afterMs > 20_000 ? 60 : 0));
    expect(told.map(({ step }) => step.kind)).toEqual(['advance', 'roll-back']);
    expect(told.at(-1)!.afterMs).toBeLessThan(23_000);
  });

  it('has to go within a second when everything fails, at whatever rate and after whatever good time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 5_000 }),
        fc.integer({ min: 0, max: 29_000 }),
        (rateRps, goodMs) => {
          const { told } = serve((side, afterMs) => (side === 'candidate' && afterMs > goodMs ? 100 : 0), {
            rateRps,
          });
          expect(told.at(-1)!.step.kind).toBe('roll-back');
          expect(told.at(-1)!.afterMs - goodMs).toBeLessThanOrEqual(1_000);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('has to go without a comparison where it gets everything', () => {
    const all: StagedStrategy = { ...STRATEGY, stages: [{ shareRatio: 1, bakeMs: 10_000 }] };
    const { told } = serve(() => 50, { strategy: all });
    expect(told[0]!.step).toMatchObject({
      kind: 'roll-back',
      reason: expect.stringContaining('too few requests'),
    });
  });
});

describe('a general outage', () => {
  it('is not blamed on the new version, which waits until it is over', () => {
    const outage: FailuresOf = (_side, afterMs) => (afterMs > 5_000 && afterMs <= 15_000 ? 80 : 0);
    const { told, waits } = serve(outage, { untilMs: 120_000 });
    expect(told.map(({ step }) => step.kind)).toEqual(['advance', 'done']);
    expect([...waits]).toContain('outage');
    expect(told[0]!.afterMs, 'a whole bake after the outage').toBeGreaterThan(25_000);
  });

  it('of any size and at any time is never blamed on a version that fails as often', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 29_000 }),
        fc.integer({ min: 100, max: 20_000 }),
        (percent, fromMs, forMs) => {
          const outage: FailuresOf = (_side, afterMs) =>
            afterMs > fromMs && afterMs <= fromMs + forMs ? percent : 0;
          const { told } = serve(outage, { untilMs: 40_000 });
          expect(told.map(({ step }) => step.kind)).not.toContain('roll-back');
        },
      ),
      { numRuns: 25 },
    );
  });

  it('does not save a version that is clearly worse', () => {
    const { told } = serve((side) => (side === 'candidate' ? 90 : 40));
    expect(told[0]!.step).toMatchObject({ kind: 'roll-back', reason: expect.stringContaining('40%') });
  });

  it('does not blame a version that is worse by less than it may be', () => {
    const { told } = serve((side) => (side === 'candidate' ? 43 : 40), { rateRps: 4_000, untilMs: 30_000 });
    expect(told).toEqual([]);
  });

  it('does not stop the version that mends it', () => {
    expect(kinds(serve((side) => (side === 'candidate' ? 0 : 70)))).toEqual(['advance 10s', 'done 30s']);
  });
});

describe('one share of failures', () => {
  it.each([
    ['that is 15 % of 20 against none of 400', 3, 20, 0, 400, 0, true],
    ['that is 15 % of 20 against 5 % of 400, which may be chance', 3, 20, 20, 400, 0, false],
    ['that is the same', 50, 100, 50, 100, 0, false],
    ['that is all, like the other', 100, 100, 400, 400, 0, false],
    ['that is smaller', 1, 100, 50, 100, 0, false],
    ['that is larger for certain, but by little', 44_000, 100_000, 40_000, 100_000, 0.05, false],
    ['that is larger for certain, and by enough', 46_000, 100_000, 40_000, 100_000, 0.05, true],
  ])('%s', (_name, failures, results, otherFailures, otherResults, byRatio, expected) => {
    const other = { failures: otherFailures, results: otherResults };
    expect(isWorse({ failures, results }, other, byRatio)).toBe(expected);
  });
});
