/** One worker: what it does, how full it is, and what the gateways think of it. A button, which opens its controls. */
import type { Topology, WorkerTick } from '../../../scenarios/live/feed.js';
import { formatMiB } from './derive.js';

export type Place = Topology['workers'][number];

/** More slots than this are a bar: nobody counts boxes. */
const MOST_BOXES = 16;

const Slots = ({ busy, slots }: { readonly busy: number; readonly slots: number }) =>
  slots > MOST_BOXES ? (
    <Bar ratio={busy / slots} kind="slot" />
  ) : (
    <span class="lab-slots" aria-hidden="true">
      {Array.from({ length: slots }, (_, index) => (
        <i key={index} class={index < busy ? 'full' : ''} />
      ))}
    </span>
  );

const Bar = ({ ratio, kind }: { readonly ratio: number; readonly kind: 'slot' | 'queue' | 'heap' }) => (
  <span class={`lab-bar ${kind} ${kind === 'heap' && ratio >= 0.8 ? 'high' : ''}`} aria-hidden="true">
    <i style={`transform:scaleX(${Math.min(1, Math.max(0, ratio)).toFixed(3)})`} />
  </span>
);

/** A queue has no end to be full against: its bar is full at twenty times the slots. */
const FULL_QUEUE = 20;

const heapText = (bytes: number | null, limit: number | null): string => {
  if (limit === null) return 'heap not known';
  return bytes === null ? 'heap –' : `heap ${formatMiB(bytes).replace(' MiB', '')} of ${formatMiB(limit)}`;
};

export interface Condition {
  readonly sign: string;
  readonly word: string;
  readonly tone: 'good' | 'bad' | 'warn' | 'soft';
}

/** The one thing to know of it: down before whatever a gateway thinks. */
export const conditionOf = (tick: WorkerTick | undefined): Condition => {
  if (tick === undefined) return { sign: '·', word: 'no news', tone: 'soft' };
  if (!tick.active) return { sign: '·', word: 'not started', tone: 'soft' };
  if (!tick.up) return { sign: '✕', word: 'down', tone: 'bad' };
  if (tick.drained) return { sign: '–', word: 'drained', tone: 'warn' };
  if (tick.ejected === true) return { sign: '!', word: 'ejected', tone: 'bad' };
  if (tick.circuit === 'open') return { sign: '!', word: 'circuit open', tone: 'bad' };
  if (tick.healthy === false) return { sign: '!', word: 'unhealthy', tone: 'bad' };
  if (tick.circuit === 'half-open') return { sign: '~', word: 'half-open', tone: 'warn' };
  return { sign: '✓', word: 'up', tone: 'good' };
};

const circuitText = (circuit: WorkerTick['circuit']): string =>
  circuit === null ? 'no breaker' : `circuit ${circuit}`;

export const Faults = ({ faults }: { readonly faults: readonly string[] }) => (
  <span class="lab-faults">
    {faults.map((fault) => (
      <span key={fault} class="lab-fault">
        <span aria-hidden="true">▲</span> {fault}
      </span>
    ))}
  </span>
);

const Meters = ({ place, tick }: { readonly place: Place; readonly tick: WorkerTick }) => {
  const { slots, queue, heapLimitBytes } = place;
  const { busy, queued } = tick;
  const heapBytes = tick.up ? tick.heapBytes : null;
  return (
    <>
      <span class="lab-meter">
        <span>
          {busy ?? '–'} of {slots ?? '–'} slots
        </span>
        {slots !== null && <Slots busy={busy ?? 0} slots={slots} />}
      </span>
      <span class="lab-meter">
        <span>queue {queued ?? '–'}</span>
        <Bar ratio={(queued ?? 0) / (queue ?? (slots ?? 8) * FULL_QUEUE)} kind="queue" />
      </span>
      <span class="lab-meter">
        <span>{heapText(heapBytes, heapLimitBytes)}</span>
        <Bar ratio={heapLimitBytes === null ? 0 : (heapBytes ?? 0) / heapLimitBytes} kind="heap" />
      </span>
    </>
  );
};

export interface WorkerCardProps {
  readonly place: Place;
  readonly tick: WorkerTick | undefined;
  /** What is wrong on the way to it. */
  readonly way: readonly string[];
  readonly isChosen: boolean;
  readonly choose: (worker: string) => void;
}

export const WorkerCard = ({ place, tick, way, isChosen, choose }: WorkerCardProps) => {
  const { sign, word, tone } = conditionOf(tick);
  return (
    <button
      type="button"
      class={`lab-node lab-worker ${tone}`}
      data-node={place.id}
      aria-pressed={isChosen}
      onClick={() => choose(place.id)}
    >
      <span class="lab-name">
        <b>{place.id}</b>
        <span class={`lab-state ${tone}`}>
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      </span>
      {tick !== undefined && <Meters place={place} tick={tick} />}
      {tick !== undefined && (
        <span class="lab-foot soft">
          <span>{circuitText(tick.circuit)}</span>
          <span>config {tick.up ? tick.configVersion : '–'}</span>
          <span class={tick.exits > 0 ? 'bad' : ''}>
            {tick.exits} {tick.exits === 1 ? 'exit' : 'exits'}
          </span>
          <Faults faults={[...new Set([...tick.faults, ...way])]} />
        </span>
      )}
    </button>
  );
};
