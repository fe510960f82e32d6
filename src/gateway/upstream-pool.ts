/**
 * The upstreams as the gateway sees them: their health and what is in flight. The state lives here and not in the
 * pipeline, so that it outlives a pipeline that a new config replaces.
 */
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
  inFlight = 0;
  readonly counts: Record<Outcome, number> = { success: 0, failure: 0, ignored: 0 };

  constructor(address: UpstreamAddress) {
    this.id = address.id;
    this.host = address.host;
    this.port = address.port;
  }

  /** Whether a request may be sent there now. */
  get available(): boolean {
    return this.healthy;
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

  available(): readonly Upstream[] {
    return this.upstreams.filter((upstream) => upstream.available);
  }
}
