/**
 * Charts as SVG text: stacked areas and lines over one time axis, with windows shaded and events marked. Drawn once, so
 * a page needs no script; colours are CSS classes, so that light, dark and print can each have their own.
 */
import { escapeHtml } from '../core/html.js';

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 8;
const TOP = 18;
const BOTTOM = 22;

export interface TimeSpan {
  readonly name: string;
  readonly fromS: number;
  readonly toS: number;
}

export interface Mark {
  readonly atS: number;
  /** Short: it stands in the chart. */
  readonly label: string;
}

export interface Axis {
  readonly durationS: number;
  readonly windows: readonly TimeSpan[];
  readonly marks: readonly Mark[];
}

export interface Layer {
  readonly className: string;
  /** One value a bucket; `null` leaves a gap. */
  readonly values: readonly (number | null)[];
}

export interface ChartOptions {
  readonly title: string;
  readonly axis: Axis;
  readonly bucketS: number;
  readonly height: number;
  readonly layers: readonly Layer[];
  readonly format: (value: number) => string;
  /** The top of the axis, where it is given by something else than the values. */
  readonly max?: number;
  /** A line across, with a name. */
  readonly limit?: { readonly value: number; readonly label: string };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** 1, 2 or 5 times a power of ten: the least that is not below. */
export const niceCeiling = (value: number): number => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value)!;
  return step * power;
};

class Frame {
  readonly #options: ChartOptions;
  readonly max: number;

  constructor(options: ChartOptions, highest: number) {
    this.#options = options;
    this.max = options.max ?? niceCeiling(highest);
  }

  x(seconds: number): number {
    return round(LEFT + (seconds / this.#options.axis.durationS) * (WIDTH - LEFT - RIGHT));
  }

  y(value: number): number {
    const inner = this.#options.height - TOP - BOTTOM;
    return round(TOP + inner * (1 - Math.min(value, this.max) / this.max));
  }

  /** The middle of a bucket. */
  bucketX(index: number): number {
    return this.x((index + 0.5) * this.#options.bucketS);
  }

  draw(content: string): string {
    const { title, axis, height, format, limit } = this.#options;
    const bottom = height - BOTTOM;
    const shades = axis.windows.map(
      ({ fromS, toS }) =>
        `<rect class="window" x="${this.x(fromS)}" y="${TOP}" width="${round(this.x(toS) - this.x(fromS))}" height="${bottom - TOP}"/>`,
    );
    const rows = [0, 0.5, 1].map((part) => {
      const y = this.y(this.max * part);
      return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text class="tick" x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${escapeHtml(format(this.max * part))}</text>`;
    });
    const everyS = niceCeiling(axis.durationS / 10);
    const columns = Array.from(
      { length: Math.floor(axis.durationS / everyS) + 1 },
      (_, index) => index * everyS,
    ).map(
      (second) =>
        `<text class="tick" x="${this.x(second)}" y="${height - 6}" text-anchor="middle">${second}s</text>`,
    );
    const marks = axis.marks.map(
      ({ atS, label }) =>
        `<line class="mark" x1="${this.x(atS)}" x2="${this.x(atS)}" y1="${TOP}" y2="${bottom}"/><text class="mark-label" x="${this.x(atS) + 3}" y="${TOP - 6}">${escapeHtml(label)}</text>`,
    );
    const line =
      limit === undefined
        ? ''
        : `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${this.y(limit.value)}" y2="${this.y(limit.value)}"/><text class="tick" x="${WIDTH - RIGHT - 4}" y="${this.y(limit.value) - 4}" text-anchor="end">${escapeHtml(limit.label)}</text>`;
    return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${shades.join('')}${rows.join('')}${columns.join('')}${content}${line}${marks.join('')}</svg>`;
  }
}

/** Areas on top of each other, the first at the bottom. */
export const stackedAreas = (options: ChartOptions): string => {
  const count = options.layers[0]?.values.length ?? 0;
  const sums = new Array<number>(count).fill(0);
  const bands = options.layers.map(({ className, values }) => {
    const lower = [...sums];
    for (const [index, value] of values.entries()) sums[index]! += value ?? 0;
    return { className, lower, upper: [...sums] };
  });
  const frame = new Frame(options, Math.max(0, ...sums));
  const paths = bands
    .filter(({ lower, upper }) => upper.some((value, index) => value > lower[index]!))
    .map(({ className, lower, upper }) => {
      const there = upper.map((value, index) => `${frame.bucketX(index)},${frame.y(value)}`);
      const back = lower.map((value, index) => `${frame.bucketX(index)},${frame.y(value)}`).reverse();
      return `<path class="area ${className}" d="M${[...there, ...back].join('L')}Z"/>`;
    });
  return frame.draw(paths.join(''));
};

/** One line a layer; a gap where there is no value. */
export const lines = (options: ChartOptions): string => {
  const highest = Math.max(0, ...options.layers.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const frame = new Frame(options, highest);
  const paths = options.layers.map(({ className, values }) => {
    let pen = 'M';
    let path = '';
    for (const [index, value] of values.entries()) {
      if (value === null) pen = 'M';
      else {
        path += `${pen}${frame.bucketX(index)},${frame.y(value)}`;
        pen = 'L';
      }
    }
    return path === '' ? '' : `<path class="line ${className}" d="${path}"/>`;
  });
  return frame.draw(paths.join(''));
};
