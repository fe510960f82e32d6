/**
 * The state of an incident, as a status page would have it, from what was measured. A decision core: it gets one tick after
 * another. States go forward only, and may be skipped; what was resolved may be opened again.
 */

/** As status pages have them, in order. */
export const INCIDENT_STATES = [
  'investigating',
  'identified',
  'monitoring',
  'resolved',
  'postmortem',
] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Forward only, except to be opened again. */
export const canFollow = (before: IncidentState, state: IncidentState): boolean =>
  INCIDENT_STATES.indexOf(state) > INCIDENT_STATES.indexOf(before) ||
  (before === 'resolved' && state === 'investigating');

/** Service has to be healthy for so long before it is said that a fix works… */
export const MONITORING_MS = 1_000;
/** …and so long after that, without an alert, before the incident is over. Shorter, and what flaps is resolved each time. */
export const STABILITY_MS = 3_000;

/** What is known at one moment. */
export interface Situation {
  readonly nowMs: number;
  /** At least 99 % of the requests that ended in the last second were good, and some did. */
  readonly isHealthy: boolean;
  /** Users have been hurt, by now. */
  readonly isHurt: boolean;
  /** Somebody has been alerted. */
  readonly isAlerted: boolean;
  /** An alert of the burn rate is on. */
  readonly isBurning: boolean;
  /** The cause is suspected most, or something was undone. */
  readonly isIdentified: boolean;
}

export interface Transition {
  readonly atMs: number;
  readonly state: IncidentState;
}

export class IncidentStatus {
  readonly transitions: Transition[] = [];
  #state: IncidentState | null = null;
  #healthySinceMs: number | null = null;

  observe(now: Situation): void {
    if (!now.isHealthy) this.#healthySinceMs = null;
    else this.#healthySinceMs ??= now.nowMs;
    const next = this.#next(now);
    if (next !== null) this.#go(next, now.nowMs);
  }

  /** The run is over, and with it everything that can be learned: the report is what is written afterwards. */
  end(nowMs: number): void {
    if (this.#state === 'resolved') this.#go('postmortem', nowMs);
  }

  #next({ nowMs, isHurt, isAlerted, isBurning, isIdentified }: Situation): IncidentState | null {
    const healthyMs = this.#healthySinceMs === null ? -1 : nowMs - this.#healthySinceMs;
    switch (this.#state) {
      case null:
        return isAlerted ? 'investigating' : null;
      case 'investigating':
      case 'identified':
        if (isHurt && healthyMs >= MONITORING_MS) return 'monitoring';
        return this.#state === 'investigating' && isIdentified ? 'identified' : null;
      case 'monitoring':
        return healthyMs >= MONITORING_MS + STABILITY_MS && !isBurning ? 'resolved' : null;
      case 'resolved':
        return isBurning ? 'investigating' : null;
      case 'postmortem':
        return null;
    }
  }

  #go(state: IncidentState, atMs: number): void {
    this.#state = state;
    this.transitions.push({ atMs, state });
  }
}
