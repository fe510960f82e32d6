/**
 * The upstreams as the gateway sees them: their health, what is in flight, and the state of the policies that each has
 * for itself. It lives here and not in the pipeline, so that it outlives a pipeline that a new config replaces.
 */
import type { Breaker } from '../policies/breaker.js';
import type { ConcurrencyLimit } from '../policies/concurrency.js';
import { type Outcome, Permit } from '../policies/outcome.js';

export interface UpstreamAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

export class Upstream {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Set by the health checks; true where there are none. */
  healthy = true;
  /** Attempts sent and not yet done. */
  inFlight = 0;
  limit: ConcurrencyLimit | null = null;
  breaker: Breaker | null = null;
  readonly counts: Record<Outcome, number> = { success: 0, failure: 0, ignored: 0 };

  constructor(address: UpstreamAddress) {
    this.id = address.id;
    this.host = address.host;
    this.port = address.port;
  }

  /** Whether its circuit lets a request through now. */
  get admits(): boolean {
    return this.breaker === null || this.breaker.admits;
  }

  /** Whether a request would get a slot or a place in its queue. */
  get hasRoom(): boolean {
    return this.limit === null || this.limit.hasRoom;
  }

  get queued(): number {
    return this.limit?.queued ?? 0;
  }

  /** What a balancer compares: requests in flight and queued. */
  get load(): number {
    return this.inFlight + this.queued;
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

  constructor(addresses: readonly UpstreamAddress[]) {
    this.upstreams = addresses.map((address) => new Upstream(address));
  }
}
