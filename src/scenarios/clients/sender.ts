/**
 * Sends requests over real sockets, from the addresses of clients. Each address has connections of its own, as many as
 * it needs, one request at a time on each: nothing waits for a connection here, or the load would not be what was planned.
 */

import { buildConnector, Client, type Dispatcher } from 'undici';
import type { Clock } from '../../core/clock.js';
import { DEGRADED_HEADER } from '../../core/degraded.js';
import { forUndici, tlsErrorOf } from '../../core/tls-errors.js';
import { type Connection, Connections } from '../../gateway/transport/connections.js';
import type { ClientTls } from '../messages.js';
import { NO_ADDRESS } from './addresses.js';
import type { Asked } from './classes.js';
import { type Answer, isGood, type OnAnswer } from './clients.js';
import { Origins } from './origins.js';

const headerText = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(', ') : (value ?? '');

/** The cause as the gateway names it in `Proxy-Status`; an upstream's own error has the field without one. */
const causeOf = (status: number, proxyStatus: string): string => {
  if (isGood(status)) return '';
  if (proxyStatus === '') return 'unnamed';
  const code = /details="BGW_ERR_(\w+)"/.exec(proxyStatus)?.[1];
  return code?.toLowerCase() ?? /error=(\w+)/.exec(proxyStatus)?.[1] ?? 'upstream_response';
};

/**
 * Who made an answer that is not good. Of several proxies the first in the field stands next to the upstream
 * (RFC 9209 section 2); one that made the answer itself names nobody.
 */
const upstreamOf = (proxyStatus: string): string | undefined =>
  /^[^,]*?;\s*next-hop="?([^",;]+)/.exec(proxyStatus)?.[1];

/** What a client makes of an answer that came whole. */
export const answerOf = (
  status: number,
  rayId: string,
  proxyStatus: string,
  hasFallback: boolean,
): Answer => {
  if (isGood(status))
    return hasFallback ? { status, cause: '', rayId, degraded: true } : { status, cause: '', rayId };
  const cause = causeOf(status, proxyStatus);
  const upstream = cause === 'upstream_response' ? upstreamOf(proxyStatus) : undefined;
  return upstream === undefined ? { status, cause, rayId } : { status, cause, rayId, upstream };
};

const CONNECT_FAILURES = new Set(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EADDRNOTAVAIL']);

/** Whether no connection was taken, and somebody else may take one. @param code of the error, before any answer. */
export const isUnreachable = (code: string): boolean => CONNECT_FAILURES.has(code);

/**
 * Why there is no answer. Nobody goes elsewhere for a certificate: it is the service's, and its other gateways are no
 * more to be trusted.
 * @param code of the error.
 */
export const noAnswerCause = (code: string): string =>
  isUnreachable(code) ? 'gateway_unreachable' : (tlsErrorOf(code) ?? 'gateway_closed_connection');

/** One try, as undici's handler. */
class Try implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #degraded = false;
  #proxyStatus = '';
  #rayId = '';
  #retryAfter = '';
  #done = false;
  #connections: Connections | undefined;
  /** `undefined`: none, or it has been given back. */
  #connection: Connection | undefined;
  readonly #onAnswer: OnAnswer;
  readonly #goElsewhere: (attempt: Try) => boolean;

  /** @param goElsewhere called when no connection was taken; true: it was sent to somebody else. */
  constructor(onAnswer: OnAnswer, goElsewhere: (attempt: Try) => boolean) {
    this.#onAnswer = onAnswer;
    this.#goElsewhere = goElsewhere;
  }

  /** Takes one of these connections, and gives it back when undici is done with it, which may be later than an abort. */
  dispatchOn(connections: Connections, options: Dispatcher.DispatchOptions): void {
    const connection = connections.take();
    this.#connections = connections;
    this.#connection = connection;
    connection.client.dispatch(options, this);
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
    this.#degraded = headers[DEGRADED_HEADER] !== undefined;
    const asked = headers['retry-after'];
    // Of a header that came more than once, the first.
    if (asked !== undefined) this.#retryAfter = typeof asked === 'string' ? asked : (asked[0] ?? '');
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#release();
    this.#answer(answerOf(this.#status, this.#rayId, this.#proxyStatus, this.#degraded));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    this.#release();
    const { code = '' } = error;
    if (this.#status === 0 && isUnreachable(code) && !this.#done && this.#goElsewhere(this)) return;
    const cause = this.#status !== 0 ? 'body_broken' : noAnswerCause(code);
    this.#answer({ status: 0, cause, rayId: this.#rayId });
  }

  /** Once, though undici reports an error thrown at the end of a response as another end of it. */
  #release(): void {
    if (this.#connection === undefined) return;
    this.#connections?.giveBack(this.#connection);
    this.#connection = undefined;
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
  readonly keepAlive: boolean;
  readonly body: Buffer | null;
}

const FILLER = 'x';

export const targetOf = ({ method, path, headers, keepAlive, bodyBytes }: Asked): Target => ({
  method: method as Dispatcher.HttpMethod,
  path,
  headers,
  keepAlive,
  body: bodyBytes === 0 ? null : Buffer.alloc(bodyBytes, FILLER),
});

/** Each connection is another client's: none may go on with what another has checked, so no session is kept. */
const secureConnector = ({ authority, name }: ClientTls): buildConnector.connector => {
  const connect = buildConnector({ ca: authority, servername: name, maxCachedSessions: 0 });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(forUndici(error), null);
    });
};

const makeConnections = (
  origin: string,
  address: string,
  keepAlive: boolean,
  tls: ClientTls | null,
): Connections => {
  const connect = tls === null ? buildConnector({}) : secureConnector(tls);
  const options = {
    // 0 is undici's way of not keeping connections.
    pipelining: keepAlive ? 1 : 0,
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(address !== NO_ADDRESS && { localAddress: address }),
  };
  return new Connections(
    (connection) =>
      new Client(origin, {
        ...options,
        connect: (to, callback) =>
          connect(to, (...made) => {
            if (made[0] === null) connection.onSocket(made[1]);
            callback(...made);
          }),
      }),
  );
};

export class Sender {
  readonly #origins: Origins;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #tls: ClientTls | null;
  /** By origin, and by address, with one set for connections that are kept and one for those that are not. */
  readonly #connections = new Map<string, Record<'kept' | 'single', Map<string, Connections>>>();

  /**
   * @param origins in tiers: see `origins.ts`.
   * @param tls for those whose address says https; `null`: none does.
   */
  constructor(origins: readonly (readonly string[])[], tls: ClientTls | null, clock: Pick<Clock, 'nowMs'>) {
    this.#origins = new Origins(origins);
    this.#tls = tls;
    this.#clock = clock;
  }

  /**
   * @param extra further headers of this request alone, names and values in turn.
   * @returns what takes the request back; then `onAnswer` is not called.
   */
  send(target: Target, address: string, extra: readonly string[], onAnswer: OnAnswer): { abort(): void } {
    const { method, path, headers, keepAlive, body } = target;
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
      same.dispatchOn(this.#connectionsOf(other, address, keepAlive), options);
      return true;
    });
    attempt.dispatchOn(this.#connectionsOf(origin, address, keepAlive), options);
    return attempt;
  }

  destroy(): Promise<unknown> {
    const all = [...this.#connections.values()].flatMap(({ kept, single }) => [
      ...kept.values(),
      ...single.values(),
    ]);
    return Promise.all(all.map((connections) => connections.close()));
  }

  #connectionsOf(origin: string, address: string, keepAlive: boolean): Connections {
    let ofOrigin = this.#connections.get(origin);
    if (ofOrigin === undefined) {
      ofOrigin = { kept: new Map(), single: new Map() };
      this.#connections.set(origin, ofOrigin);
    }
    const byAddress = keepAlive ? ofOrigin.kept : ofOrigin.single;
    let connections = byAddress.get(address);
    if (connections === undefined) {
      connections = makeConnections(origin, address, keepAlive, this.#tls);
      byAddress.set(address, connections);
    }
    return connections;
  }
}
