/**
 * Who waits for a slot, and in which order they get one. A line decides and knows neither time nor timers; what is
 * dropped from it is told, never lost.
 */

/** One request that waits. */
export interface Waiting {
  readonly sinceMs: number;
  /** When its client or the gateway stops waiting for an answer; Infinity: never. */
  readonly deadlineMs: number;
  /** 0 is the most critical. */
  readonly criticality: number;
}

/** Why a line dropped a request that waited in it. */
export type DropReason = 'evicted' | 'waited-too-long' | 'too-late';

export interface Line<Item extends Waiting> {
  readonly size: number;
  add(item: Item, nowMs: number): void;
  /**
   * A slot is free: takes out the request that gets it.
   * @param drop called for each request that leaves the line without a slot on the way there.
   * @returns `null` when nobody is left.
   */
  next(nowMs: number, drop: (item: Item, reason: DropReason) => void): Item | null;
  /**
   * The line is full and one more came, which is not in it yet: takes out whoever is to make way for it.
   * @returns `null`: nobody does, the newcomer is refused.
   */
  evictFor(item: Item, nowMs: number): Item | null;
  /** Its client left, or it waited as long as it may. @returns whether it was there. */
  remove(item: Item): boolean;
}
