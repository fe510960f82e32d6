/** Sends the clients' requests over the model of the network, as `sender.ts` does over sockets. */

import type { Clock } from '../../core/clock.js';
import { DEGRADED_HEADER } from '../../core/degraded.js';
import type { AnswerSink, Break, MemoryAsked } from '../../core/memory-http.js';
import type { Asked } from '../clients/classes.js';
import type { Answer, OnAnswer } from '../clients/clients.js';
import { Origins } from '../clients/origins.js';
import { answerOf, isUnreachable, noAnswerCause } from '../clients/sender.js';
import { type Connection, Connections, type Network } from './network.js';

/** undici's, which the sender over sockets leaves as it is. */
const CONNECT_TIMEOUT_MS = 10_000;

const NOBODY: readonly string[] = [];

const fieldOf = (flat: readonly string[], name: string): string => {
  for (let index = 0; index < flat.length; index += 2) {
    if (flat[index] === name) return flat[index + 1]!;
  }
  return '';
};

/** Where a try goes: an origin, and the connections of one address to it. */
interface Way {
  /** HOST:PORT. */
  readonly host: string;
  /** Whether it begins with https. */
  readonly secure: boolean;
  readonly connections: Connections;
}

/** By client’s address; one set for connections that are kept and one for those that are not. */
interface Origin {
  readonly kept: Map<string, Way>;
  readonly single: Map<string, Way>;
}

/** Who counts tries. */
export interface TryWatch {
  began(): void;
  ended(): void;
}

interface TryParts {
  readonly sender: ModelSender;
  readonly network: Network;
  readonly onAnswer: OnAnswer;
  readonly watch: TryWatch | null;
  readonly asked: MemoryAsked;
  /** From which it comes. */
  readonly address: string;
  readonly keepAlive: boolean;
}

class Try implements AnswerSink {
  readonly #parts: TryParts;
  #origin: string;
  #way: Way;
  /** Others that did not take the connection. */
  #tried: readonly string[] = NOBODY;
  #connection: Connection | null = null;
  /** A connection that is being opened. */
  #dial: { cancel(): void } | null = null;
  #statusCode = 0;
  #flat: readonly string[] = NOBODY;
  #over = false;

  constructor(parts: TryParts, origin: string) {
    const { sender, watch, address, keepAlive } = parts;
    this.#parts = parts;
    this.#origin = origin;
    this.#way = sender.wayTo(origin, address, keepAlive);
    watch?.began();
    this.#begin();
  }

  #begin(): void {
    const { network } = this.#parts;
    const { host, secure, connections } = this.#way;
    this.#connection = connections.take();
    if (this.#connection !== null) {
      this.#later(() => this.#deliver());
      return;
    }
    this.#dial = network.dial(host, {
      ...{ clock: network.clock, timeoutMs: CONNECT_TIMEOUT_MS, secure },
      connected: (connection) => {
        this.#connection = connection;
        this.#later(() => this.#deliver());
      },
      failed: ({ code = '' }) => this.#fail(code),
    });
  }

  abort(): void {
    if (this.#over) return;
    this.#dial?.cancel();
    this.#end(this.#connection, false);
    this.#parts.watch?.ended();
  }

  began(statusCode: number, flat: readonly string[]): void {
    this.#statusCode = statusCode;
    this.#flat = flat;
  }

  ended(): void {
    this.#later(() => {
      if (this.#over) return;
      const status = this.#statusCode;
      const flat = this.#flat;
      this.#end(this.#connection, fieldOf(flat, 'connection') !== 'close');
      const hasFallback = fieldOf(flat, DEGRADED_HEADER) !== '';
      const [rayId, proxyStatus] = [fieldOf(flat, 'x-ray-id'), fieldOf(flat, 'proxy-status')];
      this.#tell(answerOf(status, rayId, proxyStatus, hasFallback), fieldOf(flat, 'retry-after'));
    });
  }

  broke(_how: Break): void {
    this.#later(() => {
      if (this.#over) return;
      this.#end(this.#connection, false);
      const cause = this.#statusCode === 0 ? noAnswerCause('') : 'body_broken';
      this.#tell({ status: 0, cause, rayId: fieldOf(this.#flat, 'x-ray-id') });
    });
  }

  sentRaw(): void {}

  #deliver(): void {
    if (this.#over) return;
    const { asked, address } = this.#parts;
    if (!this.#connection!.deliver(asked, address, this)) this.broke('closed');
  }

  #fail(code: string): void {
    if (isUnreachable(code) && this.#goElsewhere()) return;
    this.#end(null);
    this.#tell({ status: 0, cause: noAnswerCause(code), rayId: '' });
  }

  /** @returns whether there is anybody else. */
  #goElsewhere(): boolean {
    const { sender, address, keepAlive } = this.#parts;
    this.#tried = [...this.#tried, this.#origin];
    const other = sender.another(this.#tried);
    if (other === null) return false;
    this.#way.connections.giveBack(null);
    this.#origin = other;
    this.#way = sender.wayTo(other, address, keepAlive);
    this.#begin();
    return true;
  }

  #tell(answer: Answer, retryAfter?: string): void {
    this.#parts.watch?.ended();
    this.#parts.onAnswer(answer, retryAfter);
  }

  #end(connection: Connection | null, keeps = true): void {
    this.#over = true;
    this.#way.connections.giveBack(connection, keeps);
  }

  #later(run: () => void): void {
    const { clock, latencyMs } = this.#parts.network;
    clock.after(latencyMs, run);
  }
}

/** @param flat names and values in turn. */
const addFields = (fields: Record<string, string>, flat: readonly string[]): void => {
  for (let index = 0; index < flat.length; index += 2) fields[flat[index]!.toLowerCase()] = flat[index + 1]!;
};

export class ModelSender {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #origins: Origins;
  readonly #places = new Map<string, Origin>();
  readonly #fields = new Map<Asked, Record<string, string>>();

  /** @param origins of gateways, such as `http://127.0.0.1:80`, in tiers: see `origins.ts`. */
  constructor(origins: readonly (readonly string[])[], network: Network) {
    this.#origins = new Origins(origins);
    this.#network = network;
    this.#clock = network.clock;
  }

  /** @param watch told of the try's beginning and end; `null`: nobody counts it. */
  send(
    asked: Asked,
    address: string,
    extra: readonly string[],
    onAnswer: OnAnswer,
    watch: TryWatch | null = null,
  ): { abort(): void } {
    const origin = this.#origins.choose(this.#clock.nowMs())!;
    const headers = { ...this.#fieldsOf(asked) };
    addFields(headers, extra);
    const { method, path: url, keepAlive } = asked;
    const parts: TryParts = {
      sender: this,
      network: this.#network,
      onAnswer,
      watch,
      asked: { method, url, headers },
      address,
      keepAlive,
    };
    return new Try(parts, origin);
  }

  /**
   * For its tries: the last of `tried` did not take a connection.
   * @returns `null`: there is nobody else.
   */
  another(tried: readonly string[]): string | null {
    const nowMs = this.#clock.nowMs();
    this.#origins.failed(tried.at(-1)!, nowMs);
    return this.#origins.choose(nowMs, tried);
  }

  #fieldsOf(asked: Asked): Record<string, string> {
    let fields = this.#fields.get(asked);
    if (fields === undefined) {
      const { bodyBytes } = asked;
      fields = { host: 'gateway', connection: 'keep-alive' };
      addFields(fields, asked.headers);
      if (bodyBytes > 0) fields['content-length'] = String(bodyBytes);
      this.#fields.set(asked, fields);
    }
    return fields;
  }

  /** For its tries. */
  wayTo(origin: string, address: string, keepAlive: boolean): Way {
    let place = this.#places.get(origin);
    if (place === undefined) {
      place = { kept: new Map(), single: new Map() };
      this.#places.set(origin, place);
    }
    const byAddress = keepAlive ? place.kept : place.single;
    let way = byAddress.get(address);
    if (way === undefined) {
      const { host, protocol } = new URL(origin);
      way = { host, secure: protocol === 'https:', connections: new Connections(keepAlive) };
      byAddress.set(address, way);
    }
    return way;
  }
}
