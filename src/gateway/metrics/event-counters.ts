/** The metrics that are counted of the event stream, by upstream, cause, state and what else events tell. */
import type { EventType } from '../../core/event-map.js';

export interface EventCounter {
  readonly name: string;
  readonly help: string;
  /** Fields of the events that become labels; `state` is the end of the event's name. */
  readonly labels: readonly string[];
  readonly events: readonly EventType[];
}

/** What is counted of the event stream. */
export const EVENT_COUNTERS: readonly EventCounter[] = [
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
  {
    name: 'process_exits_total',
    help: 'Processes of the gateway that ended unasked.',
    labels: [],
    events: ['gateway.process-exited'],
  },
];

/** `upstream.turned-healthy` → `healthy`. */
export const stateOf = (type: EventType): string => type.slice(type.indexOf('.') + 1).replace('turned-', '');
