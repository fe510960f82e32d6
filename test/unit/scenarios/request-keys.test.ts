/** Which of many things a request asks for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { resolveClasses } from '../../../src/scenarios/clients/classes.js';
import { KeyedRequests } from '../../../src/scenarios/clients/keys.js';
import { expectMistake, MINIMAL } from '../../support/scenario-text.js';

const keyed = (keys: { count: number; zipf?: number }, path = '/pages', seed = 1) => {
  const [one] = resolveClasses({ path, keys });
  return new KeyedRequests(one!, one!.keys!, new Random(seed));
};

const keyOf = (path: string): number => Number(/[?&]key=(\d+)$/.exec(path)![1]);

describe('the key of a request', () => {
  it('is one of those that there are, and the same on every try', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.oneof(fc.nat(), fc.string()),
        fc.integer(),
        (count, zipf, id, seed) => {
          const asked = keyed({ count, zipf }, '/pages', seed).of(id);
          expect(keyOf(asked.path)).toBeGreaterThanOrEqual(1);
          expect(keyOf(asked.path)).toBeLessThanOrEqual(count);
          expect(keyed({ count, zipf }, '/pages', seed).of(id).path).toBe(asked.path);
        },
      ),
    );
  });

  it.each([0, 0.8, 1.2])('is drawn by Zipf’s law, with the exponent %f', (zipf) => {
    const count = 20;
    const draws = 20_000;
    const requests = keyed({ count, zipf });
    const seen = new Array<number>(count).fill(0);
    for (let id = 0; id < draws; id++) seen[keyOf(requests.of(id).path) - 1]!++;
    const weights = seen.map((_, index) => (index + 1) ** -zipf);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, times] of seen.entries()) {
      // Five standard deviations of a count by chance.
      const expected = (draws * weights[index]!) / total;
      expect(Math.abs(times - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  it('is another for another seed, and stands behind what the path has already', () => {
    const ids = Array.from({ length: 50 }, (_, id) => id);
    const pathsOf = (seed: number) => ids.map((id) => keyed({ count: 1_000 }, '/', seed).of(id).path);
    expect(pathsOf(1)).not.toEqual(pathsOf(2));
    expect(keyed({ count: 1 }, '/find?by=name').of(7).path).toBe('/find?by=name&key=1');
  });

  it('is made ready once for all who ask for it', () => {
    const requests = keyed({ count: 1 });
    expect(requests.of(1)).toBe(requests.of(2));
  });
});

describe('a mistake about keys and the cache', () => {
  it.each([
    [
      'more keys than there may be',
      `${MINIMAL}clients: { keys: { count: ▸200000 } }\n`,
      'clients.keys.count',
      'must be <= 100000',
    ],
    [
      'a cache to empty that is not there',
      `${MINIMAL}timeline: [{ at: 1s, purge-cache: ▸{} }]\n`,
      'timeline[0].purge-cache',
      'there is no cache to empty; give `gateway` the section `cache`',
    ],
    [
      'the cache of workers',
      `${MINIMAL}gateway: { cache: {} }\ntimeline: [{ at: 1s, purge-cache: {}, to: ▸workers }]\n`,
      'timeline[0].to',
      'workers have no cache',
    ],
    [
      'the cache of an edge that is not there',
      `${MINIMAL}timeline: [{ at: 1s, purge-cache: {}, to: ▸edge }]\n`,
      'timeline[0].to',
      'there is no edge',
    ],
  ])('such as %s is told where it is', (_, text, path, message) => expectMistake(text, path, message));
});
