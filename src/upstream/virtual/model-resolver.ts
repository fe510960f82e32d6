/** The stub resolver in virtual time: its zone (`names/zone.ts`), as the process that it is in the other engine. */

import type { ChildExit } from '../../core/child.js';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import type { ToResolver } from '../names/messages.js';
import type { ResolverChild, ResolverSpawn } from '../names/stub-resolver.js';
import { Zone } from '../names/zone.js';

/** From its start until it listens. Measured on Node 20: a bare process. */
const BOOT_MS = 60;

export interface ModelResolverParts {
  readonly clock: Clock;
  readonly port: number;
  /** Called when it listens; what it answers to a packet, `null` for nothing. */
  readonly bind: (answer: (packet: Buffer) => Buffer | null) => void;
}

export class ModelResolver implements ResolverChild {
  readonly pid = 0;
  readonly name: string;
  readonly stderr = '';
  readonly exited: Promise<ChildExit>;
  readonly #exit = new Deferred<ChildExit>();
  readonly #clock: Clock;
  readonly #zone: Zone;
  readonly #onMessage: ResolverSpawn['onMessage'];
  #running = true;

  constructor({ name, argument, onMessage }: ResolverSpawn, { clock, port, bind }: ModelResolverParts) {
    this.name = name;
    this.exited = this.#exit.promise;
    this.#clock = clock;
    this.#onMessage = onMessage;
    this.#zone = new Zone(argument);
    this.#zone.setAddresses(argument.addresses);
    clock.after(BOOT_MS, () => {
      if (!this.#running) return;
      bind((packet) => (this.#running ? this.#zone.answer(packet) : null));
      onMessage({ type: 'ready', port });
    });
  }

  /** Heard in another turn, as over a channel. */
  send(message: ToResolver): void {
    this.#clock.after(0, () => {
      if (this.#running) this.#hear(message);
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#exit.resolve({ code: 0, signal: null });
  }

  #hear(message: ToResolver): void {
    if (message.type === 'addresses') this.#zone.setAddresses(message.addresses);
    if (message.type !== 'change') return;
    const { number, name, fault } = message;
    if (fault === null) this.#zone.heal(name);
    else this.#zone.inject(name, fault);
    this.#clock.after(0, () => this.#onMessage({ type: 'done', number }));
  }
}
