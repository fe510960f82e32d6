/** The timeline of an incident on two clocks: what was measured, and what was published. */
import type { Alert } from '../monitoring/alerts.js';
import { TICK_MS, type Tick } from '../monitoring/ticks.js';
import { IMPACT_LIMITS } from './impact.js';
import { type IncidentState, IncidentStatus, type Transition } from './status.js';

/** One entry: a state, and when it was reached by either clock, milliseconds of the run; `null`: it was not. */
export interface TimelineRow {
  readonly state: IncidentState;
  readonly measuredMs: number | null;
  readonly publishedMs: number | null;
}

/** What the measured clock is made of. */
export interface Course {
  readonly ticks: readonly Pick<Tick, 'nowMs' | 'ended' | 'failed'>[];
  readonly alerts: readonly Alert[];
  /** Every time that users were hurt anew, in order. */
  readonly onsetsMs: readonly number[];
  /** When somebody was first alerted. */
  readonly alertedMs: number | null;
  readonly identifiedMs: number | null;
}

const BURN_RULES: ReadonlySet<string> = new Set<Alert['rule']>(['fast-burn', 'slow-burn']);

/** Whether it says that users are hurt, and not that they will be. */
export const isBurnAlert = ({ rule }: Alert): boolean => BURN_RULES.has(rule);

const HEALTH_TICKS = 1_000 / TICK_MS;

/** Whether service was healthy at the end of each tick, by the second before it. */
const healthOf = (ticks: Course['ticks']): boolean[] => {
  let [ended, failed] = [0, 0];
  return ticks.map((tick, index) => {
    const left = ticks[index - HEALTH_TICKS];
    ended += tick.ended - (left?.ended ?? 0);
    failed += tick.failed - (left?.failed ?? 0);
    return ended > 0 && failed <= ended * (1 - IMPACT_LIMITS.recoveredRatio);
  });
};

/** The states that the incident went through by what was measured. */
export const findTransitions = ({
  ticks,
  alerts,
  onsetsMs,
  alertedMs,
  identifiedMs,
}: Course): Transition[] => {
  const status = new IncidentStatus();
  const burns = alerts.filter(isBurnAlert);
  const health = healthOf(ticks);
  const since = (ms: number | null, nowMs: number): boolean => ms !== null && nowMs >= ms;
  for (const [index, { nowMs }] of ticks.entries()) {
    status.observe({
      nowMs,
      isHealthy: health[index]!,
      hurtSinceMs: onsetsMs.findLast((onsetMs) => nowMs >= onsetMs) ?? null,
      isAlerted: since(alertedMs, nowMs),
      isBurning: burns.some(
        ({ raisedMs, clearedMs }) => nowMs >= raisedMs && (clearedMs === null || nowMs < clearedMs),
      ),
      isIdentified: since(identifiedMs, nowMs),
    });
  }
  status.end(ticks.at(-1)?.nowMs ?? 0);
  return status.transitions;
};

/**
 * Both clocks beside each other: the first time that a state was reached by one belongs to the first time by the other, and so
 * on. In order of the measured clock; what was only published stands where its time is.
 */
export const joinClocks = (
  measured: readonly Transition[],
  published: readonly Transition[],
): TimelineRow[] => {
  const left = [...published];
  const rows = measured.map(({ state, atMs }): TimelineRow => {
    const index = left.findIndex((one) => one.state === state);
    const [found] = index === -1 ? [] : left.splice(index, 1);
    return { state, measuredMs: atMs, publishedMs: found?.atMs ?? null };
  });
  for (const { state, atMs } of left) {
    const row = { state, measuredMs: null, publishedMs: atMs };
    const at = rows.findLastIndex(({ publishedMs }) => publishedMs !== null && publishedMs <= atMs);
    rows.splice(at === -1 ? rows.length : at + 1, 0, row);
  }
  return rows;
};
