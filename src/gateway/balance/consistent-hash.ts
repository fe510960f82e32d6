/**
 * What ring-hash and maglev share: requests with one key go to one upstream, as long as it is available and has room.
 *
 * The table holds every upstream seen of late, available or not, and a lookup passes over those that may not be used
 * now. So a table is made only for an upstream that is new or has a new weight, never on the way of a request whose
 * upstreams merely differ from the last one's, and an upstream that goes away moves its own keys and no others. Weights
 * are the upstreams' own: slow start would move keys at every step, and Envoy has none for these two either.
 *
 * Bounded loads (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018): no upstream is given
 * more than `balanceFactor` times its fair share of the requests in flight. What is over jumps to a place that depends
 * on the key alone (Chen, Coleman and Shrivastava, "Revisiting Consistent Hashing with Bounded Loads", 2021): with the
 * next neighbour instead, one full upstream would fill its neighbour, and that the next.
 */
import type { Upstream } from '../upstream-pool.js';
import { hashOf, hashStep } from './hash.js';
import type { Choice, Selector } from './selector.js';

export interface BoundedLoadOptions {
  /**
   * Requests in flight on one upstream, of its fair share by weight; at least 1, 1.25 to 2 are usual; `null`: no bound.
   * Envoy's and HAProxy's `hash_balance_factor`, which they write in percent.
   */
  readonly balanceFactor: number | null;
}

/** Off, as in Envoy and HAProxy: what has one key stays together, whatever it costs. */
export const BOUNDED_LOAD_DEFAULTS: BoundedLoadOptions = { balanceFactor: null };

export interface Member {
  readonly id: string;
  weight: number;
  /** `null` while it is not available. */
  upstream: Upstream | null;
  absentSinceMs: number;
}

export interface HashTable {
  /** @returns the first available member at a hash's place or after it; `null`: none has a place. */
  ownerOf(hash: number): Member | null;
}

/** @param members those with a weight above 0, ordered by id, so that every gateway makes the same table. */
export type TableBuilder = (members: readonly Member[]) => HashTable;

/**
 * A member away for this long is left out of the next table that is made. Longer than a restart or a deployment, so that
 * its keys come back to it.
 */
const FORGET_AFTER_MS = 10 * 60_000;

/** Jumps in search of room, before all are asked in order: at a factor of 1.25 one in five has room, so 32 find it. */
const MAX_JUMPS = 32;

const byId = (a: Member, b: Member): number => (a.id < b.id ? -1 : 1);

export class ConsistentHash implements Selector {
  readonly #build: TableBuilder;
  readonly #balanceFactor: number | null;
  /** By id, so that an upstream that a new config made anew keeps its place. */
  readonly #members = new Map<string, Member>();
  /** The available of the last request, in their order. */
  readonly #present: Member[] = [];
  #presentWeight = 0;
  #table: HashTable;

  /** @throws RangeError for a factor below 1: there would not be room for all. */
  constructor(build: TableBuilder, { balanceFactor }: BoundedLoadOptions) {
    if (balanceFactor !== null && !(balanceFactor >= 1)) {
      throw new RangeError(`balanceFactor is ${balanceFactor}, and must be at least 1`);
    }
    this.#build = build;
    this.#balanceFactor = balanceFactor;
    this.#table = build([]);
  }

  select(available: readonly Upstream[], { key, nowMs }: Choice): Upstream {
    if (!this.#areAsBefore(available)) this.#learn(available, nowMs);
    const hash = hashOf(key);
    const owner = this.#presentWeight === 0 ? null : this.#table.ownerOf(hash);
    if (owner === null) return available[hash % available.length]!;
    const chosen = this.#balanceFactor === null ? owner : this.#withRoom(owner, hash, this.#balanceFactor);
    return chosen.upstream!;
  }

  #areAsBefore(available: readonly Upstream[]): boolean {
    const present = this.#present;
    if (available.length !== present.length) return false;
    for (let index = 0; index < present.length; index++) {
      const { upstream, weight } = present[index]!;
      if (available[index] !== upstream || upstream.weight !== weight) return false;
    }
    return true;
  }

  #learn(available: readonly Upstream[], nowMs: number): void {
    for (const member of this.#present) {
      member.upstream = null;
      member.absentSinceMs = nowMs;
    }
    this.#present.length = 0;
    this.#presentWeight = 0;
    let isStale = false;
    for (const upstream of available) {
      const { id, weight } = upstream;
      let member = this.#members.get(id);
      if (member === undefined) {
        member = { id, weight: Number.NaN, upstream, absentSinceMs: nowMs };
        this.#members.set(id, member);
      }
      if (member.weight !== weight) isStale = true;
      member.weight = weight;
      member.upstream = upstream;
      this.#present.push(member);
      this.#presentWeight += weight;
    }
    if (isStale) this.#rebuild(nowMs);
  }

  #rebuild(nowMs: number): void {
    for (const member of this.#members.values()) {
      const isAway = member.upstream === null && nowMs - member.absentSinceMs > FORGET_AFTER_MS;
      if (isAway) this.#members.delete(member.id);
    }
    const placed = [...this.#members.values()].filter(({ weight }) => weight > 0).sort(byId);
    this.#table = this.#build(placed);
  }

  #withRoom(owner: Member, hash: number, factor: number): Member {
    // With the request that is to be placed.
    let requests = 1;
    for (const { upstream } of this.#present) requests += upstream!.load;
    const hasRoom = ({ upstream, weight }: Member): boolean =>
      upstream!.load < Math.ceil((factor * requests * weight) / this.#presentWeight);

    if (hasRoom(owner)) return owner;
    for (let jump = 1; jump <= MAX_JUMPS; jump++) {
      const member = this.#table.ownerOf(hashStep(hash, jump))!;
      if (hasRoom(member)) return member;
    }
    // The bounds add up to more than there are requests, so somebody has room.
    const count = this.#present.length;
    for (let step = 0; step < count; step++) {
      const member = this.#present[(hash + step) % count]!;
      if (hasRoom(member)) return member;
    }
    return owner;
  }
}
