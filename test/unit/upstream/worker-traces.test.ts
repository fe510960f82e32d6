/** A worker's spans: what they say, when they are sent, and that a collector that does not answer costs nothing but them. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { DependencyTarget } from '../../../src/upstream/dependencies/messages.js';
import { WorkerTraces } from '../../../src/upstream/worker-traces.js';
import { turn } from '../../support/limited-service.js';

const STORE: DependencyTarget = {
  ...{ name: 'store', kind: 'database', host: '127.0.0.1', port: 5432 },
  use: {
    ...{ share: 1, path: '', pool: null, acquireTimeoutMs: null, timeoutMs: null, breaker: null },
    ...{ bulkhead: null, fallback: 'none', status: 503 },
  },
};

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
/** Some moment of our days, with a part of a millisecond that a number of nanoseconds would not keep. */
const NOW_MS = 1_790_000_000_123.5;

/** What would be a request to the collector. */
class Post extends EventEmitter {
  body = '';

  end(body: string): void {
    this.body = body;
  }

  destroy(): void {
    this.emit('error', new Error('given up'));
    this.emit('close');
  }
}

const start = () => {
  const clock = new VirtualClock(NOW_MS);
  const posts: Post[] = [];
  const post = (): Post => {
    const outgoing = new Post();
    posts.push(outgoing);
    return outgoing;
  };
  const traces = new WorkerTraces({
    ...{ id: 'worker-1', pid: 42, clock, random: new Random(1) },
    target: { url: new URL('http://127.0.0.1:4318/v1/traces'), headers: {} },
    post: post as unknown as ConstructorParameters<typeof WorkerTraces>[0]['post'],
  });
  const begin = (traceparent: string | undefined) => {
    const headers = { traceparent, 'x-ray-id': 'abc' };
    const request = { method: 'GET', url: '/cart?item=1', headers } as unknown as IncomingMessage;
    const response = Object.assign(new EventEmitter(), { statusCode: 200, writableFinished: true });
    return { span: traces.begin(request, response as unknown as ServerResponse), response };
  };
  const spansOf = ({ body }: Post) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans;
  return { clock, posts, begin, spansOf };
};

describe('the spans of a worker', () => {
  it('have the caller’s span as their parent, and times to the nanosecond', () => {
    const { clock, posts, begin, spansOf } = start();
    const { span, response } = begin(`00-${TRACE}-${PARENT}-01`);
    clock.advance(10);
    span?.gotSlot();
    clock.advance(90);
    response.emit('close');
    clock.advance(500);
    expect(posts).toHaveLength(1);
    expect(spansOf(posts[0]!)).toMatchObject([
      {
        traceId: TRACE,
        parentSpanId: PARENT,
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        kind: 2,
        startTimeUnixNano: '1790000000123500000',
        endTimeUnixNano: '1790000000223500000',
        events: [{ name: 'slot', timeUnixNano: '1790000000133500000' }],
        status: {},
      },
    ]);
    expect(spansOf(posts[0]!)[0].attributes).toContainEqual({
      key: 'url.path',
      value: { stringValue: '/cart' },
    });
  });

  it('have the calls of dependencies beneath them, which fail with their cause', () => {
    const { clock, posts, begin, spansOf } = start();
    const { span, response } = begin(`00-${TRACE}-${PARENT}-01`);
    const called = span!.called(STORE);
    clock.advance(10);
    called.sent();
    clock.advance(30);
    called.ended({ dependency: 'store', outcome: 'cached', cause: 'response_timeout', status: 503 });
    span!.called(STORE).ended({ dependency: 'store', outcome: 'failed', cause: 'client_left', status: 503 });
    response.emit('close');
    clock.advance(500);
    const [call, left, request] = spansOf(posts[0]!);
    expect(call).toMatchObject({
      traceId: TRACE,
      parentSpanId: request.spanId,
      name: 'store',
      kind: 3,
      startTimeUnixNano: '1790000000123500000',
      endTimeUnixNano: '1790000000163500000',
      events: [{ name: 'sent', timeUnixNano: '1790000000133500000' }],
      status: { code: 2 },
    });
    for (const [key, value] of [
      ['badgateway.dependency.outcome', { stringValue: 'cached' }],
      ['error.type', { stringValue: 'response_timeout' }],
      ['server.port', { intValue: '5432' }],
    ]) {
      expect(call.attributes).toContainEqual({ key, value });
    }
    // Whoever waited for it has gone.
    expect(left.status).toEqual({});
  });

  it('say that the connection was lost, and are errors then', () => {
    const { clock, posts, begin, spansOf } = start();
    const { response } = begin(`00-${TRACE}-${PARENT}-01`);
    response.writableFinished = false;
    response.emit('close');
    clock.advance(500);
    expect(spansOf(posts[0]!)).toMatchObject([{ status: { code: 2 }, events: [] }]);
    expect(posts[0]!.body).toContain('connection_lost');
  });

  it.each([undefined, 'nonsense', `00-${TRACE}-${PARENT}-00`])(
    'are not made for traceparent %s',
    (header) => {
      expect(start().begin(header).span).toBeNull();
    },
  );

  it('wait while a collector does not answer, and no more of them than have a place', async () => {
    const { clock, posts, begin, spansOf } = start();
    const request = (): void => void begin(`00-${TRACE}-${PARENT}-01`).response.emit('close');
    request();
    clock.advance(500);
    for (let count = 0; count < 400; count++) request();
    clock.advance(1_400);
    expect(posts).toHaveLength(1);
    // It is given up after 2 s, and the next batch goes.
    clock.advance(1_200);
    await turn();
    expect(posts).toHaveLength(2);
    expect(spansOf(posts[1]!)).toHaveLength(256);
  });
});
