/**
 * What was done to a run and is at work: faults of workers and dependencies as these say themselves, and by events what
 * nobody can be asked for: names, links, gateways, certificates, floods, clients, the load, locks.
 */
import type { Event } from '../../core/events.js';
import type { DependencyStatus } from '../../upstream/dependencies/dependency-fleet.js';
import { optionsText } from '../../upstream/faults/parameters.js';
import { WORKER_FAULTS } from '../../upstream/faults/worker-faults.js';
import type { WorkerStatus } from '../../upstream/fleet.js';
import { clientsText, updateText } from '../timeline/clients.js';
import type { AtWork } from './feed.js';

type Kind = AtWork['kind'];
type Heal = AtWork['heal'];

/** One of them, on one. */
interface One {
  readonly kind: Kind;
  readonly what: string;
  readonly on: string;
  readonly how: string;
  /** `null`: until somebody ends it. */
  readonly forMs: number | null;
  /** @param on those that have it. */
  readonly heal: (on: readonly string[]) => Heal;
}

/** An entry of a timeline. */
const entry = (body: Readonly<Record<string, unknown>>): Heal => ({ method: 'POST', path: 'timeline', body });

/** The same, of those that have it. */
const entryOn =
  (key: string, value: string) =>
  (on: readonly string[]): Heal =>
    entry({ [key]: value, on: on.length === 1 ? on[0]! : on });

const nothing = (): Heal => null;

const ofWorker = ({ worker, faults }: WorkerStatus): One[] =>
  faults.map(({ fault, options, forMs }) => ({
    ...{ kind: 'worker', what: fault, on: worker, how: optionsText(options), forMs },
    heal: WORKER_FAULTS[fault].lasts === 'span' ? entryOn('heal', fault) : nothing,
  }));

const ofDependency = ({ dependency, faults }: DependencyStatus): One[] =>
  faults.map(({ fault, options, forMs }) => ({
    ...{ kind: 'dependency', what: fault, on: dependency, how: optionsText(options), forMs },
    heal: entryOn('recover', fault),
  }));

const DNS = 'dns-';

const toxicText = ({ stream, toxicity, attributes }: Event<'link.toxic-added'>): string => {
  const given = Object.entries(attributes).map(([name, value]) => `${name} ${value}`);
  if (stream === 'upstream') given.push(stream);
  if (toxicity < 1) given.push(`toxicity ${toxicity}`);
  return given.length === 0 ? '' : ` (${given.join(', ')})`;
};

const loadText = ({ scale, rateRps }: Event<'load.changed'>): string =>
  rateRps === null ? `${scale} times the planned load` : `${rateRps}/s in place of the planned load`;

const lockOf = ({ to, reason }: Event<'config.locked'>): One => ({
  ...{ kind: 'lock', what: 'config locked', how: `: ${reason}`, on: to, forMs: null },
  heal: () =>
    to === 'workers'
      ? entry({ 'unlock-config': {} })
      : { method: 'DELETE', path: 'gateway/config/lock', body: {} },
});

/** What an event begins, under a name of its own, or ends; `null`: neither. */
const changeOf = (event: Event): { readonly key: string; readonly one: One | null } | null => {
  switch (event.type) {
    case 'fault.injected': {
      const { fault, worker: on, forMs } = event;
      if (!fault.startsWith(DNS)) return null;
      const what = fault.slice(DNS.length);
      return {
        key: `name ${on}`,
        one: { kind: 'name', what, on, how: '', forMs, heal: entryOn('dns', 'heal') },
      };
    }
    case 'fault.healed':
      // One whose place another has taken is no longer there to be ended.
      return event.fault.startsWith(DNS) && event.reason !== 'replaced'
        ? { key: `name ${event.worker}`, one: null }
        : null;
    case 'link.toxic-added': {
      const { link: on, name, toxic: what, forMs } = event;
      const heal = entryOn('remove-toxic', what);
      return {
        key: `link ${on} ${name}`,
        one: { kind: 'link', what, on, how: toxicText(event), forMs, heal },
      };
    }
    case 'link.toxic-removed':
      return { key: `link ${event.link} ${event.name}`, one: null };
    case 'gateway.disrupted': {
      const { gateway: on, how: what, forMs } = event;
      const heal = (all: readonly string[]): Heal =>
        what === 'block' ? null : entry({ disrupt: what, on: all.length === 1 ? all[0]! : all, for: '1ms' });
      return { key: `gateway ${on}`, one: { kind: 'gateway', what, on, how: '', forMs, heal } };
    }
    case 'gateway.recovered':
      return { key: `gateway ${event.gateway}`, one: null };
    case 'certificate.replaced': {
      const { gateway: on, as: what, forMs } = event;
      const heal = entryOn('certificate', 'renewed');
      const one: One = { kind: 'certificate', what: `certificate ${what}`, on, how: '', forMs, heal };
      return { key: `certificate ${on}`, one: what === 'valid' ? null : one };
    }
    default:
      return changeOfClients(event);
  }
};

const changeOfClients = (event: Event): { readonly key: string; readonly one: One | null } | null => {
  switch (event.type) {
    case 'flood.began': {
      const { path, rateRps, identities } = event;
      const how = ` of ${rateRps}/s on ${path} from ${identities} addresses`;
      return {
        key: `flood ${path}`,
        one: { kind: 'clients', what: 'flood', on: '', how, forMs: null, heal: nothing },
      };
    }
    case 'flood.ended':
      return { key: `flood ${event.path}`, one: null };
    case 'clients.updated': {
      const { classes, changes, forMs } = event;
      // What clients do from now on is how they are, and no disturbance that ends.
      if (forMs === null) return null;
      const how = `: ${updateText({ changes, forMs: null })}`;
      const one: One = { kind: 'clients', what: clientsText(classes), on: '', how, forMs, heal: nothing };
      return { key: `clients ${JSON.stringify([classes, changes])}`, one };
    }
    case 'clients.reverted':
      return { key: `clients ${JSON.stringify([event.classes, event.changes])}`, one: null };
    case 'load.changed': {
      const heal = (): Heal => ({ method: 'PUT', path: 'load', body: { scale: 1 } });
      const one: One = { kind: 'load', what: loadText(event), on: '', how: '', forMs: null, heal };
      return { key: 'load', one: event.rateRps === null && event.scale === 1 ? null : one };
    }
    case 'config.locked':
      return { key: `lock ${event.to}`, one: lockOf(event) };
    case 'config.unlocked':
      return { key: `lock ${event.to}`, one: null };
    default:
      return null;
  }
};

export class AtWorkList {
  /** Of what only events tell. */
  readonly #told = new Map<string, One>();
  /** When each was first seen, seconds. */
  #since = new Map<string, number>();

  event(event: Event): void {
    const change = changeOf(event);
    if (change === null) return;
    if (change.one === null) this.#told.delete(change.key);
    else this.#told.set(change.key, change.one);
  }

  /** @param t now, in seconds. */
  list(
    workers: readonly WorkerStatus[],
    dependencies: readonly DependencyStatus[],
    t: number,
  ): readonly AtWork[] {
    const all = [...workers.flatMap(ofWorker), ...dependencies.flatMap(ofDependency), ...this.#told.values()];
    const since = new Map<string, number>();
    const groups = new Map<string, { readonly ones: One[]; untilS: number | null; sinceS: number }>();
    for (const one of all) {
      const { kind, what, on, how, forMs } = one;
      const own = JSON.stringify([kind, what, on, how]);
      const sinceS = this.#since.get(own) ?? t;
      since.set(own, sinceS);
      const untilS = forMs === null ? null : Number((sinceS + forMs / 1000).toFixed(3));
      const key = JSON.stringify([kind, what, how]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { ones: [one], sinceS, untilS });
      else {
        group.ones.push(one);
        group.sinceS = Math.min(group.sinceS, sinceS);
        group.untilS = group.untilS === null || untilS === null ? null : Math.max(group.untilS, untilS);
      }
    }
    this.#since = since;
    return [...groups.values()].map(({ ones, sinceS, untilS }) => {
      const { kind, what, how, heal } = ones[0]!;
      const on = [...new Set(ones.map((one) => one.on).filter((name) => name !== ''))];
      return { kind, what, on, how, sinceS, untilS, heal: heal(on) };
    });
  }
}
