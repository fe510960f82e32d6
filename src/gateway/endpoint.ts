/** One upstream under one version of the config: the policies that it has for itself, and the way to it. */
import type { Breaker } from '../policies/breaker.js';
import type { ConcurrencyLimit } from '../policies/concurrency.js';
import type { Service } from '../policies/service.js';
import type { Upstream } from './upstream-pool.js';

export class Endpoint {
  readonly upstream: Upstream;
  readonly limit: ConcurrencyLimit | null;
  readonly breaker: Breaker | null;
  /** Its endpoint stack; set once the pipeline is built. */
  service: Service = () => Promise.reject(new Error('the endpoint stack is not built'));

  constructor(upstream: Upstream, limit: ConcurrencyLimit | null, breaker: Breaker | null) {
    this.upstream = upstream;
    this.limit = limit;
    this.breaker = breaker;
  }

  /** Whether its circuit lets a request through now. */
  get admits(): boolean {
    return this.breaker === null || this.breaker.admits;
  }

  /** Whether a request would get a slot or a place in its queue. */
  get hasRoom(): boolean {
    return this.limit === null || this.limit.hasRoom;
  }
}
