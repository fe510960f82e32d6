/** Workers over time, one lane each: the process, what the gateway thinks of it, and its faults. */
import type { TimeCursor } from '../parts/cursor.js';
import { useMoment } from '../parts/cursor.js';
import type { Pattern } from '../parts/palette.js';
import { Table } from '../parts/table.js';
import type { Lane, LaneKind, LaneSpan, VariantData } from './report-data.js';

interface Look {
  readonly label: string;
  readonly color: string;
  readonly pattern: Pattern;
}

const LOOKS: Readonly<Record<LaneKind, Look>> = {
  up: { label: 'up', color: 'o-ok', pattern: 'plain' },
  down: { label: 'down', color: 'o-502', pattern: 'rising' },
  unhealthy: { label: 'taken out by health checks', color: 'o-503', pattern: 'falling' },
  ejected: { label: 'ejected as an outlier', color: 'o-504', pattern: 'dots' },
  open: { label: 'circuit open', color: 'o-other', pattern: 'level' },
  'half-open': { label: 'circuit half-open', color: 'o-other', pattern: 'plain' },
  fault: { label: 'with a fault', color: 'o-none', pattern: 'upright' },
};

type Range = readonly [fromS: number, toS: number];

const percentOf = (atS: number, [fromS, toS]: Range): number => ((atS - fromS) / (toS - fromS)) * 100;

/** A letter, and as much as one around a label, needs so much of the width of a lane, where that is narrow. */
const PERCENT_OF_LETTER = 2.3;

const Span = ({ span, range }: { readonly span: LaneSpan; readonly range: Range }) => {
  const { fromS, toS, kind, text } = span;
  const left = percentOf(fromS, range);
  const width = percentOf(Math.min(toS, range[1]), range) - left;
  const { color, pattern } = LOOKS[kind];
  return (
    <span
      class={`span area ${pattern} ${kind}`}
      style={`left:${left.toFixed(3)}%;width:${width.toFixed(3)}%;background-color:var(--${color})`}
    >
      {text !== '' && width > (text.length + 1) * PERCENT_OF_LETTER && <span class="tag">{text}</span>}
    </span>
  );
};

const Band = ({ spans, range }: { readonly spans: readonly LaneSpan[]; readonly range: Range }) => (
  <div class="band">
    {spans.map((span, index) => (
      <Span key={index} span={span} range={range} />
    ))}
  </div>
);

const Moment = ({ cursor, range }: { readonly cursor: TimeCursor; readonly range: Range }) => {
  const atS = useMoment(cursor);
  if (atS === null) return null;
  return <div class="now" style={`left:${percentOf(atS, range).toFixed(3)}%`} />;
};

const kindsIn = (lanes: readonly Lane[]): LaneKind[] => {
  const there = new Set(
    lanes.flatMap(({ process, rotation, faults }) =>
      [...process, ...rotation, ...faults].map(({ kind }) => kind),
    ),
  );
  return (Object.keys(LOOKS) as LaneKind[]).filter((kind) => there.has(kind));
};

const rowsOf = (lanes: readonly Lane[]): string[][] =>
  lanes.flatMap(({ worker, process, rotation, faults }) =>
    [...process, ...rotation, ...faults].map(({ kind, text, fromS, toS }) => [
      worker,
      text === '' || text === LOOKS[kind].label ? LOOKS[kind].label : `${LOOKS[kind].label}: ${text}`,
      `${fromS.toFixed(2)}s`,
      `${toS.toFixed(2)}s`,
    ]),
  );

/** In words, for whoever does not see the lanes. */
const describe = (name: string, lanes: readonly Lane[]): string => {
  const downs = lanes.flatMap(({ process }) => process.filter(({ kind }) => kind === 'down')).length;
  return `${name}: ${lanes.length} workers, ${downs === 0 ? 'none was down' : `${downs} times one was down`}`;
};

export interface LanesProps {
  readonly variant: VariantData;
  readonly range: Range;
  readonly cursor: TimeCursor;
}

export const LanesOf = ({ variant: { name, lanes }, range, cursor }: LanesProps) => (
  <div class="lanes">
    <div class="lane-box" role="img" aria-label={describe(name, lanes)}>
      {lanes.map(({ worker, process, rotation, faults }) => (
        <div key={worker} class="lane">
          <span class="who">{worker}</span>
          <div class="bands">
            <Band spans={process} range={range} />
            {rotation.length > 0 && <Band spans={rotation} range={range} />}
            {faults.length > 0 && <Band spans={faults} range={range} />}
          </div>
        </div>
      ))}
      <div class="over">
        <Moment cursor={cursor} range={range} />
      </div>
    </div>
    <ul class="legend">
      {kindsIn(lanes).map((kind) => (
        <li key={kind}>
          <span
            class={`swatch area ${LOOKS[kind].pattern}`}
            style={`background-color:var(--${LOOKS[kind].color})`}
            aria-hidden="true"
          />
          {LOOKS[kind].label}
        </li>
      ))}
    </ul>
    <details class="values">
      <summary>
        As a table<span class="unseen">: workers of {name}</span>
      </summary>
      <Table label={`Workers of ${name}`} head={['worker', '', 'from', 'to']} rows={rowsOf(lanes)} words />
    </details>
  </div>
);
