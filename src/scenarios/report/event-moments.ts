/**
 * What the recorded events are in a story. What was done to several workers at one moment is one line, and so are the
 * tries in vain of one order after its first: a reader wants to know what happened, not how often it was written down.
 */
import type { EventMap, EventType } from '../../core/event-map.js';
import { listed } from '../../core/text-table.js';
import { formatDuration, formatFor } from '../../core/units.js';
import { optionsText } from '../../upstream/faults/parameters.js';
import { EDGE } from '../front/config.js';
import type { VariantResult } from '../result.js';
import { fieldsOf } from '../result-events.js';
import { clientsText, updateText } from '../timeline/clients.js';
import { answerText } from '../timeline/orders.js';

export interface Moment {
  /** Seconds from the start of the load. */
  readonly t: number;
  readonly text: string;
}

const strategyText: Readonly<Record<string, string>> = {
  'all-at-once': 'to all of them at once',
  rolling: 'one after another',
  canary: 'to a canary first',
  staged: 'to a growing share of the requests',
};

const DISRUPTED: Readonly<Record<string, string>> = {
  kill: 'is killed',
  stop: 'stands still',
  block: 'burns its processor and serves nobody',
};

const CERTIFICATE_TEXT: Readonly<Record<string, string>> = {
  valid: 'is renewed',
  expired: 'expires',
  'wrong-name': 'is for another name',
  untrusted: 'is of nobody whom clients believe',
};

/** The edge is a gateway too, and where there are several things to say it of, an event says whose it is. */
type Told<Type extends EventType> = EventMap[Type] & { readonly gateway?: string };

const configOf = (gateway: string | undefined): string =>
  gateway === EDGE ? "the edge's config" : "the gateway's config";

/** What each type of event is in a sentence; the types that are not here are told otherwise, or not at all. */
const SENTENCES: { readonly [Type in EventType]?: (fields: Told<Type>) => string } = {
  'run.noted': ({ text }) => text,
  'load.changed': ({ scale, rateRps }) =>
    rateRps === null
      ? `the load is ${scale} times the planned one`
      : `the load is ${rateRps} requests a second`,
  'config.pushed': ({ version, readers, strategy, to, gateway }) =>
    to === 'gateway'
      ? `version ${version} of ${configOf(gateway)} goes ${strategy === 'staged' ? strategyText.staged : 'to all requests at once'}`
      : `version ${version} of the config goes to ${readers} workers, ${strategyText[strategy]}`,
  'config.promoted': ({ version, to, gateway }) =>
    to === 'gateway'
      ? `version ${version} of ${configOf(gateway)} serves all requests`
      : `the canary passed: version ${version} goes to the rest`,
  'config.rolled-back': ({ from, version, reason, to, gateway }) => {
    const what = to === 'gateway' ? `version ${from} of ${configOf(gateway)}` : `version ${from}`;
    return `${what} is rolled back to ${version} ${reason === 'ordered' ? 'by order' : `by itself: ${reason}`}`;
  },
  'config.rollback-finished': ({ version, to, gateway }) =>
    to === 'gateway'
      ? `every request gets version ${version} of ${configOf(gateway)} again`
      : `every worker is meant to run version ${version} again`,
  'config.refused': ({ status, reason }) => `a config is refused with ${status}: ${reason}`,
  'config.locked': ({ reason }) => `the config is locked: ${reason}`,
  'config.glass-broken': ({ reason }) => `the lock is passed by: ${reason}`,
  'name.changed': ({ name, from, to }) => `${name} resolves to ${to}, no longer to ${from}`,
  'name.recovered': ({ name, afterMs }) => `${name} resolves again, after ${formatDuration(afterMs)}`,
  'clients.updated': ({ classes, ...update }) =>
    `${clientsText(classes)} behave otherwise from now on: ${updateText(update)}`,
  'clients.reverted': ({ classes, changes }) =>
    `${clientsText(classes)} behave as before: no more ${updateText({ changes, forMs: null })}`,
  'flood.began': ({ path, rateRps, identities }) =>
    `${identities} hostile clients begin to ask for ${path}, ${rateRps} times a second`,
  'flood.ended': ({ path, sent, skipped }) =>
    `the flood on ${path} ends: ${sent} requests sent${skipped === 0 ? '' : `, ${skipped} not, for its limits`}`,
  'gateway.disrupted': ({ gateway, how }) => `${gateway} ${DISRUPTED[how] ?? how}`,
  'gateway.recovered': ({ gateway, how, configVersion }) =>
    how === 'kill'
      ? `${gateway} is started again, with version ${configVersion} of its config`
      : `${gateway} works again`,
  'certificate.replaced': ({ gateway, as }) => `the certificate of ${gateway} ${CERTIFICATE_TEXT[as] ?? as}`,
  'rule.switched-off': ({ rule, tookMs }) =>
    `${rule} is switched off: its expressions took ${formatDuration(tookMs)} of the processor's time`,
  'fleet.scaled': ({ from, to, reason }) => `the fleet goes from ${from} to ${to} workers: ${reason}`,
  'deploy.began': ({ version, strategy, workers }) =>
    `a deploy of version ${version} to ${workers} workers begins, ${strategy}`,
  'deploy.switched': ({ version, from }) => `requests go to version ${version} now; ${from} stands by`,
  'deploy.finished': ({ version, tookMs }) => `version ${version} is deployed, in ${formatDuration(tookMs)}`,
  'deploy.failed': ({ version, reason }) => `the deploy of version ${version} fails: ${reason}`,
  'deploy.refused': ({ version, reason }) => `the deploy of version ${version} is refused: ${reason}`,
  'deploy.rolled-back': ({ from, version, reason }) =>
    `version ${from} is taken back, ${version} runs again: ${reason}`,
  'dependency.disturbed': ({ dependency, fault, options, forMs }) =>
    `dependency ${dependency} is disturbed: ${fault}${optionsText(options)}${formatFor(forMs)}`,
  'dependency.recovered': ({ dependency, fault }) => `dependency ${dependency} has recovered from ${fault}`,
  'cache.purged': ({ responses, soft, gateway }) => {
    const whose = `the cache of ${gateway === EDGE ? 'the edge' : (gateway ?? 'the gateway')}`;
    return soft
      ? `${responses} answers in ${whose} are made stale`
      : `${whose} is emptied of ${responses} answers`;
  },
};

type ResultEvent = VariantResult['events'][number];

/**
 * What happens to several things within so many seconds is told as one: an action of the timeline reaches the processes
 * of a large fleet one after the other, in a few milliseconds each.
 */
const ONE_MOMENT_S = 0.1;

/** The same done to several workers or links, who are named in the order of the events. */
interface Shared {
  /** What is the same of all. */
  readonly key: string;
  readonly name: string;
  readonly text: (names: string, several: boolean) => string;
}

const toxicOf = (fields: EventMap['link.toxic-added'] | EventMap['link.toxic-removed']): string =>
  `toxic ${fields.toxic}`;

const SHARED: { readonly [Type in EventType]?: (fields: EventMap[Type]) => Shared | null } = {
  'fault.injected': ({ fault, worker, options, forMs }) => ({
    key: JSON.stringify([fault, options, forMs]),
    name: worker,
    text: (names) => `fault ${fault} is injected into ${names}`,
  }),
  'fault.refused': ({ fault, worker, reason }) => ({
    key: JSON.stringify([fault, reason]),
    name: worker,
    text: (names, several) =>
      `${names} cannot get fault ${fault}: ${several ? 'they are' : 'it is'} ${reason}`,
  }),
  'fault.healed': ({ fault, worker, reason }) => ({
    key: JSON.stringify([fault, reason === 'restarted']),
    name: worker,
    text: (names, several) =>
      reason === 'restarted'
        ? `${names} ${several ? 'are' : 'is'} restarted, and ${fault} is gone`
        : `${fault} of ${names} is healed`,
  }),
  'link.toxic-added': (fields) => ({
    key: JSON.stringify([fields.toxic, fields.stream, fields.toxicity, fields.attributes, fields.forMs]),
    name: fields.link,
    text: (names, several) => `${toxicOf(fields)} is put on the ${several ? 'links' : 'link'} of ${names}`,
  }),
  'link.toxic-removed': (fields) =>
    // What is cleared away after a run is no part of what happened.
    fields.reason === 'run-over'
      ? null
      : {
          key: fields.toxic,
          name: fields.link,
          text: (names, several) =>
            `${toxicOf(fields)} is taken off the ${several ? 'links' : 'link'} of ${names}`,
        },
};

/** `worker-1, worker-2, worker-3, worker-7` → `worker-1 to worker-3 and worker-7`. */
const namesText = (names: readonly string[]): string => {
  const parsed = names
    .map((name) => /^(.*?)(\d*)$/.exec(name)!)
    .map(([name, stem, digits]) => ({ name, stem, number: digits === '' ? Number.NaN : Number(digits) }))
    .sort((a, b) => a.stem!.localeCompare(b.stem!) || a.number - b.number);
  const runs: (typeof parsed)[] = [];
  for (const one of parsed) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (last !== undefined && last.stem === one.stem && last.number + 1 === one.number) run!.push(one);
    else runs.push([one]);
  }
  const parts = runs.flatMap((run) =>
    run.length < 3 ? run.map(({ name }) => name) : [`${run[0]!.name} to ${run.at(-1)!.name}`],
  );
  return listed(parts);
};

interface SharedGroup extends Shared {
  readonly t: number;
  readonly names: Set<string>;
}

const sharedMoments = (events: readonly ResultEvent[]): Moment[] => {
  const groups: SharedGroup[] = [];
  const latest = new Map<string, SharedGroup>();
  for (const event of events) {
    const shared = (SHARED[event.type as EventType] as ((fields: unknown) => Shared | null) | undefined)?.(
      event,
    );
    if (shared === undefined || shared === null) continue;
    const key = `${event.type} ${shared.key}`;
    const group = latest.get(key);
    if (group !== undefined && event.t - group.t <= ONE_MOMENT_S) {
      group.names.add(shared.name);
      continue;
    }
    const begun = { ...shared, t: event.t, names: new Set([shared.name]) };
    latest.set(key, begun);
    groups.push(begun);
  }
  return groups.map(({ t, names, text }) => ({ t, text: text(namesText([...names]), names.size > 1) }));
};

/** An order that is tried again: its first try in vain, and those that followed. */
interface Vain {
  readonly first: Moment;
  readonly order: string;
  more: number;
  lastT: number;
}

const vainMoments = ({ first, order, more, lastT }: Vain): Moment[] => {
  if (more === 0) return [first];
  const text =
    more === 1
      ? `the order to ${order} is tried once more in vain`
      : `the last of ${more} more tries in vain of the order to ${order}`;
  return [first, { t: lastT, text }];
};

const orderMoments = (events: readonly ResultEvent[]): Moment[] => {
  const moments: Moment[] = [];
  const open = new Map<string, Vain>();
  for (const event of events) {
    if (event.type === 'order.failed') {
      const { order, tries, status, cause } = fieldsOf(event, 'order.failed');
      const vain = open.get(order);
      if (vain !== undefined) {
        vain.more += 1;
        vain.lastT = event.t;
        continue;
      }
      const text = `the order to ${order} does not get through (try ${tries}): ${answerText({ status, cause })}`;
      open.set(order, { first: { t: event.t, text }, order, more: 0, lastT: event.t });
    } else if (event.type === 'order.accepted') {
      const { order, tries, afterMs } = fieldsOf(event, 'order.accepted');
      const vain = open.get(order);
      // How many were in vain until now is in the sentence itself.
      if (vain !== undefined) moments.push(vain.first);
      open.delete(order);
      const text = `the order to ${order} gets through, after ${formatDuration(afterMs)} and ${tries} ${tries === 1 ? 'try' : 'tries'}`;
      moments.push({ t: event.t, text });
    }
  }
  return [...moments, ...[...open.values()].flatMap(vainMoments)];
};

/** The first, which may come before any alert: of the others it is enough how many they were. */
const reportMoments = (events: readonly ResultEvent[]): Moment[] => {
  const [first, ...more] = events.filter(({ type }) => type === 'error.reported');
  if (first === undefined) return [];
  const { rayId } = fieldsOf(first, 'error.reported');
  const others = more.length === 0 ? '' : `, the first of ${more.length + 1} who do`;
  return [{ t: first.t, text: `a user reports the error ${rayId}${others}` }];
};

/** What is told of a variant's events, in no order. */
export const eventMoments = ({ events }: Pick<VariantResult, 'events'>): Moment[] => [
  ...events.flatMap((event): Moment[] => {
    const sentence = SENTENCES[event.type as EventType] as ((fields: unknown) => string) | undefined;
    return sentence === undefined ? [] : [{ t: event.t, text: sentence(event) }];
  }),
  ...sharedMoments(events),
  ...orderMoments(events),
  ...reportMoments(events),
];
