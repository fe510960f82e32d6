/** The incidents of a status page as an Atom feed (RFC 4287): an entry for each, with its updates as its content. */
import { escapeHtml } from '../../core/html.js';
import type { StatusView } from './board.js';
import type { Incident } from './incident-log.js';
import { stateTitle } from './page-parts.js';

const isoOf = (ms: number): string => new Date(ms).toISOString();

const updatedMs = ({ updates, startedMs }: Incident): number => updates.at(-1)?.publishedMs ?? startedMs;

/** HTML, escaped once more, since it is text there (section 3.1.1.2). */
const contentOf = ({ updates }: Incident): string =>
  updates
    .toReversed()
    .map(
      ({ state, text, publishedMs }) =>
        `<p><small>${isoOf(publishedMs)}</small><br><strong>${stateTitle(state)}</strong>: ${escapeHtml(text)}</p>`,
    )
    .join('');

const entry = (incident: Incident, origin: string, id: string): string => {
  const { title, variant, startedMs } = incident;
  const name = variant === '' ? title : `${title} (${variant})`;
  return `<entry>
<id>${id}:${incident.id}</id>
<title>${escapeHtml(name)}</title>
<published>${isoOf(startedMs)}</published>
<updated>${isoOf(updatedMs(incident))}</updated>
<link rel="alternate" type="text/html" href="${escapeHtml(origin)}/#${incident.id}"/>
<content type="html">${escapeHtml(contentOf(incident))}</content>
</entry>`;
};

/** @param origin of the page. @param startedMs when this page began, which names it for ever. */
export const renderAtom = (view: StatusView, origin: string, startedMs: number): string => {
  const id = `tag:badgateway.invalid,${isoOf(startedMs).slice(0, 10)}:${Math.floor(startedMs)}`;
  const newest = Math.max(startedMs, ...view.incidents.map(updatedMs));
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>${id}</id>
<title>${escapeHtml(view.title)}</title>
<updated>${isoOf(newest)}</updated>
<author><name>badgateway</name></author>
<link rel="self" type="application/atom+xml" href="${escapeHtml(origin)}/history.atom"/>
<link rel="alternate" type="text/html" href="${escapeHtml(origin)}/"/>
${view.incidents.map((incident) => entry(incident, origin, id)).join('\n')}
</feed>
`;
};
