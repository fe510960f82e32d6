/** Traces: a gateway's process, a collector, and what each span says of its place in the trace. */
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { constant, startFaultyFleet } from '../support/faulty-fleet.js';
import { ask } from '../support/gateway.js';
import { startGatewayGroup } from '../support/gateway-group.js';
import { exportTracesTo, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.js';
import { freePort, startUpstream } from '../support/upstream.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';
const FROM_CLIENT = { traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-01`, tracestate: 'vendor=value,other=1' };

const SERVER = 2;
const CLIENT = 3;

const startGateway = (ports: readonly number[], section: GatewaySection = {}) =>
  startGatewayGroup(ports, resolveGatewayConfig({ healthCheck: 'off', ...section }));

/** An upstream that remembers what it was sent. */
const startHearing = async (statusCode = 200, delayMs = 0) => {
  const heard: IncomingHttpHeaders[] = [];
  const port = await startUpstream((request, response) => {
    heard.push(request.headers);
    response.statusCode = statusCode;
    if (delayMs === 0) response.end('ok');
    // Longer than any test: it is given up.
  });
  return { port, heard };
};

const ofRequest = (spans: readonly ReceivedSpan[]): ReceivedSpan =>
  spans.find(({ kind }) => kind === SERVER)!;
const ofAttempts = (spans: readonly ReceivedSpan[]): ReceivedSpan[] =>
  spans.filter(({ kind }) => kind === CLIENT).sort((one, other) => one.startMs - other.startMs);

describe('a trace', () => {
  it('goes on from the client through the gateway to the upstream', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port, { OTEL_SERVICE_NAME: 'shop' });
    const { port, heard } = await startHearing();
    const gateway = await startGateway([port], { concurrency: { limit: 1 } });
    const { headers } = await ask(gateway.port, { path: '/cart?item=1', headers: FROM_CLIENT });
    const spans = await collector.got(2);
    const [request, [attempt]] = [ofRequest(spans), ofAttempts(spans)];
    expect(request).toMatchObject({
      service: 'shop',
      traceId: TRACE_ID,
      parentSpanId: CLIENT_SPAN,
      name: 'GET',
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'url.path': '/cart',
        'url.query': 'item=1',
        'http.response.status_code': 200,
        'badgateway.ray_id': headers['x-ray-id'],
        'badgateway.route': 'default',
      },
    });
    expect(attempt).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: request.spanId,
      attributes: {
        'url.full': `http://127.0.0.1:${port}/cart?item=1`,
        'server.port': port,
        'http.response.status_code': 200,
        'badgateway.upstream': 'upstream-1',
        'badgateway.attempt': 1,
      },
    });
    expect(attempt!.events.map(({ name }) => name)).toEqual(['sent', 'answered']);
    expect(heard).toMatchObject([
      { traceparent: `00-${TRACE_ID}-${attempt!.spanId}-01`, tracestate: FROM_CLIENT.tracestate },
    ]);
    expect(request.startMs).toBeLessThanOrEqual(attempt!.startMs);
    expect(request.endMs).toBeGreaterThanOrEqual(attempt!.startMs);
    expect(await gateway.metric('trace_spans_exported_total')).toBe(2);
  });

  it('begins in the gateway when the client says nothing that makes sense', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const { port, heard } = await startHearing();
    const gateway = await startGateway([port]);
    await ask(gateway.port, { headers: { traceparent: '00-none', tracestate: 'a=1' } });
    const request = ofRequest(await collector.got(2));
    expect(request).toMatchObject({ service: 'badgateway', parentSpanId: '' });
    expect(heard[0]!.traceparent).toContain(request.traceId);
    expect(heard[0]!.tracestate).toBeUndefined();
  });

  it('has each attempt of a retry, with its cause, beneath the request', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const { port, heard } = await startHearing();
    const gateway = await startGateway([await freePort(), port], {
      retry: { attempts: 2, backoff: { base: '1ms' } },
    });
    await ask(gateway.port, { headers: FROM_CLIENT });
    const spans = await collector.got(3);
    const request = ofRequest(spans);
    const [first, second] = ofAttempts(spans);
    expect(first).toMatchObject({
      parentSpanId: request.spanId,
      failed: true,
      attributes: { 'error.type': 'connection_refused', 'badgateway.upstream': 'upstream-1' },
    });
    expect(second).toMatchObject({
      parentSpanId: request.spanId,
      failed: false,
      attributes: {
        'http.request.resend_count': 1,
        'badgateway.attempt': 2,
        'badgateway.retry.cause': 'connection_refused',
      },
    });
    expect(request.failed).toBe(false);
    expect(request.events.map(({ name }) => name)).toEqual(['attempt.retried']);
    expect(heard[0]!.traceparent).toBe(`00-${TRACE_ID}-${second!.spanId}-01`);
  });

  it('has a hedge beside the attempt that it overtook, which failed nobody', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const slow = await startHearing(200, 60_000);
    const quick = await startHearing();
    const gateway = await startGateway([slow.port, quick.port], { hedge: { after: '20ms', max: 1 } });
    await ask(gateway.port, { headers: FROM_CLIENT });
    const spans = await collector.got(3);
    const request = ofRequest(spans);
    const [first, second] = ofAttempts(spans);
    expect(first).toMatchObject({
      parentSpanId: request.spanId,
      failed: false,
      attributes: { 'badgateway.cause': 'hedge_lost', 'badgateway.upstream': 'upstream-1' },
    });
    expect(second).toMatchObject({
      parentSpanId: request.spanId,
      attributes: { 'badgateway.hedge': true, 'http.response.status_code': 200 },
    });
    expect(request.events.map(({ name }) => name)).toEqual(['request.hedged', 'hedge.won']);
  });

  it('says why the gateway answered itself, without an attempt where there was none', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const { port } = await startHearing();
    const gateway = await startGateway([port], { rateLimit: { rate: '1/s', burst: 1 } });
    await ask(gateway.port);
    await ask(gateway.port, { headers: FROM_CLIENT });
    const [refused, ...others] = await collector.got(1, ({ traceId }) => traceId === TRACE_ID);
    expect(others).toEqual([]);
    expect(refused).toMatchObject({
      failed: false,
      attributes: { 'http.response.status_code': 429, 'badgateway.cause': 'rate_limited' },
    });
  });

  it('ends at a worker, whose own span says when it had its slot', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const { ports } = await startFaultyFleet({ workers: 1, slots: 1, serviceTime: constant('30ms') });
    const gateway = await startGateway(ports);
    const clients = [1, 2].map(() => ask(gateway.port, { headers: FROM_CLIENT }));
    await Promise.all(clients);
    const spans = await collector.got(6);
    const workers = spans.filter(({ service }) => service === 'badgateway-worker');
    const attempts = ofAttempts(spans).map(({ spanId }) => spanId);
    expect(workers.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(attempts.sort());
    const waitsMs = workers.map(({ startMs, events }) => events[0]!.atMs - startMs);
    expect(Math.max(...waitsMs)).toBeGreaterThan(10);
    for (const { traceId, attributes } of workers) {
      expect(traceId).toBe(TRACE_ID);
      expect(attributes).toMatchObject({ 'http.response.status_code': 200, 'badgateway.worker': 'worker-1' });
    }
  });

  it('is passed on and not recorded when its client does not record it', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const { port, heard } = await startHearing();
    const gateway = await startGateway([port]);
    await ask(gateway.port, { headers: { traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-00` } });
    await ask(gateway.port, { headers: FROM_CLIENT });
    const spans = await collector.got(2);
    expect(spans.every(({ parentSpanId }) => parentSpanId !== '')).toBe(true);
    expect(heard[0]!.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    expect(collector.spans).toHaveLength(2);
  });

  it('is exported by each of several processes', async () => {
    const collector = await startOtlpReceiver();
    exportTracesTo(collector.port);
    const { port } = await startHearing();
    const gateway = await startGateway([port], { processes: 2 });
    for (let request = 0; request < 4; request++) await ask(gateway.port);
    await collector.got(8);
    await expect.poll(() => gateway.metric('trace_spans_exported_total'), { timeout: 10_000 }).toBe(8);
  });
});

describe('without a collector', () => {
  it('named, nothing is recorded, and what the client says goes on as it is', async () => {
    const { port, heard } = await startHearing();
    const gateway = await startGateway([port]);
    await ask(gateway.port, { headers: FROM_CLIENT });
    expect(heard).toMatchObject([FROM_CLIENT]);
    expect(await gateway.metric('trace_spans_exported_total')).toBe(0);
    expect(await gateway.metric('trace_spans_dropped_total{reason="queue_full"}')).toBe(0);
  });

  it.each([
    ['that answers', async () => (await startOtlpReceiver(null)).port],
    ['there', freePort],
  ])('%s, requests are answered, and spans dropped and counted', async (_what, portOf) => {
    exportTracesTo(await portOf(), {
      OTEL_BSP_MAX_QUEUE_SIZE: '8',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '4',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    });
    const { port } = await startHearing();
    const gateway = await startGateway([port]);
    for (let request = 0; request < 20; request++) expect((await ask(gateway.port)).status).toBe(200);
    const dropped = (reason: string) => gateway.metric(`trace_spans_dropped_total{reason="${reason}"}`);
    const all = async () => (await dropped('export_failed')) + (await dropped('queue_full'));
    await expect.poll(all, { timeout: 20_000 }).toBe(40);
    expect(await gateway.metric('trace_spans_exported_total')).toBe(0);
  });
});
