/** Draws a chart with uPlot. What it looks like is here; what a reader can do with it, in `chart.tsx`. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Pattern } from './palette.js';
import { highest, type Mark, niceCeiling, stackUp, type TimeSpan, type Values } from './plot-data.js';
import { hatched, themeColor } from './theme.js';

export interface ChartLine {
  readonly label: string;
  readonly values: Values;
  /** A variable of `style.css`, without its dashes. */
  readonly color: string;
  readonly dash?: readonly number[];
  /** Of an area of a stack. */
  readonly pattern?: Pattern;
}

export interface Drawn {
  /** Seconds, ascending: where each value stands. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  /** Areas on top of each other, the first at the bottom; default: lines. */
  readonly stacked?: boolean;
  readonly format: (value: number) => string;
  /** What the values are of: bytes have ticks at powers of two; default: plain. */
  readonly unit?: 'bytes' | 'plain';
  /** What the time axis shows, seconds. */
  readonly range: readonly [fromS: number, toS: number];
  /** The top of the axis, where it is given by something else than the values. */
  readonly max?: number;
  /** A line across, with a name. */
  readonly limit?: { readonly value: number; readonly label: string };
  /** Shaded, with their names. */
  readonly windows?: readonly TimeSpan[];
  readonly marks?: readonly Mark[];
}

const FONT_PX = 11;
const TOP_PX = 18;
const LEFT_PX = 56;

/** The window that most of a scenario's claims are about stands out. */
const OUTAGE = 'outage';
const OTHER_ALPHA = 0.45;

const font = (ratio: number): string => `${FONT_PX * ratio}px system-ui, sans-serif`;

/** uPlot's order is that of drawing: of a stack the highest comes first, and the lower ones cover it. */
const dataOf = ({ times, lines, stacked = false }: Drawn): uPlot.AlignedData => {
  const values = lines.map((line) => line.values);
  const drawn = stacked ? stackUp(values).reverse() : values;
  return [[...times], ...drawn.map((one) => [...one])] as uPlot.AlignedData;
};

const topOf = ({ lines, stacked = false, max, limit }: Drawn): number => {
  if (max !== undefined) return max;
  const values = lines.map((line) => line.values);
  const top = stacked ? highest(stackUp(values).slice(-1)) : highest(values);
  return niceCeiling(Math.max(top, limit?.value ?? 0));
};

const seriesOf = ({ lines, stacked = false }: Drawn): uPlot.Series[] => {
  const all = lines.map(({ label, color, dash = [], pattern = 'plain' }): uPlot.Series => {
    const common = { label, spanGaps: false, points: { show: false } };
    return stacked
      ? { ...common, width: 0, fill: () => hatched(themeColor(color), pattern, uPlot.pxRatio), fillTo: 0 }
      : { ...common, width: 1.75, stroke: () => themeColor(color), dash: [...dash] };
  });
  return [{}, ...(stacked ? all.reverse() : all)];
};

const drawWindows = (plot: uPlot, { windows = [] }: Drawn): void => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = themeColor('shade');
  for (const { name, fromS, toS } of windows) {
    const left = plot.valToPos(fromS, 'x', true);
    ctx.globalAlpha = name === OUTAGE ? 1 : OTHER_ALPHA;
    ctx.fillRect(left, bbox.top, plot.valToPos(toS, 'x', true) - left, bbox.height);
  }
  ctx.restore();
};

/** At the top of each window that has room for it, over the curves. */
const drawWindowNames = (plot: uPlot, { windows = [] }: Drawn): void => {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.font = font(ratio);
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  ctx.lineWidth = 3 * ratio;
  ctx.lineJoin = 'round';
  ctx.strokeStyle = themeColor('shade');
  ctx.fillStyle = themeColor('soft');
  for (const { name, fromS, toS } of windows) {
    const left = Math.max(bbox.left, plot.valToPos(fromS, 'x', true)) + 4 * ratio;
    if (left + ctx.measureText(name).width > plot.valToPos(toS, 'x', true)) continue;
    ctx.strokeText(name, left, bbox.top + 3 * ratio);
    ctx.fillText(name, left, bbox.top + 3 * ratio);
  }
  ctx.restore();
};

/** Labels that would stand on each other are left out; their lines stay. */
const drawMarks = (plot: uPlot, { marks = [], range }: Drawn): void => {
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.font = font(ratio);
  ctx.textBaseline = 'alphabetic';
  ctx.textAlign = 'left';
  ctx.strokeStyle = themeColor('text');
  ctx.fillStyle = themeColor('text');
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  let freeFrom = 0;
  for (const { atS, label } of marks) {
    if (atS < range[0] || atS > range[1]) continue;
    const x = Math.round(plot.valToPos(atS, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const { width } = ctx.measureText(label);
    const at = Math.min(x + 3 * ratio, right - width);
    if (label === '' || at < freeFrom) continue;
    ctx.fillText(label, at, bbox.top - 5 * ratio);
    freeFrom = at + width + 6 * ratio;
  }
  ctx.restore();
};

const drawLimit = (plot: uPlot, { limit }: Drawn): void => {
  if (limit === undefined) return;
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  const y = Math.round(plot.valToPos(limit.value, 'y', true));
  ctx.save();
  ctx.font = font(ratio);
  ctx.strokeStyle = themeColor('bad');
  ctx.fillStyle = themeColor('text');
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([8 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.textAlign = 'right';
  ctx.fillText(
    limit.label,
    bbox.left + bbox.width - 4 * ratio,
    y + (y - bbox.top < 14 * ratio ? 13 : -4) * ratio,
  );
  ctx.restore();
};

const nothing = (): null => null;

/** The reader's cursor is ours, one for all charts; uPlot only draws it. */
const CURSOR: uPlot.Cursor = {
  x: true,
  y: false,
  points: { show: false },
  drag: { x: false, y: false },
  bind: {
    mousemove: nothing,
    mouseleave: nothing,
    mouseenter: nothing,
    mousedown: nothing,
    dblclick: nothing,
  },
};

const BYTE_INCREMENTS = Array.from({ length: 50 }, (_, power) => 2 ** power);

const axis = (format: (value: number) => string, size: number): uPlot.Axis => ({
  stroke: () => themeColor('soft'),
  font: font(1),
  grid: { stroke: () => themeColor('line'), width: 1 },
  ticks: { show: false },
  gap: 4,
  values: (_plot, splits) => splits.map((value) => (value === null ? '' : format(value))),
  size,
});

const secondsText = (value: number): string => `${Math.round(value * 100) / 100}s`;

/** @param now what is to be drawn at the moment: it may change as long as the labels of the lines stay. */
export const makePlot = (host: HTMLElement, now: () => Drawn, heightPx: number): uPlot =>
  new uPlot(
    {
      width: Math.max(120, host.clientWidth),
      height: heightPx,
      padding: [TOP_PX, 14, 0, 0],
      legend: { show: false },
      cursor: CURSOR,
      scales: {
        x: { time: false, range: () => [...now().range] },
        y: { range: () => [0, topOf(now())] },
      },
      axes: [
        { ...axis(secondsText, 22), space: 56 },
        {
          ...axis((value) => now().format(value), LEFT_PX),
          space: 34,
          ...(now().unit === 'bytes' ? { incrs: BYTE_INCREMENTS } : {}),
        },
      ],
      series: seriesOf(now()),
      hooks: {
        drawClear: [(plot) => drawWindows(plot, now())],
        draw: [
          (plot) => {
            drawLimit(plot, now());
            drawMarks(plot, now());
            drawWindowNames(plot, now());
          },
        ],
      },
    },
    dataOf(now()),
    host,
  );

export const updatePlot = (plot: uPlot, drawn: Drawn): void => plot.setData(dataOf(drawn), true);
