/**
 * The gateway's metrics in Prometheus's text format, for the admin API. Counters are fed by the event stream and by
 * the answers given; everything else is read when somebody asks. `docs/observability.md` lists them.
 */
import type { Counter } from 'prom-client';
import { PROCESS_STARTED_MS } from '../core/clock.js';
import type { EventType } from '../core/event-map.js';
import type { Event } from '../core/events.js';
import { packageVersion } from '../core/package-version.js';
import type { ConcurrencyLimit } from '../policies/concurrency.js';
import type { Outcome } from '../policies/outcome.js';
import { EVENT_COUNTERS, stateOf } from './metrics/event-counters.js';
import { MetricRegistry, type Put } from './metrics/registry.js';
import { Tallies } from './metrics/tallies.js';
import type { MemoryUse, ProcessorUse } from './process-use.js';
import type { UpstreamPool } from './upstream-pool.js';

/** Where an upstream stands, in one process or in several together. */
export interface UpstreamReading {
  readonly id: string;
  readonly inFlight: number;
  readonly queued: number;
  readonly healthy: boolean;
  readonly weight: number;
  /** Processes that have taken it out for how it behaves. */
  readonly ejections: number;
  /** Processes whose circuit refuses requests. */
  readonly circuitsOpen: number;
  /** Requests that may be in flight, over all processes; `null`: there is no limit. */
  readonly limit: number | null;
  /** Attempts that have ended, by how. */
  readonly counts: Readonly<Record<Outcome, number>>;
}

export const readPool = ({ upstreams }: UpstreamPool): UpstreamReading[] =>
  upstreams.map((upstream) => ({
    id: upstream.id,
    inFlight: upstream.inFlight,
    queued: upstream.queued,
    healthy: upstream.healthy,
    weight: upstream.weight,
    ejections: Number(upstream.ejected),
    circuitsOpen: Number(!upstream.admits),
    limit: upstream.limit?.limit ?? null,
    counts: upstream.counts,
  }));

/** The limit of the gateway as a whole. */
export interface GlobalReading {
  readonly queued: number;
  readonly limit: number;
}

/** @param limit `null`: there is none. */
export const readGlobal = (limit: ConcurrencyLimit | null): GlobalReading | null =>
  limit && { queued: limit.queued, limit: limit.limit };

/** Where a process stands. */
export interface ProcessReading {
  readonly memory: MemoryUse;
  /** Requests that have begun and not ended. */
  readonly open: number;
  /** `null`: there is no such limit. */
  readonly global: GlobalReading | null;
}

/** What is looked at when somebody asks. */
export interface MetricsSource {
  readonly upstreams: () => readonly UpstreamReading[];
  /** The version of the config that serves most requests. */
  readonly configVersion: () => number;
  /** The gateway's processes, this one included; what of them is counted by this one is not said again. */
  readonly processes: () => readonly ProcessReading[];
  /** Of this process. */
  readonly use: () => ProcessorUse;
}

export interface Metrics {
  readonly tallies: Tallies;
  onEvent(event: Event): void;
  /** An answer to a client; with a `cause`, one that the gateway made itself. */
  onAnswer(status: number, cause?: string): void;
  /** What the cache did with a request. */
  onCache(what: string): void;
  /** The expressions of the gateway's rules took so long. */
  onRuleTime(tookMs: number): void;
  /** How long they have taken so far. */
  readonly ruleMs: number;
  render(): Promise<string>;
  readonly contentType: string;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Events that become counters, as they happen. */
const countEvents = (registry: MetricRegistry): ((event: Event) => void) => {
  const counters = new Map<EventType, (event: Event) => void>();
  const counterOf = (counter: Counter, labels: readonly string[], type: EventType) => (event: Event) => {
    const fields = { ...event, state: stateOf(type) } as unknown as Record<string, string>;
    counter.inc(Object.fromEntries(labels.map((label) => [label, fields[label] ?? ''])));
  };
  for (const { name, help, labels, events } of EVENT_COUNTERS) {
    const counter = registry.counter({ name: `badgateway_${name}`, help, labels });
    for (const type of events) counters.set(type, counterOf(counter, labels, type));
  }
  const stale = registry.gauge({
    name: 'badgateway_name_stale_seconds',
    help: 'How far past its TTL an address was when it was last served stale; 0: the name resolves again.',
    labels: ['name'],
  });
  return (event) => {
    counters.get(event.type)?.(event);
    if (event.type === 'name.served-stale') stale.set({ name: event.name }, event.staleMs / 1000);
    else if (event.type === 'name.recovered') stale.set({ name: event.name }, 0);
  };
};

const showUpstreams = (registry: MetricRegistry, read: MetricsSource['upstreams']): void => {
  const gauge = (name: string, help: string, value: (reading: UpstreamReading) => number | null): void =>
    registry.readGauge({ name: `badgateway_${name}`, help, labels: ['upstream'] }, (put) => {
      for (const reading of read()) {
        const number = value(reading);
        if (number !== null) put(number, { upstream: reading.id });
      }
    });
  gauge('in_flight', 'Attempts sent and not yet done, by upstream.', ({ inFlight }) => inFlight);
  gauge('queued', 'Requests waiting for a slot, by upstream.', ({ queued }) => queued);
  gauge('healthy', '1 when healthy, by upstream.', ({ healthy }) => Number(healthy));
  gauge('weight', 'Share of the traffic relative to the others, by upstream.', ({ weight }) => weight);
  gauge('ejected', 'Processes that have ejected it, by upstream.', ({ ejections }) => ejections);
  gauge(
    'circuit_open',
    'Processes whose circuit refuses requests, by upstream.',
    ({ circuitsOpen }) => circuitsOpen,
  );
  gauge('concurrency_limit', 'Requests that may be in flight, by upstream.', ({ limit }) => limit);
  registry.readCounter(
    {
      name: 'badgateway_attempts_total',
      help: 'Attempts sent and done, by upstream and outcome; ignored: nobody waited for it any more.',
      labels: ['upstream', 'outcome'],
    },
    (put) => {
      for (const { id, counts } of read()) {
        for (const [outcome, count] of Object.entries(counts)) put(count, { upstream: id, outcome });
      }
    },
  );
};

/** What is counted for each request. */
const showTallies = (registry: MetricRegistry, tallies: Tallies): void => {
  const counter = (name: string, help: string, labels: readonly string[], read: (put: Put) => void): void =>
    registry.readCounter({ name: `badgateway_${name}`, help, labels }, read);
  const answered = 'Answers to clients, by status, and by cause those that the gateway made itself.';
  counter('answers_total', answered, ['status', 'cause'], (put) => {
    for (const [status, count] of tallies.answers) put(count, { status: String(status) });
    for (const [statusAndCause, count] of tallies.failures) {
      const [status = '', cause = ''] = statusAndCause.split(' ');
      put(count, { status, cause });
    }
  });
  counter('cache_requests_total', 'Requests by what the cache did with them.', ['what'], (put) => {
    for (const [what, count] of tallies.cached) put(count, { what });
  });
  const broken = 'Answers that broke off after their headers, by no fault of the client.';
  counter('broken_answers_total', broken, [], (put) => put(tallies.broken));
  const stalled = 'How long event loops stood still, in stalls of 50 ms and more.';
  counter('event_loop_stalled_seconds_total', stalled, [], (put) => put(tallies.stalledMs / 1000));
  const { spans } = tallies;
  counter('trace_spans_exported_total', 'Spans that a collector took.', [], (put) =>
    put(spans.get('exported') ?? 0),
  );
  const dropped = 'Spans that no collector got, by reason.';
  counter('trace_spans_dropped_total', dropped, ['reason'], (put) => {
    for (const reason of ['queue_full', 'export_failed']) put(spans.get(reason) ?? 0, { reason });
  });
  registry.readHistogram(
    {
      name: 'badgateway_request_duration_seconds',
      help: 'From a request’s arrival until its answer had gone out whole, by class of status.',
    },
    () => tallies.durations.byClass(),
  );
};

const showProcesses = (registry: MetricRegistry, source: MetricsSource, tallies: Tallies): void => {
  const { processes, use, configVersion } = source;
  const gauge = (name: string, help: string, read: (processes: readonly ProcessReading[]) => number): void =>
    registry.readGauge({ name, help }, (put) => put(read(processes())));
  gauge('badgateway_requests_in_flight', 'Requests of clients that have begun and not ended.', (all) =>
    sum(all.map(({ open }) => open)),
  );
  const memory = (key: keyof MemoryUse) => (all: readonly ProcessReading[]) =>
    sum(all.map((process) => process.memory[key]));
  gauge('process_resident_memory_bytes', 'Resident memory, of all processes.', memory('residentBytes'));
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use, of all processes.', memory('heapBytes'));
  gauge(
    'nodejs_external_memory_bytes',
    'Memory outside the heap, of all processes.',
    memory('externalBytes'),
  );
  gauge('badgateway_processes', 'Processes of the gateway, the primary included.', (all) => all.length);

  const global = (name: string, help: string, key: keyof GlobalReading): void =>
    registry.readGauge({ name, help }, (put) => {
      const readings = processes().flatMap((process) => process.global ?? []);
      if (readings.length > 0) put(sum(readings.map((reading) => reading[key])));
    });
  global('badgateway_global_queued', 'Requests waiting for a slot of the whole gateway.', 'queued');
  global(
    'badgateway_global_concurrency_limit',
    'Requests that the whole gateway may have under way.',
    'limit',
  );

  const used = (name: string, help: string, key: keyof ProcessorUse): void =>
    registry.readCounter({ name, help }, (put) => put(tallies.use[key] + use()[key]));
  used('process_cpu_seconds_total', 'Processor time, user and system, of all processes.', 'cpuSeconds');
  const active = 'Time in which event loops were at work, of all processes.';
  used('badgateway_event_loop_active_seconds_total', active, 'loopActiveSeconds');

  registry.readGauge(
    { name: 'process_start_time_seconds', help: 'When the process that answers here began.' },
    (put) => put(PROCESS_STARTED_MS / 1000),
  );
  registry.readGauge(
    {
      name: 'badgateway_config_version',
      help: 'The version of the config that serves most requests.',
    },
    (put) => put(configVersion()),
  );
  const build = { version: packageVersion(), node_version: process.version };
  registry.readGauge(
    {
      name: 'badgateway_build_info',
      help: 'Always 1: the versions of what runs here.',
      labels: Object.keys(build),
    },
    (put) => put(1, build),
  );
};

export const buildMetrics = (source: MetricsSource): Metrics => {
  const registry = new MetricRegistry();
  const tallies = new Tallies();
  showTallies(registry, tallies);
  let ruleMs = 0;
  registry.readCounter(
    { name: 'badgateway_rule_seconds_total', help: 'How long the regular expressions of rules took.' },
    (put) => put(ruleMs / 1000),
  );
  const onEvent = countEvents(registry);
  showUpstreams(registry, source.upstreams);
  showProcesses(registry, source, tallies);
  return {
    tallies,
    onEvent,
    contentType: registry.contentType,
    render: () => registry.render(),
    onAnswer: (status, cause) => tallies.onAnswer(status, cause),
    onCache: (what) => tallies.onCache(what),
    onRuleTime: (tookMs) => {
      ruleMs += tookMs;
    },
    get ruleMs() {
      return ruleMs;
    },
  };
};
