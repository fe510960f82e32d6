/**
 * Updates of clients while a run goes on: what each class does at this moment, by its own section and every update that is
 * in force. Updates lie over each other in the order in which they began; one whose time is over is taken out, and what
 * began after it stays.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { ClientUpdate } from '../timeline/clients.js';
import { type ClientBehaviour, resolveBehaviour } from './behaviour.js';
import type { ClientClass } from './classes.js';

export interface ClientUpdatesParts {
  readonly classes: readonly Pick<ClientClass, 'name' | 'behaviour'>[];
  readonly clock: Pick<Clock, 'after'>;
  readonly emit: Emit;
  /** Gives the clients what they do from now on, in the order of the classes. */
  readonly send: (behaviours: readonly ClientBehaviour[]) => void;
}

const isFor = ({ classes }: ClientUpdate, name: string): boolean =>
  classes.length === 0 || classes.includes(name);

export class ClientUpdates {
  readonly #parts: ClientUpdatesParts;
  readonly #timers = new Map<ClientUpdate, Timer>();
  /** In the order in which they began. */
  #inForce: readonly ClientUpdate[] = [];

  constructor(parts: ClientUpdatesParts) {
    this.#parts = parts;
  }

  begin(written: ClientUpdate): void {
    // Its own object: the same order may be given twice, and each time is over by itself.
    const update = { ...written };
    this.#inForce = [...this.#inForce, update];
    this.#parts.emit('clients.updated', update);
    this.#send();
    if (update.forMs === null) return;
    this.#timers.set(
      update,
      this.#parts.clock.after(update.forMs, () => this.#end(update)),
    );
  }

  /** No update ends by itself any more. */
  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #end(update: ClientUpdate): void {
    this.#timers.delete(update);
    this.#inForce = this.#inForce.filter((other) => other !== update);
    const { classes, changes } = update;
    this.#parts.emit('clients.reverted', { classes, changes });
    this.#send();
  }

  #send(): void {
    const { classes, send } = this.#parts;
    send(
      classes.map(({ name, behaviour }) =>
        this.#inForce
          .filter((update) => isFor(update, name))
          .reduce((below, { changes }) => resolveBehaviour(changes, below), behaviour),
      ),
    );
  }
}
