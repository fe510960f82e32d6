/**
 * The error page, after the anatomy people know from large gateways: the status, what happened in a sentence, a strip
 * of the hops with the one that failed marked, what to do, and below it the Ray ID, the client's address and the time.
 * One template without scripts or anything to load; every value is escaped.
 */
import { STATUS_CODES } from 'node:http';
import { ERRORS, type ErrorCode } from '../core/errors.js';
import { escapeHtml } from '../core/html.js';

export interface ErrorPage {
  readonly status: number;
  readonly code: ErrorCode;
  readonly host: string;
  readonly clientAddress: string;
  readonly rayId: string;
  readonly atMs: number;
  readonly retryAfterSeconds?: number | undefined;
}

/** The hop that failed, by who is to blame. */
const FAILING_HOP = { client: 'you', gateway: 'gateway', upstream: 'host' } as const;

type Hop = (typeof FAILING_HOP)[keyof typeof FAILING_HOP];

/** The page shows no more of a host name than fits; a longer one is cut. */
const MAX_HOST_CHARS = 80;

const STYLE = `
:root{color-scheme:light dark;--text:#1d2327;--soft:#5b6670;--line:#d5dade;--page:#fff;--good:#1a7f37;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--soft:#9aa5af;--line:#39424b;--page:#14181c;--good:#57c478;--bad:#ff7b6e}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:3rem 1.25rem}h1{font-size:2rem;line-height:1.2;margin:0}h1 small{display:block;
font-size:1rem;font-weight:400;color:var(--soft);margin-top:.35rem}ol{list-style:none;display:flex;flex-wrap:wrap;padding:0;
margin:2rem 0;border:1px solid var(--line);border-radius:8px}li{flex:1 1 9rem;padding:1rem;text-align:center}li+li{border-left:
1px solid var(--line)}li b{display:block;overflow-wrap:anywhere}li span{color:var(--good)}li.bad span{color:var(--bad);
font-weight:600}li.bad{box-shadow:inset 0 -4px 0 var(--bad)}h2{font-size:1.1rem;margin:1.5rem 0 .25rem}p{margin:.25rem 0}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.875rem;
overflow-wrap:anywhere}code{font-size:.95em}`.replaceAll('\n', '');

const hop = (name: string, title: string, failing: boolean): string =>
  `<li${failing ? ' class="bad"' : ''}><b>${title}</b>${name}<br><span>${failing ? '✕ Error' : '✓ Working'}</span></li>`;

const advice = ({ retryAfterSeconds }: ErrorPage, failing: Hop): string => {
  if (retryAfterSeconds !== undefined) {
    const unit = retryAfterSeconds === 1 ? 'second' : 'seconds';
    return `Please try again in ${retryAfterSeconds} ${unit}.`;
  }
  return failing === 'you'
    ? 'Please check the request and send it again.'
    : 'Please try again in a few minutes.';
};

export const renderErrorPage = (page: ErrorPage): string => {
  const { title, blame } = ERRORS[page.code];
  const failing = FAILING_HOP[blame];
  const reason = STATUS_CODES[page.status] ?? 'Error';
  const host = escapeHtml(page.host.slice(0, MAX_HOST_CHARS));
  const time = `${new Date(page.atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${host} | ${page.status}: ${reason}</title><style>${STYLE}</style></head>
<body><main><h1>${reason}<small>Error code ${page.status} · ${time}</small></h1>
<ol aria-label="Where it failed">${hop('Client', 'You', failing === 'you')}${hop('badgateway', 'Gateway', failing === 'gateway')}${hop('Host', host, failing === 'host')}</ol>
<h2>What happened?</h2><p>${title}.</p>
<h2>What can I do?</h2><p>${advice(page, failing)} If you report this, name the Ray ID below.</p>
<footer>Ray ID: <code>${escapeHtml(page.rayId)}</code> · Your address: <code>${escapeHtml(page.clientAddress)}</code> · Cause: <code>${page.code}</code></footer>
</main></body></html>
`;
};
