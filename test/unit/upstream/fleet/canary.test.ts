/** What a canary is judged by: deaths, failed answers, its heap, and how long its answers take. */
import { describe, expect, it } from 'vitest';
import { judgeCanary, type Tally, type Watched } from '../../../../src/upstream/fleet/canary.js';

const MIB = 1024 ** 2;
const limits = { slowdown: 1.5, heapLimitBytes: 64 * MIB };

const NOTHING: Tally = { answered: 0, failed: 0, latencyTotalMs: 0, exits: 0, heapBytes: 0 };

const since = (after: Partial<Tally>, before: Partial<Tally> = {}): Watched => ({
  before: { ...NOTHING, ...before },
  after: { answered: 100, failed: 0, latencyTotalMs: 10_000, exits: 0, heapBytes: 8 * MIB, ...after },
});

describe('a canary', () => {
  it.each<[string, Watched, Watched[], string | null]>([
    ['that does as the others goes on', since({}), [since({}), since({})], null],
    ['that is a little slower goes on', since({ latencyTotalMs: 14_900 }), [since({})], null],
    [
      'that is half as slow again goes back',
      since({ latencyTotalMs: 15_100 }),
      [since({})],
      'its answers took 151ms, the others’ 100ms',
    ],
    ['that died goes back', since({ exits: 3 }, { exits: 2 }), [since({})], 'it died once'],
    [
      'whose answers fail goes back',
      since({ answered: 90, failed: 10 }),
      [since({ answered: 99, failed: 1 })],
      '10% of its requests failed, of the others’ 1%',
    ],
    [
      'that answers nothing well goes back',
      since({ answered: 0, failed: 100, latencyTotalMs: 0 }),
      [since({})],
      '100% of its requests failed, of the others’ 0%',
    ],
    [
      'that is done with next to nothing goes back where the others are with much',
      since({ answered: 0, failed: 3, latencyTotalMs: 0 }),
      [since({ answered: 90 }), since({ answered: 110 })],
      'it was done with 3 requests, each of the others with 100',
    ],
    ['whose answers fail as the others’ do goes on', since({ failed: 10 }), [since({ failed: 9 })], null],
    [
      'whose heap fills goes back',
      since({ heapBytes: 40 * MIB }),
      [since({ heapBytes: 10 * MIB })],
      'its heap is 62.5% full, twice the others’',
    ],
    [
      'with a heap as full as the others’ goes on',
      since({ heapBytes: 40 * MIB }),
      [since({ heapBytes: 30 * MIB })],
      null,
    ],
    [
      'of which too little is known goes on',
      since({ answered: 19, latencyTotalMs: 19_000 }),
      [since({ answered: 99 })],
      null,
    ],
    [
      'is compared with what the others did meanwhile, and not before',
      since({ latencyTotalMs: 20_000 }),
      [since({ answered: 1_100, latencyTotalMs: 110_000 }, { answered: 1_000, latencyTotalMs: 100_000 })],
      'its answers took 200ms, the others’ 100ms',
    ],
    [
      'is compared with another since its restart',
      since({ latencyTotalMs: 20_000 }),
      [since({ answered: 50, latencyTotalMs: 5_000 }, { answered: 1_000, latencyTotalMs: 100_000 })],
      'its answers took 200ms, the others’ 100ms',
    ],
  ])('%s', (_name, canary, others, expected) => {
    expect(judgeCanary(canary, others, limits)).toBe(expected);
  });
});
