/**
 * The 99th percentile of the answers of each half second, by the moment at which they came; at most a sixteenth too high, which
 * is near enough for a rule about twice as much, at a fifth of the cost of three digits.
 */

/** Half a second of a hundred requests a second has fifty answers, of which a percentile can be told. */
export const LATENCY_TICK_MS = 500;

/** After so long a half second is settled, and nothing is kept of it but its percentile; what comes later is left out. */
const SETTLE_MS = 5_000;

const QUANTILE = 0.99;

const MICROSECONDS = 1_000;
/** Counters of an octave, which is a range whose end is twice its beginning. */
const SLOT_BITS = 4;
const SLOTS = 2 ** SLOT_BITS;
/** Below it everything is as fast as that. */
const LEAST_US = SLOTS;
/** Above it, 35 minutes, everything is as slow as that. */
const MOST_US = 2 ** 31 - 1;
const COUNTERS = (31 - SLOT_BITS) * SLOTS;

const slotOf = (latencyMs: number): number => {
  const us = Math.min(MOST_US, Math.max(LEAST_US, Math.round(latencyMs * MICROSECONDS)));
  const octave = 31 - Math.clz32(us) - SLOT_BITS;
  return octave * SLOTS + (us >> octave) - SLOTS;
};

/** The end of what shares a slot. */
const endOfSlotMs = (slot: number): number => {
  const octave = Math.floor(slot / SLOTS);
  return ((SLOTS + (slot % SLOTS) + 1) * 2 ** octave) / MICROSECONDS;
};

export interface TickLatency {
  readonly answers: number;
  readonly p99Ms: number;
}

const summarizeSlots = (slots: Uint32Array): TickLatency => {
  const answers = slots.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const slot = slots.findIndex((count) => {
    seen += count;
    return seen >= answers * QUANTILE;
  });
  return { answers, p99Ms: endOfSlotMs(slot) };
};

export class LatencyTicks {
  readonly #answers: Uint32Array;
  readonly #p99Ms: Float32Array;
  /** Of those that are not settled yet, by number. */
  readonly #open = new Map<number, Uint32Array>();
  /** The one that the last answer was counted in, which is mostly that of the next. */
  #latest: { readonly index: number; readonly slots: Uint32Array } | null = null;
  #settled = 0;

  constructor(durationMs: number) {
    const count = Math.ceil(durationMs / LATENCY_TICK_MS);
    this.#answers = new Uint32Array(count);
    this.#p99Ms = new Float32Array(count);
  }

  /** @param endMs when the answer came. */
  record(latencyMs: number, endMs: number): void {
    const index = Math.max(0, Math.floor(endMs / LATENCY_TICK_MS));
    if (this.#latest?.index !== index) {
      if (index >= this.#answers.length || index < this.#settled) return;
      this.#latest = { index, slots: this.#slotsOf(index) };
    }
    this.#latest.slots[slotOf(latencyMs)]!++;
  }

  /** Of the half second that ended then, after the run; `null`: none did. */
  endingAt(nowMs: number): TickLatency | null {
    if (nowMs % LATENCY_TICK_MS !== 0) return null;
    this.#settleBefore(this.#answers.length);
    const index = nowMs / LATENCY_TICK_MS - 1;
    return { answers: this.#answers[index]!, p99Ms: this.#p99Ms[index]! };
  }

  #slotsOf(index: number): Uint32Array {
    let slots = this.#open.get(index);
    if (slots === undefined) {
      slots = new Uint32Array(COUNTERS);
      this.#open.set(index, slots);
      this.#settleBefore(index - SETTLE_MS / LATENCY_TICK_MS);
    }
    return slots;
  }

  #settleBefore(end: number): void {
    this.#latest = null;
    for (; this.#settled < end; this.#settled++) {
      const slots = this.#open.get(this.#settled);
      if (slots === undefined) continue;
      const { answers, p99Ms } = summarizeSlots(slots);
      this.#answers[this.#settled] = answers;
      this.#p99Ms[this.#settled] = p99Ms;
      this.#open.delete(this.#settled);
    }
  }
}
