/** How a config reaches its requests, as it is written and as it is meant, and what a schema cannot say of it. */
import { describe, expect, it } from 'vitest';
import { findProblems } from '../../../src/core/validate.js';
import {
  findStrategyProblems,
  resolveTrafficStrategy,
  TrafficStrategySchema,
  type TrafficStrategySection,
} from '../../../src/delivery/traffic-strategy.js';

describe('a traffic strategy', () => {
  it('is all at once when nothing is said', () => {
    expect(resolveTrafficStrategy({})).toEqual({ name: 'all-at-once' });
  });

  it('has four stages, an objective of 99 % and an hour of 5 s when it is staged', () => {
    expect(resolveTrafficStrategy({ strategy: 'staged' })).toEqual({
      name: 'staged',
      stages: [
        { shareRatio: 0.05, bakeMs: 10_000 },
        { shareRatio: 0.25, bakeMs: 10_000 },
        { shareRatio: 0.5, bakeMs: 10_000 },
        { shareRatio: 1, bakeMs: 10_000 },
      ],
      burnRate: {
        objectiveRatio: 0.99,
        windows: [
          { longMs: 5_000, factor: 14.4 },
          { longMs: 30_000, factor: 6 },
        ],
        minResults: 20,
        minFailures: 3,
      },
      worseByRatio: 0.05,
    });
  });

  it('has what it is given', () => {
    const section: TrafficStrategySection = {
      strategy: 'staged',
      staged: {
        stages: [{ share: '1%', bake: '2s' }],
        slo: '99.9%',
        hour: '1m',
        minResults: 100,
        minFailures: 5,
        worseBy: '1%',
      },
    };
    expect(findProblems(TrafficStrategySchema, section)).toEqual([]);
    expect(findStrategyProblems(section)).toEqual([]);
    expect(resolveTrafficStrategy(section)).toMatchObject({
      stages: [{ shareRatio: 0.01, bakeMs: 2_000 }],
      burnRate: {
        objectiveRatio: expect.closeTo(0.999),
        windows: [{ longMs: 60_000 }, { longMs: 360_000 }],
        minResults: 100,
      },
      worseByRatio: 0.01,
    });
  });

  it.each<[string, unknown]>([
    ['no stage', { stages: [] }],
    ['a stage without a bake', { stages: [{ share: '5%' }] }],
    ['a share without its unit', { stages: [{ share: 5, bake: '1s' }] }],
    ['more stages than there may be', { stages: new Array(21).fill({ share: '5%', bake: '1s' }) }],
    ['a key that nobody knows', { bakes: '1s' }],
  ])('with %s is refused by its schema', (_name, staged) => {
    expect(findProblems(TrafficStrategySchema, { strategy: 'staged', staged })).not.toEqual([]);
  });

  const stages = (...shares: string[]) => ({ stages: shares.map((share) => ({ share, bake: '1s' })) });

  it.each<[string, TrafficStrategySection['staged'], (string | number)[], RegExp]>([
    ['a share that shrinks', stages('50%', '5%'), ['staged', 'stages', 1, 'share'], /is 5%.*above 50%/],
    ['a share that stays', stages('5%', '5%'), ['staged', 'stages', 1, 'share'], /is 5%.*a share only grows/],
    ['a share of nothing', stages('0%'), ['staged', 'stages', 0, 'share'], /above 0%/],
    ['a share above all', stages('101%'), ['staged', 'stages', 0, 'share'], /no share is above 100%/],
    [
      'an objective that cannot be missed so much',
      { slo: '90%' },
      ['staged', 'slo'],
      /can never exceed 14.4/,
    ],
    ['an objective without a budget', { slo: '100%' }, ['staged', 'slo'], /leaves no budget/],
    ['no time', { hour: '0ms' }, ['staged', 'hour'], /longer than nothing/],
  ])('with %s has a problem, and it says where', (_name, staged, path, message) => {
    expect(findStrategyProblems({ strategy: 'staged', staged })).toEqual([
      { path, message: expect.stringMatching(message) },
    ]);
  });

  it('by its defaults has no problem', () => {
    expect(findStrategyProblems({ strategy: 'staged' })).toEqual([]);
  });
});
