/** A lab: one world at a time, its own or that of a scenario that is run from the page. What runs is stopped first. */
import { Turns } from '../../upstream/fleet/turns.js';
import type { Result } from '../result.js';
import type { Host, LiveState, WrittenRunOrder } from './live-api.js';

/** Something that runs until it is over or stopped. */
export type Play = (signal: AbortSignal) => Promise<void>;

export interface LabParts {
  /** Of the lab's own world. */
  readonly scenario: string;
  /** Plays it until it is stopped; rejects when it cannot go on. */
  readonly playLab: Play;
  /**
   * Gets a scenario ready to be run, while something else may still run.
   * @param onResult gets what came of it. @throws UserError for what there is not.
   */
  readonly prepareRun: (order: WrittenRunOrder, onResult: (result: Result) => void) => Promise<Play>;
  /** Nothing runs any more: somebody stopped it. */
  readonly onIdle: () => void;
  /** What runs cannot go on. */
  readonly onFailed: (error: Error) => void;
}

interface Playing {
  readonly state: LiveState;
  readonly controller: AbortController;
  /** Never rejects. */
  readonly done: Promise<void>;
}

export class Lab implements Host {
  readonly #parts: LabParts;
  readonly #turns = new Turns();
  #playing: Playing | null = null;
  #result: Result | null = null;
  #closed = false;

  constructor(parts: LabParts) {
    this.#parts = parts;
  }

  get state(): LiveState {
    return this.#playing?.state ?? { state: 'idle', scenario: null };
  }

  get result(): Result | null {
    return this.#result;
  }

  lab(): Promise<void> {
    return this.#turns.take(() =>
      this.#play({ state: 'lab', scenario: this.#parts.scenario }, this.#parts.playLab),
    );
  }

  async run(order: WrittenRunOrder): Promise<void> {
    const play = await this.#parts.prepareRun(order, (result) => {
      this.#result = result;
    });
    await this.#turns.take(() => this.#play({ state: 'run', scenario: order.scenario }, play));
  }

  stop(): Promise<void> {
    return this.#turns.take(async () => {
      const was = this.state.state;
      await this.#end();
      // The end of a run is told by its result.
      if (was === 'lab') this.#parts.onIdle();
    });
  }

  /** For good. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#turns.take(() => this.#end());
  }

  async #play(state: LiveState, play: Play): Promise<void> {
    await this.#end();
    if (this.#closed) return;
    const controller = new AbortController();
    const done = play(controller.signal)
      .catch((error: Error) => {
        // One that was being stopped anyway has nothing to complain of.
        if (!controller.signal.aborted) this.#parts.onFailed(error);
      })
      .then(() => {
        if (this.#playing?.controller === controller) this.#playing = null;
      });
    this.#playing = { state, controller, done };
  }

  async #end(): Promise<void> {
    const playing = this.#playing;
    playing?.controller.abort();
    await playing?.done;
  }
}
