/**
 * The upstreams as the gateway sees them: which may take requests, what is in flight, and the policies that each has for
 * itself. It outlives the pipelines that configs replace.
 */
import type { Breaker } from '../policies/breaker.js';
import type { ConcurrencyLimit } from '../policies/concurrency.js';
import { type Outcome, Permit } from '../policies/outcome.js';

export interface UpstreamAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Default 1. */
  readonly weight?: number;
  /** Default 0. */
  readonly priority?: number;
}

/** Who may take an upstream out: outlier detection, or an operator. Neither ends what the other has begun. */
export type EjectionOwner = 'outliers' | 'by-hand';

/** An upstream's place among the others, as a config gives it. */
export interface Placement {
  readonly weight: number;
  readonly priority: number;
}

type Placements = Readonly<Record<string, Placement>>;

export class Upstream {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Attempts sent and not yet done. */
  inFlight = 0;
  /** Of the version of the config that serves most requests. */
  limit: ConcurrencyLimit | null = null;
  breaker: Breaker | null = null;
  readonly counts: Record<Outcome, number> = { success: 0, failure: 0, ignored: 0 };
  #weight: number;
  #priority: number;
  #healthy = true;
  readonly #ejectedBy = new Set<EjectionOwner>();
  #drained = false;
  #upSinceMs = Number.NEGATIVE_INFINITY;
  readonly #onChange: () => void;

  /** @param onChange called when it may take more or less than before. */
  constructor(address: UpstreamAddress, onChange: () => void = () => {}) {
    this.id = address.id;
    this.host = address.host;
    this.port = address.port;
    this.#weight = address.weight ?? 1;
    this.#priority = address.priority ?? 0;
    this.#onChange = onChange;
  }

  /** Share of the traffic, relative to the other weights. */
  get weight(): number {
    return this.#weight;
  }

  set weight(weight: number) {
    if (weight === this.#weight) return;
    this.#weight = weight;
    this.#onChange();
  }

  /** 0 is used first; a higher number stands in when those below are not enough. */
  get priority(): number {
    return this.#priority;
  }

  set priority(priority: number) {
    if (priority === this.#priority) return;
    this.#priority = priority;
    this.#onChange();
  }

  /** Set by the health checks; true where there are none. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Taken out for behaving unlike the others, or by hand. */
  get ejected(): boolean {
    return this.#ejectedBy.size > 0;
  }

  /** Taken out by hand for good: what is in flight ends, nothing new comes. */
  get drained(): boolean {
    return this.#drained;
  }

  /** Whether it counts among those that can take requests. */
  get available(): boolean {
    return this.#healthy && !this.ejected && !this.#drained;
  }

  /** When it came up last; −Infinity: it has been up since the gateway knows it, and starts no more slowly than others. */
  get upSinceMs(): number {
    return this.#upSinceMs;
  }

  setHealthy(healthy: boolean, nowMs: number): void {
    this.#set(() => {
      this.#healthy = healthy;
    }, nowMs);
  }

  isEjectedBy(owner: EjectionOwner): boolean {
    return this.#ejectedBy.has(owner);
  }

  /** It is in again when nobody has it out any more. */
  setEjected(owner: EjectionOwner, ejected: boolean, nowMs: number): void {
    this.#set(() => {
      if (ejected) this.#ejectedBy.add(owner);
      else this.#ejectedBy.delete(owner);
    }, nowMs);
  }

  setDrained(drained: boolean, nowMs: number): void {
    this.#set(() => {
      this.#drained = drained;
    }, nowMs);
  }

  /** Before the first health check: unhealthy, and up from its first good one on without a slow start. */
  awaitFirstCheck(): void {
    this.#healthy = false;
    this.#upSinceMs = Number.NaN;
    this.#onChange();
  }

  #set(change: () => void, nowMs: number): void {
    const before = this.available;
    change();
    if (this.available === before) return;
    if (this.available) {
      this.#upSinceMs = Number.isNaN(this.#upSinceMs) ? Number.NEGATIVE_INFINITY : nowMs;
    }
    this.#onChange();
  }

  get queued(): number {
    return this.limit?.queued ?? 0;
  }

  /** What a balancer compares: requests in flight and queued. */
  get load(): number {
    return this.inFlight + this.queued;
  }

  /** Whether its circuit lets a request through now. */
  get admits(): boolean {
    return this.breaker === null || this.breaker.admits;
  }

  /** Counts one attempt in, until its permit ends. */
  begin(): Permit {
    this.inFlight++;
    return new Permit((outcome) => {
      this.inFlight--;
      this.counts[outcome]++;
    });
  }
}

export class UpstreamPool {
  readonly upstreams: readonly Upstream[];
  /** Grows whenever one of them may take more or less than before, so that what was derived from them can be kept. */
  revision = 0;

  constructor(addresses: readonly UpstreamAddress[]) {
    const changed = (): void => {
      this.revision++;
    };
    this.upstreams = addresses.map((address) => new Upstream(address, changed));
  }

  /**
   * Weights and priorities as a config has them, by id; default 1 and 0.
   * @param before those of the config before; `null`: none. A weight set by hand stays as long as they are the same.
   */
  place(wanted: Placements, before: Placements | null): void {
    if (JSON.stringify(before) === JSON.stringify(wanted)) return;
    for (const upstream of this.upstreams) {
      const { weight = 1, priority = 0 } = wanted[upstream.id] ?? {};
      upstream.weight = weight;
      upstream.priority = priority;
    }
  }

  /** The same upstreams as they stand, with counts of their own: for whoever tries something out. */
  copy(nowMs: number): UpstreamPool {
    const copy = new UpstreamPool(this.upstreams);
    for (const [index, upstream] of this.upstreams.entries()) {
      const own = copy.upstreams[index]!;
      own.setHealthy(upstream.healthy, nowMs);
      own.setDrained(upstream.drained, nowMs);
      own.setEjected('by-hand', upstream.ejected, nowMs);
    }
    return copy;
  }

  find(id: string): Upstream | undefined {
    return this.upstreams.find((upstream) => upstream.id === id);
  }
}
