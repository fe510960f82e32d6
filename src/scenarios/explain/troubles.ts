/**
 * What was wrong in a run, and when: everything that was done to it or happened to its workers, as spans of time. A
 * failed request is explained by those that were there when it failed.
 */
import type { EventMap } from '../../core/event-map.js';
import { formatMebibytes } from '../../core/units.js';
import type { VariantResult } from '../result.js';
import { ofType, type ResultEvent } from '../result-events.js';

export type TroubleKind =
  | 'fault'
  | 'link'
  | 'name'
  | 'dependency'
  | 'config'
  | 'deploy'
  | 'front'
  | 'flood'
  | 'clients'
  | 'load'
  | 'death';

export interface Trouble {
  readonly kind: TroubleKind;
  /** In a few words, such as `the fault leak on worker-2`. */
  readonly what: string;
  /** What it is called in the scenario's file, such as `leak`, `config version 2`. */
  readonly name: string;
  readonly fromMs: number;
  /** Infinity: to the end of the run. */
  readonly untilMs: number;
  /** `null`: it is about everybody. */
  readonly worker: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (event: ResultEvent): Fields => event as unknown as Fields;
const ms = ({ t }: ResultEvent): number => t * 1_000;

/** When the first event after this one says that it is over. */
const endOf = (
  events: readonly ResultEvent[],
  begin: ResultEvent,
  isEnd: (event: ResultEvent) => boolean,
): number => {
  const from = events.indexOf(begin);
  const end = events.find((event, index) => index > from && isEnd(event));
  return end === undefined ? Number.POSITIVE_INFINITY : ms(end);
};

const same = (one: ResultEvent, other: ResultEvent, keys: readonly string[]): boolean =>
  keys.every((key) => fieldsOf(one)[key] === fieldsOf(other)[key]);

interface Span {
  readonly kind: TroubleKind;
  /** What ends it. */
  readonly ends: readonly string[];
  /** Fields in which the end is like the begin. */
  readonly keys: readonly string[];
  readonly name: (fields: Fields) => string;
  readonly what: (fields: Fields) => string;
  readonly worker: (fields: Fields) => string | null;
}

const everybody = (): null => null;

/** Events that begin something which another ends. */
const SPANS: Readonly<Record<string, Span>> = {
  'fault.injected': {
    kind: 'fault',
    ends: ['fault.healed'],
    keys: ['fault', 'worker'],
    name: ({ fault }) => String(fault),
    what: ({ fault, worker }) => `the fault ${fault} on ${worker}`,
    worker: ({ worker }) => String(worker),
  },
  'link.toxic-added': {
    kind: 'link',
    ends: ['link.toxic-removed'],
    keys: ['link', 'name'],
    name: ({ toxic }) => String(toxic),
    what: ({ toxic, link }) => `the toxic ${toxic} on the link to ${link}`,
    worker: ({ link }) => String(link),
  },
  'name.lookup-failed': {
    kind: 'name',
    ends: ['name.recovered'],
    keys: ['name'],
    name: () => 'dns',
    what: ({ name, reason }) => `the name ${name} does not resolve (${reason})`,
    worker: everybody,
  },
  'name.changed': {
    kind: 'name',
    ends: ['name.changed'],
    keys: ['name'],
    name: () => 'dns',
    what: ({ name, to }) => `the name ${name} resolves to ${to}`,
    worker: everybody,
  },
  'dependency.disturbed': {
    kind: 'dependency',
    ends: ['dependency.recovered'],
    keys: ['dependency', 'fault'],
    name: ({ fault }) => String(fault),
    what: ({ fault, dependency }) => `the dependency ${dependency}: ${fault}`,
    worker: everybody,
  },
  'gateway.disrupted': {
    kind: 'front',
    ends: ['gateway.recovered'],
    keys: ['gateway'],
    name: ({ how }) => String(how),
    what: ({ gateway, how }) => `${gateway} was disrupted (${how})`,
    worker: everybody,
  },
  'flood.began': {
    kind: 'flood',
    ends: ['flood.ended'],
    keys: ['path'],
    name: () => 'flood',
    what: ({ path, rateRps, identities }) => `a flood of ${rateRps}/s from ${identities} clients at ${path}`,
    worker: everybody,
  },
  'clients.updated': {
    kind: 'clients',
    ends: ['clients.reverted'],
    keys: [],
    name: () => 'update-clients',
    what: () => 'clients that were told to behave otherwise',
    worker: everybody,
  },
  'deploy.began': {
    kind: 'deploy',
    ends: ['deploy.finished', 'deploy.failed', 'deploy.rolled-back'],
    keys: [],
    name: ({ version }) => `deploy of version ${version}`,
    what: ({ version, strategy }) => `the deploy of version ${version} (${strategy})`,
    worker: everybody,
  },
};

const spansOf = (events: readonly ResultEvent[]): Trouble[] =>
  events.flatMap((event): Trouble[] => {
    const span = SPANS[event.type];
    if (span === undefined) return [];
    const fields = fieldsOf(event);
    const untilMs = endOf(
      events,
      event,
      (other) => span.ends.includes(other.type) && same(event, other, span.keys),
    );
    return [
      {
        ...{ kind: span.kind, name: span.name(fields), what: span.what(fields), worker: span.worker(fields) },
        ...{ fromMs: ms(event), untilMs },
      },
    ];
  });

/** A certificate that is none, until there is a good one again. */
const certificatesOf = (events: readonly ResultEvent[]): Trouble[] =>
  events
    .filter((event) => event.type === 'certificate.replaced' && fieldsOf(event).as !== 'valid')
    .map((event) => {
      const { gateway, as } = fieldsOf(event);
      return {
        ...{ kind: 'front' as const, name: 'certificate', worker: null },
        what: `the certificate of ${gateway} (${as})`,
        fromMs: ms(event),
        untilMs: endOf(
          events,
          event,
          (other) => other.type === 'certificate.replaced' && same(event, other, ['gateway']),
        ),
      };
    });

const PLACES: Readonly<Record<string, string>> = {
  workers: 'the workers',
  gateway: 'the gateway',
  edge: 'the edge',
};

/** A version of a config, from its push until another takes its place. */
const configsOf = (events: readonly ResultEvent[]): Trouble[] =>
  events
    .filter((event) => event.type === 'config.pushed')
    .map((event) => {
      const { version, to } = fieldsOf(event);
      const isOther = (other: ResultEvent): boolean =>
        (other.type === 'config.pushed' && fieldsOf(other).to === to) ||
        (other.type === 'config.rolled-back' && fieldsOf(other).to === to);
      return {
        ...{ kind: 'config' as const, name: `config version ${version}`, worker: null },
        what: `version ${version} of the config of ${PLACES[String(to)] ?? to}`,
        fromMs: ms(event),
        untilMs: endOf(events, event, isOther),
      };
    });

export interface Death extends Trouble {
  readonly fields: EventMap['worker.exited'];
}

const howText = ({
  signal,
  code,
  fatalLine,
  lastHeapBytes,
  heapLimitBytes,
}: EventMap['worker.exited']): string => {
  const how = signal ?? `exit code ${code}`;
  return fatalLine === null
    ? how
    : `${how}, out of memory: ${formatMebibytes(lastHeapBytes)} of ${formatMebibytes(heapLimitBytes)} in use`;
};

/** From each death of a worker until its place has a process again. */
export const deathsOf = (variant: Pick<VariantResult, 'events'>): Death[] => {
  const starts = ofType(variant, 'worker.started');
  return ofType(variant, 'worker.exited').map(({ t, fields }) => {
    const back = starts.find((start) => start.t > t && start.fields.worker === fields.worker);
    return {
      ...{ kind: 'death' as const, name: 'death', worker: fields.worker, fields },
      what: `${fields.worker} died (${howText(fields)})`,
      fromMs: t * 1_000,
      untilMs: back === undefined ? Number.POSITIVE_INFINITY : back.t * 1_000,
    };
  });
};

/** Everything but deaths, which have causes of their own, in order of time. */
export const findTroubles = ({ events }: Pick<VariantResult, 'events'>): Trouble[] =>
  [...spansOf(events), ...certificatesOf(events), ...configsOf(events)].sort((a, b) => a.fromMs - b.fromMs);
