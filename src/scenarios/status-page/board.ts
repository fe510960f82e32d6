/**
 * All that a status page knows, and what it says at one moment. What nobody has told for a while is unknown: a page that goes on
 * saying what was true once is worse than none.
 */
import { type Incident, IncidentLog } from './incident-log.js';
import type { ComponentReading, Observed, WatchBegin } from './messages.js';
import { type Report, ReportDoor } from './reports.js';
import { type ComponentState, type Impact, impactOf, stateOfClients, worstOf } from './states.js';
import { type Bar, UptimeBars } from './uptime.js';

/** Without news for so long, nothing is known: thirty times the interval of the feed. */
export const STALE_MS = 3_000;

/** Clients are as their requests of so long are. */
const CLIENTS_MS = 3_000;

export interface ComponentView extends ComponentReading {
  /** What was told last; differs from `state` where that is too long ago. */
  readonly lastState: ComponentState;
  readonly barMs: number;
  readonly bars: readonly Bar[];
  /** Share of the time that somebody watched in which it was no outage; `null`: nobody did. */
  readonly upRatio: number | null;
}

/** `waiting`: nothing has run yet; `over`: nothing runs any more. */
export type Phase = 'waiting' | 'live' | 'over';

export interface StatusView {
  readonly title: string;
  readonly subject: string;
  readonly variant: string;
  readonly phase: Phase;
  readonly nowMs: number;
  /** When the last news came; `null`: none has. */
  readonly updatedMs: number | null;
  /** It is live, and no news has come for too long. */
  readonly stale: boolean;
  readonly state: ComponentState;
  readonly impact: Impact;
  readonly components: readonly ComponentView[];
  /** Newest first. */
  readonly incidents: readonly Incident[];
  readonly unassignedReports: number;
}

const CLIENTS = { id: 'clients', name: 'Requests of clients', group: 'Clients' } as const;

interface Entry {
  reading: ComponentReading;
  readonly bars: UptimeBars;
}

export class StatusBoard {
  readonly #title: string;
  readonly #log = new IncidentLog();
  readonly #door = new ReportDoor();
  #components = new Map<string, Entry>();
  #recent: { readonly atMs: number; readonly ended: number; readonly failed: number }[] = [];
  #watch: WatchBegin | null = null;
  #phase: Phase = 'waiting';
  #updatedMs: number | null = null;
  #observedMs: number | null = null;

  constructor(title: string) {
    this.#title = title;
  }

  /** @param nowMs ends what was watched before, if nobody did. */
  begin(watch: WatchBegin, nowMs: number): void {
    this.end(nowMs, nowMs);
    this.#watch = watch;
    this.#phase = 'live';
    this.#components = new Map();
    this.#recent = [];
    this.#observedMs = null;
    this.#updatedMs = null;
    this.#log.begin(watch);
  }

  /** @param nowMs when it arrived. */
  observe(observed: Observed, nowMs: number): void {
    this.#updatedMs = nowMs;
    const readings = [this.#readClients(observed), ...observed.components];
    // Of a longer silence nobody knows how it was.
    const fromMs = Math.max(this.#observedMs ?? observed.atMs, observed.atMs - STALE_MS);
    this.#observedMs = observed.atMs;
    // Before the load begins everything starts, and nobody is served yet.
    if (observed.runMs >= 0) {
      for (const reading of readings) this.#note(reading, fromMs, observed.atMs);
      this.#log.observe(observed, readings, nowMs);
    } else for (const reading of readings) this.#note(reading, observed.atMs, observed.atMs);
  }

  end(atMs: number, nowMs: number): void {
    if (this.#phase !== 'live') return;
    this.#phase = 'over';
    this.#log.end(atMs, nowMs);
  }

  /** @returns how long that client has to wait before it may report again, milliseconds. */
  waitMs(client: string, nowMs: number): number {
    return this.#door.waitMs(client, nowMs);
  }

  /** @returns whether it is counted: the first of its Ray ID is. */
  report(report: Report): boolean {
    if (!this.#door.isNew(report)) return false;
    this.#log.report(report);
    return true;
  }

  view(nowMs: number): StatusView {
    const stale = this.#phase === 'live' && this.#updatedMs !== null && nowMs - this.#updatedMs > STALE_MS;
    const isKnown = this.#phase === 'live' && !stale;
    const components = [...this.#components.values()].map(({ reading, bars }): ComponentView => {
      const state = isKnown ? reading.state : 'unknown';
      const { barMs, upRatio } = bars;
      return { ...reading, state, lastState: reading.state, barMs, bars: bars.bars, upRatio };
    });
    const states = components.map((one) => one.state);
    const worst = worstOf(states);
    // All is well only where that is known of all.
    const state = worst === 'operational' && states.includes('unknown') ? 'unknown' : worst;
    return {
      title: this.#title,
      subject: this.#watch?.subject ?? '',
      variant: this.#watch?.variant ?? '',
      phase: this.#phase,
      ...{ nowMs, updatedMs: this.#updatedMs, stale, state, impact: impactOf(state), components },
      incidents: this.#log.incidents,
      unassignedReports: this.#log.unassigned,
    };
  }

  #readClients({ atMs, ended, failed }: Observed): ComponentReading {
    this.#recent.push({ atMs, ended, failed });
    while (this.#recent[0]!.atMs <= atMs - CLIENTS_MS) this.#recent.shift();
    const all = this.#recent.reduce((sum, one) => sum + one.ended, 0);
    const bad = this.#recent.reduce((sum, one) => sum + one.failed, 0);
    const share = Math.floor((1 - bad / Math.max(1, all)) * 1_000) / 10;
    const detail = all === 0 ? 'no requests end' : `${share} % of the last ${all} are good`;
    return { ...CLIENTS, state: stateOfClients(all, bad), detail };
  }

  #note(reading: ComponentReading, fromMs: number, toMs: number): void {
    let entry = this.#components.get(reading.id);
    if (entry === undefined) {
      entry = { reading, bars: new UptimeBars(fromMs) };
      this.#components.set(reading.id, entry);
    }
    entry.reading = reading;
    entry.bars.add(reading.state, fromMs, toMs);
  }
}
