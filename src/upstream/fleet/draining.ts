/** When a worker that gets nothing new has nothing in flight any more, by its samples. */
import { Deferred } from '../../core/deferred.js';

/** Samples in a row without a request: the first may have been taken before the last request came. */
const IDLE_SAMPLES = 2;

export class Draining {
  readonly #done = new Deferred<void>();
  #idleSamples = 0;

  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** @param requests that it has taken and that are not over, by a sample. */
  saw(requests: number): void {
    this.#idleSamples = requests === 0 ? this.#idleSamples + 1 : 0;
    if (this.#idleSamples >= IDLE_SAMPLES) this.finish();
  }

  /** There is nobody left who could have something in flight. */
  finish(): void {
    this.#done.resolve();
  }
}
