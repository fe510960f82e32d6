/** Whether a line has a backlog: it has one when it has not been empty for some time (Maurer, "Fail at Scale", 2015). */
export class Backlog {
  readonly #intervalMs: number;
  #emptyAtMs = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Somebody joins a line that was empty until now. */
  wasEmpty(nowMs: number): void {
    this.#emptyAtMs = nowMs;
  }

  /** Asked only of a line in which somebody waits. */
  standsAt(nowMs: number): boolean {
    return nowMs - this.#emptyAtMs > this.#intervalMs;
  }
}
