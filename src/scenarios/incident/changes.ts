/**
 * What changed in a run, as an operator knows it: what was pushed, deployed, scaled, drained, and that the load grew. Faults are
 * not among them: nobody announces those.
 */
import type { EventMap, EventType } from '../../core/event-map.js';
import type { Tick } from '../monitoring/ticks.js';
import type { ResultEvent } from '../result-events.js';
import { clientsText } from '../timeline/clients.js';
import { findLoadGrowths } from './load-growth.js';

/** One worker that a change had reached. */
export interface Reached {
  readonly worker: string;
  readonly atMs: number;
}

export interface Change {
  /** Milliseconds of the run. */
  readonly atMs: number;
  /** When somebody could know of it; later than `atMs` where it had to be told from chance. */
  readonly knownMs: number;
  readonly what: string;
  /** `everybody`: it is not about single workers. */
  readonly reach: readonly Reached[] | 'everybody';
}

type Describe<Type extends EventType> = (fields: EventMap[Type]) => string;

const WHERE: Readonly<Record<string, string>> = {
  workers: 'the workers',
  gateway: 'the gateway',
  edge: 'the edge',
};

/** Changes that are about everybody, in a few words. */
const FOR_EVERYBODY: { readonly [Type in EventType]?: Describe<Type> } = {
  'fleet.scaled': ({ from, to }) => `fleet scaled from ${from} to ${to} workers`,
  'clients.updated': ({ classes }) => `update of ${clientsText(classes)}`,
  'cache.purged': ({ soft }) => (soft ? 'cache made stale' : 'cache purged'),
};

/** Changes that are about one upstream, which has the name of its worker. */
const FOR_ONE: { readonly [Type in EventType]?: Describe<Type> } = {
  'upstream.weighted': ({ upstream, weight }) => `${upstream} weighted ${weight}`,
  'upstream.drained': ({ upstream }) => `${upstream} drained`,
};

const describe = (sentences: typeof FOR_EVERYBODY, event: ResultEvent): string | null => {
  const sentence = sentences[event.type as EventType] as ((fields: unknown) => string) | undefined;
  return sentence?.(event) ?? null;
};

/** Everyone who was given something of that version after the change, by an event that names him. */
const reachedBy = (
  events: readonly ResultEvent[],
  change: ResultEvent,
  { type, who }: { readonly type: EventType; readonly who: 'reader' | 'worker' },
): Reached[] =>
  events
    .filter((event) => event.type === type && event.t >= change.t)
    .filter((event) => (event as { version?: unknown }).version === (change as { version?: unknown }).version)
    .map((event) => ({ worker: String((event as Record<string, unknown>)[who]), atMs: event.t * 1_000 }));

/** Whether the fleet drained it to stop its process, as a deploy does, and nobody by hand. */
const isDrainedByFleet = ({ t, ...drain }: ResultEvent, events: readonly ResultEvent[]): boolean => {
  const { upstream } = drain as unknown as { readonly upstream: string };
  const next = events.find((event) => {
    const { worker, upstream: other } = event as { worker?: unknown; upstream?: unknown };
    return (
      event.t >= t &&
      ((event.type === 'worker.stopped' && worker === upstream) ||
        (event.type === 'upstream.undrained' && other === upstream))
    );
  });
  return next?.type === 'worker.stopped';
};

const changeOf = (event: ResultEvent, events: readonly ResultEvent[]): Change[] => {
  const at = { atMs: event.t * 1_000, knownMs: event.t * 1_000 };
  const fields = event as unknown as { readonly version: number; readonly to: string };
  if (event.type === 'config.pushed') {
    const what = `config version ${fields.version} pushed to ${WHERE[fields.to] ?? fields.to}`;
    const reach =
      fields.to === 'workers'
        ? reachedBy(events, event, { type: 'config.assigned', who: 'reader' })
        : 'everybody';
    return [{ ...at, what, reach }];
  }
  if (event.type === 'deploy.began') {
    const reach = reachedBy(events, event, { type: 'deploy.advanced', who: 'worker' });
    return [{ ...at, what: `version ${fields.version} of the workers deployed`, reach }];
  }
  const ofAll = describe(FOR_EVERYBODY, event);
  if (ofAll !== null) return [{ ...at, what: ofAll, reach: 'everybody' }];
  const ofOne = describe(FOR_ONE, event);
  if (ofOne === null || (event.type === 'upstream.drained' && isDrainedByFleet(event, events))) return [];
  const { upstream } = event as unknown as { readonly upstream: string };
  return [{ ...at, what: ofOne, reach: [{ worker: upstream, atMs: at.atMs }] }];
};

const rps = (rate: number): string => `${Math.round(rate)}/s`;

/** What comes before the load is the set-up, such as spare workers that are drained; nobody suspects that. */
const isOfRun = ({ t }: ResultEvent): boolean => t >= 0;

/** In order of time, from the start of the load. */
export const findChanges = (
  { events }: { readonly events: readonly ResultEvent[] },
  ticks: readonly Pick<Tick, 'requests'>[],
): Change[] => {
  const growths = findLoadGrowths(ticks).map(
    ({ fromRps, toRps, ...at }): Change => ({
      ...at,
      what: `load grown from ${rps(fromRps)} to ${rps(toRps)}`,
      reach: 'everybody',
    }),
  );
  const ordered = events.filter(isOfRun).flatMap((event) => changeOf(event, events));
  return [...ordered, ...growths].sort((a, b) => a.atMs - b.atMs);
};
