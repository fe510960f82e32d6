/**
 * The incidents of a status page: opened by a burn-rate alert, led through their states by the same rules as the incident of a
 * result (`scenarios/incident/status.ts`), one observation after another and knowing nothing that comes later. A decision core:
 * the time is handed in.
 */
import { IMPACT_LIMITS } from '../incident/impact.js';
import { type IncidentState, IncidentStatus } from '../incident/status.js';
import { LiveAlert } from './live-alert.js';
import type { ComponentReading, Observed, WatchBegin } from './messages.js';
import type { Report } from './reports.js';
import { type ComponentState, type Impact, impactOf, worstOf } from './states.js';
import { endedText, titleOf, updateText } from './wording.js';

/** What was said at one moment. */
export interface IncidentUpdate {
  readonly state: IncidentState;
  readonly text: string;
  /** When it was so, by what was measured… */
  readonly measuredMs: number;
  /** …and when the page said it. */
  readonly publishedMs: number;
}

export interface Incident {
  readonly id: string;
  readonly subject: string;
  readonly variant: string;
  readonly title: string;
  /** When users began to be hurt, by what was measured. */
  readonly startedMs: number;
  /** The first moment from which service was good again and stayed so; `null`: not yet. */
  readonly recoveredMs: number | null;
  readonly state: IncidentState;
  readonly impact: Impact;
  /** Names of those that were not operational meanwhile. */
  readonly components: readonly string[];
  /** Requests that ended meanwhile, and how many of them failed. */
  readonly ended: number;
  readonly failed: number;
  /** Oldest first. */
  readonly updates: readonly IncidentUpdate[];
  /** Nothing more is to come. */
  readonly over: boolean;
  readonly reportCount: number;
  /** Newest first, and no more than are looked at. */
  readonly reports: readonly Report[];
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

type OpenIncident = Writable<Incident> & {
  components: string[];
  updates: IncidentUpdate[];
  reports: Report[];
};

/** Incidents that are kept; those of a day are more than anybody reads. */
const MAX_INCIDENTS = 50;
/** An incident that is opened again and again says no more after so many. */
const MAX_UPDATES = 60;
/** Reports that are kept with an incident; all are counted. */
const MAX_REPORTS = 20;
/** Users are often faster than alerts: a report of so long before belongs to the incident that is opened then. */
const REPORTED_BEFORE_MS = 30_000;
const MAX_PENDING = 200;

/** What was resolved so long ago, in hours of the alerts' clock, is over: what burns then is another incident. */
const REOPEN_HOURS = 2;

const HEALTH_MS = IMPACT_LIMITS.hurtMs;

export class IncidentLog {
  readonly #incidents: OpenIncident[] = [];
  #watch: WatchBegin | null = null;
  #alert: LiveAlert | null = null;
  #status = new IncidentStatus();
  #open: OpenIncident | null = null;
  #recent: { readonly atMs: number; readonly ended: number; readonly failed: number }[] = [];
  #onsetMs: number | null = null;
  #healthySinceMs: number | null = null;
  #pending: Report[] = [];

  /** Newest first. */
  get incidents(): readonly Incident[] {
    return this.#incidents.toReversed();
  }

  /** Reports that belong to no incident. */
  get unassigned(): number {
    return this.#pending.length;
  }

  begin(watch: WatchBegin): void {
    this.#watch = watch;
    this.#alert = new LiveAlert(watch);
    this.#forget();
  }

  observe(observed: Observed, components: readonly ComponentReading[], publishedMs: number): void {
    const { atMs, ended, failed, identified } = observed;
    if (this.#alert === null) return;
    const isBurning = this.#alert.observe({ atMs, ended, failed });
    const isHealthy = this.#see(observed);
    const before = this.#status.transitions.length;
    this.#status.observe({
      ...{ nowMs: atMs, isHealthy, isBurning, isAlerted: isBurning },
      hurtSinceMs: this.#onsetMs,
      isIdentified: identified !== null,
    });
    for (const { state } of this.#status.transitions.slice(before)) {
      this.#enter(state, { observed, components, publishedMs });
    }
    this.#follow(observed, components, isHealthy);
    if (this.#status.transitions.at(-1)?.state === 'resolved') this.#closeIfQuiet(atMs, publishedMs);
  }

  /** Nothing is watched any more. */
  end(atMs: number, publishedMs: number): void {
    if (this.#open === null) return;
    if (this.#open.state === 'resolved') this.#close(atMs, publishedMs);
    else {
      this.#say(this.#open, this.#open.state, endedText(), atMs, publishedMs);
      this.#open.over = true;
      this.#open = null;
    }
  }

  report(report: Report): void {
    if (this.#open !== null) this.#count(this.#open, report);
    else this.#pending = [...this.#pending, report].slice(-MAX_PENDING);
  }

  #forget(): void {
    this.#status = new IncidentStatus();
    this.#open = null;
    this.#recent = [];
    this.#onsetMs = null;
    this.#healthySinceMs = null;
  }

  /** @returns whether service is healthy, by the last second. */
  #see({ atMs, ended, failed }: Observed): boolean {
    this.#recent.push({ atMs, ended, failed });
    while (this.#recent[0]!.atMs <= atMs - HEALTH_MS) this.#recent.shift();
    const all = this.#recent.reduce((sum, one) => sum + one.ended, 0);
    const bad = this.#recent.reduce((sum, one) => sum + one.failed, 0);
    const isHealthy = all > 0 && bad <= all * (1 - IMPACT_LIMITS.recoveredRatio);
    if (!isHealthy) this.#healthySinceMs = null;
    else this.#healthySinceMs ??= atMs;
    if (bad >= IMPACT_LIMITS.minFailures && bad > all * IMPACT_LIMITS.failedRatio) {
      this.#onsetMs ??= this.#recent.find((one) => one.failed > 0)!.atMs;
    } else if (this.#open === null && isHealthy) this.#onsetMs = null;
    return isHealthy;
  }

  #enter(state: IncidentState, { observed, components, publishedMs }: Seen): void {
    const { atMs, identified } = observed;
    const isReopened = state === 'investigating' && this.#open !== null;
    if (this.#open === null) this.#open = this.#begin(atMs, components);
    const incident = this.#open;
    if (isReopened) incident.recoveredMs = null;
    // What is down is known better now than when it was opened.
    if (state === 'identified') incident.title = titleOf(components);
    if (state === 'monitoring') incident.recoveredMs = this.#healthySinceMs;
    const text = updateText(state, { incident, identified, isReopened });
    this.#say(incident, state, text, atMs, publishedMs);
  }

  #begin(atMs: number, components: readonly ComponentReading[]): OpenIncident {
    const { subject, variant } = this.#watch!;
    const startedMs = this.#onsetMs ?? atMs;
    const incident: OpenIncident = {
      id: `incident-${startedMs.toFixed(0)}`,
      ...{ subject, variant, startedMs, title: titleOf(components) },
      ...{ recoveredMs: null, state: 'investigating', impact: 'none', components: [], over: false },
      ...{ ended: 0, failed: 0, updates: [], reportCount: 0, reports: [] },
    };
    for (const one of this.#recent.slice(0, -1)) {
      if (one.atMs < startedMs) continue;
      incident.ended += one.ended;
      incident.failed += one.failed;
    }
    for (const report of this.#pending) {
      if (report.atMs >= atMs - REPORTED_BEFORE_MS) this.#count(incident, report);
    }
    this.#pending = this.#pending.filter(({ atMs: ms }) => ms < atMs - REPORTED_BEFORE_MS);
    this.#incidents.push(incident);
    if (this.#incidents.length > MAX_INCIDENTS) this.#incidents.shift();
    return incident;
  }

  /** What goes on while it is open. */
  #follow({ ended, failed }: Observed, components: readonly ComponentReading[], isHealthy: boolean): void {
    const incident = this.#open;
    // What is good again is not counted: it would make an outage look small.
    if (incident === null || incident.state === 'resolved') return;
    if (isHealthy && incident.state === 'monitoring') return;
    incident.ended += ended;
    incident.failed += failed;
    const unwell = components.filter(({ state }) => impactOf(state) !== 'none');
    for (const { name } of unwell) if (!incident.components.includes(name)) incident.components.push(name);
    const states: ComponentState[] = unwell.map(({ state }) => state);
    if (IMPACT_ORDER.indexOf(impactOf(worstOf(states))) > IMPACT_ORDER.indexOf(incident.impact)) {
      incident.impact = impactOf(worstOf(states));
    }
  }

  #closeIfQuiet(atMs: number, publishedMs: number): void {
    const resolvedMs = this.#status.transitions.at(-1)!.atMs;
    if (atMs - resolvedMs > REOPEN_HOURS * this.#watch!.hourMs) this.#close(atMs, publishedMs);
  }

  #close(atMs: number, publishedMs: number): void {
    const incident = this.#open!;
    this.#status.end(atMs);
    const text = updateText('postmortem', { incident, identified: null, isReopened: false });
    this.#say(incident, 'postmortem', text, atMs, publishedMs);
    incident.over = true;
    this.#status = new IncidentStatus();
    this.#open = null;
    this.#onsetMs = null;
  }

  #say(
    incident: OpenIncident,
    state: IncidentState,
    text: string,
    ...[measuredMs, publishedMs]: readonly [number, number]
  ): void {
    incident.state = state;
    if (incident.updates.length < MAX_UPDATES)
      incident.updates.push({ state, text, measuredMs, publishedMs });
  }

  #count(incident: OpenIncident, report: Report): void {
    incident.reportCount++;
    incident.reports = [report, ...incident.reports].slice(0, MAX_REPORTS);
  }
}

interface Seen {
  readonly observed: Observed;
  readonly components: readonly ComponentReading[];
  readonly publishedMs: number;
}

const IMPACT_ORDER: readonly Impact[] = ['none', 'minor', 'major', 'critical'];
