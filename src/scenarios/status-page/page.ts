/**
 * The status page as HTML: how everything is, how it was, and what is said of it. No script, nothing to load; it has itself loaded
 * again every few seconds by a header, which a link switches off.
 */
import { escapeHtml } from '../../core/html.js';
import { componentText, isUnresolved, overallText } from './api.js';
import type { ComponentView, StatusView } from './board.js';
import type { Incident, IncidentUpdate } from './incident-log.js';
import type { ComponentGroup } from './messages.js';
import { aboutText, frame, stateTitle, timeHtml } from './page-parts.js';
import { type ComponentState, STATE_LABELS, STATE_SIGNS } from './states.js';
import { type Bar, MAX_BARS } from './uptime.js';
import { reportsText, shareText } from './wording.js';

const GROUPS: readonly ComponentGroup[] = ['Clients', 'Edge', 'Gateway', 'Workers', 'Dependencies'];

const BAR_WIDTH = 5;
const BAR_STEP = 7;
const BAR_HEIGHT = 28;

/** How high a bar is says the same as its colour: the worse, the lower. */
const BAR_HEIGHTS: Readonly<Record<ComponentState, number>> = {
  operational: 28,
  degraded_performance: 22,
  partial_outage: 15,
  major_outage: 9,
  unknown: 3,
};

const UNWATCHED: Bar = { state: 'unknown', knownMs: 0, outMs: 0 };

const barHtml = ({ state, outMs }: Bar, index: number): string => {
  const height = BAR_HEIGHTS[state];
  const title = outMs === 0 ? STATE_LABELS[state] : `${STATE_LABELS[state]} for ${aboutText(outMs)}`;
  return `<rect class="${state}" x="${index * BAR_STEP}" y="${BAR_HEIGHT - height}" width="${BAR_WIDTH}" height="${height}" rx="1.5"><title>${title}</title></rect>`;
};

const percent = (ratio: number): string => `${Math.floor(ratio * 1_000) / 10} %`;

const barsHtml = ({ name, bars, barMs, upRatio }: ComponentView): string => {
  const spanText = `the last ${aboutText(bars.length * barMs)}`;
  const blanks: Bar[] = Array.from({ length: MAX_BARS - bars.length }, () => UNWATCHED);
  const up = upRatio === null ? 'not watched yet' : `${percent(upRatio)} without an outage`;
  return `<svg class="bars" role="img" viewBox="0 0 ${MAX_BARS * BAR_STEP} ${BAR_HEIGHT}" preserveAspectRatio="none" aria-label="${escapeHtml(name)}, ${spanText}: ${up}">${[...blanks, ...bars].map(barHtml).join('')}</svg>
<p class="scale"><span>${aboutText(MAX_BARS * barMs)} ago</span><span>${up}</span><span>now</span></p>`;
};

const stateHtml = (state: ComponentState, text: string): string =>
  `<span class="state ${state}"><span aria-hidden="true">${STATE_SIGNS[state]}</span> ${text}</span>`;

const componentHtml = (one: ComponentView): string => {
  const detail = one.detail === '' ? '' : `<span class="detail">${escapeHtml(one.detail)}</span>`;
  return `<li><div class="line"><span><b>${escapeHtml(one.name)}</b>${detail}</span>${stateHtml(one.state, componentText(one))}</div>${barsHtml(one)}</li>`;
};

const groupHtml = (group: ComponentGroup, components: readonly ComponentView[]): string => {
  const own = components.filter((one) => one.group === group);
  return own.length === 0
    ? ''
    : `<section class="group"><h3>${group}</h3><ul class="components">${own.map(componentHtml).join('')}</ul></section>`;
};

const updateHtml = ({ state, text, measuredMs, publishedMs }: IncidentUpdate): string =>
  `<li><b>${stateTitle(state)}</b> <span>${escapeHtml(text)}</span><span class="when">said ${timeHtml(publishedMs)} · measured ${timeHtml(measuredMs)}</span></li>`;

const reportsHtml = ({ reportCount, reports }: Incident): string => {
  if (reportCount === 0) return '';
  const rows = reports
    .slice(0, 5)
    .map(({ rayId, note }) => `<li><code>${rayId}</code>${note === '' ? '' : ` “${escapeHtml(note)}”`}</li>`)
    .join('');
  return `<details><summary>${reportsText(reportCount)}</summary><ul class="reports">${rows}</ul></details>`;
};

const incidentHtml = (incident: Incident): string => {
  const { id, title, variant, startedMs, recoveredMs, components, updates, impact } = incident;
  const about = [
    ...(variant === '' ? [] : [escapeHtml(variant)]),
    recoveredMs === null
      ? `users are hurt since ${timeHtml(startedMs)}`
      : `users were hurt from ${timeHtml(startedMs)} to ${timeHtml(recoveredMs)}`,
    shareText(incident),
  ].join(' · ');
  const affected =
    components.length === 0 ? '' : `<p class="affected">Affected: ${escapeHtml(components.join(', '))}</p>`;
  return `<article class="incident ${impact}" id="${id}"><h3>${escapeHtml(title)} <span class="badge">${stateTitle(incident.state)}</span></h3>
<p class="about">${about}</p>${affected}<ol class="updates">${updates.toReversed().map(updateHtml).join('')}</ol>${reportsHtml(incident)}</article>`;
};

const newsText = ({ phase, updatedMs, nowMs, stale }: StatusView): string => {
  if (updatedMs === null) return 'no update yet';
  const ageMs = nowMs - updatedMs;
  const ago = ageMs < 1_000 ? 'updated just now' : `last update ${aboutText(ageMs)} ago`;
  if (phase === 'over') return `${ago}; what is below was so at the end of the run`;
  return stale ? `${ago}; what is below was so then` : ago;
};

const bannerHtml = (view: StatusView): string =>
  `<div class="banner ${view.state}" role="status"><p class="overall"><span aria-hidden="true">${STATE_SIGNS[view.state]}</span> ${overallText(view)}</p><p class="news">${newsText(view)}</p></div>`;

const incidentsHtml = (title: string, incidents: readonly Incident[], otherwise: string): string => {
  if (incidents.length === 0)
    return otherwise === '' ? '' : `<section><h2>${title}</h2><p class="soft">${otherwise}</p></section>`;
  return `<section><h2>${title}</h2>${incidents.map(incidentHtml).join('')}</section>`;
};

const subjectText = ({ title, subject, variant }: StatusView): string =>
  ['Status', ...[subject, variant].filter((text) => text !== '' && text !== title)].join(' · ');

/** @param refreshes whether the page has itself loaded again. */
export const renderStatusPage = (view: StatusView, refreshes: boolean): string => {
  const open = view.incidents.filter(isUnresolved);
  const past = view.incidents.filter((one) => !isUnresolved(one));
  const refresh = refreshes
    ? 'This page loads itself again every few seconds. <a href="/?refresh=off">Stop that</a>'
    : '<a href="/">Load this page again every few seconds</a>';
  return frame({
    title: `${STATE_SIGNS[view.state]} ${overallText(view)} – ${view.title}`,
    body: `<header><h1>${escapeHtml(view.title)}</h1><p class="soft">${escapeHtml(subjectText(view))}</p></header>
${bannerHtml(view)}
${incidentsHtml('Now', open, '')}
<section><h2>Components</h2>${view.components.length === 0 ? '<p class="soft">Nothing has been watched yet.</p>' : GROUPS.map((group) => groupHtml(group, view.components)).join('')}</section>
${incidentsHtml('History', past, 'No incident so far.')}
<footer><p><a href="/report">Report an error by its Ray ID</a> · <a href="/history.atom">Atom feed</a> · <a href="/api/v2/summary.json">JSON</a></p><p>${refresh}</p></footer>`,
  });
};
