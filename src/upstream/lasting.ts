/** Faults that last: each has a number, and is over when its time is, or when somebody takes it away. */
import type { Clock, Timer } from '../core/clock.js';

interface Entry<Fault> {
  readonly fault: Fault;
  /** Infinity: until it is taken away. */
  readonly endMs: number;
  readonly timer: Timer | null;
}

export class Lasting<Fault> {
  readonly #clock: Clock;
  readonly #onTimeOver: (id: number) => void;
  readonly #entries = new Map<number, Entry<Fault>>();
  #lastId = 0;

  /** @param onTimeOver called while it is still there; it is to be taken away. */
  constructor(clock: Clock, onTimeOver: (id: number) => void) {
    this.#clock = clock;
    this.#onTimeOver = onTimeOver;
  }

  /** In the order in which they began. */
  get all(): readonly Fault[] {
    return [...this.#entries.values()].map(({ fault }) => fault);
  }

  /** The same with their numbers; what is taken away meanwhile does not disturb who goes through them. */
  get numbered(): readonly (readonly [id: number, fault: Fault])[] {
    return [...this.#entries].map(([id, { fault }]) => [id, fault]);
  }

  /** @param forMs `null`: until it is taken away. @returns its number, from 1. */
  begin(fault: Fault, forMs: number | null): number {
    const id = ++this.#lastId;
    const endMs = this.#clock.nowMs() + (forMs ?? Number.POSITIVE_INFINITY);
    const timer = forMs === null ? null : this.#clock.after(forMs, () => this.#onTimeOver(id));
    this.#entries.set(id, { fault, endMs, timer });
    return id;
  }

  /** @returns how long it lasts yet; `null`: until it is taken away. */
  leftMs(id: number): number | null {
    const { endMs } = this.#entries.get(id) ?? { endMs: 0 };
    return endMs === Number.POSITIVE_INFINITY ? null : endMs - this.#clock.nowMs();
  }

  /** @returns what it was; `null`: it is over already. */
  take(id: number): Fault | null {
    const entry = this.#entries.get(id);
    entry?.timer?.cancel();
    this.#entries.delete(id);
    return entry?.fault ?? null;
  }

  /** Takes all away without a word. */
  clear(): void {
    for (const { timer } of this.#entries.values()) timer?.cancel();
    this.#entries.clear();
  }
}
