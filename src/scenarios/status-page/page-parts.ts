/** What all pages of the status page have in common: their frame, how times are written, how they look. */
import { escapeHtml } from '../../core/html.js';
import { formatDuration } from '../../core/units.js';
import type { IncidentState } from '../incident/status.js';
import { STYLE } from './page-style.js';

/** As status pages write it. */
export const stateTitle = (state: IncidentState): string => `${state[0]!.toUpperCase()}${state.slice(1)}`;

/** 12:06:31 UTC. */
export const timeHtml = (ms: number): string => {
  const iso = new Date(ms).toISOString();
  return `<time datetime="${iso}">${iso.slice(11, 19)} UTC</time>`;
};

/** A second and more in whole seconds: it is read at a glance. */
export const aboutText = (ms: number): string =>
  ms < 1_000
    ? `${Math.max(0, Math.round(ms / 100) * 100)} ms`
    : formatDuration(Math.round(ms / 1_000) * 1_000).replace(/([hm])0s$/, '$1');

export interface Frame {
  readonly title: string;
  readonly body: string;
}

/** @param title of the tab. @param body HTML. */
export const frame = ({ title, body }: Frame): string => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title.slice(0, 60))}</title><link rel="alternate" type="application/atom+xml" title="Incidents" href="/history.atom"><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;

/** Own style, forms to itself, and nothing else. */
export const CONTENT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
