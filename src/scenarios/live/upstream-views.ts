/** Upstreams as gateways see them, several gateways' views of one laid together: the worst of each counts. */
import { isObject } from '../../core/json.js';
import type { UpstreamView } from '../../gateway/admin.js';
import type { WorkerTick } from './feed.js';

type Seen = Pick<UpstreamView, 'id' | 'healthy' | 'ejected' | 'inFlight' | 'queued' | 'circuit'>;

export type Together = Pick<WorkerTick, 'healthy' | 'ejected' | 'circuit' | 'inFlight'> & {
  readonly queued: number | null;
};

export const UNSEEN: Together = { healthy: null, ejected: null, circuit: null, inFlight: null, queued: null };

const CIRCUITS = ['closed', 'half-open', 'open'] as const;

type Circuit = (typeof CIRCUITS)[number];

const worstCircuit = (states: readonly (Circuit | null)[]): Circuit | null => {
  const worst = Math.max(-1, ...states.map((state) => (state === null ? -1 : CIRCUITS.indexOf(state))));
  return CIRCUITS[worst] ?? null;
};

/** Each process of a gateway has circuits of its own. */
const circuitsOf = ({ circuit }: Pick<Seen, 'circuit'>): readonly (Circuit | null)[] =>
  isObject(circuit)
    ? Object.values(circuit as Readonly<Record<string, Circuit | null>>)
    : [circuit as Circuit | null];

/** `null`: nobody tells. */
const sum = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
};

const together = (seen: readonly Seen[]): Together => {
  const healthy = seen.map((one) => one.healthy).filter((one) => one !== null);
  return {
    healthy: healthy.length === 0 ? null : healthy.every(Boolean),
    ejected: seen.some(({ ejected }) => ejected),
    circuit: worstCircuit(seen.flatMap(circuitsOf)),
    inFlight: sum(seen.map(({ inFlight }) => inFlight)),
    queued: sum(seen.map(({ queued }) => queued)),
  };
};

/** @param views one list for each gateway that told. */
export const upstreamsTogether = (views: readonly (readonly Seen[])[]): ReadonlyMap<string, Together> => {
  const byId = new Map<string, Seen[]>();
  for (const seen of views.flat()) byId.set(seen.id, [...(byId.get(seen.id) ?? []), seen]);
  return new Map([...byId].map(([id, seen]) => [id, together(seen)]));
};

/** Of all upstreams; `null`: nobody tells. */
export const queuedTogether = (upstreams: ReadonlyMap<string, Together>): number | null =>
  sum([...upstreams.values()].map(({ queued }) => queued));
