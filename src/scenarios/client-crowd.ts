/**
 * The clients of a run, ready to ask: for each class its target, its addresses and what its requests have in common. One
 * client is one address, or one user of a population; the budget for its retries is its own.
 */
import type { Clock } from '../core/clock.js';
import type { Random } from '../core/random.js';
import { TokenBucketBudget } from '../policies/budgets/token-bucket.js';
import type { AddressBook } from './addresses.js';
import { type ClientClass, classAt } from './client-classes.js';
import {
  type ClientParts,
  type OnAnswer,
  type RequestId,
  type RequestRecord,
  runRequest,
} from './clients.js';

export type SendAs = (
  one: ClientClass,
  address: string,
  id: RequestId,
  onAnswer: OnAnswer,
) => { abort(): void };

export interface CrowdParts {
  readonly classes: readonly ClientClass[];
  readonly book: AddressBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: SendAs;
}

type Begin = (id: RequestId, arrivalMs: number, onDone: (record: RequestRecord) => void) => void;

interface Group {
  readonly one: ClientClass;
  readonly addresses: readonly string[];
  readonly random: Random;
}

export class ClientCrowd {
  readonly #parts: CrowdParts;
  readonly #groups: readonly Group[];

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    const random = parts.random.fork('clients');
    this.#groups = parts.classes.map((one) => ({
      one,
      addresses: parts.book.take(one.identities),
      random: one.name === '' ? random : random.fork(one.name),
    }));
  }

  get addresses(): string[] {
    return this.#groups.flatMap(({ addresses }) => addresses);
  }

  /** The clients of an open loop. @returns how the next of them asks: its class by the shares, its address by chance. */
  openLoop(originMs: number): Begin {
    const choosing = this.#parts.random.fork('classes');
    const clients = this.#groups.map((group) =>
      group.addresses.map((address) => this.#client(group, address, originMs)),
    );
    const { classes } = this.#parts;
    return (id, arrivalMs, onDone) => {
      const ofClass = clients[classes.length === 1 ? 0 : classAt(classes, choosing.next())]!;
      const client = ofClass[ofClass.length === 1 ? 0 : choosing.below(ofClass.length)]!;
      runRequest(id, arrivalMs, client, onDone);
    };
  }

  /** @returns how each of so many users of a class asks; they share its addresses out. */
  users(index: number, count: number, originMs: number): Begin[] {
    const group = this.#groups[index]!;
    return Array.from({ length: count }, (_, user): Begin => {
      const address = group.addresses[user % group.addresses.length]!;
      const client = this.#client(group, address, originMs);
      return (id, arrivalMs, onDone) => runRequest(id, arrivalMs, client, onDone);
    });
  }

  #client({ one, random }: Group, address: string, originMs: number): ClientParts {
    const { clock, send } = this.#parts;
    const { behaviour, name } = one;
    return {
      ...(name !== '' && { class: name }),
      behaviour,
      clock,
      random,
      originMs,
      budget: behaviour.budget && new TokenBucketBudget(behaviour.budget),
      send: (onAnswer, id) => send(one, address, id, onAnswer),
    };
  }
}
