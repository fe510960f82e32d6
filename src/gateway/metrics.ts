/**
 * The gateway's metrics in Prometheus's text format, for the admin API. Counters are fed by the event stream and by
 * the answers given; gauges are read from the pool when somebody asks.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Event } from '../core/events.js';
import type { UpstreamPool } from './upstream-pool.js';

/** Where an upstream stands, in one process or in several together. */
export interface UpstreamReading {
  readonly id: string;
  readonly inFlight: number;
  readonly queued: number;
  readonly healthy: boolean;
  /** Processes whose circuit refuses requests. */
  readonly circuitsOpen: number;
}

export const readPool = ({ upstreams }: UpstreamPool): UpstreamReading[] =>
  upstreams.map(({ id, inFlight, queued, healthy, admits }) => ({
    id,
    inFlight,
    queued,
    healthy,
    circuitsOpen: Number(!admits),
  }));

export interface Metrics {
  onEvent(event: Event): void;
  /** An answer to a client, whoever made it, or `count` of them. */
  onAnswer(status: number, count?: number): void;
  /** Answers by status. */
  readonly answers: ReadonlyMap<number, number>;
  render(): Promise<string>;
  readonly contentType: string;
}

/** @param read called when somebody asks. */
export const buildMetrics = (read: () => readonly UpstreamReading[]): Metrics => {
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

  const gauge = (name: string, help: string, value: (reading: UpstreamReading) => number): void => {
    new Gauge({
      name: `badgateway_${name}`,
      help,
      labelNames: ['upstream'],
      registers,
      collect() {
        for (const reading of read()) this.set({ upstream: reading.id }, value(reading));
      },
    });
  };
  gauge('in_flight', 'Attempts sent and not yet done.', ({ inFlight }) => inFlight);
  gauge('queued', 'Requests waiting for a slot.', ({ queued }) => queued);
  gauge('healthy', '1 when healthy.', ({ healthy }) => Number(healthy));
  gauge('circuit_open', 'Processes whose circuit refuses requests.', ({ circuitsOpen }) => circuitsOpen);

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    answers: answerCounts,
    onAnswer: (status, count = 1) => answerCounts.set(status, (answerCounts.get(status) ?? 0) + count),
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
