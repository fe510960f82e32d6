/**
 * Consistent hashing on a ring (Karger and others, 1997), ketama style: every upstream has many points on a ring of 32
 * bits, in proportion to its weight, and a key belongs to the first point at or after its hash.
 *
 * The points of an upstream depend on its own weight alone, as in ketama and nginx, unless the ring would be too small or
 * too large. Envoy makes the ring just as large as its least size, and so gives each upstream fewer points where there are
 * more of them: one that joins or leaves then moves keys among the others too.
 */
import {
  BOUNDED_LOAD_DEFAULTS,
  type BoundedLoadOptions,
  ConsistentHash,
  type HashTable,
  type Member,
} from './consistent-hash.js';
import { hashOf, hashStep } from './hash.js';
import { type BalancerParts, withDefaults } from './parts.js';
import type { Selector } from './selector.js';

export interface RingHashOptions extends BoundedLoadOptions {
  /** Points on the ring, at least: below it, the points of each are doubled until there are enough. */
  readonly minRingSize: number;
  /** Points on the ring, about, at most: above it, they are halved until they fit; each upstream has one at least. */
  readonly maxRingSize: number;
}

export const RING_HASH_DEFAULTS: RingHashOptions = {
  ...BOUNDED_LOAD_DEFAULTS,
  /** Envoy's. */
  minRingSize: 1_024,
  /** Envoy allows 8,388,608, but a ring is made while requests wait, and this one takes some 10 ms. */
  maxRingSize: 65_536,
};

/**
 * Points of an upstream of weight 1: four of them make Envoy's least ring. Shares are off by some 6 % (1/√256) of what
 * they should be.
 */
const POINTS_PER_WEIGHT = 256;

/** By doubling and halving, and not made to fit exactly, so that they rarely change as upstreams join and leave. */
const fittingPoints = (members: readonly Member[], { minRingSize, maxRingSize }: RingHashOptions): number => {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  let points = POINTS_PER_WEIGHT;
  while (total > 0 && points * total < minRingSize) points *= 2;
  while (points * total > maxRingSize) points /= 2;
  return points;
};

class Ring implements HashTable {
  readonly #members: readonly Member[];
  readonly #positions: Uint32Array;
  /** Which member each point is. */
  readonly #owners: Uint32Array;

  constructor(members: readonly Member[], options: RingHashOptions) {
    this.#members = members;
    const perWeight = fittingPoints(members, options);
    const counts = members.map(({ weight }) => Math.max(1, Math.round(weight * perWeight)));
    const size = counts.reduce((sum, count) => sum + count, 0);
    // Position and owner in one number, so that they are sorted as one.
    const points = new Float64Array(size);
    let next = 0;
    for (const [owner, { id }] of members.entries()) {
      const hash = hashOf(id);
      for (let point = 0; point < counts[owner]!; point++) {
        points[next++] = hashStep(hash, point) * members.length + owner;
      }
    }
    points.sort();
    this.#positions = new Uint32Array(size);
    this.#owners = new Uint32Array(size);
    for (let index = 0; index < size; index++) {
      this.#positions[index] = Math.floor(points[index]! / members.length);
      this.#owners[index] = points[index]! % members.length;
    }
  }

  ownerOf(hash: number): Member | null {
    const positions = this.#positions;
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (positions[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    for (let step = 0; step < positions.length; step++) {
      const member = this.#members[this.#owners[(low + step) % positions.length]!]!;
      if (member.upstream !== null) return member;
    }
    return null;
  }
}

/** @throws RangeError for a balance factor below 1. */
export const ringHash = ({ options }: BalancerParts<RingHashOptions>): Selector => {
  const resolved = withDefaults(RING_HASH_DEFAULTS, options);
  return new ConsistentHash((members) => new Ring(members, resolved), resolved);
};
