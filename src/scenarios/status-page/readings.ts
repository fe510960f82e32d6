/**
 * How everything behind a gateway's clients is, as somebody sees it who watches a run from outside: from what happened, who is up,
 * and what gateways think of workers. Injected faults are not looked at: nobody announces those.
 */
import type { Event } from '../../core/events.js';
import type { DependencyStatus } from '../../upstream/dependencies/dependency-fleet.js';
import type { WorkerStatus } from '../../upstream/fleet.js';
import { EDGE } from '../front/config.js';
import type { ComponentReading } from './messages.js';
import { stateOfShare } from './states.js';

/** What a gateway holds against an upstream, and what ends that. */
const AGAINST: Readonly<Record<string, readonly [reason: string, holds: boolean]>> = {
  'upstream.turned-unhealthy': ['unhealthy', true],
  'upstream.turned-healthy': ['unhealthy', false],
  'upstream.ejected': ['ejected', true],
  'upstream.unejected': ['ejected', false],
  'circuit.opened': ['circuit open', true],
  'circuit.closed': ['circuit open', false],
};

const DISRUPTED: Readonly<Record<string, string>> = {
  kill: 'is not running',
  stop: 'stands still',
  block: 'does not answer',
};

/** What somebody undid is what he believes to have been the cause. */
const UNDONE: Readonly<Record<string, (fields: Readonly<Record<string, unknown>>) => string>> = {
  'config.rolled-back': ({ from, to }) => `version ${from} of the config of the ${to}, which is rolled back`,
  'deploy.rolled-back': ({ from }) => `version ${from} of the workers, which is rolled back`,
  'rule.switched-off': ({ rule }) => `the rule ${rule} of the gateway, which is switched off`,
};

/** So long an undoing belongs to what is going on. */
const UNDONE_MS = 10_000;

/** Names that are said one by one; of more only their number. */
const MAX_NAMES = 3;

const namesText = (names: readonly string[]): string =>
  names.length <= MAX_NAMES ? names.join(', ') : `${names.length}`;

export class Readings {
  readonly #gateways: readonly string[];
  readonly #hasEdge: boolean;
  /** What is wrong with a gateway or the edge, by its id. */
  readonly #disrupted = new Map<string, string>();
  /** Processes of a gateway that are gone for now. */
  readonly #gone = new Set<string>();
  /** By gateway, reason and upstream. */
  readonly #against = new Map<
    string,
    { readonly gateway: string; readonly upstream: string; readonly reason: string }
  >();
  #undone: { readonly atMs: number; readonly text: string } | null = null;

  /** @param gateways ids of those that stand before the workers; none: clients go to these directly. */
  constructor(gateways: readonly string[], hasEdge: boolean) {
    this.#gateways = gateways;
    this.#hasEdge = hasEdge;
  }

  event(event: Event): void {
    const { type, gateway = '' } = event;
    const fields = event as unknown as Readonly<Record<string, unknown>>;
    const against = AGAINST[type];
    if (against !== undefined) this.#hold(gateway, String(fields.upstream), against);
    const undone = UNDONE[type];
    if (undone !== undefined) this.#undone = { atMs: event.atMs, text: undone(fields) };
    if (event.type === 'gateway.disrupted') this.#disrupted.set(event.gateway, event.how);
    if (event.type === 'gateway.recovered') this.#recover(event.gateway, event.how);
    if (event.type === 'gateway.process-exited') this.#gone.add(`${gateway}/${event.process}`);
    if (event.type === 'gateway.process-started') this.#gone.delete(`${gateway}/${event.process}`);
  }

  /** What is believed to be the cause; `null`: nothing. */
  identified(nowMs: number): string | null {
    const [disrupted] = this.#disrupted;
    if (disrupted !== undefined) {
      const [id, how] = disrupted;
      return `${id} ${DISRUPTED[how] ?? 'does not answer'}`;
    }
    const { atMs = Number.NEGATIVE_INFINITY, text = '' } = this.#undone ?? {};
    return nowMs - atMs <= UNDONE_MS ? text : null;
  }

  read(workers: readonly WorkerStatus[], dependencies: readonly DependencyStatus[]): ComponentReading[] {
    return [
      ...(this.#hasEdge ? [this.#readPlaces([EDGE], { id: 'edge', name: 'Edge', group: 'Edge' })] : []),
      ...(this.#gateways.length === 0
        ? []
        : [this.#readPlaces(this.#gateways, { id: 'gateway', name: 'Gateway', group: 'Gateway' })]),
      ...this.#readWorkers(workers),
      ...dependencies.map(
        ({ dependency, up, faults }): ComponentReading => ({
          ...{ id: `dependency-${dependency}`, name: dependency, group: 'Dependencies' },
          // Whoever runs it knows how it is, and has a status page too.
          state: !up ? 'major_outage' : faults.length > 0 ? 'partial_outage' : 'operational',
          detail: up ? '' : 'does not answer',
        }),
      ),
    ];
  }

  #hold(gateway: string, upstream: string, [reason, holds]: readonly [string, boolean]): void {
    const key = `${gateway}/${upstream}/${reason}`;
    if (holds) this.#against.set(key, { gateway, upstream, reason });
    else this.#against.delete(key);
  }

  /** One that is started anew holds nothing against anybody. */
  #recover(id: string, how: string): void {
    this.#disrupted.delete(id);
    if (how !== 'kill') return;
    for (const [key, { gateway }] of this.#against) {
      if (gateway === id || gateway === '') this.#against.delete(key);
    }
    for (const key of this.#gone) if (key.startsWith(`${id}/`) || key.startsWith('/')) this.#gone.delete(key);
  }

  #readPlaces(
    ids: readonly string[],
    about: Pick<ComponentReading, 'id' | 'name' | 'group'>,
  ): ComponentReading {
    const down = ids.filter((id) => this.#disrupted.has(id));
    const gone = this.#gone.size > 0 && about.group === 'Gateway';
    const state = stateOfShare(down.length, ids.length);
    const what = down.map(
      (id) => `${ids.length === 1 ? '' : `${id} `}${DISRUPTED[this.#disrupted.get(id)!]}`,
    );
    return {
      ...about,
      state: gone && state === 'operational' ? 'degraded_performance' : state,
      detail: gone && down.length === 0 ? 'one of its processes is gone' : what.join(', '),
    };
  }

  #readWorkers(workers: readonly WorkerStatus[]): ComponentReading[] {
    const active = workers.filter((one) => one.active);
    if (active.length === 0) return [];
    const held = new Set([...this.#against.values()].map(({ upstream }) => upstream));
    const down = active.filter(({ up }) => !up).map(({ worker }) => worker);
    const unfit = active.filter(({ worker, up }) => up && held.has(worker)).map(({ worker }) => worker);
    const all = active.length;
    const detail = [
      `${all - down.length - unfit.length} of ${all} fit`,
      ...(down.length > 0 ? [`down: ${namesText(down)}`] : []),
      ...(unfit.length > 0 ? [`not trusted: ${namesText(unfit)}`] : []),
    ].join('; ');
    const state = stateOfShare(down.length + unfit.length, all);
    return [{ id: 'workers', name: 'Workers', group: 'Workers', state, detail }];
  }
}
