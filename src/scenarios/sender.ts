/**
 * Sends requests over real sockets, from the addresses of clients. Each address has connections of its own, as many as
 * it needs, one request at a time on each: nothing waits for a connection here, or the load would not be what was planned.
 */
import { type Dispatcher, Pool } from 'undici';
import type { Clock } from '../core/clock.js';
import { DEGRADED_HEADER } from '../upstream/dependencies/consulted.js';
import { NO_ADDRESS } from './addresses.js';
import type { Asked } from './client-classes.js';
import { type Answer, isGood, type OnAnswer } from './clients.js';
import { Origins } from './origins.js';

const headerText = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : (value ?? '');

/** The cause as the gateway names it in `Proxy-Status`; an upstream's own error has none. */
const causeOf = (status: number, proxyStatus: string): string => {
  if (isGood(status)) return '';
  const code = /details="BGW_ERR_(\w+)"/.exec(proxyStatus)?.[1];
  return code?.toLowerCase() ?? /error=(\w+)/.exec(proxyStatus)?.[1] ?? 'upstream_response';
};

const CONNECT_FAILURES = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EADDRNOTAVAIL']);

/** One try, as undici's handler. */
class Try implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #degraded = false;
  #proxyStatus = '';
  #rayId = '';
  #retryAfter = '';
  #done = false;
  readonly #onAnswer: OnAnswer;
  readonly #goElsewhere: (attempt: Try) => boolean;

  /** @param goElsewhere called when no connection was taken; true: it was sent to somebody else. */
  constructor(onAnswer: OnAnswer, goElsewhere: (attempt: Try) => boolean) {
    this.#onAnswer = onAnswer;
    this.#goElsewhere = goElsewhere;
  }

  abort(): void {
    this.#done = true;
    this.#controller?.abort(new Error('the client left'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#done) this.abort();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#proxyStatus = headerText(headers['proxy-status']);
    this.#rayId = headerText(headers['x-ray-id']);
    this.#degraded = isGood(status) && headers[DEGRADED_HEADER] !== undefined;
    const asked = headers['retry-after'];
    // Of a header that came more than once, the first.
    if (asked !== undefined) this.#retryAfter = typeof asked === 'string' ? asked : (asked[0] ?? '');
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    const cause = causeOf(this.#status, this.#proxyStatus);
    const degraded = this.#degraded && { degraded: true as const };
    this.#answer({ status: this.#status, cause, rayId: this.#rayId, ...degraded });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    const unreachable = this.#status === 0 && CONNECT_FAILURES.has(error.code ?? '');
    if (unreachable && !this.#done && this.#goElsewhere(this)) return;
    const cause =
      this.#status !== 0 ? 'body_broken' : unreachable ? 'gateway_unreachable' : 'gateway_closed_connection';
    this.#answer({ status: 0, cause, rayId: this.#rayId });
  }

  #answer(answer: Answer): void {
    if (this.#done) return;
    this.#done = true;
    this.#onAnswer(answer, this.#retryAfter);
  }
}

/** What a client asks for, ready to be sent. */
export interface Target {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

const FILLER = 'x';

export const targetOf = ({ method, path, headers, bodyBytes }: Asked): Target => ({
  method: method as Dispatcher.HttpMethod,
  path,
  headers,
  body: bodyBytes === 0 ? null : Buffer.alloc(bodyBytes, FILLER),
});

export class Sender {
  readonly #origins: Origins;
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** By origin, and by address. */
  readonly #pools = new Map<string, Map<string, Pool>>();

  /** @param origins in tiers: see `origins.ts`. */
  constructor(origins: readonly (readonly string[])[], clock: Pick<Clock, 'nowMs'>) {
    this.#origins = new Origins(origins);
    this.#clock = clock;
  }

  /**
   * @param extra further headers of this request alone, names and values in turn.
   * @returns what takes the request back; then `onAnswer` is not called.
   */
  send(target: Target, address: string, extra: readonly string[], onAnswer: OnAnswer): { abort(): void } {
    const { method, path, headers, body } = target;
    const options = { method, path, headers: [...headers, ...extra], body };
    let origin = this.#origins.choose(this.#clock.nowMs())!;
    const tried = [origin];
    const attempt = new Try(onAnswer, (same) => {
      const nowMs = this.#clock.nowMs();
      this.#origins.failed(origin, nowMs);
      const other = this.#origins.choose(nowMs, tried);
      if (other === null) return false;
      origin = other;
      tried.push(other);
      this.#poolOf(other, address).dispatch(options, same);
      return true;
    });
    this.#poolOf(origin, address).dispatch(options, attempt);
    return attempt;
  }

  destroy(): Promise<unknown> {
    const pools = [...this.#pools.values()].flatMap((byAddress) => [...byAddress.values()]);
    return Promise.all(pools.map((pool) => pool.destroy()));
  }

  #poolOf(origin: string, address: string): Pool {
    let byAddress = this.#pools.get(origin);
    if (byAddress === undefined) {
      byAddress = new Map();
      this.#pools.set(origin, byAddress);
    }
    let pool = byAddress.get(address);
    if (pool === undefined) {
      const from = address === NO_ADDRESS ? undefined : { localAddress: address };
      pool = new Pool(origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, ...from });
      byAddress.set(address, pool);
    }
    return pool;
  }
}
