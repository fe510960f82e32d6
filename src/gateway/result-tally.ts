/** How requests fared by version of the config, between two reports. */

export class ResultTally {
  #counts = new Map<number, [results: number, failures: number]>();

  add(version: number, good: boolean): void {
    let counts = this.#counts.get(version);
    if (counts === undefined) {
      counts = [0, 0];
      this.#counts.set(version, counts);
    }
    counts[0]++;
    if (!good) counts[1]++;
  }

  /** What was added since the last time. */
  take(): [version: number, results: number, failures: number][] {
    const taken = [...this.#counts].map(([version, [results, failures]]): [number, number, number] => [
      version,
      results,
      failures,
    ]);
    this.#counts = new Map();
    return taken;
  }
}
