/**
 * The page as one file: the app's script and style stand in it, and so does what it shows. It asks for nothing but, where
 * it is live, the stream and the API of whoever gave it.
 */
import { readFileSync } from 'node:fs';
import { escapeHtml } from '../core/html.js';
import type { Source } from './app/source.js';

/** What `npm run build` made of `app/`. */
const built = (name: string): string =>
  readFileSync(new URL(`../../dist/web/${name}`, import.meta.url), 'utf8');

/** JSON that cannot end the element that it stands in. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** A tab and a list of results show no more, and checkers of HTML warn above. */
const MAX_TITLE = 70;

/** What a page is called in a browser: `title · badgateway`, cut where it is long. */
export const pageTitle = (title: string): string => {
  const name = ' · badgateway';
  const room = MAX_TITLE - name.length;
  return `${title.length > room ? `${title.slice(0, room - 1)}…` : title}${name}`;
};

export interface PageOptions {
  readonly title: string;
  readonly source: Source;
  /** HTML for those without scripts, and for search: what is most important, in words. */
  readonly fallback?: string;
}

/** @throws when the app was not built: `npm run build`. */
export const renderPage = ({ title, source, fallback = '' }: PageOptions): string => {
  const connect = source.kind === 'live' ? "connect-src 'self'; " : '';
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${connect}script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title><style>${built('app.css')}</style></head>
<body><div id="app">${fallback}</div>
<script type="application/json" id="source">${embedded(source)}</script>
<script>${built('app.js')}</script>
</body></html>
`;
};
