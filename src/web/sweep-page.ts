/** A sweep as one HTML page, or as one picture: no script, nothing to load; light, dark and print. */
import { escapeHtml } from '../core/html.js';
import type { Kind } from '../core/values.js';
import {
  cellTitle,
  disagrees,
  type HeatMap,
  hasLine,
  hiddenText,
  mapsOf,
  scaleOf,
  unitText,
} from '../scenarios/sweep/heat-map.js';
import type { SweepResult } from '../scenarios/sweep/sweep-result.js';
import { HEAT_MAP_STYLE, heatMap, heatMapSize } from './heat-map.js';
import { pageTitle } from './page.js';

const COLOURS =
  ':root{color-scheme:light dark;--page:#fff;--text:#1d2327;--soft:#5b6670;--line:#d5dade}' +
  '@media(prefers-color-scheme:dark){:root{--page:#14181c;--text:#e6e9ec;--soft:#9aa5af;--line:#39424b}}';

const PAGE =
  '*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}' +
  'main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.7rem;line-height:1.25;margin:0 0 .25rem}' +
  'h2{font-size:1.15rem;margin:2rem 0 .25rem}p{margin:.35rem 0}.soft{color:var(--soft)}code{font:.92em ui-monospace,monospace}' +
  '.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}' +
  'th,td{text-align:left;padding:.15rem .8rem .15rem 0;border-bottom:1px solid var(--line)}' +
  '@media print{body{font-size:11px}section{break-inside:avoid}}';

const titleOf = ({ variant, fixed }: HeatMap): string =>
  [variant, fixed].filter((one) => one !== '').join(', ');

const legendOf = (result: SweepResult, maps: readonly HeatMap[]): string[] => {
  const { metrics, seeds, cells } = result;
  const { expression, kind, moreIsBetter } = metrics[0]!;
  const count = `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`;
  const median = `${expression}${unitText(kind as Kind)}, the median of ${count}; ${moreIsBetter ? 'more' : 'less'} is better, and bluer`;
  return [
    median,
    ...(cells.some(disagrees) ? ['* seeds disagree: some runs recovered, and some did not'] : []),
    ...(maps.some(hasLine)
      ? ['thick line: hidden capacity; below it, it comes back whatever the trigger']
      : []),
  ];
};

const optionsOf = (result: SweepResult) => ({
  kind: result.metrics[0]!.kind as Kind,
  scale: scaleOf(result),
});

/** Values of a map as a table, for whoever does not see the picture. */
const tableOf = ({ columnName, columns, rowName, rows, cells }: HeatMap, kind: Kind): string => {
  const head = [rowName, columnName, 'measured'].filter((one) => one !== '');
  const body = cells.flatMap((row, y) =>
    row.map((cell, x) => [
      ...(rowName === '' ? [] : [String(rows[y])]),
      String(columns[x]),
      cellTitle(cell, kind),
    ]),
  );
  const line = (values: readonly string[], tag: string): string =>
    `<tr>${values.map((value) => `<${tag}>${escapeHtml(value)}</${tag}>`).join('')}</tr>`;
  return `<details><summary>Values and ranges</summary><table><thead>${line(head, 'th')}</thead><tbody>${body.map((row) => line(row, 'td')).join('')}</tbody></table></details>`;
};

export const renderSweepPage = (result: SweepResult): string => {
  const maps = mapsOf(result);
  const options = optionsOf(result);
  const sections = maps.map(
    (map) =>
      `<section><h2>${escapeHtml(titleOf(map))}</h2><section class="scroll" aria-label="The map of ${escapeHtml(titleOf(map))}" tabindex="0">${heatMap(map, options)}</section>` +
      `<p class="soft">${escapeHtml(hiddenText(map, result))}</p>${tableOf(map, options.kind)}</section>`,
  );
  const { scenario, runs, cells, seeds, set } = result;
  const partial = result.partial
    ? `<p><strong>Interrupted: ${runs.length} of ${cells.length * seeds.length} runs were measured.</strong></p>`
    : '';
  const what = [scenario.name, result.startedAt, 'virtual time', `seeds ${seeds.join(', ')}`, ...set];
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(pageTitle(scenario.title))}</title><style>${COLOURS}${PAGE}${HEAT_MAP_STYLE}</style></head><body><main>
<h1>${escapeHtml(scenario.title)}</h1>
<p class="soft">${escapeHtml(what.join(' · '))}</p>
${partial}${legendOf(result, maps)
  .map((line) => `<p>${escapeHtml(line)}</p>`)
  .join('')}
${sections.join('\n')}
</main></body></html>
`;
};

const TITLE_HEIGHT = 26;
const LINE_HEIGHT = 18;
const CHARACTER = 6.6;
const EDGE = 8;

/** All maps in one picture, under each other. */
export const renderSweepSvg = (result: SweepResult): string => {
  const maps = mapsOf(result);
  const options = optionsOf(result);
  const parts: string[] = [];
  let y = EDGE;
  let width = 0;
  const write = (text: string, className: string, height: number): void => {
    parts.push(`<text class="${className}" x="${EDGE}" y="${y + 14}">${escapeHtml(text)}</text>`);
    width = Math.max(width, EDGE * 2 + text.length * CHARACTER);
    y += height;
  };
  write(result.scenario.title, 'title', TITLE_HEIGHT);
  for (const line of legendOf(result, maps)) write(line, 'label', LINE_HEIGHT);
  for (const map of maps) {
    y += EDGE * 2;
    write(titleOf(map), 'title', TITLE_HEIGHT);
    const size = heatMapSize(map);
    parts.push(`<svg x="0" y="${y}"${heatMap(map, options).slice('<svg'.length)}`);
    width = Math.max(width, size.width);
    y += size.height;
    for (const part of hiddenText(map, result).split('; ')) write(part, 'label', LINE_HEIGHT);
  }
  const style = `${COLOURS}.page{fill:var(--page)}.title{fill:var(--text);font-size:14px;font-weight:600}${HEAT_MAP_STYLE}`;
  const [w, h] = [Math.ceil(width), y + EDGE];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="system-ui,sans-serif"><style>${style}</style><rect class="page" width="${w}" height="${h}"/>${parts.join('')}</svg>\n`;
};
