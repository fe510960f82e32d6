/**
 * The two shapes everything in the gateway has: a `Service` answers a request, a `Layer` wraps a service in a policy.
 *
 * A `Call` is one request's way through the stacks, and, as a child of it, one attempt's. Cancelling a call is how
 * timeouts, deadlines and clients that leave end work that is under way: whoever is waiting listens with `onCancel`.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.js';
import type { GatewayError } from '../core/errors.js';

export type Headers = Record<string, string | string[] | undefined>;

export interface ProxyRequest {
  readonly method: string;
  /** Origin form: path and query, as the client sent them. */
  readonly path: string;
  readonly headers: Headers;
  /** The client's body: unread, or whole where it was small and may have to be sent again; `null`: there is none. */
  readonly body: NodeJS.ReadableStream | Uint8Array | null;
  /** The protocol that the client wants to go on with, such as `websocket` (RFC 9110 section 7.8). */
  readonly upgrade?: string;
}

/** Where a response body goes. `write` answers false when it has had enough for now. */
export interface BodySink {
  write(chunk: Uint8Array): boolean;
  /** @param last the last chunk, where it is known to be the last. */
  end(last?: Uint8Array): void;
  /** The body broke off: the client must not take what it has for a whole. */
  abort(error: GatewayError): void;
}

/** Of a body that nobody wants: read to its end, its connection is kept. */
export const DISCARD: BodySink = { write: () => true, end: () => {}, abort: () => {} };

/** How a response body ended: relayed whole, or lost with a reason. */
export type BodyEnd = GatewayError | null;

/** A response whose headers have arrived and whose body may still be on its way. */
export interface ProxyResponse {
  readonly statusCode: number;
  readonly headers: Headers;
  /** With status 101: the connection itself, which speaks the other protocol from now on. */
  readonly connection?: Duplex;
  /** Starts the body; called at most once. */
  relay(sink: BodySink): void;
  /** Asks for more after a `write` that answered false. */
  resume(): void;
  /**
   * Gives the body up, and the connection with it. Also ends a response that nobody relays.
   * @param reason what was wrong; `null`: nothing, its headers were enough. Default: BGW_ERR_CLIENT_LEFT.
   */
  destroy(reason?: GatewayError | null): void;
  /**
   * Calls back once, when the last byte was relayed or lost. What a request holds (a slot, a place in a counter) is
   * given back here and not at the headers: a body on its way is work in progress.
   */
  onEnd(listener: (end: BodyEnd) => void): void;
}

/** Never throws: what goes wrong is a rejection, or a layer above could not give back what it holds. */
export type Service = (request: ProxyRequest, call: Call) => Promise<ProxyResponse>;
export type Layer = (next: Service) => Service;

/** Outermost first: `stack(a, b)(leaf)` runs a, then b, then the leaf. */
export const stack =
  (...layers: readonly Layer[]) =>
  (leaf: Service): Service =>
    layers.reduceRight((next, layer) => layer(next), leaf);

/** The same for all that have tried nobody yet: a list that may grow has room for many more. */
const NONE: readonly string[] = [];

export class Call {
  readonly rayId: string;
  readonly startedMs: number;
  /** 0 for the request itself; 1 for its first attempt, which is not a retry. */
  readonly attempt: number;
  /** How many attempts the request has made so far. */
  attempts = 0;
  /** The attempt made last, through which it can be given up alone; `null`: there was none yet. */
  lastAttempt: Call | null = null;
  /** The upstreams of the attempts so far, the latest last, or the one whose answer was taken. */
  tried: readonly string[] = NONE;
  /** What requests that belong together have in common; empty where nobody asks for it. */
  key = '';
  /** 0 is the most critical: see `criticality.ts`. Where nobody says anything, all are alike. */
  criticality = 0;
  /** When an answer comes too late for the client; Infinity: never. */
  deadlineMs = Infinity;
  #cancelled: GatewayError | undefined;
  #listeners: ((error: GatewayError) => void)[] | undefined;

  constructor(rayId: string, clock: Pick<Clock, 'nowMs'>, attempt = 0) {
    this.rayId = rayId;
    this.startedMs = clock.nowMs();
    this.attempt = attempt;
  }

  /** The next attempt of this request: cancelled along with it, and on its own without it. */
  nextAttempt(clock: Pick<Clock, 'nowMs'>): Call {
    const attempt = new Call(this.rayId, clock, ++this.attempts);
    attempt.criticality = this.criticality;
    attempt.deadlineMs = this.deadlineMs;
    this.onCancel((error) => attempt.cancel(error));
    this.lastAttempt = attempt;
    return attempt;
  }

  get cancelled(): GatewayError | undefined {
    return this.#cancelled;
  }

  /** Only the first reason counts. */
  cancel(error: GatewayError): void {
    if (this.#cancelled !== undefined) return;
    this.#cancelled = error;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(error);
  }

  /** Runs at once when the call is cancelled already. */
  onCancel(listener: (error: GatewayError) => void): void {
    if (this.#cancelled !== undefined) listener(this.#cancelled);
    else if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }
}
