/** What a process is to whoever started it, in virtual time: it boots, hears what it is sent, and ends when asked to. */
import type { ChildExit, StoppableChild } from '../../core/child.js';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';

/** From the start of a process that does nothing else until it listens. Measured on Node 20. */
export const BARE_BOOT_MS = 60;

export abstract class ModelChild<Sent> implements StoppableChild<Sent> {
  /** No signal reaches it. */
  readonly pid = 0;
  readonly name: string;
  readonly stderr = '';
  readonly exited: Promise<ChildExit>;
  readonly #exit = new Deferred<ChildExit>();
  readonly #clock: Clock;
  #running = true;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.exited = this.#exit.promise;
    this.#clock = clock;
  }

  /** Heard in another turn, as over a channel. */
  send(message: Sent): void {
    this.later(() => this.hear(message));
  }

  async stop(): Promise<void> {
    this.end();
  }

  protected get running(): boolean {
    return this.#running;
  }

  protected abstract hear(message: Sent): void;

  /** Runs it when the process has booted, or in another turn, unless the process has ended by then. */
  protected later(run: () => void, delayMs = 0): void {
    this.#clock.after(delayMs, () => {
      if (this.#running) run();
    });
  }

  protected end(): void {
    this.#running = false;
    this.#exit.resolve({ code: 0, signal: null });
  }
}
