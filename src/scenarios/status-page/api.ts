/**
 * The status page as JSON: the shape and the words of Statuspage's public API, version 2, as far as there is something to say, so
 * that tools which read such pages read this one. `docs/status-page.md` has the fields.
 */

import type { ComponentView, StatusView } from './board.js';
import type { Incident } from './incident-log.js';
import { STATE_LABELS } from './states.js';

const isoOf = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoOf(ms));

/** One sentence for the whole. */
export const overallText = ({ phase, stale, state, updatedMs }: StatusView): string => {
  if (phase === 'waiting' || updatedMs === null) return 'Nothing has been watched yet';
  if (phase === 'over') return 'Nothing runs now';
  if (stale) return 'No news: nobody knows how it is';
  switch (state) {
    case 'operational':
      return 'All systems operational';
    case 'degraded_performance':
      return 'Degraded performance';
    case 'partial_outage':
      return 'Partial outage';
    case 'major_outage':
      return 'Major outage';
    case 'unknown':
      return 'Not known yet';
  }
};

const pageJson = ({ title, updatedMs, nowMs }: StatusView) => ({
  id: 'badgateway',
  name: title,
  updated_at: isoOf(updatedMs ?? nowMs),
});

const statusJson = (view: StatusView) => ({
  indicator: view.state === 'unknown' ? 'unknown' : view.impact,
  description: overallText(view),
});

const feedJson = ({ phase, stale, updatedMs, nowMs, subject, variant }: StatusView) => ({
  phase,
  stale,
  last_update_at: isoOrNull(updatedMs),
  last_update_age_ms: updatedMs === null ? null : Math.max(0, Math.round(nowMs - updatedMs)),
  subject,
  variant,
});

const componentJson = (one: ComponentView) => ({
  id: one.id,
  name: one.name,
  group: one.group,
  status: one.state,
  last_known_status: one.lastState,
  description: one.detail,
  uptime: one.upRatio === null ? null : Number(one.upRatio.toFixed(4)),
  bar_ms: one.barMs,
  bars: one.bars.map(({ state }) => state),
});

const incidentJson = (incident: Incident) => ({
  id: incident.id,
  name: incident.title,
  subject: incident.subject,
  variant: incident.variant,
  status: incident.state,
  impact: incident.impact,
  shortlink: `/#${incident.id}`,
  over: incident.over,
  started_at: isoOf(incident.startedMs),
  created_at: isoOf(incident.updates[0]?.publishedMs ?? incident.startedMs),
  updated_at: isoOf(incident.updates.at(-1)?.publishedMs ?? incident.startedMs),
  recovered_at: isoOrNull(incident.recoveredMs),
  resolved_at: isoOrNull(incident.updates.findLast(({ state }) => state === 'resolved')?.publishedMs ?? null),
  components: incident.components,
  requests: { ended: incident.ended, failed: incident.failed },
  reports: {
    count: incident.reportCount,
    latest: incident.reports.map(({ rayId, note, atMs }) => ({
      ray_id: rayId,
      note,
      reported_at: isoOf(atMs),
    })),
  },
  // Newest first, as Statuspage has them.
  incident_updates: incident.updates
    .map((update, index) => ({
      id: `${incident.id}-${index + 1}`,
      incident_id: incident.id,
      status: update.state,
      body: update.text,
      measured_at: isoOf(update.measuredMs),
      created_at: isoOf(update.publishedMs),
    }))
    .toReversed(),
});

/** What is answered below `/api/v2/`. */
export const API: Readonly<Record<string, (view: StatusView) => object>> = {
  'status.json': (view) => ({ page: pageJson(view), status: statusJson(view), feed: feedJson(view) }),
  'components.json': (view) => ({ page: pageJson(view), components: view.components.map(componentJson) }),
  'incidents.json': (view) => ({ page: pageJson(view), incidents: view.incidents.map(incidentJson) }),
  'incidents/unresolved.json': (view) => ({
    page: pageJson(view),
    incidents: view.incidents.filter(isUnresolved).map(incidentJson),
  }),
  'summary.json': (view) => ({
    page: pageJson(view),
    status: statusJson(view),
    feed: feedJson(view),
    components: view.components.map(componentJson),
    incidents: view.incidents.filter(isUnresolved).map(incidentJson),
    reports_without_incident: view.unassignedReports,
  }),
};

/** It goes on: neither resolved nor cut off by the end of a run. */
export const isUnresolved = ({ state, over }: Incident): boolean =>
  !over && state !== 'resolved' && state !== 'postmortem';

export const componentText = ({ state, lastState }: ComponentView): string =>
  state === 'unknown' && lastState !== 'unknown'
    ? `${STATE_LABELS.unknown} (was: ${STATE_LABELS[lastState].toLowerCase()})`
    : STATE_LABELS[state];
