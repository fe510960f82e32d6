/**
 * A chart: curves over time, with windows shaded and events marked. Whoever does not see it reads it as a table; whoever
 * uses no mouse moves the cursor that it shares with the charts beside it (`TimeSlider`).
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { TimeCursor } from './cursor.js';
import { Legend } from './legend.js';
import { type Drawn, makePlot, updatePlot } from './plot.js';
import { highest, stackUp, tableIndexes, type Values } from './plot-data.js';
import { Table } from './table.js';
import { onThemeChange } from './theme.js';

export type { ChartLine, Drawn } from './plot.js';

export interface ChartProps extends Drawn {
  /** What it shows, and of whom: its name for whoever does not see it. */
  readonly title: string;
  /** Default 150. */
  readonly heightPx?: number;
  readonly cursor: TimeCursor;
  /** The legend below; default true. Without it, whoever shows the chart has to name its lines. */
  readonly legend?: boolean;
  /** Its values as a table, to be opened; default true. A live page rather has none. */
  readonly table?: boolean;
}

const DEFAULT_HEIGHT_PX = 150;

/** The moment under the pointer. */
const momentAt = (plot: uPlot, { clientX }: PointerEvent): number => {
  const { left } = plot.over.getBoundingClientRect();
  return plot.posToVal(clientX - left, 'x');
};

const showCursor = (plot: uPlot, atS: number | null): void => {
  const left = atS === null ? -10 : plot.valToPos(atS, 'x');
  plot.setCursor({ left, top: atS === null ? -10 : 0 }, false);
};

/** Of the top of a curve, for the text that stands for it. */
const describe = ({ title, lines, stacked = false, format }: ChartProps): string => {
  const told = lines
    .filter(({ values }) => highest([values]) > 0)
    .map(({ label, values }) => `${label} up to ${format(highest([values]))}`);
  const values: readonly Values[] = lines.map((line) => line.values);
  const whole = stacked ? `; together up to ${format(highest(stackUp(values).slice(-1)))}` : '';
  return `${title}: ${told.length === 0 ? 'nothing' : told.join(', ')}${told.length === 0 ? '' : whole}`;
};

const Canvas = (props: ChartProps) => {
  const { lines, stacked = false, heightPx = DEFAULT_HEIGHT_PX, cursor } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const now = useRef<ChartProps>(props);
  now.current = props;
  const shape = JSON.stringify([
    stacked,
    heightPx,
    lines.map(({ label, color, dash, pattern }) => [label, color, dash, pattern]),
  ]);

  // Made anew only when its lines are others.
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = makePlot(element, () => now.current, heightPx);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0 && width !== made.width) made.setSize({ width, height: heightPx });
      showCursor(made, cursor.atS);
    });
    observer.observe(element);
    const move = (event: PointerEvent): void => cursor.set(momentAt(made, event));
    made.over.addEventListener('pointermove', move);
    made.over.addEventListener('pointerdown', move);
    const ends = [
      cursor.listen(() => showCursor(made, cursor.atS)),
      onThemeChange(() => made.redraw(false, true)),
      () => observer.disconnect(),
      () => made.destroy(),
    ];
    return () => {
      plot.current = null;
      for (const end of ends) end();
    };
  }, [shape, cursor]);

  useEffect(() => {
    if (plot.current !== null) updatePlot(plot.current, now.current);
  }, [props.times, props.lines, props.range, props.max, props.marks, props.windows, props.limit]);

  return (
    <div
      class="plot"
      ref={host}
      role="img"
      aria-label={describe(props)}
      style={`--plot-height:${heightPx}px`}
    />
  );
};

const ValuesTable = ({ title, times, lines, format }: ChartProps) => {
  const { step, indexes } = tableIndexes(times.length);
  const textOf = (value: number | null | undefined): string =>
    value === null || value === undefined ? '–' : format(value);
  return (
    <>
      {step > 1 && <p class="soft">Every {step}th point.</p>}
      <Table
        label={`${title}, as a table`}
        head={['at', ...lines.map(({ label }) => label)]}
        rows={indexes.map((index) => [
          `${times[index]!.toFixed(2)}s`,
          ...lines.map(({ values }) => textOf(values[index])),
        ])}
      />
    </>
  );
};

const AsTable = (props: ChartProps) => {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="values" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        As a table<span class="unseen">: {props.title}</span>
      </summary>
      {isOpen && <ValuesTable {...props} />}
    </details>
  );
};

export const Chart = (props: ChartProps) => {
  const { lines, times, cursor, format, legend = true, table = true } = props;
  return (
    <div class="chart">
      <Canvas {...props} />
      {legend && <Legend entries={lines} times={times} cursor={cursor} format={format} />}
      {table && <AsTable {...props} />}
    </div>
  );
};
