/** Who is between a client and an answer, with what flows between them now. */
import { useMemo, useRef } from 'preact/hooks';
import {
  type AtWork,
  type Topology as Shape,
  TICK_MS,
  type Tick,
  type WorkerTick,
} from '../../../scenarios/live/feed.js';
import { formatPercent, formatRps, type Headline, headlineOf } from './derive.js';
import { type Flow, Flows } from './flows.js';
import { type LabStore, useLab } from './store.js';
import { Faults, WorkerCard } from './worker-card.js';

/** Columns of everything but workers: as wide as what stands in them, and no wider than leaves the workers room. */
const SMALL = 'fit-content(11rem)';

const Clients = ({ shape, now }: { readonly shape: Shape; readonly now: Headline }) => (
  <div class="lab-node" data-node="clients">
    <span class="lab-name">
      <b>clients</b>
    </span>
    <span class="lab-big">{formatRps(now.offeredRps)}/s</span>
    <span class="soft">offered</span>
    {shape.classes.length > 1 && (
      <ul class="lab-classes soft">
        {shape.classes.map(({ name, share }) => (
          <li key={name}>
            <span>{name}</span> <span>{formatPercent(share)}</span>
          </li>
        ))}
      </ul>
    )}
  </div>
);

const Answers = ({ now }: { readonly now: Headline }) => (
  <span class="lab-answers">
    <span>
      <span class="lab-swatch" style="background-color:var(--o-ok)" aria-hidden="true" />
      {formatRps(now.goodRps)}/s good
    </span>
    {now.failed.map(({ outcome, rps }) => (
      <span key={outcome.key}>
        <span
          class={`lab-swatch area ${outcome.pattern}`}
          style={`background-color:var(--${outcome.color})`}
          aria-hidden="true"
        />
        {formatRps(rps)}/s {outcome.label}
      </span>
    ))}
  </span>
);

/** What is wrong with a box that the box itself does not know of. */
const wrongWith = (tick: Tick | undefined, id: string, kinds: readonly AtWork['kind'][]): readonly string[] =>
  (tick?.atWork ?? [])
    .filter(({ kind, on }) => kinds.includes(kind) && on.includes(id))
    .map(({ kind, what }) => (kind === 'link' || kind === 'name' ? `${kind}: ${what}` : what));

const OF_FRONT = ['gateway', 'certificate'] as const;
const OF_WAY = ['link', 'name'] as const;

interface FrontProps {
  readonly shape: Shape;
  readonly tick: Tick | undefined;
  readonly now: Headline;
  readonly chosen: string;
  readonly choose: (target: string) => void;
}

const Gateways = ({ shape, tick, now, chosen, choose }: FrontProps) => (
  <div class="lab-group" data-node="gateways">
    {shape.gateways.map((id, index) => {
      const isUp = tick?.gateways.find((gateway) => gateway.id === id)?.up ?? true;
      return (
        <button
          type="button"
          key={id}
          class={`lab-node ${isUp ? '' : 'bad'}`}
          data-node={id}
          aria-pressed={chosen === id}
          onClick={() => choose(id)}
        >
          <span class="lab-name">
            <b>{shape.gateways.length === 1 ? 'gateway' : id}</b>
            <span class={`lab-state ${isUp ? 'good' : 'bad'}`}>
              <span aria-hidden="true">{isUp ? '✓' : '✕'}</span> {isUp ? 'up' : 'down'}
            </span>
          </span>
          {shape.target !== 'gateway' && <span class="soft">{shape.target}</span>}
          <Faults faults={wrongWith(tick, id, OF_FRONT)} />
          {index === 0 && <Answers now={now} />}
          {index === 0 && tick?.gatewayQueued !== null && tick?.gatewayQueued !== undefined && (
            <span class="soft">{tick.gatewayQueued} waiting for a slot</span>
          )}
        </button>
      );
    })}
  </div>
);

const Dependencies = ({ shape, tick, chosen, choose }: FrontProps) => (
  <div class="lab-group" data-node="dependencies">
    {shape.dependencies.map((id) => {
      const state = tick?.dependencies.find((dependency) => dependency.id === id)?.state ?? 'up';
      const isGood = state === 'up' || state === 'ok' || state === 'healthy';
      return (
        <button
          type="button"
          key={id}
          class={`lab-node ${isGood ? '' : 'bad'}`}
          data-node={`dep:${id}`}
          aria-pressed={chosen === id}
          onClick={() => choose(id)}
        >
          <span class="lab-name">
            <b>{id}</b>
            <span class={`lab-state ${isGood ? 'good' : 'bad'}`}>
              <span aria-hidden="true">{isGood ? '✓' : '!'}</span> {isGood ? 'up' : state}
            </span>
          </span>
          <span class="soft">dependency</span>
        </button>
      );
    })}
  </div>
);

interface Taken {
  readonly place: Shape['workers'][number];
  readonly worker: WorkerTick | undefined;
}

/** Places in which somebody is, or is to come back; before anything is known, all. */
const placesOf = (shape: Shape, tick: Tick | undefined): readonly Taken[] => {
  const byId = new Map(tick?.workers.map((worker) => [worker.id, worker]));
  return shape.workers
    .map((place) => ({ place, worker: byId.get(place.id) }))
    .filter(({ worker }) => worker === undefined || worker.active || worker.up);
};

/** No request can get there. */
const isCut = (worker: WorkerTick | undefined): boolean =>
  worker === undefined ||
  !worker.up ||
  worker.drained ||
  worker.ejected === true ||
  worker.circuit === 'open' ||
  worker.healthy === false;

const flowsOf = (shape: Shape, tick: Tick | undefined, now: Headline): Flow[] => {
  const badRatio = now.goodRatio === null ? 0 : 1 - now.goodRatio;
  const front = { amount: now.offeredRps, badRatio, cut: false };
  const taken = placesOf(shape, tick);
  const flowing = taken.reduce((sum, { worker }) => sum + (worker?.inFlight ?? worker?.busy ?? 0), 0);
  const flows: Flow[] = shape.edge
    ? [
        { from: 'clients', to: 'edge', ...front },
        { from: 'edge', to: 'gateways', ...front },
      ]
    : [{ from: 'clients', to: 'gateways', ...front }];
  // Below each other, lines to single boxes would cross the others: one line to all of them stands for them.
  flows.push({
    from: 'gateways',
    to: 'workers',
    amount: flowing * 4,
    badRatio: 0,
    cut: false,
    where: 'below',
  });
  for (const { place, worker } of taken) {
    const amount = (worker?.inFlight ?? worker?.busy ?? 0) * 4;
    flows.push({ from: 'gateways', to: place.id, amount, badRatio: 0, cut: isCut(worker), where: 'beside' });
  }
  for (const id of shape.dependencies) {
    flows.push({
      from: 'workers',
      to: `dep:${id}`,
      amount: flowing,
      badRatio: 0,
      cut: false,
      where: 'beside',
    });
  }
  if (shape.dependencies.length > 0) {
    flows.push({
      from: 'workers',
      to: 'dependencies',
      amount: flowing,
      badRatio: 0,
      cut: false,
      where: 'below',
    });
  }
  return flows;
};

/** Changes when other boxes are shown. */
const boxesOf = (shape: Shape, tick: Tick | undefined): string =>
  JSON.stringify([shape, placesOf(shape, tick).map(({ place }) => place.id)]);

export const Topology = ({
  store,
  shape,
  chosen,
  choose,
}: {
  readonly store: LabStore;
  readonly shape: Shape;
  readonly chosen: string;
  readonly choose: (target: string) => void;
}) => {
  const host = useRef<HTMLDivElement>(null);
  const ticks = useLab(store, (state) => state.ticks);
  const tick = ticks.at(-1);
  const now = headlineOf(ticks);
  const front = { shape, tick, now, chosen, choose };
  const isStill = useMemo(() => matchMedia('(prefers-reduced-motion: reduce)').matches, []);
  const beat = isStill ? 0 : Math.round((tick?.t ?? 0) * (1_000 / TICK_MS));
  const columns = [SMALL, ...(shape.edge ? [SMALL] : []), SMALL, 'minmax(0, 1fr)'];
  if (shape.dependencies.length > 0) columns.push(SMALL);
  return (
    <div
      class={columns.length > 4 ? 'lab-topology many' : 'lab-topology'}
      ref={host}
      style={`--lab-columns:${columns.join(' ')}`}
    >
      <Flows host={host} flows={flowsOf(shape, tick, now)} shape={boxesOf(shape, tick)} beat={beat} />
      <Clients shape={shape} now={now} />
      {shape.edge && (
        <button
          type="button"
          class="lab-node"
          data-node="edge"
          aria-pressed={chosen === 'edge'}
          onClick={() => choose('edge')}
        >
          <span class="lab-name">
            <b>edge</b>
          </span>
          <Faults faults={wrongWith(tick, 'edge', OF_FRONT)} />
        </button>
      )}
      <Gateways {...front} />
      <div class="lab-workers" data-node="workers">
        {placesOf(shape, tick).map(({ place, worker }) => (
          <WorkerCard
            key={place.id}
            place={place}
            tick={worker}
            way={wrongWith(tick, place.id, OF_WAY)}
            isChosen={chosen === place.id}
            choose={choose}
          />
        ))}
      </div>
      {shape.dependencies.length > 0 && <Dependencies {...front} />}
    </div>
  );
};
