/** The stub resolver in virtual time: its zone (`names/zone.ts`), as the process that it is in the other engine. */
import type { Clock } from '../../core/clock.js';
import type { ToResolver } from '../names/messages.js';
import type { ResolverSpawn } from '../names/stub-resolver.js';
import { Zone } from '../names/zone.js';
import { BARE_BOOT_MS, ModelChild } from './model-child.js';

export interface ModelResolverParts {
  readonly clock: Clock;
  readonly port: number;
  /** Called when it listens; what it answers to a packet, `null` for nothing. */
  readonly bind: (answer: (packet: Buffer) => Buffer | null) => void;
}

export class ModelResolver extends ModelChild<ToResolver> {
  readonly #zone: Zone;
  readonly #onMessage: ResolverSpawn['onMessage'];

  constructor({ name, argument, onMessage }: ResolverSpawn, { clock, port, bind }: ModelResolverParts) {
    super(name, clock);
    this.#onMessage = onMessage;
    this.#zone = new Zone(argument);
    this.#zone.setAddresses(argument.addresses);
    this.later(() => {
      bind((packet) => (this.running ? this.#zone.answer(packet) : null));
      onMessage({ type: 'ready', port });
    }, BARE_BOOT_MS);
  }

  protected hear(message: ToResolver): void {
    if (message.type === 'addresses') this.#zone.setAddresses(message.addresses);
    if (message.type !== 'change') return;
    const { number, name, fault } = message;
    if (fault === null) this.#zone.heal(name);
    else this.#zone.inject(name, fault);
    this.later(() => this.#onMessage({ type: 'done', number }));
  }
}
