/**
 * The gateway's way to an upstream in virtual time: what `gateway/transport` does with undici over sockets, over the
 * model of the network. An attempt ends in the same ways, with the same codes.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { type ErrorCode, GatewayError } from '../../core/errors.js';
import { type AnswerSink, type Break, MemoryExchange } from '../../core/memory-http.js';
import { formatDuration } from '../../core/units.js';
import type { GatewayConfig } from '../../gateway/config.js';
import type { Transport } from '../../gateway/transport/transport.js';
import type { UpstreamAddress } from '../../gateway/upstream-pool.js';
import { IdleWatch, type Moving, type Watched } from '../../policies/idle-watch.js';
import { isReplayable } from '../../policies/replay.js';
import type {
  BodyEnd,
  BodySink,
  Call,
  Headers,
  ProxyRequest,
  ProxyResponse,
  Service,
} from '../../policies/service.js';
import { addressOf, CONNECT_TRIPS, Connections, type Network } from './network.js';
import { readRaw } from './raw-answer.js';

/** As the real transport has it: what breaks later died with the request in its hands. */
const CLOSING_RACE_MS = 100;

const BREAKS: Readonly<Record<Break, ErrorCode>> = {
  closed: 'BGW_ERR_CONNECTION_CLOSED',
  reset: 'BGW_ERR_CONNECTION_RESET',
};

interface AttemptParts {
  readonly network: Network;
  /** Of the gateway, which may stand still. */
  readonly clock: Clock;
  readonly connections: Connections;
  readonly bodies: IdleWatch<Attempt>;
  readonly connectTimeoutMs: number;
}

type Resolve = (response: ProxyResponse) => void;
type Reject = (error: GatewayError) => void;

const toHeaders = (flat: readonly string[]): Headers => {
  const headers: Headers = {};
  for (let index = 0; index < flat.length; index += 2) headers[flat[index]!.toLowerCase()] = flat[index + 1]!;
  return headers;
};

const NOTHING = new Uint8Array(0);

class Attempt implements AnswerSink, ProxyResponse, Moving {
  statusCode = 0;
  headers: Headers = {};
  readonly #parts: AttemptParts;
  readonly #request: ProxyRequest;
  readonly #call: Call;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #exchange: MemoryExchange | null = null;
  #incarnation: number | null = null;
  #wasKept = false;
  #sentMs = 0;
  #sentAgain = false;
  #timer: Timer | null = null;
  /** What has been sent back and is on its way. */
  #head: { readonly statusCode: number; readonly flat: readonly string[] } | null = null;
  #answered = false;
  #bodyBytes = 0;
  #sink: BodySink | null = null;
  #watched: Watched<Attempt> | null = null;
  #released = false;
  #ended = false;
  #end: BodyEnd = null;
  #endListeners: ((end: BodyEnd) => void)[] | null = null;

  constructor(parts: AttemptParts, request: ProxyRequest, call: Call, settle: readonly [Resolve, Reject]) {
    this.#parts = parts;
    this.#request = request;
    this.#call = call;
    [this.#resolve, this.#reject] = settle;
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
    if (!this.#answered) this.#reject(error);
    this.#leave();
    this.#finish(error);
  }

  // As who is answered.

  began(statusCode: number, flat: readonly string[]): void {
    const first = this.#head === null;
    this.#head = { statusCode, flat };
    if (first) this.#back(() => this.#arrive());
  }

  ended(bytes: number): void {
    this.#bodyBytes = bytes;
    this.#back(() => this.#arriveEnd());
  }

  broke(how: Break): void {
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
    const { network, connections, connectTimeoutMs, clock: own } = this.#parts;
    const { clock, latencyMs } = network;
    this.#sentMs = clock.nowMs();
    this.#released = false;
    this.#wasKept = connections.take();
    if (this.#wasKept) {
      this.#later(() => this.#deliver());
      return;
    }
    this.#timer = clock.after(latencyMs, () => {
      const reachability = connections.host?.reachability ?? 'refused';
      if (reachability === 'open') {
        this.#timer = clock.after(2 * CONNECT_TRIPS * latencyMs, () => this.#deliver());
      } else if (reachability === 'refused') {
        this.#back(() => this.#break('BGW_ERR_CONNECTION_REFUSED', 'connection refused'));
      } else if (reachability === 'reset') {
        this.#back(() => this.#break('BGW_ERR_CONNECTION_RESET', 'the connection was reset'));
      } else {
        this.#timer = own.after(connectTimeoutMs - latencyMs, () => {
          this.#break('BGW_ERR_CONNECT_TIMEOUT', `no connection within ${formatDuration(connectTimeoutMs)}`);
        });
      }
    });
  }

  #deliver(): void {
    const host = this.#parts.connections.hostFor(this.#wasKept);
    if (this.#ended) return;
    if (host === null) {
      this.#back(() => this.#break('BGW_ERR_CONNECTION_CLOSED', 'the connection was closed'));
      return;
    }
    this.#incarnation = host.incarnation;
    const { method, path, headers, body } = this.#request;
    const length = body instanceof Uint8Array ? body.length : 0;
    const fields = length === 0 ? headers : { ...headers, 'content-length': String(length) };
    this.#exchange = new MemoryExchange({ method, url: path, headers: fields }, '127.0.0.1', this);
    host.serve(this.#exchange);
  }

  #arrive(): void {
    if (this.#ended || this.#answered) return;
    const { statusCode, flat } = this.#head!;
    this.#answered = true;
    this.statusCode = statusCode;
    this.headers = toHeaders(flat);
    this.#resolve(this);
  }

  #arriveEnd(keeps = true): void {
    if (this.#ended) return;
    this.#release(keeps ? this.#incarnation : null);
    this.#finish(null);
  }

  #break(code: ErrorCode, detail: string): void {
    if (this.#ended) return;
    this.#release(null);
    if (this.#answered) {
      this.#finish(new GatewayError('BGW_ERR_BODY_BROKEN', detail));
      return;
    }
    if (this.#mayGoAgain(code)) {
      this.#sentAgain = true;
      this.#exchange = null;
      this.#head = null;
      this.#send();
      return;
    }
    const error = new GatewayError(code, detail);
    this.#ended = true;
    this.#reject(error);
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
    this.#release(null);
    this.#timer?.cancel();
    const exchange = this.#exchange;
    if (exchange !== null) this.#later(() => exchange.leave());
  }

  #release(incarnation: number | null): void {
    if (this.#released) return;
    this.#released = true;
    this.#parts.connections.giveBack(incarnation);
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
    if (this.#end === null) sink.end(NOTHING);
    else sink.abort(this.#end);
  }
}

export const openModelTransport = (
  { network, clock }: { readonly network: Network; readonly clock: Clock },
  upstream: UpstreamAddress,
  config: Pick<GatewayConfig, 'connectTimeoutMs' | 'bodyTimeoutMs' | 'maxConnections' | 'keepAlive'>,
): Transport => {
  const connections = new Connections(network, addressOf(upstream), config.keepAlive);
  const bodies = new IdleWatch<Attempt>(config.bodyTimeoutMs, clock, (attempt) => {
    const detail = `no more of the response body within ${formatDuration(config.bodyTimeoutMs)}`;
    attempt.destroy(new GatewayError('BGW_ERR_BODY_TIMEOUT', detail));
  });
  const parts = { network, clock, connections, bodies, connectTimeoutMs: config.connectTimeoutMs };
  const send: Service = (request, call) => {
    const { busy } = connections;
    if (busy >= config.maxConnections) {
      const error = new GatewayError('BGW_ERR_CONNECTION_LIMIT', `${busy} connections to ${upstream.id}`);
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => new Attempt(parts, request, call, [resolve, reject]).begin());
  };
  return {
    send,
    close: async () => bodies.stop(),
  };
};
