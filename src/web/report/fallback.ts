/** What a report says to whoever runs no scripts: verdict, conclusion, summary, story, thresholds, in plain HTML. */
import { escapeHtml } from '../../core/html.js';
import type { ReportData, Rows } from '../app/report/report-data.js';
import { htmlTable } from '../table.js';

const list = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;

const table = (rows: Rows): string => (rows.length === 0 ? '' : htmlTable(rows));

const thresholdRows = ({ thresholds }: ReportData): Rows =>
  thresholds.length === 0
    ? []
    : [
        ['threshold', 'variant', 'observed', ''],
        ...thresholds.map(({ expression, variant, observed, pass }) => [
          expression,
          variant,
          observed,
          pass === null ? '– skipped' : pass ? '✓ holds' : '✗ fails',
        ]),
      ];

const storyOf = ({ name, story }: ReportData['variants'][number]): string =>
  `<section><h2>${escapeHtml(name)}</h2><ol class="events">${story
    .map(
      ({ t, text }) => `<li><span class="at">${t.toFixed(1)}s</span> <span>${escapeHtml(text)}</span></li>`,
    )
    .join('')}</ol></section>`;

export const fallbackOf = (report: ReportData): string => {
  const { title, run, verdict, isPartial, reasons, text, conclusions, summary, variants, skipped } = report;
  const replications = report.replications === null ? '' : table(report.replications.rows);
  return `<main class="report"><h1>${escapeHtml(title)}</h1><p class="soft">${escapeHtml(run.join(' · '))}</p>
<p><strong class="badge ${verdict}">${verdict.toUpperCase()}</strong>${isPartial ? ' The run was interrupted: these are partial results.' : ''}</p>
${list(reasons)}<p>${escapeHtml(text)}</p>
${conclusions.map(({ sentence, lines }) => `<p>${escapeHtml(sentence)}</p>${list(lines)}`).join('')}
${table(summary)}${replications}${table(thresholdRows(report))}
${variants.map(storyOf).join('')}
${skipped.map(({ name, reasons: why }) => `<section><h2>${escapeHtml(name)}, not run</h2>${list(why)}</section>`).join('')}
<noscript><p>Curves, workers and failed requests are drawn by a script in this file, which is not run here.</p></noscript></main>`;
};
