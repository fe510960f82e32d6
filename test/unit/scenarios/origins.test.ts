/** Where clients go when there are several gateways, or an edge before them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AVOID_MS, Origins } from '../../../src/scenarios/clients/origins.js';

describe('origins', () => {
  it('take turns', () => {
    const origins = new Origins([['a', 'b']]);
    expect([1, 2, 3, 4].map((nowMs) => origins.choose(nowMs))).toEqual(['a', 'b', 'a', 'b']);
  });

  it('are left out for a while when they took no connection', () => {
    const origins = new Origins([['a', 'b']]);
    origins.failed('a', 0);
    expect([1, 2, AVOID_MS - 1].map((nowMs) => origins.choose(nowMs))).toEqual(['b', 'b', 'b']);
    expect([AVOID_MS, AVOID_MS].map((nowMs) => origins.choose(nowMs)).sort()).toEqual(['a', 'b']);
  });

  it('of the next tier are for when nobody of the first takes connections', () => {
    const origins = new Origins([['edge'], ['a', 'b']]);
    expect(origins.choose(0)).toBe('edge');
    expect(origins.choose(0, ['edge'])).toMatch(/[ab]/);
    origins.failed('edge', 0);
    expect(origins.choose(1)).toMatch(/[ab]/);
    expect(origins.choose(AVOID_MS)).toBe('edge');
  });

  it('that are all left out are asked all the same, each once by a request', () => {
    const origins = new Origins([['a'], ['b']]);
    origins.failed('a', 0);
    origins.failed('b', 0);
    expect([origins.choose(1), origins.choose(1, ['a']), origins.choose(1, ['a', 'b'])]).toEqual([
      'a',
      'b',
      null,
    ]);
  });

  it('are each tried at most once by a request, and all before it gives up', () => {
    const tiers = fc
      .uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 })
      .chain((all) =>
        fc.integer({ min: 1, max: all.length }).map((cut) => {
          const names = all.map(String);
          return [names.slice(0, cut), names.slice(cut)].filter(({ length }) => length > 0);
        }),
      );
    const failures = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.nat(3_000)));
    fc.assert(
      fc.property(tiers, failures, fc.nat(3_000), (given, failed, nowMs) => {
        const origins = new Origins(given);
        for (const [origin, atMs] of failed) origins.failed(String(origin), atMs);
        const tried: string[] = [];
        for (let next = origins.choose(nowMs, tried); next !== null; next = origins.choose(nowMs, tried))
          tried.push(next);
        expect(tried.toSorted()).toEqual(given.flat().toSorted());
      }),
    );
  });
});
