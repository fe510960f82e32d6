/** A sweep as maps: the first parameter across, the second down, one map for each variant and value of the others. */

import { formatDuration, formatMebibytes, formatRatio } from '../../core/units.js';
import type { Kind } from '../../core/values.js';
import type { Measured } from '../measure/measured.js';
import { type Point, pointsOf, runKey } from './grid.js';
import type { Value } from './parameters.js';
import type { SweepCell, SweepResult } from './sweep-result.js';

export interface HeatMap {
  readonly variant: string;
  /** Values of the parameters that are neither across nor down, such as `gateway.retry.attempts=3`; often empty. */
  readonly fixed: string;
  readonly columnName: string;
  readonly columns: readonly Value[];
  /** Empty: only one parameter is varied. */
  readonly rowName: string;
  readonly rows: readonly Value[];
  /** By row, then by column. */
  readonly cells: readonly (readonly SweepCell[])[];
}

const keyOf = (point: Point, variant: string): string => runKey({ point, variant, seed: 0 });

export const mapsOf = ({ parameters, variants, cells }: SweepResult): HeatMap[] => {
  const [across, down = { name: '', values: [null] }, ...others] = parameters;
  const found = new Map(cells.map((cell) => [keyOf(cell.point, cell.variant), cell]));
  const withDown = parameters.length > 1;
  const rest = pointsOf(others.map(({ name, values }) => ({ name, path: [], values })));
  return variants.flatMap((variant) =>
    rest.map((fixed) => ({
      variant,
      fixed: others.map(({ name }, index) => `${name}=${String(fixed[index])}`).join(', '),
      columnName: across!.name,
      columns: across!.values,
      rowName: down.name,
      rows: down.values,
      cells: down.values.map((row) =>
        across!.values.map(
          (column) => found.get(keyOf(withDown ? [column, row, ...fixed] : [column], variant))!,
        ),
      ),
    })),
  );
};

const mediansOf = ({ cells }: SweepResult): number[] =>
  cells.flatMap(({ metrics }) => {
    const median = metrics[0]?.median;
    return typeof median === 'number' ? [median] : [];
  });

/** How long the bar of a value is, from 0 to 1: shares as they are, all else beside the most that was measured. */
export const barOf = (result: SweepResult): ((value: Measured) => number) => {
  const most = result.metrics[0]!.kind === 'ratio' ? 1 : Math.max(0, ...mediansOf(result));
  return (value) => {
    if (value === 'never') return 1;
    return value === null || most === 0 ? 0 : Math.min(1, Math.max(0, value / most));
  };
};

/** How good a value is, from 0 to 1; `null` where there is none. */
export type Scale = (value: Measured) => number | null;

/** Shares are placed between 0 and 1, all else between the least and the most that was measured. */
export const scaleOf = (result: SweepResult): Scale => {
  const { kind, moreIsBetter: better } = result.metrics[0]!;
  const values = mediansOf(result);
  const isShare = kind === 'ratio' && values.every((value) => value >= 0);
  const [least, most] = isShare ? [0, 1] : [Math.min(...values), Math.max(...values)];
  return (value) => {
    if (value === null) return null;
    if (value === 'never') return better ? 1 : 0;
    const share = most > least ? Math.min(1, Math.max(0, (value - least) / (most - least))) : 1;
    return better || most === least ? share : 1 - share;
  };
};

/** Steps of colour, from bad to good; the last is for what is good in the sense of the 99 % of `recovered`. */
export const LEVELS = 5;

export const levelOf = (goodness: number): number =>
  goodness >= 0.99 ? LEVELS - 1 : Math.floor((goodness / 0.99) * (LEVELS - 1));

/** Some of the runs came back, and some did not. */
export const disagrees = ({ runs, recovered }: SweepCell): boolean => recovered > 0 && recovered < runs;

/** Whether more is asked for than the hidden capacity; `null`: it is not known. */
export const isAboveHidden = ({ hiddenCapacity }: SweepCell): boolean | null =>
  hiddenCapacity === undefined
    ? null
    : hiddenCapacity.offeredRps > hiddenCapacity.hiddenRps * (1 + Number.EPSILON * 8);

/** Whether the line of the hidden capacity runs between two cells. */
export const lineBetween = (one: SweepCell | undefined, other: SweepCell | undefined): boolean => {
  const [a, b] = [one && isAboveHidden(one), other && isAboveHidden(other)];
  return a !== undefined && b !== undefined && a !== null && b !== null && a !== b;
};

const shortRatio = (ratio: number): string => {
  const percent = ratio * 100;
  if (percent > 0 && percent < 1) return '<1';
  return String(percent > 99 && percent < 100 ? 99 : Math.round(percent));
};

/** As short as it stands in a cell; shares in percent. */
export const shortText = (value: Measured, kind: Kind): string => {
  if (value === null) return '–';
  if (value === 'never') return 'never';
  switch (kind) {
    case 'ratio':
      return value < 0 ? `-${shortRatio(-value)}` : shortRatio(value);
    case 'duration':
      return formatDuration(value);
    case 'size':
      return formatMebibytes(value);
    default:
      return String(Number(value.toPrecision(3)));
  }
};

/** What the numbers in the cells are, for a legend. */
export const unitText = (kind: Kind): string =>
  kind === 'ratio' ? ' in percent' : kind === 'rate' ? ' per second' : '';

const rateText = (rps: number): string => `${Number(rps.toPrecision(4))}/s`;

const spanText = (values: readonly number[], format: (value: number) => string): string => {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? format(least) : `${format(least)} to ${format(most)}`;
};

/** At which value of a parameter that scales the load it crosses the hidden capacity; `null`: there is no such one. */
const crossingText = ({ columns, rows, columnName, rowName, cells }: HeatMap): string | null => {
  const axes = [
    { name: columnName, values: columns, of: (index: number) => cells[0]![index]! },
    { name: rowName, values: rows, of: (index: number) => cells[index]![0]! },
  ];
  for (const { name, values, of } of axes) {
    if (values.length < 2) continue;
    const perUnit = values.map(
      (value, index) =>
        (of(index).hiddenCapacity?.offeredRps ?? Number.NaN) / Number.parseFloat(String(value)),
    );
    const [first] = perUnit as [number];
    const isProportional = perUnit.every((one) => Math.abs(one / first - 1) < 1e-6);
    const hidden = values.map((_, index) => of(index).hiddenCapacity?.hiddenRps);
    if (!isProportional || hidden.some((one) => one !== hidden[0])) continue;
    const unit = /[^\d.-].*$/.exec(String(values[0]))?.[0] ?? '';
    return `${name} = ${Number((hidden[0]! / first).toPrecision(3))}${unit}`;
  }
  return null;
};

/** Whether the line of the hidden capacity is somewhere in a map. */
export const hasLine = ({ cells }: HeatMap): boolean =>
  cells.some((row, y) =>
    row.some((cell, x) => lineBetween(cell, row[x + 1]) || lineBetween(cell, cells[y + 1]?.[x])),
  );

/** What is known of the hidden capacity of a map, in a sentence. */
export const hiddenText = (map: HeatMap, { hiddenCapacityUnknown, caveats }: SweepResult): string => {
  const all = map.cells.flat().flatMap(({ hiddenCapacity }) => hiddenCapacity ?? []);
  const unknown = hiddenCapacityUnknown[map.variant];
  if (unknown !== undefined || all.length === 0) return `hidden capacity: not known, because ${unknown}`;
  const capacity = spanText(
    all.map(({ capacityRps }) => capacityRps),
    rateText,
  );
  const amplification = spanText(
    all.map((one) => one.amplification),
    (value) => String(Number(value.toPrecision(4))),
  );
  const hidden = spanText(
    all.map(({ hiddenRps }) => hiddenRps),
    rateText,
  );
  const crossing = crossingText(map);
  const where = crossing === null ? '' : `, at ${crossing}`;
  const offered = all.map(({ offeredRps }) => offeredRps);
  const place = hasLine(map)
    ? ''
    : `; no line: ${spanText(offered, rateText)} asked for is on one side of it`;
  const but = (caveats[map.variant] ?? []).map((text) => `; ${text}`).join('');
  return `hidden capacity: ${hidden} (capacity ${capacity} / worst amplification ${amplification})${where}${place}${but}`;
};

/** `median (min–max)`, for people. */
export const cellTitle = ({ metrics: [metric], runs, recovered }: SweepCell, kind: Kind): string => {
  if (runs === 0) return 'not measured';
  const long = (value: Measured): string =>
    typeof value === 'number' && kind === 'ratio' && value >= 0 ? formatRatio(value) : shortText(value, kind);
  const { median, min, max } = metric!;
  const range = min === max ? '' : ` (${long(min)} to ${long(max)})`;
  return `${long(median)}${range}, ${recovered} of ${runs} ${runs === 1 ? 'run' : 'runs'} recovered`;
};
