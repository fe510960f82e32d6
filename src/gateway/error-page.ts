/**
 * The error page, after the anatomy people know from large gateways: the status, what happened in a sentence, a strip
 * of the hops with the one that failed marked, what to do, when it may be over, and below it the Ray ID, the client's
 * address, where the gateway is and the time. No script, nothing to load; what does not change is put together once, and
 * every value is escaped.
 */
import { STATUS_CODES } from 'node:http';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import { escapeHtml, plainLine } from '../core/html.js';
import { ICONS, STYLE } from './error-page-style.js';
import { adviceFor, failingHop, type Hop, meaningOf, recoveryText } from './error-story.js';
import type { Recovery } from './recovery.js';

export interface ErrorPage {
  readonly status: number;
  readonly code: ErrorCode;
  readonly method: string;
  readonly host: string;
  /** Whether an edge brought the request. */
  readonly viaEdge: boolean;
  /** `null`: not to be shown. */
  readonly clientAddress: string | null;
  readonly location: string;
  readonly rayId: string;
  readonly atMs: number;
  /** `null`: not known. */
  readonly recovery: Recovery | null;
  /** `null`: there is none. */
  readonly statusPage: string | null;
  /** Whether the error can be reported there. */
  readonly reports: boolean;
}

/** The page shows no more of a host name than fits; a longer one is cut. */
const MAX_HOST_CHARS = 80;
/** In the name of a tab less fits. */
const MAX_TITLE_HOST_CHARS = 40;

/** A note with a report is so long at most. */
export const MAX_NOTE_CHARS = 280;

/** An address, an ID or a place. */
const MAX_CHARS = 60;

const safe = (text: string, maxChars = MAX_CHARS): string => escapeHtml(plainLine(text, maxChars));

const HEAD = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><style>${STYLE}</style>`;

type State = 'good' | 'bad' | 'none';

const STATES: Readonly<Record<State, string>> = {
  good: '✓ Working',
  bad: '✕ Error',
  none: '– Not asked',
};

/** Of whoever is behind the hop that failed nothing is known. */
const stateOf = (hop: Hop, failing: Hop): State => {
  if (hop === failing) return 'bad';
  return hop === 'host' ? 'none' : 'good';
};

const itemHtml = (icon: string, state: State, [title, name]: readonly [string, string]): string =>
  `<li class="${state}">${icon}<b>${title}</b><span class="name">${name}</span><span class="state">${STATES[state]}</span></li>`;

const hopHtml = (hop: Hop, failing: Hop, names: readonly [string, string]): string =>
  itemHtml(ICONS[hop], stateOf(hop, failing), names);

/** The part of the strip that no request changes, by the hop that failed. */
const YOU: Readonly<Record<Hop, string>> = {
  you: hopHtml('you', 'you', ['You', 'Browser']),
  gateway: hopHtml('you', 'gateway', ['You', 'Browser']),
  host: hopHtml('you', 'host', ['You', 'Browser']),
};

/** It passed the request on, or the gateway would not have it. */
const EDGE = itemHtml(ICONS.edge, 'good', ['Edge', 'Network']);

/** As people read it: to the second, in UTC. */
const timeText = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const statusLink = ({ statusPage }: ErrorPage): string =>
  statusPage === null
    ? ''
    : ` <a href="${escapeHtml(statusPage)}/">See the status page</a> for how it goes on.`;

const reportForm = ({ statusPage, reports, rayId }: ErrorPage): string =>
  statusPage === null || !reports
    ? ''
    : `<form method="post" action="${escapeHtml(statusPage)}/report"><h2>Tell us</h2>
<input type="hidden" name="ray" value="${safe(rayId)}"><label for="note">What did you want to do? (may be left empty)</label>
<div class="row"><input id="note" name="note" type="text" maxlength="${MAX_NOTE_CHARS}" autocomplete="off"><button type="submit">Report this error</button></div></form>
`;

const fact = (term: string, value: string): string => `<div><dt>${term}</dt><dd>${value}</dd></div>`;

export const renderErrorPage = (page: ErrorPage): string => {
  const { status, code, recovery } = page;
  const failing = failingHop(code);
  const reason = STATUS_CODES[status] ?? 'Error';
  const host = safe(page.host, MAX_HOST_CHARS);
  const location = safe(page.location);
  const address = page.clientAddress;
  return `${HEAD}<title>${safe(page.host, MAX_TITLE_HOST_CHARS)} | ${status}: ${reason}</title></head>
<body><main><header><p class="code" aria-hidden="true">${status}</p><h1>${reason}<span class="sub">Error code ${status} · ${ERRORS[code].title}</span></h1></header>
<section aria-label="Where it failed"><ol class="hops${page.viaEdge ? ' via' : ''}">${YOU[failing]}${page.viaEdge ? EDGE : ''}${hopHtml('gateway', failing, ['Gateway', location])}${hopHtml('host', failing, ['Host', host])}</ol></section>
<div class="columns"><section><h2>What happened?</h2><p>${meaningOf(code)}</p></section>
<section><h2>What can I do?</h2><p>${adviceFor(code, page.method, recovery)}${statusLink(page)}</p></section></div>
<p class="recovery"><b>Estimated recovery</b> ${recoveryText(recovery)}</p>
${reportForm(page)}<footer><p>If you tell somebody of this error, name the Ray ID.</p><dl>${fact('Ray ID', `<code>${safe(page.rayId)}</code>`)}${
    address === null ? '' : fact('Your address', `<code>${safe(address)}</code>`)
  }${fact('Location', location)}${fact('Time', timeText(page.atMs))}${fact('Cause', `<code>${code}</code>`)}</dl></footer></main></body></html>
`;
};

/** The origin of an address; it has been checked when the config was read. */
const originOf = (address: string): string => /^https?:\/\/[^/]+/.exec(address)?.[0] ?? "'none'";

/** `Content-Security-Policy` of the page: its own style, one form to one place, and nothing else. */
export const contentPolicy = (statusPage: string | null, reports: boolean): string =>
  `default-src 'none'; style-src 'unsafe-inline'; form-action ${statusPage !== null && reports ? originOf(statusPage) : "'none'"}; base-uri 'none'; frame-ancestors 'none'`;
