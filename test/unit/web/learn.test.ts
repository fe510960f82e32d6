/** Where somebody who learns is, as the page's address has it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, type Place, placeOf } from '../../../src/web/app/learn/place.js';

const places: fc.Arbitrary<Place> = fc.oneof(
  fc.constant<Place>({ name: 'lab' }),
  fc.integer({ min: 1, max: 99 }).map((number): Place => ({ name: 'lesson', number })),
  fc.constant<Place>({ name: 'challenge', id: null }),
  fc
    .tuple(fc.nat({ max: 999 }), fc.nat(), fc.integer({ min: 1, max: 3 }))
    .map((parts): Place => ({ name: 'challenge', id: parts.join('-') })),
);

describe('the place in an address', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(places, (place) => {
        expect(placeOf(hashOf(place))).toEqual(place);
      }),
    );
  });

  it.each(['#summary', '#variant-lab', '#lesson-x', '#challenges', '#request-0123456789abcdef'])(
    'is none where %s is a part of a report',
    (hash) => expect(placeOf(hash)).toBeNull(),
  );

  it('is the lab where nothing is said', () => expect(placeOf('')).toEqual({ name: 'lab' }));
});
