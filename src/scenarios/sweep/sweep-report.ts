/** A sweep as text for a terminal: a map for each variant, or a list with bars where only one parameter is varied. */
import pc from 'picocolors';
import type { Kind } from '../../core/values.js';
import type { Measured } from '../measure/measured.js';
import {
  barOf,
  cellTitle,
  disagrees,
  type HeatMap,
  hasLine,
  hiddenText,
  levelOf,
  lineBetween,
  mapsOf,
  type Scale,
  scaleOf,
  shortText,
  unitText,
} from './heat-map.js';
import type { SweepCell, SweepResult } from './sweep-result.js';

export interface ReportOptions {
  readonly color: boolean;
  /** Width of the terminal: a map that is wider has one character a cell. */
  readonly columns: number;
}

/** Backgrounds from bad to good, of the 256 colours of terminals: orange to blue, which few eyes confuse. */
const BACKGROUNDS = [166, 215, 229, 117, 32] as const;
const BLACK = 16;

const BAR_WIDTH = 40;

/** Behind a value: the seeds disagree on whether it comes back. */
const DISAGREE = '*';

interface Form {
  readonly labelWidth: number;
  /** Of a cell's text. */
  readonly width: number;
  /** Before it, within the cell. */
  readonly pad: number;
  readonly text: (cell: SweepCell) => string;
}

class MapText {
  readonly #kind: Kind;
  readonly #scale: Scale;
  readonly #bar: (value: Measured) => number;
  readonly #options: ReportOptions;

  constructor(result: SweepResult, options: ReportOptions) {
    this.#kind = result.metrics[0]!.kind as Kind;
    this.#scale = scaleOf(result);
    this.#bar = barOf(result);
    this.#options = options;
  }

  lines(map: HeatMap): string[] {
    return map.rowName === '' ? this.#list(map) : this.#table(map);
  }

  #paint(cell: SweepCell, text: string): string {
    const goodness = cell.runs === 0 ? null : this.#scale(cell.metrics[0]!.median);
    if (!this.#options.color || goodness === null) return text;
    return `\u001b[48;5;${BACKGROUNDS[levelOf(goodness)]};38;5;${BLACK}m${text}\u001b[0m`;
  }

  #number(cell: SweepCell): string {
    if (cell.runs === 0) return '';
    return `${shortText(cell.metrics[0]!.median, this.#kind)}${disagrees(cell) ? DISAGREE : ''}`;
  }

  /** One character: how good it is in tenths, or that the seeds disagree. */
  #glyph(cell: SweepCell): string {
    if (cell.runs === 0) return ' ';
    if (disagrees(cell)) return DISAGREE;
    const goodness = this.#scale(cell.metrics[0]!.median);
    return goodness === null ? '–' : String(Math.min(9, Math.floor(goodness * 10)));
  }

  #list({ columnName, columns, cells }: HeatMap): string[] {
    const [row] = cells;
    const labels = columns.map(String);
    const width = Math.max(columnName.length, ...labels.map(({ length }) => length));
    const lines = [columnName];
    for (const [index, cell] of row!.entries()) {
      if (lineBetween(row![index - 1], cell)) lines.push(`${'─'.repeat(width + BAR_WIDTH)} hidden capacity`);
      const bar = '█'.repeat(Math.round(this.#bar(cell.metrics[0]!.median) * BAR_WIDTH)).padEnd(BAR_WIDTH);
      const mark = disagrees(cell) ? DISAGREE : ' ';
      lines.push(`${labels[index]!.padStart(width)} ${bar}${mark} ${cellTitle(cell, this.#kind)}`);
    }
    return lines;
  }

  #table(map: HeatMap): string[] {
    const { rows, columns, cells } = map;
    const width = Math.max(
      ...columns.map((value) => String(value).length),
      ...cells.flat().map((cell) => this.#number(cell).length),
    );
    const labelWidth = Math.max(map.rowName.length, ...rows.map((value) => String(value).length));
    const fits = labelWidth + 2 + columns.length * (width + 2) <= this.#options.columns;
    return fits ? this.#wide(map, labelWidth, width) : this.#compact(map, labelWidth);
  }

  #wide(map: HeatMap, labelWidth: number, width: number): string[] {
    const head = map.columns.map((value) => `  ${String(value).padStart(width)}`).join('');
    return [
      `${' '.repeat(labelWidth + 1)}  ${map.columnName}`,
      `${map.rowName.padEnd(labelWidth)} ${head}`,
      ...this.#body(map, { labelWidth, width, pad: 1, text: (cell) => this.#number(cell) }),
    ];
  }

  #compact(map: HeatMap, labelWidth: number): string[] {
    const { columns, columnName } = map;
    return [
      `${' '.repeat(labelWidth + 1)}  ${columnName}: ${String(columns[0])} to ${String(columns.at(-1))}; 9 is best`,
      map.rowName,
      ...this.#body(map, { labelWidth, width: 1, pad: 0, text: (cell) => this.#glyph(cell) }),
    ];
  }

  #body(map: HeatMap, { labelWidth, width, pad, text }: Form): string[] {
    return map.cells.flatMap((row, y) => {
      const line = row
        .map((cell, x) => {
          const separator = lineBetween(row[x - 1], cell) ? '│' : ' ';
          return `${separator}${this.#paint(cell, text(cell).padStart(width + pad))}`;
        })
        .join('');
      const values = `${String(map.rows[y]).padStart(labelWidth)} ${line}`;
      const below = map.cells[y + 1];
      if (below === undefined || !row.some((cell, x) => lineBetween(cell, below[x]))) return [values];
      const edge = row.map((cell, x) => ` ${(lineBetween(cell, below[x]) ? '─' : ' ').repeat(width + pad)}`);
      return [values, `${' '.repeat(labelWidth + 1)}${edge.join('')}`.trimEnd()];
    });
  }
}

const legendLines = (result: SweepResult, maps: readonly HeatMap[]): string[] => {
  const [metric] = result.metrics;
  const lines = [
    `${metric!.expression}${unitText(metric!.kind as Kind)}, the median of ${result.seeds.length} ${result.seeds.length === 1 ? 'seed' : 'seeds'}`,
  ];
  if (result.cells.some(disagrees)) {
    lines.push(`${DISAGREE} seeds disagree: some runs recovered, and some did not`);
  }
  if (maps.some(hasLine)) lines.push('│ ─ hidden capacity: below it, it comes back whatever the trigger');
  return lines;
};

export const renderSweep = (result: SweepResult, options: ReportOptions): string => {
  const colors = pc.createColors(options.color);
  if (result.runs.length === 0) return 'Interrupted before anything was measured.\n';
  const text = new MapText(result, options);
  const maps = mapsOf(result);
  const lines = [
    '',
    colors.bold(result.scenario.title) + colors.dim(`  ${result.scenario.name}, virtual time`),
    ...legendLines(result, maps),
    '',
  ];
  for (const map of maps) {
    lines.push(colors.bold([map.variant, map.fixed].filter((one) => one !== '').join(', ')));
    lines.push(...text.lines(map).map((line) => `  ${line}`));
    lines.push(colors.dim(`  ${hiddenText(map, result)}`), '');
  }
  if (result.partial) {
    const all = result.cells.length * result.seeds.length;
    lines.push(colors.yellow(`INTERRUPTED: ${result.runs.length} of ${all} runs were measured.`), '');
  }
  return lines.join('\n');
};
