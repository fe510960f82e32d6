/** Sends the clients' requests over the model of the network, as `sender.ts` does over sockets. */

import type { Clock } from '../../core/clock.js';
import { DEGRADED_HEADER } from '../../core/degraded.js';
import type { AnswerSink, Break, MemoryAsked } from '../../core/memory-http.js';
import type { Asked } from '../clients/classes.js';
import { isGood, type OnAnswer } from '../clients/clients.js';
import { Origins } from '../clients/origins.js';
import { causeOf, isUnreachable, noAnswerCause } from '../clients/sender.js';
import { type Connection, Connections, type Network } from './network.js';

/** undici's, which the sender over sockets leaves as it is. */
const CONNECT_TIMEOUT_MS = 10_000;

const fieldOf = (flat: readonly string[], name: string): string => {
  for (let index = 0; index < flat.length; index += 2) {
    if (flat[index] === name) return flat[index + 1]!;
  }
  return '';
};

/** What an origin says. */
interface Place {
  /** HOST:PORT. */
  readonly host: string;
  /** Whether it begins with https. */
  readonly secure: boolean;
}

/** By client’s address; one set for connections that are kept and one for those that are not. */
interface Origin extends Place {
  readonly kept: Map<string, Connections>;
  readonly single: Map<string, Connections>;
}

/** Where a try goes: an origin, and the connections of one address to it. */
interface Way extends Place {
  readonly connections: Connections;
}

interface TryParts {
  readonly network: Network;
  readonly onAnswer: OnAnswer;
  readonly asked: MemoryAsked;
  /** From which it comes. */
  readonly address: string;
  /** @returns `null`: there is nobody else. */
  readonly goElsewhere: () => Way | null;
}

class Try implements AnswerSink {
  readonly #parts: TryParts;
  #way: Way;
  #connection: Connection | null = null;
  /** A connection that is being opened. */
  #dial: { cancel(): void } | null = null;
  #statusCode = 0;
  #flat: readonly string[] = [];
  #over = false;

  constructor(parts: TryParts, way: Way) {
    this.#parts = parts;
    this.#way = way;
  }

  begin(): void {
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
      const degraded = isGood(status) && fieldOf(flat, DEGRADED_HEADER) !== '';
      this.#parts.onAnswer(
        {
          status,
          cause: causeOf(status, fieldOf(flat, 'proxy-status')),
          rayId: fieldOf(flat, 'x-ray-id'),
          ...(degraded && { degraded: true as const }),
        },
        fieldOf(flat, 'retry-after'),
      );
    });
  }

  broke(_how: Break): void {
    this.#later(() => {
      if (this.#over) return;
      this.#end(this.#connection, false);
      const cause = this.#statusCode === 0 ? noAnswerCause('') : 'body_broken';
      this.#parts.onAnswer({ status: 0, cause, rayId: fieldOf(this.#flat, 'x-ray-id') });
    });
  }

  sentRaw(): void {}

  #deliver(): void {
    if (this.#over) return;
    const { asked, address } = this.#parts;
    if (!this.#connection!.deliver(asked, address, this)) this.broke('closed');
  }

  #fail(code: string): void {
    const other = isUnreachable(code) ? this.#parts.goElsewhere() : null;
    if (other === null) {
      this.#end(null);
      this.#parts.onAnswer({ status: 0, cause: noAnswerCause(code), rayId: '' });
      return;
    }
    this.#way.connections.giveBack(null);
    this.#way = other;
    this.begin();
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

const fieldsOf = (flat: readonly string[]): Record<string, string> => {
  const fields: Record<string, string> = {};
  for (let index = 0; index < flat.length; index += 2) fields[flat[index]!.toLowerCase()] = flat[index + 1]!;
  return fields;
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

  send(asked: Asked, address: string, extra: readonly string[], onAnswer: OnAnswer): { abort(): void } {
    let origin = this.#origins.choose(this.#clock.nowMs())!;
    const tried = [origin];
    const headers = { ...this.#fieldsOf(asked), ...fieldsOf(extra) };
    const { method, path: url, keepAlive } = asked;
    const goElsewhere = (): Way | null => {
      const nowMs = this.#clock.nowMs();
      this.#origins.failed(origin, nowMs);
      const other = this.#origins.choose(nowMs, tried);
      if (other === null) return null;
      origin = other;
      tried.push(other);
      return this.#wayTo(other, address, keepAlive);
    };
    const parts = { network: this.#network, onAnswer, asked: { method, url, headers }, address, goElsewhere };
    const attempt = new Try(parts, this.#wayTo(origin, address, keepAlive));
    attempt.begin();
    return attempt;
  }

  #fieldsOf(asked: Asked): Record<string, string> {
    let fields = this.#fields.get(asked);
    if (fields === undefined) {
      const { bodyBytes } = asked;
      fields = { host: 'gateway', connection: 'keep-alive', ...fieldsOf(asked.headers) };
      if (bodyBytes > 0) fields['content-length'] = String(bodyBytes);
      this.#fields.set(asked, fields);
    }
    return fields;
  }

  #wayTo(origin: string, address: string, keepAlive: boolean): Way {
    let place = this.#places.get(origin);
    if (place === undefined) {
      const { host, protocol } = new URL(origin);
      place = { host, secure: protocol === 'https:', kept: new Map(), single: new Map() };
      this.#places.set(origin, place);
    }
    const { host, secure, kept, single } = place;
    const byAddress = keepAlive ? kept : single;
    let connections = byAddress.get(address);
    if (connections === undefined) {
      connections = new Connections(keepAlive);
      byAddress.set(address, connections);
    }
    return { host, secure, connections };
  }
}
