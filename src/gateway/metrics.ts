/**
 * The gateway's metrics in Prometheus's text format, for the admin API. Counters are fed by the event stream and by
 * the answers given; gauges are read from the pool when somebody asks.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Event } from '../core/events.js';
import type { UpstreamPool } from './upstream-pool.js';

export interface Metrics {
  onEvent(event: Event): void;
  /** One answer to a client, whoever made it. */
  onAnswer(status: number): void;
  render(): Promise<string>;
  readonly contentType: string;
}

export const buildMetrics = (pool: UpstreamPool): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `badgateway_${name}`, help, labelNames, registers });
  // Counted here and copied when somebody asks: on the hot path, finding a labelled counter costs more than counting.
  const answerCounts = new Map<number, number>();
  new Counter({
    name: 'badgateway_answers_total',
    help: 'Answers to clients, by status.',
    labelNames: ['status'],
    registers,
    collect() {
      this.reset();
      for (const [status, count] of answerCounts) this.inc({ status: String(status) }, count);
    },
  });
  const failures = counter('attempt_failures_total', 'Attempts that failed, by upstream and cause.', [
    'upstream',
    'cause',
  ]);
  const retries = counter('retries_total', 'Retries sent, by the cause of the attempt before.', ['cause']);
  const refusedRetries = counter('retries_refused_total', 'Retries that the budget refused, by cause.', [
    'cause',
  ]);
  const refusedClients = counter('clients_refused_total', 'Requests refused at the door, by cause.', [
    'cause',
  ]);
  const circuits = counter('circuit_changes_total', 'Changes of a circuit, by upstream and new state.', [
    'upstream',
    'state',
  ]);
  const health = counter('health_changes_total', 'Changes of health, by upstream and new state.', [
    'upstream',
    'state',
  ]);

  const gauge = (
    name: string,
    help: string,
    value: (upstream: UpstreamPool['upstreams'][number]) => number,
  ): void => {
    new Gauge({
      name: `badgateway_${name}`,
      help,
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const upstream of pool.upstreams) this.set({ upstream: upstream.id }, value(upstream));
      },
    });
  };
  gauge('in_flight', 'Attempts sent and not yet done.', (upstream) => upstream.inFlight);
  gauge('queued', 'Requests waiting for a slot.', (upstream) => upstream.queued);
  gauge('healthy', '1 when healthy.', (upstream) => Number(upstream.healthy));
  gauge('circuit_open', '1 when the circuit refuses requests.', (upstream) => Number(!upstream.admits));

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    onAnswer: (status) => answerCounts.set(status, (answerCounts.get(status) ?? 0) + 1),
    onEvent: (event) => {
      switch (event.type) {
        case 'attempt.failed':
          failures.inc({ upstream: event.upstream, cause: event.cause });
          return;
        case 'attempt.retried':
          retries.inc({ cause: event.cause });
          return;
        case 'retry.refused':
          refusedRetries.inc({ cause: event.cause });
          return;
        case 'client.refused':
          refusedClients.inc({ cause: event.cause });
          return;
        case 'circuit.opened':
        case 'circuit.half-opened':
        case 'circuit.closed':
          circuits.inc({ upstream: event.upstream, state: event.type.slice('circuit.'.length) });
          return;
        case 'upstream.turned-healthy':
        case 'upstream.turned-unhealthy':
          health.inc({ upstream: event.upstream, state: event.type.slice('upstream.turned-'.length) });
          return;
      }
    },
  };
};
