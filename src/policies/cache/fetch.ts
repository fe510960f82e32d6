/**
 * A request that the cache makes on a call of its own, so that its client may leave without ending it: while others
 * wait for what it brings, and, as far as there is room, for the store alone (nginx finishes what it can cache, too).
 * Without that, a slow upstream whose clients lose patience never fills the cache again.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { formatDuration } from '../../core/units.js';
import { CRITICALITIES } from '../criticality.js';
import { Call, type ProxyResponse } from '../service.js';
import { TimeoutQueue } from '../timeout-queue.js';
import type { Lead } from './flights.js';
import { Recording } from './recording.js';

/** Requests at once that nobody waits for; one more is not made, or ends with its client. */
export const MAX_BACKGROUND = 64;

/** Such a request's time, its body included: nobody else would notice that it hangs. */
export const BACKGROUND_TIMEOUT_MS = 30_000;

/** Of what nobody waits for. */
const LEAST_CRITICAL = CRITICALITIES.length - 1;

/** The requests that go on without a client. */
export class Background {
  readonly clock: Clock;
  readonly #timeouts: TimeoutQueue<Call>;
  #running = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#timeouts = new TimeoutQueue(BACKGROUND_TIMEOUT_MS, clock, (call) => {
      const detail = `not whole within ${formatDuration(BACKGROUND_TIMEOUT_MS)} in the background`;
      call.cancel(new GatewayError('BGW_ERR_DEADLINE', detail));
    });
  }

  get running(): number {
    return this.#running;
  }

  /** @param needed others wait for it: it goes on however many do. */
  begin(call: Call, needed: boolean): Timer | null {
    if (!needed && this.#running >= MAX_BACKGROUND) return null;
    this.#running++;
    return this.#timeouts.add(call);
  }

  end(timeout: Timer): void {
    this.#running--;
    timeout.cancel();
  }
}

export class Fetch {
  /** Its own: the client's is not the one that the upstream's answer depends on. */
  readonly call: Call;
  readonly #background: Background;
  readonly #lead: Lead;
  #timeout: Timer | null = null;
  #recording: Recording | null = null;
  #hasClient: boolean;
  /** Nothing that anybody else could want will come of it any more. */
  #over = false;

  constructor(client: Call, background: Background, lead: Lead, hasClient = true) {
    this.call = new Call(client.rayId, background.clock);
    this.call.criticality = hasClient ? client.criticality : LEAST_CRITICAL;
    this.call.deadlineMs = this.call.startedMs + BACKGROUND_TIMEOUT_MS;
    this.#background = background;
    this.#lead = lead;
    this.#hasClient = hasClient;
  }

  /** For one without a client. @returns false when there are too many. */
  begin(): boolean {
    this.#timeout = this.#background.begin(this.call, false);
    return this.#timeout !== null;
  }

  /** The client is gone, or was given another answer. */
  leave(reason: GatewayError): void {
    this.#hasClient = false;
    if (this.#over || !this.keeps()) this.call.cancel(reason);
    else this.#recording?.detach(reason);
  }

  /** The client had enough in the fields of the answer; its body goes on into the store. @returns false: it does not. */
  goOnAlone(recording: Recording): boolean {
    if (!this.keeps()) return false;
    this.#recording = recording;
    recording.detach(null);
    return true;
  }

  /** What the upstream, or the store in its place, answered. @returns whether there is a client to give it to. */
  deliver(response: ProxyResponse): boolean {
    if (response instanceof Recording) this.#recording = response;
    else if (this.#recording === null) this.end();
    if (this.#hasClient) return true;
    if (response instanceof Recording) response.detach(null);
    else response.destroy();
    return false;
  }

  /** It is stored, or will not be. */
  end(): void {
    this.#over = true;
    if (this.#timeout === null) return;
    this.#background.end(this.#timeout);
    this.#timeout = null;
  }

  /** The client wants no more of it. @returns whether it goes on, for those who wait or for the store. */
  keeps(): boolean {
    this.#timeout ??= this.#background.begin(this.call, this.#lead.waiters > 0);
    return this.#timeout !== null;
  }
}
