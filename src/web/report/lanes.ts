/** What each worker went through, from the events: its process, what the gateway thought of it, and faults. */
import type { VariantResult } from '../../scenarios/result.js';
import type { Lane, LaneKind, LaneSpan } from '../app/report/report-data.js';
import { shownWorkers } from './curves.js';

type Events = VariantResult['events'];
type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (event: Events[number]): Fields => event as unknown as Fields;

/** Spans that follow each other: each ends where the next begins, or at the end. */
class Band {
  readonly #spans: LaneSpan[] = [];
  readonly #endS: number;
  #open: { readonly fromS: number; readonly kind: LaneKind; readonly text: string } | null = null;

  constructor(endS: number) {
    this.#endS = endS;
  }

  /** @param kind `null`: nothing is to be said from here on. */
  turn(atS: number, kind: LaneKind | null, text = ''): void {
    if (this.#open !== null && this.#open.kind === kind && this.#open.text === text) return;
    const fromS = Math.max(0, atS);
    if (this.#open !== null && fromS > this.#open.fromS) this.#spans.push({ ...this.#open, toS: fromS });
    this.#open = kind === null ? null : { fromS, kind, text };
  }

  done(): LaneSpan[] {
    this.turn(this.#endS, null);
    return this.#spans;
  }
}

const versionText = (version: unknown): string => (version === undefined ? '' : `v${version}`);

/** Its process: as long as any serves in its place it is up, also while one takes over from another. */
const processBand = (events: Events, worker: string, { startsUp, endS }: Extent): LaneSpan[] => {
  const band = new Band(endS);
  const own = events.filter((event) =>
    [fieldsOf(event).worker, event.type === 'config.applied' ? fieldsOf(event).reader : null].includes(
      worker,
    ),
  );
  const isToldOf = own.some(({ t, type }) => type === 'worker.started' && t <= 0);
  let alive = startsUp && !isToldOf ? 1 : 0;
  let version: unknown;
  const show = (t: number, why: string): void =>
    alive > 0 ? band.turn(t, 'up', versionText(version)) : band.turn(t, 'down', why);
  show(0, '');
  for (const event of own) {
    const { type, t } = event;
    const fields = fieldsOf(event);
    if (type === 'worker.started') alive += 1;
    else if (type === 'worker.exited' || type === 'worker.stopped') alive = Math.max(0, alive - 1);
    else if (type !== 'config.applied') continue;
    version = fields.configVersion ?? fields.version ?? version;
    show(t, type === 'worker.stopped' ? String(fields.reason) : 'died');
  }
  return band.done();
};

/** What says of an upstream that it gets no requests, and what ends that. */
const ROTATION: Readonly<
  Record<string, readonly [key: 'health' | 'ejection' | 'circuit', kind: LaneKind | null]>
> = {
  'upstream.turned-unhealthy': ['health', 'unhealthy'],
  'upstream.turned-healthy': ['health', null],
  'upstream.ejected': ['ejection', 'ejected'],
  'upstream.unejected': ['ejection', null],
  'circuit.opened': ['circuit', 'open'],
  'circuit.half-opened': ['circuit', 'half-open'],
  'circuit.closed': ['circuit', null],
};

const ROTATION_TEXT: Readonly<Record<string, string>> = {
  unhealthy: 'unhealthy',
  ejected: 'ejected',
  open: 'circuit open',
  'half-open': 'circuit half-open',
};

const rotationBand = (events: Events, worker: string, { endS }: Extent): LaneSpan[] => {
  const band = new Band(endS);
  const state: Record<'health' | 'ejection' | 'circuit', LaneKind | null> = {
    health: null,
    ejection: null,
    circuit: null,
  };
  for (const event of events) {
    const change = ROTATION[event.type];
    if (change === undefined || fieldsOf(event).upstream !== worker) continue;
    state[change[0]] = change[1];
    const worst = state.health ?? state.ejection ?? state.circuit;
    band.turn(event.t, worst, worst === null ? '' : ROTATION_TEXT[worst]);
  }
  return band.done();
};

/** Over as it begins: nothing heals it, and the death that it is shows by itself. */
const MOMENTARY = 'crash';

/** Several at once are named together. */
const faultBand = (events: Events, worker: string, { endS }: Extent): LaneSpan[] => {
  const band = new Band(endS);
  const active: string[] = [];
  for (const event of events) {
    const fields = fieldsOf(event);
    const name = String(fields.fault ?? fields.toxic);
    const begins = event.type === 'fault.injected' || event.type === 'link.toxic-added';
    const ends = event.type === 'fault.healed' || event.type === 'link.toxic-removed';
    if ((!begins && !ends) || name === MOMENTARY || (fields.worker ?? fields.link) !== worker) continue;
    if (begins) active.push(name);
    else if (active.includes(name)) active.splice(active.indexOf(name), 1);
    band.turn(event.t, active.length === 0 ? null : 'fault', active.join(', '));
  }
  return band.done();
};

interface Extent {
  readonly startsUp: boolean;
  readonly endS: number;
}

/** One for each worker that is shown; upstreams of the user's own tell nothing of their processes. */
export const lanesOf = (variant: VariantResult): Lane[] => {
  const { events, series, upstreams, durationMs } = variant;
  const endS = durationMs / 1_000;
  const workers = upstreams?.map(({ worker }) => worker) ?? shownWorkers(variant);
  return workers.map((worker) => {
    const first = series[0]?.workers.find((one) => one.worker === worker);
    const extent = { startsUp: first !== undefined && first.heapBytes !== null, endS };
    return {
      worker,
      process: upstreams === undefined ? processBand(events, worker, extent) : [],
      rotation: rotationBand(events, worker, extent),
      faults: faultBand(events, worker, extent),
    };
  });
};
