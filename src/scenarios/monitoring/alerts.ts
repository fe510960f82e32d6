/** The alerts of a run: every rule over every tick, and when each was raised and cleared. */
import type { MonitoringPlan } from './rule.js';
import { makeRule, RULE_NAMES, type RuleName } from './rules.js';
import { TICK_MS, type Tick } from './ticks.js';

/** An alert is cleared when its rule has been quiet for so long: shorter, and an outage that flaps is a dozen of them. */
export const CLEAR_MS = 2_000;

export interface Alert {
  readonly rule: RuleName;
  /** Milliseconds of the run. */
  readonly raisedMs: number;
  /** When its rule fell silent; `null`: it was on at the end. */
  readonly clearedMs: number | null;
  /** What the rule saw when it was raised. */
  readonly reason: string;
}

/** One rule's alerts: raised at once, cleared when it has been quiet for a while. */
class AlertTrack {
  readonly alerts: Alert[] = [];
  readonly #rule: RuleName;
  #on: { readonly raisedMs: number; readonly reason: string; lastMs: number } | null = null;

  constructor(rule: RuleName) {
    this.#rule = rule;
  }

  observe(reason: string | null, nowMs: number): void {
    if (reason !== null) {
      this.#on ??= { raisedMs: nowMs, reason, lastMs: nowMs };
      this.#on.lastMs = nowMs;
    } else if (this.#on !== null && nowMs - this.#on.lastMs >= CLEAR_MS) {
      this.#close(this.#on.lastMs + TICK_MS);
    }
  }

  end(): void {
    this.#close(null);
  }

  #close(clearedMs: number | null): void {
    if (this.#on === null) return;
    const { raisedMs, reason } = this.#on;
    this.alerts.push({ rule: this.#rule, raisedMs, clearedMs, reason });
    this.#on = null;
  }
}

/** @returns in the order in which they were raised. */
export const findAlerts = (ticks: Iterable<Tick>, plan: MonitoringPlan): Alert[] => {
  const watched = RULE_NAMES.map((name) => ({ rule: makeRule(name, plan), track: new AlertTrack(name) }));
  for (const tick of ticks) {
    for (const { rule, track } of watched) track.observe(rule.observe(tick), tick.nowMs);
  }
  for (const { track } of watched) track.end();
  return watched.flatMap(({ track }) => track.alerts).sort((a, b) => a.raisedMs - b.raisedMs);
};
