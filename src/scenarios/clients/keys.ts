/**
 * Which of many things a request asks for: the `keys` of a class of clients. A few are asked for often and most of them
 * seldom, by Zipf's law, as pages, videos and users are; that is what makes a small cache hold most of the traffic, and
 * what makes an empty one slow to fill.
 *
 * The key of a request depends on its number and the seed alone: every try of it asks for the same, in every variant.
 */
import type { Random } from '../../core/random.js';
import { Optional, Section, type Static, Type } from '../../core/schema.js';
import type { Asked } from './classes.js';
import type { RequestId } from './clients.js';

/** Each has a path of its own in memory. More is refused with the file. */
export const MAX_KEYS = 100_000;

/** Of pages that web caches see it is 0.64 to 0.83 (Breslau and others, "Web Caching and Zipf-like Distributions", 1999). */
const DEFAULT_ZIPF = 0.8;

export const KeysSchema = Section(
  {
    count: Type.Integer({
      minimum: 1,
      maximum: MAX_KEYS,
      description: 'How many different things are asked for; at most 100000.',
    }),
    zipf: Optional(
      Type.Number({
        minimum: 0,
        maximum: 10,
        description:
          'Exponent of Zipf’s law: the key at place n is asked for n^-zipf as often as the first; 0: all as often. Default 0.8, as pages are.',
      }),
    ),
  },
  'Each request asks for one of so many things, which is added to the path as `key=17`.',
);

export interface KeyPlan {
  readonly count: number;
  readonly zipf: number;
}

export const resolveKeys = ({ count, zipf = DEFAULT_ZIPF }: Static<typeof KeysSchema>): KeyPlan => ({
  count,
  zipf,
});

/** @returns for each key the share of the requests that ask for it or for one before it. */
const cumulativeShares = ({ count, zipf }: KeyPlan): Float64Array => {
  const shares = new Float64Array(count);
  let total = 0;
  for (let index = 0; index < count; index++) {
    total += (index + 1) ** -zipf;
    shares[index] = total;
  }
  return shares.map((share) => share / total);
};

/** @returns the place of the first that is larger. */
const firstAbove = (ascending: Float64Array, point: number): number => {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > point) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** What the clients of one class ask for, by key. */
export class KeyedRequests<Of extends Asked> {
  readonly #asked: Of;
  readonly #random: Random;
  readonly #shares: Float64Array;
  /** By key, each made when it is first asked for. */
  readonly #made: (Of | undefined)[] = [];

  constructor(asked: Of, plan: KeyPlan, random: Random) {
    this.#asked = asked;
    this.#random = random;
    this.#shares = cumulativeShares(plan);
  }

  /** The same object for the same key, so that what is made ready for it can be kept. */
  of(id: RequestId): Of {
    const key = firstAbove(this.#shares, this.#random.fork(String(id)).next());
    this.#made[key] ??= this.#withKey(key);
    return this.#made[key];
  }

  #withKey(key: number): Of {
    const { path } = this.#asked;
    return { ...this.#asked, path: `${path}${path.includes('?') ? '&' : '?'}key=${key + 1}` };
  }
}
