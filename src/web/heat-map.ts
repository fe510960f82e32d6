/**
 * Heat maps as SVG text. Every cell has its number in it, so colour says nothing that is not said otherwise. The colours
 * are classes: whoever shows the picture gives them, for light and for dark (`HEAT_MAP_STYLE`).
 */
import { escapeHtml } from '../core/html.js';
import type { Kind } from '../core/values.js';
import {
  cellTitle,
  disagrees,
  type HeatMap,
  levelOf,
  lineBetween,
  type Scale,
  shortText,
} from '../scenarios/sweep/heat-map.js';
import type { SweepCell } from '../scenarios/sweep/sweep-result.js';

/** Orange to blue: few eyes confuse them. `l-none`: nothing was measured, or there is no value. */
export const HEAT_MAP_STYLE = [
  '.l-0{fill:#d55e00}.l-1{fill:#f0a35e}.l-2{fill:#f6e3a1}.l-3{fill:#9fd3ee}.l-4{fill:#3f9fd8}',
  '.l-none{fill:none;stroke:var(--line,#8c9299);stroke-dasharray:3 3}',
  '.on{fill:#10161b;font-size:12px}.label{fill:var(--text,#1d2327);font-size:12px}',
  '.hidden{stroke:var(--text,#1d2327);stroke-width:3;stroke-linecap:square}',
  '.odd{fill:none;stroke:#10161b;stroke-width:1.5;stroke-dasharray:4 3}',
].join('');

const CELL_WIDTH = 52;
const CELL_HEIGHT = 26;
const CHARACTER = 7.2;
const TOP = 42;
const EDGE = 8;

export interface HeatMapOptions {
  readonly kind: Kind;
  readonly scale: Scale;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

const drawCell = (
  cell: SweepCell,
  where: string,
  { x, y }: Place,
  { kind, scale }: HeatMapOptions,
): string => {
  const median = cell.metrics[0]!.median;
  const goodness = cell.runs === 0 ? null : scale(median);
  const level = goodness === null ? 'l-none' : `l-${levelOf(goodness)}`;
  const box = (className: string, inset: number): string =>
    `<rect class="${className}" x="${x + inset}" y="${y + inset}" width="${CELL_WIDTH - 2 * inset}" height="${CELL_HEIGHT - 2 * inset}"/>`;
  const number = cell.runs === 0 ? '' : `${shortText(median, kind)}${disagrees(cell) ? '*' : ''}`;
  const textClass = goodness === null ? 'label' : 'on';
  return [
    `<g><title>${escapeHtml(`${where}: ${cellTitle(cell, kind)}`)}</title>`,
    box(level, 0.5),
    disagrees(cell) ? box('odd', 3) : '',
    `<text class="${textClass}" x="${x + CELL_WIDTH / 2}" y="${y + CELL_HEIGHT / 2 + 4}" text-anchor="middle">${escapeHtml(number)}</text></g>`,
  ].join('');
};

const drawLines = ({ cells }: HeatMap, placeOf: (x: number, y: number) => Place): string =>
  cells
    .flatMap((row, y) =>
      row.flatMap((cell, x) => {
        const at = placeOf(x, y);
        const [right, bottom] = [at.x + CELL_WIDTH, at.y + CELL_HEIGHT];
        const line = (x1: number, y1: number): string =>
          `<line class="hidden" x1="${x1}" y1="${y1}" x2="${right}" y2="${bottom}"/>`;
        return [
          lineBetween(cell, row[x + 1]) ? line(right, at.y) : '',
          lineBetween(cell, cells[y + 1]?.[x]) ? line(at.x, bottom) : '',
        ];
      }),
    )
    .join('');

/** The size that a map has as a picture. */
export const heatMapSize = ({
  columns,
  rows,
  rowName,
}: HeatMap): { left: number; width: number; height: number } => {
  const longest = Math.max(
    rowName.length,
    ...rows.map((value) => (value === null ? 0 : String(value).length)),
  );
  const left = EDGE * 2 + longest * CHARACTER;
  return {
    left,
    width: Math.ceil(left + columns.length * CELL_WIDTH + EDGE),
    height: TOP + rows.length * CELL_HEIGHT + EDGE,
  };
};

/** One map, with its axes; the hidden capacity is a thick line. */
export const heatMap = (map: HeatMap, options: HeatMapOptions): string => {
  const { columns, rows, columnName, rowName, cells } = map;
  const { left, width, height } = heatMapSize(map);
  const placeOf = (x: number, y: number): Place => ({ x: left + x * CELL_WIDTH, y: TOP + y * CELL_HEIGHT });
  const text = (x: number, y: number, anchor: string, content: string): string =>
    `<text class="label" x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
  const whereOf = (x: number, y: number): string =>
    `${columnName}=${String(columns[x])}${rowName === '' ? '' : `, ${rowName}=${String(rows[y])}`}`;
  const title = [map.variant, map.fixed].filter((one) => one !== '').join(', ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui,sans-serif" role="img" aria-label="${escapeHtml(title)}">`,
    text(left, 14, 'start', columnName),
    rowName === '' ? '' : text(left - EDGE, TOP - 8, 'end', rowName),
    ...columns.map((value, x) => text(placeOf(x, 0).x + CELL_WIDTH / 2, TOP - 8, 'middle', String(value))),
    ...(rowName === ''
      ? []
      : rows.map((value, y) => text(left - EDGE, placeOf(0, y).y + 17, 'end', String(value)))),
    ...cells.flatMap((row, y) => row.map((cell, x) => drawCell(cell, whereOf(x, y), placeOf(x, y), options))),
    drawLines(map, placeOf),
    '</svg>',
  ].join('');
};
