/**
 * A result as one HTML file: what happened, and the curves of every variant under each other on one time axis. No
 * script, nothing to load; light, dark and print.
 */
import { escapeHtml } from '../core/html.js';
import { formatDuration, formatMebibytes, formatRatio } from '../core/units.js';
import { causalSentence } from '../scenarios/report/cascade.js';
import { conclude, tellVariant } from '../scenarios/report/story.js';
import { summaryRows } from '../scenarios/report/summary.js';
import type { Result, SeriesPoint, VariantResult } from '../scenarios/result.js';
import { byTarget } from '../scenarios/targets/names.js';
import { type Axis, lines, type Mark, stackedAreas } from './charts.js';
import { alertsHtml, incidentHtml } from './incident.js';
import { htmlTable } from './table.js';

/** Every answer belongs to one of these, in the order in which they are stacked. */
const OUTCOMES: readonly (readonly [
  name: string,
  className: string,
  matches: (status: string) => boolean,
])[] = [
  ['good answer', 's-ok', (status) => /^[23]/.test(status)],
  ['502', 's-502', (status) => status === '502'],
  ['503', 's-503', (status) => status === '503'],
  ['504', 's-504', (status) => status === '504'],
  ['another error', 's-other', (status) => /^[145]/.test(status) && !/^50[234]$/.test(status)],
  ['no answer', 's-none', (status) => status === 'none'],
];

const STYLE = `
:root{color-scheme:light dark;--page:#fff;--text:#1d2327;--soft:#5b6670;--line:#d5dade;--shade:#eef1f4;--good:#1a7f37;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--page:#14181c;--text:#e6e9ec;--soft:#9aa5af;--line:#39424b;--shade:#20272e;--good:#57c478;--bad:#ff7b6e}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.7rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.25rem;margin:2.5rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}h3{font-size:.95rem;margin:1.1rem 0 0}
p{margin:.5rem 0}.soft{color:var(--soft)}.verdict{font-weight:700}.pass{color:var(--good)}.fail,.invalid,.inconclusive{color:var(--bad)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:.2rem .6rem;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left;font-weight:400}thead th{font-weight:600}.scroll{overflow-x:auto}
ul.thresholds{list-style:none;padding:0;margin:.3rem 0}ol.story{list-style:none;padding:0;margin:.3rem 0}ol.story li{display:flex;gap:.8rem}
ol.story time{flex:0 0 3.5rem;text-align:right;color:var(--soft);font-variant-numeric:tabular-nums}code{font:.92em ui-monospace,monospace}
svg{display:block;width:100%;height:auto;overflow:visible}.window{fill:var(--shade)}.grid{stroke:var(--line);stroke-width:1}
.tick,.mark-label{fill:var(--soft);font-size:12px}.mark{stroke:var(--text);stroke-width:1;stroke-dasharray:3 3}.mark-label{fill:var(--text)}
.limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:8 4}.line{fill:none;stroke-width:1.75}
.s-ok{fill:#009e73}.s-502{fill:#d55e00}.s-503{fill:#f0c04a}.s-504{fill:#8a5aa8}.s-other{fill:#56b4e9}.s-none{fill:#8c9299}
.l-a{stroke:#0072b2}.l-b{stroke:#d55e00;stroke-dasharray:6 3}.w-0{stroke:#0072b2}.w-1{stroke:#d55e00;stroke-dasharray:7 3}
.w-2{stroke:#009e73;stroke-dasharray:2 3}.w-3{stroke:#aa6fb5;stroke-dasharray:9 3 2 3}
.w-4{stroke:#9a7b00;stroke-dasharray:1 3}.w-5{stroke:#56b4e9;stroke-dasharray:13 4}.w-6{stroke:#7b848c;stroke-dasharray:5 2 1 2 1 2}.w-7{stroke:#c2557f}@media(prefers-color-scheme:dark){.l-a,.w-0{stroke:#4aa8e0}
.l-b,.w-1{stroke:#ff9248}}.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.2rem 0 0;padding:0;list-style:none;font-size:.85rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.4rem}.legend svg{width:1.6rem;height:.8rem}@media print{body{font-size:11px}section{break-inside:avoid}}`.replaceAll(
  '\n',
  '',
);

/** Lines that can be told from each other, by colour and by dashes; the ninth worker is drawn as the first. */
const WORKER_LINES = 8;

const legend = (
  entries: readonly (readonly [name: string, className: string, kind: 'area' | 'line'])[],
): string =>
  `<ul class="legend">${entries
    .map(([name, className, kind]) => {
      const swatch =
        kind === 'area'
          ? `<rect class="${className}" width="32" height="16"/>`
          : `<path class="line ${className}" style="stroke-width:3" d="M0,8H32"/>`;
      return `<li><svg viewBox="0 0 32 16" aria-hidden="true">${swatch}</svg>${escapeHtml(name)}</li>`;
    })
    .join('')}</ul>`;

/** Events that change the world, named shortly. */
const marksOf = (variant: VariantResult): Mark[] => {
  const firsts = new Set<string>();
  return variant.events.flatMap((event): Mark[] => {
    const fields = event as unknown as Record<string, unknown>;
    const once = (label: string): Mark[] => {
      if (firsts.has(label)) return [];
      firsts.add(label);
      return [{ atS: event.t, label }];
    };
    switch (event.type) {
      case 'config.pushed':
        return [{ atS: event.t, label: `v${fields.version} pushed` }];
      case 'config.rolled-back':
        return [{ atS: event.t, label: `rolled back to v${fields.version}` }];
      case 'config.locked':
        return once('config locked');
      case 'fault.injected':
        return [{ atS: event.t, label: String(fields.fault) }];
      case 'clients.updated':
        return [{ atS: event.t, label: 'clients updated' }];
      case 'clients.reverted':
        return [{ atS: event.t, label: 'clients as before' }];
      case 'worker.exited':
        return once('first death');
      default:
        return [];
    }
  });
};

/** Labels that would stand on each other are left out; their lines stay. */
const spread = (marks: readonly Mark[], durationS: number): Mark[] => {
  let freeFromS = 0;
  return [...marks]
    .sort((a, b) => a.atS - b.atS)
    .map((mark) => {
      if (mark.atS < freeFromS) return { ...mark, label: '' };
      freeFromS = mark.atS + (durationS * (mark.label.length + 1)) / 130;
      return mark;
    });
};

const axisOf = (variant: VariantResult): Axis => {
  const durationS = variant.durationMs / 1000;
  return {
    durationS,
    windows: Object.entries(variant.windows)
      .filter(([name]) => name === 'outage')
      .map(([name, { fromMs, toMs }]) => ({ name, fromS: fromMs / 1000, toS: toMs / 1000 })),
    marks: spread(
      marksOf(variant).filter(({ atS }) => atS >= 0 && atS <= durationS),
      durationS,
    ),
  };
};

const countOf = (point: SeriesPoint, matches: (status: string) => boolean): number =>
  Object.entries(point.status).reduce((sum, [status, count]) => (matches(status) ? sum + count : sum), 0);

const statusChart = (variant: VariantResult, axis: Axis, topRps: number): string => {
  const bucketS = variant.bucketMs / 1000;
  const layers = OUTCOMES.map(([, className, matches]) => ({
    className,
    values: variant.series.map((point) => countOf(point, matches) / bucketS),
  }));
  const chart = stackedAreas({
    title: `${variant.name}: requests a second by outcome`,
    axis,
    bucketS,
    height: 190,
    layers,
    max: topRps,
    format: (value) => `${Math.round(value)}/s`,
  });
  const present = OUTCOMES.filter((_, index) => layers[index]!.values.some((value) => value > 0));
  return `<h3>Requests a second, by what became of them</h3>${chart}${legend(present.map(([name, className]) => [name, className, 'area']))}`;
};

const latencyChart = (variant: VariantResult, axis: Axis): string => {
  const of = (quantile: 'p50' | 'p99') =>
    variant.series.map(({ latencyMs }) => (latencyMs.max === 0 ? null : latencyMs[quantile]));
  const chart = lines({
    title: `${variant.name}: latency`,
    axis,
    bucketS: variant.bucketMs / 1000,
    height: 150,
    layers: [
      { className: 'l-b', values: of('p99') },
      { className: 'l-a', values: of('p50') },
    ],
    format: formatDuration,
  });
  return `<h3>Latency of requests that were answered</h3>${chart}${legend([
    ['p50', 'l-a', 'line'],
    ['p99', 'l-b', 'line'],
  ])}`;
};

const heapChart = (variant: VariantResult, axis: Axis): string => {
  const { heapLimitBytes } = variant;
  // Upstreams of the user's own tell of no heap.
  if (heapLimitBytes === undefined) return '';
  const workers = variant.series[0]?.workers.map(({ worker }) => worker) ?? [];
  const className = (index: number): string => `w-${index % WORKER_LINES}`;
  const chart = lines({
    title: `${variant.name}: heap of the workers`,
    axis,
    bucketS: variant.bucketMs / 1000,
    height: 150,
    layers: workers.map((_, index) => ({
      className: className(index),
      values: variant.series.map((point) => point.workers[index]?.heapBytes ?? null),
    })),
    max: heapLimitBytes,
    limit: { value: heapLimitBytes, label: `limit ${formatMebibytes(heapLimitBytes)}` },
    format: formatMebibytes,
  });
  return `<h3>Heap in use, by worker; a gap is a dead worker</h3>${chart}${legend(
    workers.map((worker, index) => [worker, className(index), 'line']),
  )}`;
};

const story = (variant: VariantResult): string =>
  `<ol class="story">${tellVariant(variant)
    .map(({ t, text }) => `<li><time>${t.toFixed(1)}s</time><span>${escapeHtml(text)}</span></li>`)
    .join('')}</ol>`;

const thresholds = (variant: VariantResult): string =>
  variant.thresholds.length === 0
    ? ''
    : `<h3>Thresholds</h3><ul class="thresholds">${variant.thresholds
        .map(
          ({ expression, observedText, expectedText, pass }) =>
            `<li><span class="${pass ? 'pass' : 'fail'}">${pass ? '✓ holds' : '✗ fails'}</span> <code>${escapeHtml(expression)}</code> <span class="soft">observed ${escapeHtml(observedText)}, against ${escapeHtml(expectedText)}</span></li>`,
        )
        .join('')}</ul>`;

const losses = ({ target, losses: lost = [] }: VariantResult): string =>
  lost.length === 0
    ? ''
    : `<details><summary>What ${escapeHtml(target ?? 'gateway')} does not do of this, or does otherwise</summary><ul>${lost
        .map(
          ({ path, text, degree }) =>
            `<li>${degree}: <code>${escapeHtml(path)}</code> <span class="soft">${escapeHtml(text)}</span></li>`,
        )
        .join('')}</ul></details>`;

const skippedHtml = ({ skippedVariants = [] }: Result): string =>
  skippedVariants
    .map(
      ({ name, reasons }) =>
        `<section><h2>${escapeHtml(name)} <span class="soft">not run</span></h2><p>Its thresholds are skipped:</p><ul>${reasons
          .map((reason) => `<li>${escapeHtml(reason)}</li>`)
          .join('')}</ul></section>`,
    )
    .join('\n');

const section = (variant: VariantResult, topRps: number): string => {
  const axis = axisOf(variant);
  const outage = variant.windows.outage?.availability;
  const availability =
    outage === undefined || outage === null ? '' : `, availability in the outage ${formatRatio(outage)}`;
  return `<section><h2>${escapeHtml(variant.name)} <span class="soft">${variant.verdict}${availability}</span></h2>
${story(variant)}${incidentHtml(variant)}${statusChart(variant, axis, topRps)}${latencyChart(variant, axis)}${heapChart(variant, axis)}${alertsHtml(variant)}${thresholds(variant)}${losses(variant)}</section>`;
};

/** The busiest bucket of all variants: one scale, so that heights can be compared. */
const topOf = (variants: readonly VariantResult[]): number =>
  Math.max(
    1,
    ...variants.flatMap(({ series, bucketMs }) => series.map(({ offered }) => (offered / bucketMs) * 1000)),
  );

const ENGINE_TEXT: Readonly<Record<Result['engine'], string>> = {
  real: 'real processes',
  virtual: 'virtual time',
};

const conclusionHtml = (variants: VariantResult[]): string =>
  `<p>${escapeHtml(causalSentence({ variants }))}</p>
<ul>${conclude({ variants })
    .map((line) => `<li>${escapeHtml(line)}</li>`)
    .join('')}</ul>`;

export const renderHtml = (result: Result): string => {
  const { scenario, variants, verdict, seed, host } = result;
  const top = Math.ceil(topOf(variants) / 50) * 50;
  const reasons = variants.flatMap(({ name, reasons: why }) =>
    why.map((reason) => `<li>${escapeHtml(`${name}: ${reason}`)}</li>`),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(scenario.title)} · badgateway</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(scenario.title)}</h1>
<p class="soft">${escapeHtml(scenario.name)} · seed ${seed} · ${escapeHtml(result.startedAt)} · Node ${escapeHtml(host.node)}, ${host.cpus} cores · ${ENGINE_TEXT[result.engine]}${result.target === 'gateway' ? '' : ` · through ${escapeHtml(result.target.replaceAll(',', ', '))}`}</p>
<p class="verdict ${verdict}">${verdict.toUpperCase()}</p>${reasons.length > 0 ? `<ul>${reasons.join('')}</ul>` : ''}
<p>${escapeHtml(scenario.story)}</p>
${variants.length === 0 ? '' : htmlTable(summaryRows(variants))}
${byTarget(variants).map(conclusionHtml).join('\n')}
<p class="soft">In the charts, the shaded span is the window <em>outage</em>. Requests stand at the moment they were meant to be sent.</p>
${variants.map((variant) => section(variant, top)).join('\n')}
${skippedHtml(result)}
</main></body></html>
`;
};
