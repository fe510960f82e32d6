/** One attempt in virtual time: what `gateway/transport/exchange.ts` is over sockets, with the same ends and codes. */
import type { Clock } from '../../core/clock.js';
import { type ErrorCode, GatewayError } from '../../core/errors.js';
import { type AnswerSink, type Break, bodyOf } from '../../core/memory-http.js';
import type { Names } from '../../gateway/names/names.js';
import { codeOf } from '../../gateway/transport/error-codes.js';
import type { UpstreamAddress } from '../../gateway/upstream-pool.js';
import type { IdleWatch, Moving, Watched } from '../../policies/idle-watch.js';
import { isReplayable } from '../../policies/replay.js';
import type {
  BodyEnd,
  BodySink,
  Call,
  Headers,
  ProxyRequest,
  ProxyResponse,
} from '../../policies/service.js';
import { addressOf, type Connection, type Connections, type Network } from './network.js';
import { readRaw } from './raw-answer.js';

/** As the real transport has it: what breaks later died with the request in its hands. */
const CLOSING_RACE_MS = 100;

const BREAKS: Readonly<Record<Break, ErrorCode>> = {
  closed: 'BGW_ERR_CONNECTION_CLOSED',
  reset: 'BGW_ERR_CONNECTION_RESET',
};

export interface AttemptParts {
  readonly network: Network;
  /** Of the gateway, which may stand still. */
  readonly clock: Clock;
  readonly connections: Connections;
  readonly bodies: IdleWatch<Attempt>;
  readonly connectTimeoutMs: number;
  /** Whether it speaks TLS to the upstream. */
  readonly secure: boolean;
  readonly upstream: UpstreamAddress;
  /** `null`: the upstream has an address. */
  readonly names: Pick<Names, 'resolve'> | null;
}

/** Its promise. */
interface Settle {
  readonly resolve: (response: ProxyResponse) => void;
  readonly reject: (error: GatewayError) => void;
}

const toHeaders = (flat: readonly string[]): Headers => {
  const headers: Headers = {};
  for (let index = 0; index < flat.length; index += 2) headers[flat[index]!.toLowerCase()] = flat[index + 1]!;
  return headers;
};

export class Attempt implements AnswerSink, ProxyResponse, Moving {
  statusCode = 0;
  headers: Headers = {};
  readonly #parts: AttemptParts;
  readonly #request: ProxyRequest;
  readonly #call: Call;
  readonly #settle: Settle;
  #connection: Connection | null = null;
  #wasKept = false;
  #sentMs = 0;
  #sentAgain = false;
  /** A connection that is being opened. */
  #dial: { cancel(): void } | null = null;
  /** What has been sent back and is on its way. */
  #head: { readonly statusCode: number; readonly flat: readonly string[] } | null = null;
  #answered = false;
  /** The connection has broken: what is said on it afterwards arrives nowhere. */
  #broken = false;
  #bodyBytes = 0;
  #sink: BodySink | null = null;
  #watched: Watched<Attempt> | null = null;
  #released = false;
  #ended = false;
  #end: BodyEnd = null;
  #endListeners: ((end: BodyEnd) => void)[] | null = null;

  constructor(parts: AttemptParts, request: ProxyRequest, call: Call, settle: Settle) {
    this.#parts = parts;
    this.#request = request;
    this.#call = call;
    this.#settle = settle;
  }

  begin(): void {
    this.#call.onCancel((error) => this.abort(error));
    if (this.#call.cancelled === undefined) this.#send();
  }

  get progress(): number | null {
    return this.#bodyBytes;
  }

  abort(error: GatewayError): void {
    if (this.#ended) return;
    if (!this.#answered) this.#settle.reject(error);
    this.#leave();
    this.#finish(error);
  }

  // As who is answered.

  began(statusCode: number, flat: readonly string[]): void {
    if (this.#broken) return;
    const first = this.#head === null;
    this.#head = { statusCode, flat };
    if (first) this.#back(() => this.#arrive());
  }

  moved(bytes: number): void {
    this.#bodyBytes += bytes;
  }

  ended(bytes: number): void {
    if (this.#broken) return;
    this.#bodyBytes = bytes;
    this.#back(() => this.#arriveEnd());
  }

  broke(how: Break): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#back(() => this.#break(BREAKS[how], `the connection was ${how}`));
  }

  sentRaw(text: string, ended: boolean): void {
    const { problem, head, bodyBytes, whole } = readRaw(text, ended);
    this.#bodyBytes = bodyBytes;
    if (head !== null && this.#head === null) this.began(head.statusCode, head.flat);
    if (problem !== null) this.#back(() => this.#break(problem, 'the answer is no HTTP'));
    else if (whole) this.#back(() => this.#arriveEnd(false));
  }

  // As what the gateway has in hand.

  relay(sink: BodySink): void {
    this.#sink = sink;
    if (!this.#ended) this.#watched = this.#parts.bodies.add(this);
    else this.#tell(sink);
  }

  resume(): void {}

  destroy(reason: GatewayError | null = new GatewayError('BGW_ERR_CLIENT_LEFT')): void {
    if (this.#ended) return;
    this.#leave();
    this.#finish(reason);
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended) listener(this.#end);
    else if (this.#endListeners === null) this.#endListeners = [listener];
    else this.#endListeners.push(listener);
  }

  #send(): void {
    const { connections, clock, upstream, names } = this.#parts;
    this.#sentMs = clock.nowMs();
    this.#released = false;
    this.#broken = false;
    this.#connection = connections.take();
    this.#wasKept = this.#connection !== null;
    if (this.#wasKept) this.#later(() => this.#deliver());
    else if (names === null) this.#connect(upstream.host);
    else {
      // The time of a lookup does not count as the connection's: it has a limit of its own.
      names.resolve(upstream.host).then(
        (host) => this.#connect(host),
        (error: Error) => this.#break(codeOf(error), error.message),
      );
    }
  }

  #connect(host: string): void {
    if (this.#ended) return;
    const { network, clock, connectTimeoutMs: timeoutMs, secure, upstream } = this.#parts;
    this.#dial = network.dial(addressOf({ host, port: upstream.port }), {
      ...{ clock, timeoutMs, secure },
      connected: (connection) => {
        this.#connection = connection;
        this.#later(() => this.#deliver());
      },
      failed: (error) => this.#break(codeOf(error), error.message),
    });
  }

  #deliver(): void {
    if (this.#ended) return;
    const { method, path, headers, body } = this.#request;
    const length = body instanceof Uint8Array ? body.length : 0;
    const fields = length === 0 ? headers : { ...headers, 'content-length': String(length) };
    const asked = { method, url: path, headers: fields };
    if (!this.#connection!.deliver(asked, '127.0.0.1', this)) {
      this.#back(() => this.#break('BGW_ERR_CONNECTION_CLOSED', 'the connection was closed'));
    }
  }

  #arrive(): void {
    if (this.#ended || this.#answered) return;
    const { statusCode, flat } = this.#head!;
    this.#answered = true;
    this.statusCode = statusCode;
    this.headers = toHeaders(flat);
    this.#settle.resolve(this);
  }

  #arriveEnd(keeps = true): void {
    if (this.#ended) return;
    this.#release(this.#connection, keeps && this.headers.connection !== 'close');
    this.#finish(null);
  }

  #break(code: ErrorCode, detail: string): void {
    if (this.#ended) return;
    this.#release(this.#connection, false);
    if (this.#answered) {
      this.#finish(new GatewayError('BGW_ERR_BODY_BROKEN', detail));
      return;
    }
    if (this.#mayGoAgain(code)) {
      this.#sentAgain = true;
      this.#head = null;
      this.#send();
      return;
    }
    const error = new GatewayError(code, detail);
    this.#ended = true;
    this.#settle.reject(error);
  }

  /** RFC 9110 section 9.2.2, as `gateway/transport/exchange.ts` reads it. */
  #mayGoAgain(code: ErrorCode): boolean {
    if (this.#sentAgain || !this.#wasKept) return false;
    if (code !== 'BGW_ERR_CONNECTION_RESET' && code !== 'BGW_ERR_CONNECTION_CLOSED') return false;
    const { clock } = this.#parts;
    return isReplayable(this.#request) && clock.nowMs() - this.#sentMs <= CLOSING_RACE_MS;
  }

  /** The worker learns of it a little later. */
  #leave(): void {
    this.#dial?.cancel();
    this.#release(this.#connection, false);
  }

  #release(connection: Connection | null, keeps = true): void {
    if (this.#released) return;
    this.#released = true;
    this.#parts.connections.giveBack(connection, keeps);
  }

  /** On its way to the other end. */
  #later(run: () => void): void {
    const { clock, latencyMs } = this.#parts.network;
    clock.after(latencyMs, run);
  }

  /** On its way back: it is read when the gateway gets to it. */
  #back(run: () => void): void {
    this.#parts.clock.after(this.#parts.network.latencyMs, run);
  }

  #finish(end: BodyEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end = end;
    this.#watched?.end();
    if (this.#sink !== null) this.#tell(this.#sink);
    if (this.#endListeners !== null) for (const listener of this.#endListeners) listener(end);
  }

  #tell(sink: BodySink): void {
    if (this.#end === null) sink.end(bodyOf(this.#bodyBytes));
    else sink.abort(this.#end);
  }
}
