/**
 * Maglev hashing (Eisenbud and others, "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016): a table
 * with a prime number of entries, which the upstreams fill in turn, each by its own permutation of the entries; weights
 * are turns left out, as in Envoy. Shares are as even as the table is large, and a lookup is one look; the price is that
 * an upstream that joins moves a few keys of others too.
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

export interface MaglevOptions extends BoundedLoadOptions {
  /** Entries of the table: a prime, so that every permutation reaches all, and a hundred times the upstreams at least. */
  readonly tableSize: number;
}

export const MAGLEV_DEFAULTS: MaglevOptions = {
  ...BOUNDED_LOAD_DEFAULTS,
  /** The paper's and Envoy's. 256 KiB, made in some milliseconds. */
  tableSize: 65_537,
};

/** The paper's larger one. Envoy allows 5,000,011, but a table is made while requests wait. */
export const MAX_TABLE_SIZE = 655_373;

/** Each member has two hashes: where its permutation starts, and how far it steps. */
const [OFFSET_SEED, SKIP_SEED] = [1, 2];

const EMPTY = 0xffffffff;

/**
 * Jumps in search of an upstream that is available, before entries are tried one after the other. Those after one's own
 * belong to one neighbour more than to others, since permutations are regular; so many jumps find one in fifty.
 */
const MAX_JUMPS = 256;

const isPrime = (number: number): boolean => {
  if (!Number.isInteger(number) || number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
};

/** Whether a table may have so many entries: a prime, and not too many. */
export const isTableSize = (size: number): boolean => size <= MAX_TABLE_SIZE && isPrime(size);

/** @returns for each entry, which member it belongs to. */
const fill = (members: readonly Member[], size: number): Uint32Array => {
  const table = new Uint32Array(size).fill(EMPTY);
  const count = members.length;
  if (count === 0) return table;
  const weights = Float64Array.from(members, ({ weight }) => weight);
  const heaviest = Math.max(...weights);
  const next = Uint32Array.from(members, ({ id }) => hashOf(id, OFFSET_SEED) % size);
  const skips = Uint32Array.from(members, ({ id }) => 1 + (hashOf(id, SKIP_SEED) % (size - 1)));
  const turns = new Uint32Array(count);
  let filled = 0;
  for (let round = 1; ; round++) {
    for (let index = 0; index < count; index++) {
      // The heaviest has a turn in every round, the others in proportion; all have one in the first.
      if (round * weights[index]! < turns[index]! * heaviest) continue;
      turns[index]!++;
      const skip = skips[index]!;
      let entry = next[index]!;
      while (table[entry] !== EMPTY) {
        entry += skip;
        if (entry >= size) entry -= size;
      }
      next[index] = entry;
      table[entry] = index;
      if (++filled === size) return table;
    }
  }
};

class MaglevTable implements HashTable {
  readonly #members: readonly Member[];
  readonly #entries: Uint32Array;

  constructor(members: readonly Member[], size: number) {
    this.#members = members;
    this.#entries = fill(members, size);
  }

  /** From an entry that may not be used now to one that depends on the hash alone. */
  ownerOf(hash: number): Member | null {
    const entries = this.#entries;
    for (let jump = 0; jump <= MAX_JUMPS; jump++) {
      const place = jump === 0 ? hash : hashStep(hash, jump);
      const member = this.#members[entries[place % entries.length]!];
      if (member !== undefined && member.upstream !== null) return member;
    }
    for (let step = 1; step <= entries.length; step++) {
      const member = this.#members[entries[(hash + step) % entries.length]!];
      if (member !== undefined && member.upstream !== null) return member;
    }
    return null;
  }
}

/** @throws RangeError for a table size that is no prime or too large, or a balance factor below 1. */
export const maglev = ({ options }: BalancerParts<MaglevOptions>): Selector => {
  const resolved = withDefaults(MAGLEV_DEFAULTS, options);
  const { tableSize } = resolved;
  if (!isTableSize(tableSize)) {
    throw new RangeError(`tableSize is ${tableSize}, and must be a prime of at most ${MAX_TABLE_SIZE}`);
  }
  return new ConsistentHash((members) => new MaglevTable(members, tableSize), resolved);
};
