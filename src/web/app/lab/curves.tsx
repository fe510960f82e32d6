/** The curves of a live page: what users get, why, and how full everything is. */
import { useState } from 'preact/hooks';
import type { Tick } from '../../../scenarios/live/feed.js';
import { Chart, type ChartLine } from '../parts/chart.js';
import { TimeCursor } from '../parts/cursor.js';
import { lineStyle } from '../parts/palette.js';
import type { Mark } from '../parts/plot-data.js';
import { formatMs, formatRps, lastOf, markOf, mixOf, ratesOf } from './derive.js';
import { KEPT_S, type LabState } from './state.js';
import { type LabStore, useLabSlowly } from './store.js';

/** What a reader can look at, seconds. */
const SPANS = [60, KEPT_S] as const;

/** Six charts are most of what this page costs; a curve of a minute that is drawn twice a second is seen to move. */
const QUICK_MS = 450;
const SLOW_MS = 950;

interface Curve {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  readonly stacked?: boolean;
  readonly max?: number;
  readonly limit?: { readonly value: number; readonly label: string };
}

const line = (index: number, label: string, values: readonly (number | null)[]): ChartLine => ({
  label,
  values,
  ...lineStyle(index),
});

const perSecond = (value: number): string => `${formatRps(value)}/s`;
const times = (value: number): string => `${value.toFixed(1)}×`;
/** So that the axis has round numbers of them. */
const MEBIBYTE = 1024 ** 2;
const mebibytes = (value: number): string => `${value.toFixed(0)} MiB`;
const count = (value: number): string => value.toFixed(0);

const usersCurves = (ticks: readonly Tick[]): Curve[] => [
  {
    title: 'Offered and good answers',
    format: perSecond,
    lines: [
      line(
        0,
        'offered',
        ratesOf(ticks, ({ offered }) => offered),
      ),
      line(
        2,
        'good',
        ratesOf(ticks, ({ ok }) => ok),
      ),
    ],
  },
  {
    title: 'What users get',
    format: perSecond,
    stacked: true,
    lines: mixOf(ticks).map(({ outcome, values }) => ({ ...outcome, values })),
  },
  {
    title: 'Latency of answers',
    format: formatMs,
    lines: [
      line(
        0,
        'p50',
        ticks.map(({ latencyMs }) => latencyMs?.p50 ?? null),
      ),
      line(
        1,
        'p99',
        ticks.map(({ latencyMs }) => latencyMs?.p99 ?? null),
      ),
    ],
  },
];

const systemCurves = (ticks: readonly Tick[], { topology }: NonNullable<LabState['begin']>): Curve[] => {
  const active = new Set(
    ticks.flatMap(({ workers }) => workers.filter((one) => one.active || one.up).map(({ id }) => id)),
  );
  const places = topology.workers.filter(({ id }) => active.has(id));
  const limit = places.find(({ heapLimitBytes }) => heapLimitBytes !== null)?.heapLimitBytes ?? null;
  const heapOf = (tick: Tick, id: string): number | null => {
    const worker = tick.workers.find((one) => one.id === id);
    return worker?.up && worker.heapBytes !== null ? worker.heapBytes / MEBIBYTE : null;
  };
  return [
    {
      title: 'Heap of each worker',
      format: mebibytes,
      lines: places.map(({ id }, index) =>
        line(
          index,
          id,
          ticks.map((tick) => heapOf(tick, id)),
        ),
      ),
      ...(limit !== null && {
        limit: { value: limit / MEBIBYTE, label: `limit ${mebibytes(limit / MEBIBYTE)}` },
      }),
    },
    {
      title: 'Waiting for a slot',
      format: count,
      lines: [
        line(
          0,
          'in the gateway',
          ticks.map(({ gatewayQueued }) => gatewayQueued),
        ),
        line(
          1,
          'at the workers',
          ticks.map(({ workers }) => workers.reduce((sum, { queued }) => sum + (queued ?? 0), 0)),
        ),
      ],
    },
    {
      title: 'Amplification: tries for each request',
      max: Math.max(2, ...ticks.map(({ amplification }) => Math.ceil(amplification ?? 0))),
      format: times,
      lines: [
        line(
          3,
          'amplification',
          ticks.map(({ amplification }) => amplification),
        ),
      ],
    },
  ];
};

/** What users get, then what it comes from: of a fault the heap says most, so it stands with the first. */
const inOrder = ([offered, outcomes, ...users]: readonly Curve[], [heap, ...system]: readonly Curve[]) =>
  [offered, outcomes, heap, ...users, ...system].filter((curve) => curve !== undefined);

const marksOf = (events: LabState['events'], fromS: number): Mark[] =>
  events.flatMap((event) => {
    const label = event.t < fromS ? null : markOf(event);
    return label === null ? [] : [{ atS: event.t, label }];
  });

const SpanChoice = ({
  span,
  setSpan,
}: {
  readonly span: number;
  readonly setSpan: (span: number) => void;
}) => (
  <fieldset class="choices">
    <legend>Show the last</legend>
    {SPANS.map((seconds) => (
      <label key={seconds}>
        <input type="radio" name="span" checked={span === seconds} onChange={() => setSpan(seconds)} />
        {seconds < 120 ? `${seconds} s` : `${seconds / 60} min`}
      </label>
    ))}
  </fieldset>
);

export const Curves = ({ store }: { readonly store: LabStore }) => {
  const [span, setSpan] = useState<number>(SPANS[0]);
  const { ticks: all, begin, events } = useLabSlowly(store, span > SPANS[0] ? SLOW_MS : QUICK_MS);
  const [cursor] = useState(() => new TimeCursor());
  if (begin === null) return null;
  const { durationS, windows } = begin;
  const isWhole = durationS !== null && durationS <= KEPT_S;
  const end = all.at(-1)?.t ?? 0;
  const range: [number, number] = isWhole ? [0, durationS] : [Math.max(0, end - span), Math.max(end, span)];
  const ticks = isWhole ? all : lastOf(all, span);
  const at = ticks.map(({ t }) => t);
  const marks = marksOf(events, range[0]);
  return (
    <section class="lab-curves" aria-label="Curves">
      <header class="lab-row">
        <h2>Curves</h2>
        {!isWhole && <SpanChoice span={span} setSpan={setSpan} />}
      </header>
      <div class="lab-charts" onPointerLeave={() => cursor.set(null)}>
        {inOrder(usersCurves(ticks), systemCurves(ticks, begin)).map((curve) => (
          <figure key={curve.title}>
            <figcaption>{curve.title}</figcaption>
            <Chart
              {...curve}
              times={at}
              range={range}
              cursor={cursor}
              marks={marks}
              windows={windows}
              heightPx={128}
            />
          </figure>
        ))}
      </div>
    </section>
  );
};
