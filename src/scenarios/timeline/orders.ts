/** Orders that go the clients' way: each is sent until it is answered well, and then carried out. */
import type { Clock, Timer } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { Asked } from '../clients/classes.js';
import { type Answer, isGood, type OnAnswer } from '../clients/clients.js';
import type { Through } from './through.js';

/** Sends one request the way that clients' go. @returns what takes it back; then there is no answer. */
export type SendOrder = (asked: Asked, onAnswer: OnAnswer) => { abort(): void };

export interface OrdersParts {
  readonly clock: Clock;
  readonly send: SendOrder;
  readonly emit: Emit;
}

/** What an order got, for people. */
export const answerText = ({ status, cause }: Pick<Answer, 'status' | 'cause'>): string =>
  status === 0 ? cause : `${status} ${cause}`;

const NO_ANSWER: Answer = { status: 0, cause: 'no_answer', rayId: '' };

class Order {
  readonly #parts: OrdersParts;
  readonly #text: string;
  readonly #through: Through;
  readonly #carryOut: () => void;
  readonly #beganMs: number;
  #tries = 0;
  /** Of the try that is under way, or of the pause before the next. */
  #timer: Timer | null = null;
  #sent: { abort(): void } | null = null;

  constructor(parts: OrdersParts, text: string, through: Through, carryOut: () => void) {
    this.#parts = parts;
    this.#text = text;
    this.#through = through;
    this.#carryOut = carryOut;
    this.#beganMs = parts.clock.nowMs();
  }

  try(): void {
    const { clock, send } = this.#parts;
    const { asked, patienceMs } = this.#through;
    this.#tries++;
    this.#timer = clock.after(patienceMs, () => {
      this.#sent?.abort();
      this.#onAnswer(NO_ANSWER);
    });
    this.#sent = send(asked, (answer) => {
      this.#timer?.cancel();
      this.#onAnswer(answer);
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#sent?.abort();
  }

  #onAnswer({ status, cause }: Answer): void {
    const { clock, emit } = this.#parts;
    const told = { order: this.#text, tries: this.#tries, afterMs: clock.nowMs() - this.#beganMs };
    this.#sent = null;
    if (isGood(status)) {
      this.#timer = null;
      emit('order.accepted', told);
      this.#carryOut();
      return;
    }
    emit('order.failed', { ...told, status, cause });
    this.#timer = clock.after(this.#through.againMs, () => this.try());
  }
}

export class Orders {
  readonly #parts: OrdersParts;
  readonly #orders: Order[] = [];
  #stopped = false;

  constructor(parts: OrdersParts) {
    this.#parts = parts;
  }

  /**
   * @param text what it is, for people.
   * @param carryOut called once, when it is answered; not any more when they are stopped.
   */
  send(text: string, through: Through, carryOut: () => void): void {
    // By hand, while the run is being stopped: nobody would stop it any more.
    if (this.#stopped) return;
    const order = new Order(this.#parts, text, through, carryOut);
    this.#orders.push(order);
    order.try();
  }

  /** Those that were not answered are given up, and no other is taken. */
  stop(): void {
    this.#stopped = true;
    for (const order of this.#orders) order.stop();
  }
}
