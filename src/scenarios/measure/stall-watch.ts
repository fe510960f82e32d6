/** Whose doing a stall of a gateway's event loop is: the scenario's, or the machine's, which spoils a run. */

/** After what was meant to happen the loop catches up with what it missed; a stall in that time belongs to it. */
export const SETTLED_AFTER_MS = 1_000;

/** In the time of one report: above it, a stall is the doing of the rules that a scenario gives its gateway. */
export const BURNED_BY_RULES_MS = 50;

export class StallWatch {
  #meantUntilMs = Number.NEGATIVE_INFINITY;

  /** Something is done to the gateway until then; what was to be done to it before counts no more. */
  disrupt(untilMs: number): void {
    this.#meantUntilMs = untilMs;
  }

  /** @returns how much of a report's stall nobody brought about. */
  spoiledMs(
    { stallMs, ruleMs }: { readonly stallMs: number; readonly ruleMs: number },
    nowMs: number,
  ): number {
    if (ruleMs > BURNED_BY_RULES_MS) this.#meantUntilMs = Math.max(this.#meantUntilMs, nowMs);
    return nowMs > this.#meantUntilMs + SETTLED_AFTER_MS ? stallMs : 0;
  }
}
