/** Where traces begin: one for each request of a client, with a span for each of its tries. */
import { describe, expect, it } from 'vitest';
import type { PlainSpan } from '../../../src/core/otlp-spans.js';
import { Random } from '../../../src/core/random.js';
import { parseTraceParent } from '../../../src/core/trace-context.js';
import { ClientTraces } from '../../../src/scenarios/clients/client-traces.js';
import type { RequestRecord } from '../../../src/scenarios/clients/clients.js';

const ORIGIN_MS = 1_790_000_000_000;
const ASKED = { method: 'GET', path: '/cart?item=1', headers: ['accept', 'traceparent'] };

const RECORD: RequestRecord = {
  id: 7,
  class: 'web',
  arrivalMs: 100,
  lateMs: 0.5,
  endMs: 400,
  ok: true,
  status: 200,
  cause: '',
  attempts: [
    { status: 502, cause: 'connection_refused', rayId: '00000000000000aa', startMs: 100.5, endMs: 120 },
    { status: 200, cause: '', rayId: '00000000000000bb', startMs: 300, endMs: 400 },
  ],
};

const start = (sampled = true) => {
  const spans: PlainSpan[] = [];
  const sink = { add: (span: PlainSpan) => void spans.push(span), close: async () => {} };
  return { spans, traces: new ClientTraces({ spans: sink, sampled: () => sampled, random: new Random(1) }) };
};

const parentOf = ([name, value]: readonly string[]) => {
  expect(name).toBe('traceparent');
  return parseTraceParent(value)!;
};

describe('the traces of clients', () => {
  it('have a span for the request, and beneath it one for each try, which is what its receiver hears of', () => {
    const { spans, traces } = start();
    const tries = [parentOf(traces.fieldsOf(7, ASKED)), parentOf(traces.fieldsOf(7, ASKED))];
    expect(spans).toEqual([]);
    traces.ended(RECORD, ORIGIN_MS);
    const [request, ...attempts] = spans;
    expect(request).toMatchObject({
      ...{ parentSpanId: null, kind: 'internal', failed: false },
      ...{ startMs: ORIGIN_MS + 100, endMs: ORIGIN_MS + 400 },
      attributes: {
        ...{ 'url.path': '/cart', 'url.query': 'item=1', 'badgateway.client.class': 'web' },
        ...{ 'badgateway.client.tries': 2, 'badgateway.client.late_ms': 0.5 },
      },
    });
    expect(attempts).toMatchObject([
      {
        ...{ kind: 'client', name: 'GET', failed: true, startMs: ORIGIN_MS + 100.5 },
        attributes: {
          'http.response.status_code': 502,
          'error.type': 'connection_refused',
          'badgateway.ray_id': '00000000000000aa',
        },
      },
      { kind: 'client', failed: false, attributes: { 'http.request.resend_count': 1 } },
    ]);
    for (const [index, { traceId, spanId, sampled }] of tries.entries()) {
      expect(sampled).toBe(true);
      expect(attempts[index]).toMatchObject({ traceId, spanId, parentSpanId: request!.spanId });
    }
    expect(request!.traceId).toBe(tries[0]!.traceId);
  });

  it('are another for each request, and say so where nobody records them', () => {
    const { spans, traces } = start(false);
    const [one, other] = [traces.fieldsOf(7, ASKED), traces.fieldsOf(8, ASKED)].map(parentOf);
    expect(one!.traceId).not.toBe(other!.traceId);
    expect([one!.sampled, other!.sampled]).toEqual([false, false]);
    traces.ended(RECORD, ORIGIN_MS);
    expect(spans).toEqual([]);
  });

  it('are not begun where the scenario’s own fields say whose trace it is', () => {
    const { spans, traces } = start();
    expect(traces.fieldsOf(7, { ...ASKED, headers: ['accept', '*/*', 'Traceparent', '00-1-2-01'] })).toEqual(
      [],
    );
    traces.ended(RECORD, ORIGIN_MS);
    expect(spans).toEqual([]);
  });

  it('have no failed try where the client left, whose request failed all the same', () => {
    const { spans, traces } = start();
    traces.fieldsOf(7, ASKED);
    const left = { status: 0, cause: 'client_left', rayId: '', startMs: 100, endMs: 400 };
    traces.ended({ ...RECORD, ok: false, status: 0, cause: 'client_left', attempts: [left] }, ORIGIN_MS);
    expect(spans.map(({ failed }) => failed)).toEqual([true, false]);
    expect(spans[1]!.attributes).toMatchObject({ 'error.type': 'client_left' });
    expect(spans[1]!.attributes['http.response.status_code']).toBeUndefined();
  });
});
