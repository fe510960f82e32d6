/** What takes time at one place and must not overlap: one after another, in the order in which it was ordered. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** What fails does not keep the next from its turn. @returns as `run`. */
  take<Value>(run: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(run);
    this.#last = done.catch(() => {});
    return done;
  }
}
