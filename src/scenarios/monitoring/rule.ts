/** What a rule is, and what it is told beforehand. */
import type { Tick } from './ticks.js';

/** What is watched, and how. */
export interface MonitoringPlan {
  /** Share of the requests that are to be good. */
  readonly sloRatio: number;
  /** What an hour of the burn rate's windows is in the run. */
  readonly hourMs: number;
  readonly workers: number;
  /** Requests that one worker serves at once. */
  readonly slots: number;
}

export interface Rule {
  /** @returns why the alert is on now; `null`: it is not. */
  observe(tick: Tick): string | null;
}
