/** Sends the clients' requests over the model of the network, as `sender.ts` does over sockets. */
import type { Clock } from '../../core/clock.js';
import { type AnswerSink, type Break, type MemoryAsked, MemoryExchange } from '../../core/memory-http.js';
import { DEGRADED_HEADER } from '../../upstream/dependencies/consulted.js';
import type { Asked } from '../client-classes.js';
import { isGood, type OnAnswer } from '../clients.js';
import { Origins } from '../origins.js';
import { causeOf } from '../sender.js';
import { CONNECT_TRIPS, Connections, type Network } from './network.js';

const fieldOf = (flat: readonly string[], name: string): string => {
  for (let index = 0; index < flat.length; index += 2) {
    if (flat[index] === name) return flat[index + 1]!;
  }
  return '';
};

interface TryParts {
  readonly network: Network;
  readonly onAnswer: OnAnswer;
  readonly asked: MemoryAsked;
  /** From which it comes. */
  readonly address: string;
  /** @returns `null`: there is nobody else. */
  readonly goElsewhere: () => Connections | null;
}

class Try implements AnswerSink {
  readonly #parts: TryParts;
  #connections: Connections;
  #incarnation: number | null = null;
  #exchange: MemoryExchange | null = null;
  #statusCode = 0;
  #flat: readonly string[] = [];
  #over = false;

  constructor(parts: TryParts, connections: Connections) {
    this.#parts = parts;
    this.#connections = connections;
  }

  begin(): void {
    const wasKept = this.#connections.take();
    const trips = wasKept ? 0 : CONNECT_TRIPS;
    this.#later(() => this.#deliver(), 1 + 2 * trips);
  }

  abort(): void {
    if (this.#over) return;
    this.#end(null);
    const exchange = this.#exchange;
    if (exchange !== null) this.#later(() => exchange.leave());
  }

  began(statusCode: number, flat: readonly string[]): void {
    this.#statusCode = statusCode;
    this.#flat = flat;
  }

  ended(): void {
    this.#later(() => {
      if (this.#over) return;
      this.#end(this.#incarnation);
      const status = this.#statusCode;
      const flat = this.#flat;
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
      this.#end(null);
      const cause = this.#statusCode === 0 ? 'gateway_closed_connection' : 'body_broken';
      this.#parts.onAnswer({ status: 0, cause, rayId: fieldOf(this.#flat, 'x-ray-id') });
    });
  }

  sentRaw(): void {}

  #deliver(): void {
    if (this.#over) return;
    const { host } = this.#connections;
    if (host === null || host.reachability === 'refused' || host.reachability === 'reset') {
      this.#connections.giveBack(null);
      const other = this.#parts.goElsewhere();
      if (other === null) {
        this.#over = true;
        this.#parts.onAnswer({ status: 0, cause: 'gateway_unreachable', rayId: '' });
        return;
      }
      this.#connections = other;
      this.begin();
      return;
    }
    // Nobody answers: the client waits as long as it does.
    if (host.reachability === 'silent') return;
    this.#incarnation = host.incarnation;
    this.#exchange = new MemoryExchange(this.#parts.asked, this.#parts.address, this);
    host.serve(this.#exchange);
  }

  #end(incarnation: number | null): void {
    this.#over = true;
    this.#connections.giveBack(incarnation);
  }

  #later(run: () => void, trips = 1): void {
    const { clock, latencyMs } = this.#parts.network;
    clock.after(trips * latencyMs, run);
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
  /** By origin, and by address. */
  readonly #connections = new Map<string, Map<string, Connections>>();
  readonly #fields = new Map<Asked, Record<string, string>>();

  /** @param origins addresses of gateways, in tiers: see `origins.ts`. */
  constructor(origins: readonly (readonly string[])[], network: Network) {
    this.#origins = new Origins(origins);
    this.#network = network;
    this.#clock = network.clock;
  }

  send(asked: Asked, address: string, extra: readonly string[], onAnswer: OnAnswer): { abort(): void } {
    let origin = this.#origins.choose(this.#clock.nowMs())!;
    const tried = [origin];
    const headers = { ...this.#fieldsOf(asked), ...fieldsOf(extra) };
    const goElsewhere = (): Connections | null => {
      const nowMs = this.#clock.nowMs();
      this.#origins.failed(origin, nowMs);
      const other = this.#origins.choose(nowMs, tried);
      if (other === null) return null;
      origin = other;
      tried.push(other);
      return this.#connectionsOf(other, address);
    };
    const { method, path: url } = asked;
    const parts = { network: this.#network, onAnswer, asked: { method, url, headers }, address, goElsewhere };
    const attempt = new Try(parts, this.#connectionsOf(origin, address));
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

  #connectionsOf(origin: string, address: string): Connections {
    let byAddress = this.#connections.get(origin);
    if (byAddress === undefined) {
      byAddress = new Map();
      this.#connections.set(origin, byAddress);
    }
    let connections = byAddress.get(address);
    if (connections === undefined) {
      connections = new Connections(this.#network, origin, true);
      byAddress.set(address, connections);
    }
    return connections;
  }
}
