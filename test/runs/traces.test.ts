/** The traces of a run: from the clients by the edge, the gateway and its attempts to the worker and what it depends on. */
import { describe, expect, it } from 'vitest';
import { exportTracesTo, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.js';
import { runOnceReally } from '../support/real-run.js';

const SCENARIO = `
version: 1
name: traced
title: A run with traces
fleet:
  workers: 1
  serviceTime: { distribution: constant, mean: 5ms }
  dependencies: { store: { kind: database, queryTime: { distribution: constant, mean: 2ms } } }
gateway: { healthCheck: off }
edge: { gateway: { healthCheck: off } }
clients: { patience: 4s, retry: { attempts: 2 } }
load: { arrivals: constant, stages: [{ rate: 10/s, for: 2s }] }
`;

const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;

/** From the span that has no child back to the one that began the trace, as who and what. */
const chainTo = (last: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] => {
  const chain: string[] = [];
  for (let span: ReceivedSpan | undefined = last; span !== undefined; ) {
    const { service, kind, attributes, parentSpanId, traceId }: ReceivedSpan = span;
    const where = String(attributes['badgateway.location'] ?? attributes['badgateway.upstream'] ?? '');
    chain.unshift(`${service} ${kind} ${where}`.trim());
    expect(traceId).toBe(last.traceId);
    span = spans.find(({ spanId }) => spanId === parentSpanId);
    if (span === undefined) expect(parentSpanId).toBe('');
  }
  return chain;
};

describe('a run with a collector', () => {
  it('has one trace from each client’s request to the dependency behind it, under one Ray ID', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    await runOnceReally(SCENARIO);
    const { spans } = collector;
    const calls = spans.filter(({ attributes }) => 'badgateway.dependency' in attributes);
    // What a process had not sent when it was ended is lost: the last half second of a worker, at worst.
    expect(calls.length).toBeGreaterThan(5);
    expect(spans.filter(({ kind }) => kind === INTERNAL)).toHaveLength(20);
    for (const call of calls) {
      expect(call.events.map(({ name }) => name)).toEqual(['sent']);
      expect(chainTo(call, spans)).toEqual([
        `badgateway-clients ${INTERNAL}`,
        `badgateway-clients ${CLIENT}`,
        `badgateway ${SERVER} edge`,
        `badgateway ${CLIENT} gateway-1`,
        `badgateway ${SERVER} gateway-1`,
        `badgateway ${CLIENT} worker-1`,
        `badgateway-worker ${SERVER}`,
        `badgateway-worker ${CLIENT}`,
      ]);
      const rays = spans
        .filter(({ traceId }) => traceId === call.traceId)
        .flatMap(({ attributes }) => attributes['badgateway.ray_id'] ?? []);
      expect(new Set(rays).size).toBe(1);
    }
  });

  it('records the share of them that its sampler says, all the way or not at all', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port, {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.3',
    });
    await runOnceReally(SCENARIO.replace('rate: 10/s', 'rate: 50/s'));
    const begun = collector.spans.filter(({ kind }) => kind === INTERNAL);
    // Of a hundred; further off than four standard deviations is once in ten thousand runs.
    expect(begun.length).toBeGreaterThan(11);
    expect(begun.length).toBeLessThan(49);
    const traces = new Set(begun.map(({ traceId }) => traceId));
    expect(collector.spans.filter(({ traceId }) => !traces.has(traceId))).toEqual([]);
  });
});
