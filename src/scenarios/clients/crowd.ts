/**
 * The clients of a run, ready to ask: for each class its target, its addresses and what its requests have in common. One
 * client is one address, or one user of a population; the budget for its retries is its own.
 */
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import { TokenBucketBudget } from '../../policies/budgets/token-bucket.js';
import type { AddressBook } from './addresses.js';
import type { ClientBehaviour } from './behaviour.js';
import { type ClientClass, classAt } from './classes.js';
import {
  type ClientParts,
  type OnAnswer,
  type RequestId,
  type RequestRecord,
  runRequest,
} from './clients.js';
import { KeyedRequests } from './keys.js';

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

/** One client, as an update leaves it. */
type Client = { -readonly [Part in keyof ClientParts]: ClientParts[Part] };

interface Group {
  readonly one: ClientClass;
  /** `null`: all ask for the same. */
  readonly keyed: KeyedRequests<ClientClass> | null;
  readonly addresses: readonly string[];
  readonly random: Random;
  behaviour: ClientBehaviour;
  readonly clients: Client[];
}

const budgetOf = ({ budget }: ClientBehaviour): TokenBucketBudget | null =>
  budget && new TokenBucketBudget(budget);

const hasSameBudget = ({ budget: a }: ClientBehaviour, { budget: b }: ClientBehaviour): boolean =>
  a?.capacity === b?.capacity && a?.refundRatio === b?.refundRatio;

export class ClientCrowd {
  readonly #parts: CrowdParts;
  readonly #groups: readonly Group[];

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    const random = parts.random.fork('clients');
    this.#groups = parts.classes.map((one) => ({
      one,
      keyed: one.keys && new KeyedRequests(one, one.keys, parts.random.fork(`keys ${one.name}`)),
      addresses: parts.book.take(one.identities),
      random: one.name === '' ? random : random.fork(one.name),
      behaviour: one.behaviour,
      clients: [],
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

  /**
   * Updates the clients of every class, from now on and with what is under way. One whose budget changes begins with a new
   * bucket; the others keep what is in theirs.
   * @param behaviours in the order of the classes.
   */
  update(behaviours: readonly ClientBehaviour[]): void {
    for (const [index, group] of this.#groups.entries()) {
      const behaviour = behaviours[index]!;
      const keepsBudget = hasSameBudget(group.behaviour, behaviour);
      group.behaviour = behaviour;
      for (const client of group.clients) {
        client.behaviour = behaviour;
        if (!keepsBudget) client.budget = budgetOf(behaviour);
      }
    }
  }

  #client(group: Group, address: string, originMs: number): ClientParts {
    const { clock, send } = this.#parts;
    const { one, keyed, random, behaviour } = group;
    const client: Client = {
      ...(one.name !== '' && { class: one.name }),
      behaviour,
      clock,
      random,
      originMs,
      budget: budgetOf(behaviour),
      send: (onAnswer, id) => send(keyed?.of(id) ?? one, address, id, onAnswer),
    };
    group.clients.push(client);
    return client;
  }
}
