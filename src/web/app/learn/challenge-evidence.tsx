/** What can be seen of a challenge: what is free, and what was asked for. Nothing of it is known beyond the moment at which it stopped. */
import { useMemo } from 'preact/hooks';
import { formatDuration, formatMebibytes } from '../../../core/units.js';
import type { UsersPicture, WorkersPicture } from '../../../scenarios/challenge/pictures.js';
import type { ChallengeAnswer, EvidenceAnswer, ViewAnswer } from '../../../scenarios/live/learn-answers.js';
import { Chart, type ChartLine } from '../parts/chart.js';
import { TimeCursor, TimeSlider } from '../parts/cursor.js';
import { lineStyle, OUTCOMES, outcomeOf } from '../parts/palette.js';
import { highest } from '../parts/plot-data.js';
import { RowsTable } from '../report/summary-section.js';

type Range = readonly [number, number];

const perSecond = (value: number): string => `${Math.round(value * 10) / 10}/s`;
const whole = (value: number): string => String(Math.round(value * 100) / 100);

/** Requests a second by outcome, those that there were. */
const outcomeLines = ({ status, times, pointS }: UsersPicture): ChartLine[] =>
  OUTCOMES.map(({ key, label, color, pattern }) => ({
    ...{ label, color, pattern },
    values: times.map((_, index) =>
      Object.entries(status).reduce(
        (sum, [name, counts]) => (outcomeOf(name) === key ? sum + (counts[index] ?? 0) / pointS : sum),
        0,
      ),
    ),
  })).filter(({ values }) => highest([values]) > 0);

const UsersCurves = ({
  picture,
  range,
  cursor,
}: {
  readonly picture: UsersPicture;
  readonly range: Range;
  readonly cursor: TimeCursor;
}) => {
  const { times, offered, pointS, p99 } = picture;
  const outcomes = useMemo(() => outcomeLines(picture), [picture]);
  const asked = useMemo(
    (): ChartLine[] => [
      { label: 'asked for', values: offered.map((count) => count / pointS), ...lineStyle(0) },
    ],
    [picture],
  );
  const latency = useMemo((): ChartLine[] => [{ label: 'p99', values: p99, ...lineStyle(1) }], [picture]);
  const common = { times, range, cursor };
  return (
    <div class="side-by-side">
      <figure class="cell">
        <figcaption>What users get, requests a second</figcaption>
        <Chart {...common} title="What users get" lines={outcomes} stacked format={perSecond} />
      </figure>
      <figure class="cell">
        <figcaption>Asked for, requests a second</figcaption>
        <Chart {...common} title="Asked for" lines={asked} format={perSecond} />
      </figure>
      <figure class="cell">
        <figcaption>Latency of answers</figcaption>
        <Chart {...common} title="Latency of answers" lines={latency} format={formatDuration} />
      </figure>
    </div>
  );
};

const WorkersCurves = ({
  picture,
  range,
  cursor,
}: {
  readonly picture: WorkersPicture;
  readonly range: Range;
  readonly cursor: TimeCursor;
}) => {
  const { times, workers, slots, heapLimitBytes } = picture;
  const lines = useMemo(() => {
    const of = (key: 'heap' | 'busy' | 'queued'): ChartLine[] =>
      workers.map((worker, index) => ({ label: worker.id, values: worker[key], ...lineStyle(index) }));
    return { heap: of('heap'), busy: of('busy'), queued: of('queued') };
  }, [picture]);
  const common = { times, range, cursor };
  return (
    <div class="side-by-side">
      <figure class="cell">
        <figcaption>Heap; a gap is a dead worker</figcaption>
        <Chart
          {...common}
          title="Heap of each worker"
          lines={lines.heap}
          format={formatMebibytes}
          unit="bytes"
          {...(heapLimitBytes !== null && {
            max: heapLimitBytes,
            limit: { value: heapLimitBytes, label: `limit ${formatMebibytes(heapLimitBytes)}` },
          })}
        />
      </figure>
      <figure class="cell">
        <figcaption>In work, of {slots} slots</figcaption>
        <Chart {...common} title="In work" lines={lines.busy} format={whole} max={slots + 1} />
      </figure>
      <figure class="cell">
        <figcaption>Waiting</figcaption>
        <Chart {...common} title="Waiting" lines={lines.queued} format={whole} />
      </figure>
    </div>
  );
};

const TIMED = /^\s*(\d+\.\d+s)\s+(.*)$/;

/** Lines with a moment before them stand as a list of what happened. */
const Line = ({ text }: { readonly text: string }) => {
  const [, at, what = ''] = TIMED.exec(text) ?? [];
  return at === undefined ? (
    <li>
      <span>{text.trimEnd()}</span>
    </li>
  ) : (
    <li>
      <time>{at}</time>
      <span>{what}</span>
    </li>
  );
};

const View = ({ title, lines, table }: ViewAnswer) => (
  <section class="learn-view">
    <h3>{title}</h3>
    {table === undefined ? (
      <ul class="events">{lines.map((line, index) => line !== '' && <Line key={index} text={line} />)}</ul>
    ) : (
      <RowsTable label={title} rows={table} />
    )}
  </section>
);

const Asked = ({
  one,
  range,
  cursor,
}: {
  readonly one: EvidenceAnswer;
  readonly range: Range;
  readonly cursor: TimeCursor;
}) =>
  one.picture === null ? (
    <div class={`learn-asked ${one.kind}`}>
      <View title={one.title} lines={one.lines} />
    </div>
  ) : (
    <section class="learn-view">
      <h3>{one.title}</h3>
      <WorkersCurves picture={one.picture} range={range} cursor={cursor} />
    </section>
  );

export const Evidence = ({ game }: { readonly game: ChallengeAnswer }) => {
  const cursor = useMemo(() => new TimeCursor(), []);
  const { picture, nowS, views, seen } = game;
  const range = useMemo((): Range => [0, nowS], [nowS]);
  return (
    <div class="learn-seen">
      <section class="learn-view">
        <h3>Curves, until now</h3>
        <TimeSlider cursor={cursor} fromS={0} toS={nowS} stepS={picture.pointS} />
        <UsersCurves picture={picture} range={range} cursor={cursor} />
      </section>
      <div class="learn-views">
        {views.map((view) => (
          <View key={view.title} {...view} />
        ))}
      </div>
      {seen.map((one) => (
        <Asked key={one.kind} one={one} range={range} cursor={cursor} />
      ))}
    </div>
  );
};
