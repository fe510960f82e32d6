/**
 * Single flight: of several requests that would fetch the same thing, one goes and the others wait for what it brings
 * (RFC 9111 section 4 calls it collapsing). The bounds are those of nginx's `proxy_cache_lock`: nobody waits longer than
 * a time, and one who is on the way for too long does not hold up who comes later.
 *
 * What turns out not to be storable lets all who wait go at once, and is remembered for a while, so that requests for it
 * do not wait for each other again (Varnish's hit-for-miss). A failure makes the next in line go: an upstream in
 * trouble is not asked by all of them together.
 */
import type { Clock } from '../../core/clock.js';
import type { Call } from '../service.js';

export interface FlightOptions {
  /** Longest wait for another's answer; then a request goes by itself. Default 5 s, as in nginx. */
  readonly lockTimeoutMs: number;
  /** One who has been on the way for this long is not waited for by newcomers. Default 5 s, as in nginx. */
  readonly lockAgeMs: number;
}

/** Requests that wait for one answer; one more goes by itself. A queue that long is not shortened by waiting. */
export const MAX_WAITERS = 1000;

/** How long a URL counts as one that is not worth waiting for; Varnish's default. */
export const UNCACHEABLE_MS = 120_000;

/** URLs remembered as such; the one marked longest ago is forgotten first, and costs one more wait. */
export const MAX_UNCACHEABLE = 10_000;

/** How a wait ends: look into the store, go by oneself, or go for all the others. */
export type Wake = 'look' | 'go' | Lead;

type Waiter = (wake: Wake) => void;

class Flight {
  readonly key: string;
  /** In the order in which they came. */
  readonly waiters = new Set<Waiter>();
  lead!: Lead;

  constructor(key: string) {
    this.key = key;
  }
}

/** The part of the one who goes. It ends once; what is said after that does not count. */
export class Lead {
  readonly sinceMs: number;
  readonly #flights: Flights;
  readonly #flight: Flight;
  #over = false;

  constructor(flights: Flights, flight: Flight, sinceMs: number) {
    this.#flights = flights;
    this.#flight = flight;
    this.sinceMs = sinceMs;
  }

  get waiters(): number {
    return this.#over ? 0 : this.#flight.waiters.size;
  }

  /** What was wanted is in the store. */
  landed(): void {
    this.#endAll('look');
  }

  /** There is an answer, and it is nobody else's. */
  uncacheable(): void {
    if (!this.#over) this.#flights.mark(this.#flight.key);
    this.#endAll('go');
  }

  /** There is none. */
  failed(): void {
    if (this.#over) return;
    this.#over = true;
    const flight = this.#flight;
    // One who came later goes already.
    if (flight.lead === this) this.#flights.handOver(flight);
  }

  #endAll(wake: Wake): void {
    if (this.#over) return;
    this.#over = true;
    this.#flights.end(this.#flight, wake);
  }
}

export class Flights {
  readonly #options: FlightOptions;
  readonly #clock: Clock;
  readonly #flights = new Map<string, Flight>();
  /** Until when; the one marked longest ago is first. */
  readonly #uncacheable = new Map<string, number>();

  constructor(options: FlightOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** @returns `null` when somebody is on the way already, and is to be waited for. */
  enter(key: string): Lead | null {
    const nowMs = this.#clock.nowMs();
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = new Flight(key);
      this.#flights.set(key, flight);
    } else if (nowMs - flight.lead.sinceMs < this.#options.lockAgeMs) {
      return null;
    }
    flight.lead = new Lead(this, flight, nowMs);
    return flight.lead;
  }

  /**
   * Waits for who is on the way. Rejects when the call is cancelled.
   * @param sinceMs when this request began to wait, which may have been for another.
   */
  wait(key: string, call: Call, sinceMs: number): Promise<Wake> {
    const flight = this.#flights.get(key);
    const leftMs = sinceMs + this.#options.lockTimeoutMs - this.#clock.nowMs();
    if (flight === undefined || leftMs <= 0 || flight.waiters.size >= MAX_WAITERS)
      return Promise.resolve('go');
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(leftMs, () => {
        if (flight.waiters.delete(wake)) resolve('go');
      });
      const wake: Waiter = (how) => {
        timer.cancel();
        resolve(how);
      };
      flight.waiters.add(wake);
      call.onCancel((error) => {
        if (!flight.waiters.delete(wake)) return;
        timer.cancel();
        reject(error);
      });
    });
  }

  /** Whether requests for it go by themselves. */
  isUncacheable(key: string): boolean {
    const untilMs = this.#uncacheable.get(key);
    if (untilMs === undefined) return false;
    if (this.#clock.nowMs() < untilMs) return true;
    this.#uncacheable.delete(key);
    return false;
  }

  mark(key: string): void {
    this.#uncacheable.delete(key);
    this.#uncacheable.set(key, this.#clock.nowMs() + UNCACHEABLE_MS);
    if (this.#uncacheable.size <= MAX_UNCACHEABLE) return;
    const [longestAgo] = this.#uncacheable.keys();
    this.#uncacheable.delete(longestAgo!);
  }

  unmark(key: string): void {
    this.#uncacheable.delete(key);
  }

  /** For `Lead`: everybody who waits goes on. */
  end(flight: Flight, wake: Wake): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
    const waiters = [...flight.waiters];
    flight.waiters.clear();
    for (const waiter of waiters) waiter(wake);
  }

  /** For `Lead`: the next in line goes for all. */
  handOver(flight: Flight): void {
    const [next] = flight.waiters;
    if (next === undefined) {
      if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key);
      return;
    }
    flight.waiters.delete(next);
    flight.lead = new Lead(this, flight, this.#clock.nowMs());
    next(flight.lead);
  }
}
