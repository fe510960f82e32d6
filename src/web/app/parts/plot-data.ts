/** What a chart draws, reckoned: stacks, tops of axes, and which point of a curve belongs to a moment. */

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

/** One value a point; `null` leaves a gap. */
export type Values = readonly (number | null)[];

/** What lies under each layer and the layer itself, added up; the last is the whole. */
export const stackUp = (layers: readonly Values[]): number[][] => {
  const sums: number[] = new Array<number>(layers[0]?.length ?? 0).fill(0);
  return layers.map((values) => {
    for (const [index, value] of values.entries()) sums[index]! += value ?? 0;
    return [...sums];
  });
};

/** Tops of axes, times a power of ten: round, and little above what is drawn. */
const TOPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The least round number that is not below. */
export const niceCeiling = (value: number): number => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return (TOPS.find((factor) => factor * power >= value) ?? 10) * power;
};

/** The highest of all; 0 where there is nothing. */
export const highest = (layers: readonly Values[]): number => {
  let top = 0;
  for (const values of layers) for (const value of values) if (value !== null && value > top) top = value;
  return top;
};

/** @param times ascending. @returns the nearest to the moment; 0 where there are none. */
export const indexAt = (times: readonly number[], atS: number): number => {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (times[middle]! <= atS) low = middle;
    else high = middle - 1;
  }
  const next = times[low + 1];
  return next !== undefined && next - atS < atS - times[low]! ? low + 1 : low;
};

/** So many rows can be read; more are for `--out csv=…`. */
export const MAX_TABLE_ROWS = 60;

/** The points of a curve that its table has: all, or every n-th. */
export const tableIndexes = (count: number): { readonly step: number; readonly indexes: number[] } => {
  const step = Math.max(1, Math.ceil(count / MAX_TABLE_ROWS));
  return { step, indexes: Array.from({ length: Math.ceil(count / step) }, (_, row) => row * step) };
};
