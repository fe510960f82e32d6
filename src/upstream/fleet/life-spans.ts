/** How long worker processes ran, all together: what a fleet costs. */
export class LifeSpans {
  readonly #ended: { readonly fromMs: number; readonly toMs: number }[] = [];
  readonly #running = new Map<object, number>();

  began(process: object, nowMs: number): void {
    this.#running.set(process, nowMs);
  }

  ended(process: object, nowMs: number): void {
    const fromMs = this.#running.get(process);
    if (fromMs === undefined) return;
    this.#running.delete(process);
    this.#ended.push({ fromMs, toMs: nowMs });
  }

  /** Seconds within that time. */
  seconds(fromMs: number, toMs: number): number {
    const running = [...this.#running.values()].map((beganMs) => ({ fromMs: beganMs, toMs }));
    return (
      [...this.#ended, ...running].reduce(
        (sum, span) => sum + Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs)),
        0,
      ) / 1000
    );
  }
}
