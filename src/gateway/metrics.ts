/**
 * The gateway's metrics in Prometheus's text format, for the admin API. Counters are fed by the event stream and by
 * the answers given; gauges are read from the pool when somebody asks.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { EventType } from '../core/event-map.js';
import type { Event } from '../core/events.js';
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
  }));

export interface Metrics {
  onEvent(event: Event): void;
  /** An answer to a client, whoever made it, or `count` of them. */
  onAnswer(status: number, count?: number): void;
  /** What the cache did with a request, or `count` of them. */
  onCache(what: string, count?: number): void;
  /** The expressions of the gateway's rules took so long. */
  onRuleTime(tookMs: number): void;
  /** How long they have taken so far. */
  readonly ruleMs: number;
  /** Answers by status. */
  readonly answers: ReadonlyMap<number, number>;
  /** By what the cache did. */
  readonly cached: ReadonlyMap<string, number>;
  render(): Promise<string>;
  readonly contentType: string;
}

interface EventCounter {
  readonly name: string;
  readonly help: string;
  /** Fields of the events that become labels; `state` is the end of the event's name. */
  readonly labels: readonly string[];
  readonly events: readonly EventType[];
}

/** What is counted of the event stream. */
const EVENT_COUNTERS: readonly EventCounter[] = [
  {
    name: 'attempt_failures_total',
    help: 'Attempts that failed, by upstream and cause.',
    labels: ['upstream', 'cause'],
    events: ['attempt.failed'],
  },
  {
    name: 'retries_total',
    help: 'Retries sent, by the cause of the attempt before.',
    labels: ['cause'],
    events: ['attempt.retried'],
  },
  {
    name: 'retries_refused_total',
    help: 'Retries that were due and not sent, by cause and reason.',
    labels: ['cause', 'reason'],
    events: ['retry.refused'],
  },
  {
    name: 'hedges_total',
    help: 'Hedges: sent (hedged), answered first (won), refused by their budget (refused).',
    labels: ['state'],
    events: ['request.hedged', 'hedge.won', 'hedge.refused'],
  },
  {
    name: 'clients_refused_total',
    help: 'Requests refused at the door, by cause.',
    labels: ['cause'],
    events: ['client.refused'],
  },
  {
    name: 'rules_logged_total',
    help: 'Requests that a rule with the action log fitted, by rule.',
    labels: ['rule'],
    events: ['rule.logged'],
  },
  {
    name: 'requests_shed_total',
    help: 'Requests refused by admission control, by criticality.',
    labels: ['criticality'],
    events: ['request.shed'],
  },
  {
    name: 'queue_drops_total',
    help: 'Requests dropped from a queue by its discipline, by queue and reason.',
    labels: ['of', 'reason'],
    events: ['queue.dropped'],
  },
  {
    name: 'limit_changes_total',
    help: 'Changes of an adaptive limit, counted ten times a second at most.',
    labels: ['of'],
    events: ['limit.changed'],
  },
  {
    name: 'circuit_changes_total',
    help: 'Changes of a circuit, by upstream and new state.',
    labels: ['upstream', 'state'],
    events: ['circuit.opened', 'circuit.half-opened', 'circuit.closed'],
  },
  {
    name: 'health_changes_total',
    help: 'Changes of health, by upstream and new state.',
    labels: ['upstream', 'state'],
    events: ['upstream.turned-healthy', 'upstream.turned-unhealthy'],
  },
  {
    name: 'outlier_detections_total',
    help: 'Outliers noticed, by upstream, detector and what became of them (ejected, spared).',
    labels: ['upstream', 'detector', 'state'],
    events: ['upstream.ejected', 'upstream.spared'],
  },
  {
    name: 'name_lookup_failures_total',
    help: 'Lookups of an upstream’s name that came to nothing, by name and reason.',
    labels: ['name', 'reason'],
    events: ['name.lookup-failed'],
  },
  {
    name: 'name_changes_total',
    help: 'Names that were served stale, recovered, or resolve to something else than before.',
    labels: ['name', 'state'],
    events: ['name.served-stale', 'name.recovered', 'name.changed'],
  },
  {
    name: 'panics_total',
    help: 'Times that a pool began to panic.',
    labels: ['pool'],
    events: ['panic.began'],
  },
  {
    name: 'cache_evictions_total',
    help: 'Stored answers that made way for others.',
    labels: [],
    events: ['cache.evicted'],
  },
  {
    name: 'config_changes_total',
    help: 'Versions of the config, by what happened.',
    labels: ['state'],
    events: ['config.pushed', 'config.promoted', 'config.rolled-back', 'config.refused'],
  },
];

/** `upstream.turned-healthy` → `healthy`. */
const stateOf = (type: EventType): string => type.slice(type.indexOf('.') + 1).replace('turned-', '');

/** @param read called when somebody asks. */
export const buildMetrics = (read: () => readonly UpstreamReading[]): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  // Counted here and copied when somebody asks: on the hot path, finding a labelled counter costs more than counting.
  const tally = <Key extends string | number>(name: string, help: string, label: string) => {
    const counts = new Map<Key, number>();
    new Counter({
      name: `badgateway_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [key, count] of counts) this.inc({ [label]: String(key) }, count);
      },
    });
    const add = (key: Key, count = 1): void => void counts.set(key, (counts.get(key) ?? 0) + count);
    return { counts, add };
  };
  const answers = tally<number>('answers_total', 'Answers to clients, by status.', 'status');
  const cached = tally<string>('cache_requests_total', 'What the cache did with requests.', 'what');

  let ruleMs = 0;
  new Counter({
    name: 'badgateway_rule_seconds_total',
    help: 'How long the regular expressions of rules took.',
    registers,
    collect() {
      this.reset();
      this.inc(ruleMs / 1000);
    },
  });

  const counters = new Map<EventType, (event: Event) => void>();
  for (const { name, help, labels, events } of EVENT_COUNTERS) {
    const counter = new Counter({ name: `badgateway_${name}`, help, labelNames: [...labels], registers });
    for (const type of events) {
      counters.set(type, (event) => {
        const fields = { ...event, state: stateOf(type) } as unknown as Record<string, string>;
        counter.inc(Object.fromEntries(labels.map((label) => [label, fields[label] ?? ''])));
      });
    }
  }

  const gauge = (name: string, help: string, value: (reading: UpstreamReading) => number | null): void => {
    new Gauge({
      name: `badgateway_${name}`,
      help,
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const reading of read()) {
          const number = value(reading);
          if (number !== null) this.set({ upstream: reading.id }, number);
        }
      },
    });
  };
  gauge('in_flight', 'Attempts sent and not yet done.', ({ inFlight }) => inFlight);
  gauge('queued', 'Requests waiting for a slot.', ({ queued }) => queued);
  gauge('healthy', '1 when healthy.', ({ healthy }) => Number(healthy));
  gauge('weight', 'Share of the traffic, relative to the others.', ({ weight }) => weight);
  gauge('ejected', 'Processes that have ejected it.', ({ ejections }) => ejections);
  gauge('circuit_open', 'Processes whose circuit refuses requests.', ({ circuitsOpen }) => circuitsOpen);
  gauge('concurrency_limit', 'Requests that may be in flight.', ({ limit }) => limit);

  const stale = new Gauge({
    name: 'badgateway_name_stale_seconds',
    help: 'How far past its TTL an address was when it was last served stale; 0: the name resolves again.',
    labelNames: ['name'],
    registers,
  });
  const onStale = (event: Event): void => {
    if (event.type === 'name.served-stale') stale.set({ name: event.name }, event.staleMs / 1000);
    else if (event.type === 'name.recovered') stale.set({ name: event.name }, 0);
  };

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    answers: answers.counts,
    cached: cached.counts,
    onAnswer: answers.add,
    onCache: cached.add,
    onRuleTime: (tookMs) => {
      ruleMs += tookMs;
    },
    get ruleMs() {
      return ruleMs;
    },
    onEvent: (event) => {
      counters.get(event.type)?.(event);
      onStale(event);
    },
  };
};
