/** The name that was meant: by table, and that a slip of the finger is always found. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearestName, thereAre } from '../../../src/core/nearest.js';

describe('the distance of two texts', () => {
  it.each([
    ['', '', 0],
    ['slots', 'slots', 0],
    ['slots', 'slotz', 1],
    ['slots', 'slot', 1],
    ['slots', 'sltos', 1],
    ['kitten', 'sitting', 3],
    ['', 'rate', 4],
    ['🙂a', 'a', 1],
  ])('%s and %s is %s', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('is the same both ways, and not longer than the longer text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance).toBeLessThanOrEqual(Math.max([...a].length, [...b].length));
        expect(distance === 0).toBe(a === b);
      }),
    );
  });
});

const KNOWN = ['workers', 'slots', 'serviceTime', 'memory', 'for', 'to'];

describe('the nearest name', () => {
  it.each([
    ['slotz', 'slots'],
    ['worker', 'workers'],
    ['service_time', 'serviceTime'],
    ['ServiceTime', 'serviceTime'],
    ['servicetyme', 'serviceTime'],
    ['four', 'for'],
    ['duration', null],
    ['x', null],
    ['', null],
    ['s'.repeat(101), null],
  ])('to %s is %s', (text, nearest) => {
    expect(nearestName(text, KNOWN)).toBe(nearest);
  });

  it('is none, where only the number is another', () => {
    expect(nearestName('worker-3', ['worker-1', 'worker-2'])).toBeNull();
    expect(nearestName('wroker-2', ['worker-1', 'worker-2'])).toBe('worker-2');
  });

  it('is found after one slip in a name of four letters or more', () => {
    const name = fc.constantFrom(...KNOWN.filter((one) => one.length >= 4));
    fc.assert(
      fc.property(name, fc.nat(), fc.constantFrom('q', '', 'qq'), (meant, seed, put) => {
        const at = seed % meant.length;
        const written = meant.slice(0, at) + put + meant.slice(at + 1);
        fc.pre(written !== meant && editDistance(written, meant) === 1);
        expect(nearestName(written, KNOWN)).toBe(meant);
      }),
    );
  });
});

describe('in a message', () => {
  it('the nearest stands behind the list', () => {
    expect(thereAre('outge', ['baseline', 'outage'])).toBe(
      '; there are baseline, outage; did you mean outage?',
    );
    expect(thereAre('x', ['baseline', 'outage'])).toBe('; there are baseline, outage');
    expect(thereAre('x', [])).toBe('; there are none');
    expect(didYouMean('slotz', KNOWN)).toBe('; did you mean slots?');
    expect(didYouMean('nothing', KNOWN)).toBe('');
  });
});
