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
  /** When users were last hurt anew, milliseconds of the run; `null`: they have not been yet. */
  readonly hurtSinceMs: number | null;
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
    if (next === null) return;
    // Who opens it again has to see anew that service is healthy.
    if (this.#state === 'resolved') this.#healthySinceMs = now.isHealthy ? now.nowMs : null;
    this.#go(next, now.nowMs);
    if (next === 'investigating' && now.isIdentified) this.#go('identified', now.nowMs);
  }

  /** The run is over, and with it everything that can be learned: the report is what is written afterwards. */
  end(nowMs: number): void {
    if (this.#state === 'resolved') this.#go('postmortem', nowMs);
  }

  #next(now: Situation): IncidentState | null {
    const { isAlerted, isBurning, isIdentified } = now;
    const healthyMs = this.#healthyMs(now);
    switch (this.#state) {
      case null:
        return isAlerted ? 'investigating' : null;
      case 'investigating':
      case 'identified':
        if (this.#state === 'investigating' && isIdentified) return 'identified';
        return healthyMs >= MONITORING_MS ? 'monitoring' : null;
      case 'monitoring':
        return healthyMs >= MONITORING_MS + STABILITY_MS && !isBurning ? 'resolved' : null;
      case 'resolved':
        return isBurning ? 'investigating' : null;
      case 'postmortem':
        return null;
    }
  }

  /** For how long service has been healthy since users were hurt: at its first failures it still is, by the last second. */
  #healthyMs({ nowMs, hurtSinceMs }: Situation): number {
    if (this.#healthySinceMs === null || hurtSinceMs === null) return -1;
    return nowMs - Math.max(this.#healthySinceMs, hurtSinceMs);
  }

  #go(state: IncidentState, atMs: number): void {
    this.#state = state;
    this.transitions.push({ atMs, state });
  }
}
