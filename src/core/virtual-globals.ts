/**
 * Makes a virtual clock the time of everything in this thread: libraries that read `Date` or set timers by the global
 * functions then live in virtual time as our own code does, which is handed a `Clock`. For a worker thread that does
 * nothing else: what waits for the real world there waits for ever.
 */
import type { Timer } from './clock.js';
import type { VirtualClock } from './virtual-clock.js';

/** What Node's timers offer besides being cancelled. Virtual time does not end by itself, so nothing keeps it going. */
class Handle {
  readonly #begin: () => Timer;
  #timer: Timer;

  constructor(begin: () => Timer) {
    this.#begin = begin;
    this.#timer = begin();
  }

  cancel(): void {
    this.#timer.cancel();
  }

  refresh(): this {
    this.#timer.cancel();
    this.#timer = this.#begin();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

/** Node's own least delay, so that an interval of 0 goes on. */
const LEAST_INTERVAL_MS = 1;

const cancel = (handle: unknown): void => {
  if (handle instanceof Handle) handle.cancel();
};

/**
 * Before anything is loaded that keeps one of these functions for itself.
 * @returns puts the true ones back.
 */
export const installVirtualGlobals = (clock: VirtualClock): (() => void) => {
  const RealDate = globalThis.Date;
  const realNow = performance.now;
  const startMs = clock.nowMs();

  class VirtualDate extends RealDate {
    // biome-ignore lint/suspicious/noExplicitAny: whatever Date takes.
    constructor(...parts: any[]) {
      if (parts.length === 0) super(clock.nowMs());
      else super(...(parts as [number]));
    }

    static override now(): number {
      return Math.floor(clock.nowMs());
    }
  }

  const virtual = {
    setTimeout: (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
      new Handle(() => clock.after(Number(delayMs) || 0, () => run(...args))),
    setInterval: (run: (...args: unknown[]) => void, intervalMs = 0, ...args: unknown[]) => {
      const everyMs = Math.max(LEAST_INTERVAL_MS, Number(intervalMs) || 0);
      return new Handle(() => clock.every(everyMs, () => run(...args)));
    },
    setImmediate: (run: (...args: unknown[]) => void, ...args: unknown[]) =>
      new Handle(() => clock.after(0, () => run(...args))),
    clearTimeout: cancel,
    clearInterval: cancel,
    clearImmediate: cancel,
    Date: VirtualDate,
  };
  const before = Object.fromEntries(
    Object.keys(virtual).map((name) => [name, (globalThis as unknown as Record<string, unknown>)[name]]),
  );
  Object.assign(globalThis, virtual);
  performance.now = () => clock.nowMs() - startMs;
  return () => {
    Object.assign(globalThis, before);
    performance.now = realNow;
  };
};
