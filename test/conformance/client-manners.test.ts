/** Clients that are slow, or leave, hold nothing for longer than they may, and none of it is the upstream's fault. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { fieldOf } from './answer-parser.js';
import { CLIENT_MANNERS, type MannerId } from './client-manners.js';
import { type Fault, filler, say } from './fault.js';
import { FAULTS } from './faults.js';
import { type FaultyUpstream, openUpstream } from './faulty-upstream.js';
import { type OpenGateway, openGateway } from './observe.js';
import { type Answer, RawClient } from './raw-client.js';

/** For what has to happen soon, on a busy machine. */
const SOON_MS = 2_000;

const until = async (condition: () => boolean): Promise<void> => {
  const limitMs = performance.now() + SOON_MS;
  while (!condition() && performance.now() < limitMs) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
};

interface Stage {
  readonly upstream: FaultyUpstream;
  readonly open: OpenGateway;
  readonly client: RawClient;
}

const PATIENT = { attempt: '10s', request: '10s' } as const;
/** Short, so that the suite is quick. */
const STRICT = {
  healthCheck: 'off',
  listener: {
    headerTimeout: '300ms',
    bodyTimeout: '300ms',
    sendTimeout: '300ms',
    maxBody: '1KiB',
  },
} as const;

const setUp = async (fault: Fault, section: GatewaySection = {}): Promise<Stage> => {
  const upstream = await openUpstream(fault);
  await upstream.arm();
  const config = { healthCheck: 'off', timeouts: PATIENT, ...section } as const;
  const open = await openGateway(config, { bad: upstream.port });
  const client = await RawClient.open(open.port);
  onTestFinished(async () => {
    client.close();
    await open.gateway.close();
    await upstream.close();
  });
  return { upstream, open, client };
};

const inFlight = ({ open }: Stage): number => open.gateway.pool.upstreams[0]!.inFlight;
const counts = ({ open }: Stage) => open.gateway.pool.upstreams[0]!.counts;

/** The attempt is over for the gateway and for the upstream, and was nobody's failure. */
const expectAttemptEnded = async (stage: Stage): Promise<void> => {
  await until(() => inFlight(stage) === 0);
  await until(() => stage.upstream.arrivals.every(({ gone }) => gone));
  expect(counts(stage)).toMatchObject({ success: 0, failure: 0, ignored: 1 });
};

const expectRefused = (answer: Answer, status: number): void => {
  expect({ status: answer.status, complete: answer.complete, problems: answer.problems }).toEqual({
    status,
    complete: true,
    problems: [],
  });
  expect(fieldOf(answer, 'connection')).toBe('close');
  expect(answer.connection).not.toBe('open');
  expect(answer.ms).toBeLessThan(SOON_MS);
  expect(fieldOf(answer, 'proxy-status')).toContain('error=http_request_error');
};

const HEAD = 'Host: conformance.test\r\n';
const POST = `POST /fault/c1 HTTP/1.1\r\n${HEAD}`;
const GET = `GET /fault/c1 HTTP/1.1\r\n${HEAD}\r\n`;

const title = (id: MannerId): string => `${id}: ${CLIENT_MANNERS[id].description}`;

describe('a client that is slow', () => {
  it(title('idle-conn'), async () => {
    const { client } = await setUp(FAULTS.none, STRICT);
    expectRefused(await client.read('GET'), 408);
  });

  it(title('slow-header'), async () => {
    const { client } = await setUp(FAULTS.none, STRICT);
    client.send(`GET /fault/c1 HTTP/1.1\r\n${HEAD}`);
    expectRefused(await client.read('GET'), 408);
  });

  it(title('slow-body'), async () => {
    const stage = await setUp(FAULTS.none, STRICT);
    stage.client.send(`${POST}Content-Length: 1000\r\n\r\n${filler(100)}`);
    expectRefused(await stage.client.read('POST'), 408);
    await expectAttemptEnded(stage);
    expect(stage.upstream.arrivals.every(({ whole }) => !whole)).toBe(true);
  });

  it(title('never-reads'), async () => {
    const flood: Fault = {
      description: 'a large answer',
      at: 'request',
      strike: ({ socket }) => {
        say(socket, `HTTP/1.1 200 OK\r\nContent-Length: ${64 * 1024 ** 2}`);
        socket.write(Buffer.alloc(64 * 1024 ** 2, 'x'));
      },
    };
    const stage = await setUp(flood, STRICT);
    stage.client.stopReading();
    stage.client.send(GET);
    await until(() => inFlight(stage) === 1);
    await expectAttemptEnded(stage);
  });
});

describe('a client that sends too much', () => {
  it(title('body-too-large'), async () => {
    const stage = await setUp(FAULTS.none, STRICT);
    stage.client.send(`${POST}Content-Length: 2000\r\n\r\n${filler(2000)}`);
    expectRefused(await stage.client.read('POST'), 413);
    expect(stage.upstream.arrivals).toEqual([]);
  });

  it(title('body-too-large-chunked'), async () => {
    const stage = await setUp(FAULTS.none, STRICT);
    const chunk = `1f4\r\n${filler(500)}\r\n`;
    // There is more to come when it is refused, so the connection cannot be kept.
    stage.client.send(`${POST}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}`);
    expectRefused(await stage.client.read('POST'), 413);
    await until(() => inFlight(stage) === 0);
    expect(stage.upstream.arrivals.every(({ whole }) => !whole)).toBe(true);
  });
});

describe('a client that leaves', () => {
  it(title('client-abort'), async () => {
    const stage = await setUp(FAULTS.hang);
    stage.client.send(GET);
    await until(() => stage.upstream.arrivals.length === 1);
    stage.client.close();
    await expectAttemptEnded(stage);
  });

  it(title('client-abort-upload'), async () => {
    const stage = await setUp(FAULTS.none);
    stage.client.send(`${POST}Content-Length: 1000\r\n\r\n${filler(100)}`);
    await until(() => stage.upstream.arrivals[0]?.bodyBytes === 100);
    stage.client.reset();
    await expectAttemptEnded(stage);
    expect(stage.upstream.arrivals[0]!.whole).toBe(false);
  });

  it(title('fin-mid-body'), async () => {
    const stage = await setUp(FAULTS.none);
    stage.client.send(`${POST}Content-Length: 1000\r\n\r\n${filler(100)}`);
    await until(() => stage.upstream.arrivals[0]?.bodyBytes === 100);
    stage.client.finish();
    const answer = await stage.client.read('POST');
    expect([0, 400]).toContain(answer.status);
    expect(answer.connection).not.toBe('open');
    await expectAttemptEnded(stage);
    expect(stage.upstream.arrivals[0]!.whole).toBe(false);
  });

  it(title('client-abort-download'), async () => {
    const stage = await setUp(FAULTS['stall-mid-body']);
    stage.client.send(GET);
    await until(() => stage.client.bytesRead > 0);
    stage.client.close();
    await expectAttemptEnded(stage);
  });

  it(title('client-abort-queued'), async () => {
    const stage = await setUp(FAULTS.hang, { concurrency: { limit: 1, queue: 5, maxWait: '10s' } });
    stage.client.send(GET);
    await until(() => stage.upstream.arrivals.length === 1);
    const second = await RawClient.open(stage.open.port);
    second.send(GET.replace('c1', 'c2'));
    await until(() => stage.open.gateway.pool.upstreams[0]!.queued === 1);
    second.close();
    await until(() => stage.open.gateway.pool.upstreams[0]!.queued === 0);
    // The slot that becomes free now would be its turn.
    stage.client.close();
    await expectAttemptEnded(stage);
    expect(stage.upstream.arrivals.map(({ id }) => id)).toEqual(['c1']);
  });

  it(title('half-close'), async () => {
    const stage = await setUp(FAULTS.hang);
    stage.client.send(GET);
    await until(() => stage.upstream.arrivals.length === 1);
    stage.client.finish();
    await expectAttemptEnded(stage);
  });
});
