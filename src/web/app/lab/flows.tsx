/**
 * The lines between the boxes of the topology: as wide as what flows, moving as it flows; broken where nothing can. Drawn
 * beneath the boxes, whose places are measured when they change and not with every tick.
 */
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

export interface Flow {
  /** Names of the boxes (`data-node`). */
  readonly from: string;
  readonly to: string;
  /** What flows: the width. */
  readonly amount: number;
  /** Of it, what fails, from 0 to 1. */
  readonly badRatio: number;
  /** Nothing can flow. */
  readonly cut: boolean;
  /** `beside`: only where boxes stand beside each other; `below`: only where they stand below. Left out: both. */
  readonly where?: 'beside' | 'below';
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Measured {
  readonly width: number;
  readonly height: number;
  /** Boxes stand below each other. */
  readonly isNarrow: boolean;
  readonly boxes: ReadonlyMap<string, Box>;
}

const measure = (host: HTMLElement): Measured => {
  const around = host.getBoundingClientRect();
  const boxes = new Map<string, Box>();
  for (const node of host.querySelectorAll<HTMLElement>('[data-node]')) {
    const { left, top, width, height } = node.getBoundingClientRect();
    boxes.set(node.dataset.node!, { left: left - around.left, top: top - around.top, width, height });
  }
  const [clients, gateway] = [boxes.get('clients'), boxes.get('gateways')];
  const isNarrow =
    clients !== undefined && gateway !== undefined && gateway.top >= clients.top + clients.height;
  return { width: around.width, height: around.height, isNarrow, boxes };
};

/** @param shape changes when there are other boxes. */
const useMeasured = (host: RefObject<HTMLElement | null>, shape: string): Measured | null => {
  const [measured, setMeasured] = useState<Measured | null>(null);
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return;
    const look = (): void => setMeasured(measure(element));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    for (const node of element.querySelectorAll('[data-node]')) observer.observe(node);
    return () => observer.disconnect();
  }, [host, shape]);
  return measured;
};

const pathBetween = (from: Box, to: Box, isNarrow: boolean): string => {
  if (isNarrow) {
    const [x1, y1] = [from.left + from.width / 2, from.top + from.height];
    const [x2, y2] = [to.left + to.width / 2, to.top];
    return `M${x1},${y1}L${x2},${y2}`;
  }
  const [x1, y1] = [from.left + from.width, from.top + from.height / 2];
  const [x2, y2] = [to.left, to.top + to.height / 2];
  const bend = (x2 - x1) / 2;
  return `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
};

/** One to ten pixels; ten times as much is three pixels more. */
const widthOf = (amount: number): number => Math.min(10, 1.25 + 3 * Math.log10(1 + amount));

/** Steps of a half, so that a line does not tremble. */
const steady = (width: number): number => Math.round(width * 2) / 2;

/** Length of a dash and a gap. */
const DASHES_PX = 16;

/** How far dashes go from tick to tick: less than half of their length, or they would seem to go back. */
const paceOf = (amount: number): number => (amount > 100 ? 7 : amount > 10 ? 5 : 3);

interface LineProps {
  readonly flow: Flow;
  readonly path: string;
  /** Counts ticks: dashes move with what is told and not in between, for each picture costs. */
  readonly beat: number;
}

const Line = ({ flow, path, beat }: LineProps) => {
  const width = steady(widthOf(flow.amount));
  const moves = flow.amount > 0 && !flow.cut;
  const offset = -(beat * paceOf(flow.amount)) % DASHES_PX;
  const bad = steady(width * flow.badRatio);
  return (
    <g>
      <path d={path} class={flow.cut ? 'lab-way cut' : 'lab-way'} stroke-width={flow.cut ? 1.5 : width} />
      {moves && (
        <path d={path} class="lab-flow" stroke-dashoffset={offset} stroke-width={Math.max(1, width - 1)} />
      )}
      {moves && bad > 0 && (
        <path
          d={path}
          class="lab-flow bad"
          stroke-dashoffset={offset + 8}
          stroke-width={Math.max(1.5, bad)}
        />
      )}
    </g>
  );
};

export const Flows = ({
  host,
  flows,
  shape,
  beat,
}: {
  readonly host: RefObject<HTMLElement | null>;
  readonly flows: readonly Flow[];
  readonly shape: string;
  readonly beat: number;
}) => {
  const measured = useMeasured(host, shape);
  if (measured === null) return null;
  return (
    <svg
      class="lab-flows"
      width={measured.width}
      height={measured.height}
      viewBox={`0 0 ${measured.width} ${measured.height}`}
      aria-hidden="true"
    >
      {flows.map((flow) => {
        const [from, to] = [measured.boxes.get(flow.from), measured.boxes.get(flow.to)];
        if (from === undefined || to === undefined) return null;
        if (flow.where === (measured.isNarrow ? 'beside' : 'below')) return null;
        return (
          <Line
            key={`${flow.from} ${flow.to}`}
            flow={flow}
            beat={beat}
            path={pathBetween(from, to, measured.isNarrow)}
          />
        );
      })}
    </svg>
  );
};
