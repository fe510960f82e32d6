/** The use of a worker's slots, averaged from one reading to the next. */
export class Use {
  #sum = 0;
  #samples = 0;

  /** @param ratio 1: all slots in use; above: requests wait. */
  add(ratio: number): void {
    this.#sum += ratio;
    this.#samples++;
  }

  /** @returns the mean since the last call; `null`: nothing was heard. */
  take(): number | null {
    const mean = this.#samples === 0 ? null : this.#sum / this.#samples;
    this.#sum = 0;
    this.#samples = 0;
    return mean;
  }
}
