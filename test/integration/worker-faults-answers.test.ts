/** Faults of workers that answer late or wrongly, on real processes and through a gateway; and the healing. */
import { Agent } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  constant,
  type FaultyFleet,
  NEVER,
  occupy,
  rawRequest,
  startFaultyFleet,
  timed,
} from '../support/faulty-fleet.js';
import { ask, startGateway } from '../support/gateway.js';

const startOne = (mean = '1ms') => startFaultyFleet({ workers: 1, serviceTime: constant(mean) });

const gatewayFor = async ({ ports }: FaultyFleet): Promise<number> =>
  (await startGateway(ports, { healthCheck: 'off', timeouts: { attempt: '700ms' } })).port;

const get = async (port: number): Promise<number> => (await ask(port)).status;

const inTurn = async (port: number, count: number): Promise<number[]> => {
  const times: number[] = [];
  for (let sent = 0; sent < count; sent++) times.push(await timed(() => ask(port)));
  return times;
};

/** The least of several: what comes from elsewhere on the machine only adds. */
const leastMs = async (port: number): Promise<number> => Math.min(...(await inTurn(port, 6)));

describe('slow', () => {
  it('takes every request as many times as long, and a 504 where that is too long, until it is healed', async () => {
    const workers = await startOne('20ms');
    const port = await gatewayFor(workers);
    await workers.inject('slow', { factor: 10 });
    expect(await leastMs(workers.port)).toBeGreaterThan(195);
    await workers.heal('slow');
    expect(await leastMs(workers.port)).toBeLessThan(100);
    await workers.inject('slow', { factor: 10_000 });
    expect(await get(port)).toBe(504);
  });

  it('has a tail: 1% of the requests take 66 times as long', async () => {
    const workers = await startFaultyFleet({ workers: 1, slots: 1_000, serviceTime: constant('10ms') });
    await workers.inject('slow', { factor: 66, share: '1%' });
    const times: number[] = [];
    for (let batch = 0; batch < 16; batch++) {
      const sent = Array.from({ length: 25 }, () => timed(() => ask(workers.port)));
      times.push(...(await Promise.all(sent)));
    }
    times.sort((a, b) => a - b);
    const tail = times.filter((ms) => ms > 650);
    expect(tail.length).toBeGreaterThanOrEqual(1);
    expect(tail.length).toBeLessThan(20);
    expect(times[200]!).toBeLessThan(325);
  });

  it('is there again after a restart, since it is not in the process', async () => {
    const workers = await startOne('20ms');
    await workers.inject('slow', { factor: 10 });
    const started = workers.next('worker.started');
    workers.order('crash');
    await started;
    await workers.heard('worker-1');
    expect(await leastMs(workers.port)).toBeGreaterThan(195);
  });
});

describe('cold-start', () => {
  it('is slow at first and gets faster, and so again after each restart, until it is healed', async () => {
    const workers = await startOne('20ms');
    await workers.inject('cold-start', { factor: 11, requests: 5 });
    const [first, second] = await inTurn(workers.port, 5);
    // 220 ms, then 180.
    expect(first).toBeGreaterThan(215);
    expect(second).toBeGreaterThan(175);
    expect(await leastMs(workers.port)).toBeLessThan(100);
    const restart = async () => {
      const started = workers.next('worker.started');
      workers.order('crash');
      await started;
      await workers.heard('worker-1');
    };
    await restart();
    expect((await inTurn(workers.port, 1))[0]).toBeGreaterThan(215);
    await workers.heal('cold-start');
    await restart();
    expect(await leastMs(workers.port)).toBeLessThan(100);
  });
});

describe('cache-lost', () => {
  it('is slow for what is asked for the first time, and again after a restart, until it is healed', async () => {
    const workers = await startOne('20ms');
    await workers.inject('cache-lost', { factor: 11, keys: 1 });
    const [first] = await inTurn(workers.port, 1);
    expect(first).toBeGreaterThan(215);
    expect(await leastMs(workers.port)).toBeLessThan(100);
    const started = workers.next('worker.started');
    workers.order('crash');
    await started;
    await workers.heard('worker-1');
    expect((await inTurn(workers.port, 1))[0]).toBeGreaterThan(215);
    // So many that hardly one is asked for twice.
    await workers.heal('cache-lost');
    await workers.inject('cache-lost', { factor: 11, keys: 100_000 });
    const missed = (await inTurn(workers.port, 6)).filter((ms) => ms > 215);
    expect(missed.length).toBeGreaterThanOrEqual(3);
    await workers.heal('cache-lost');
    expect(await leastMs(workers.port)).toBeLessThan(100);
  });
});

describe('errors', () => {
  it('have the statuses given, after the usual time, and pass the gateway as the upstream’s own', async () => {
    const workers = await startOne('20ms');
    const port = await gatewayFor(workers);
    await workers.inject('errors', { statuses: [500, 503] });
    const answers = [];
    for (let sent = 0; sent < 12; sent++) answers.push(await ask(port));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([500, 503]));
    expect(answers.every(({ body }) => body.includes('an injected'))).toBe(true);
    expect(await leastMs(port)).toBeGreaterThan(19);
    await workers.heal('errors');
    expect(await get(port)).toBe(200);
  });

  it('are as many as given, of the first requests', async () => {
    const workers = await startOne();
    await workers.inject('errors', { requests: 2 });
    const statuses = [];
    for (let sent = 0; sent < 4; sent++) statuses.push(await get(workers.port));
    expect(statuses).toEqual([500, 500, 200, 200]);
  });
});

describe('fast-fail', () => {
  it('fails at the door of a worker whose only slot is taken, until it is healed', async () => {
    const workers = await startFaultyFleet({ workers: 1, slots: 1, serviceTime: NEVER });
    occupy(workers.port);
    await workers.sampleOf('worker-1', ({ busy }) => busy === 1);
    await workers.inject('fast-fail', { statuses: [503] });
    expect(await get(workers.port)).toBe(503);
    await workers.heal('fast-fail');
    occupy(workers.port);
    await workers.sampleOf('worker-1', ({ queued }) => queued === 1);
  });

  it('draws most requests to itself where the balancer looks for the least busy', async () => {
    const workers = await startFaultyFleet({ workers: 2, slots: 100, serviceTime: constant('100ms') });
    const { port } = await startGateway(workers.ports, {
      healthCheck: 'off',
      balancer: 'least-requests',
    });
    await workers.inject('fast-fail');
    const statuses: number[] = [];
    const client = async (): Promise<void> => {
      for (let sent = 0; sent < 10; sent++) statuses.push(await get(port));
    };
    await Promise.all(Array.from({ length: 10 }, client));
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed / statuses.length).toBeGreaterThan(0.6);
  });
});

/** What a client has of a gateway: a status, or an answer that breaks. */
const outcome = async (port: number): Promise<string> => {
  try {
    const { status, complete } = await ask(port);
    return complete ? String(status) : 'broken';
  } catch {
    return 'broken';
  }
};

describe('a lost connection', () => {
  it.each([
    ['reset', 'before-headers', '502'],
    ['reset', 'in-headers', '502'],
    ['reset', 'after-headers', 'broken'],
    ['reset', 'in-body', 'broken'],
    ['close', 'before-headers', '502'],
    ['close', 'in-headers', '502'],
    ['close', 'after-headers', 'broken'],
    ['close', 'in-body', 'broken'],
  ] as const)('by %s, %s, is %s for the client, until it is healed', async (fault, when, expected) => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject(fault, { when });
    expect(await outcome(port)).toBe(expected);
    await workers.heal(fault);
    expect(await outcome(port)).toBe('200');
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 0 });
  });

  it('meets the first requests only, where it is told how many', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('reset', { requests: 1 });
    expect([await outcome(port), await outcome(port)]).toEqual(['502', '200']);
  });
});

describe('malformed', () => {
  it.each([
    ['status-line', '502'],
    ['header', '502'],
    ['length', '502'],
    ['chunk', 'broken'],
  ])('in its %s is %s for the client, until it is healed', async (part, expected) => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('malformed', { part });
    expect(await outcome(port)).toBe(expected);
    if (expected === '502') {
      expect((await ask(port)).headers['proxy-status']).toContain('http_protocol_error');
    }
    await workers.heal('malformed');
    expect(await outcome(port)).toBe('200');
  });
});

describe('stalled-body', () => {
  it('stops in the middle until the gateway’s body timeout breaks it; what is left comes when it is healed', async () => {
    const workers = await startOne();
    const { port } = await startGateway(workers.ports, {
      healthCheck: 'off',
      timeouts: { body: '300ms' },
    });
    await workers.inject('stalled-body');
    expect(await outcome(port)).toBe('broken');
    const { text } = await rawRequest(workers.port);
    await expect.poll(() => /\r\n\r\nx+$/.test(text())).toBe(true);
    const half = text().length;
    await workers.nextSamples('worker-1', 4);
    expect(text().length).toBe(half);
    await workers.heal('stalled-body');
    await expect.poll(() => text().length).toBe(half + 500);
    expect(await outcome(port)).toBe('200');
  });
});

describe('dripping-headers', () => {
  it('drip, so that the attempt is a 504; the rest comes at once when it is healed', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('dripping-headers');
    expect(await outcome(port)).toBe('504');
    const { text } = await rawRequest(workers.port);
    await expect.poll(() => text().length, { timeout: 10_000 }).toBeGreaterThan(2);
    expect('HTTP/1.1 200 OK'.startsWith(text())).toBe(true);
    await workers.heal('dripping-headers');
    await expect.poll(() => text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nx{1000}$/);
    expect(await outcome(port)).toBe('200');
  });
});

describe('a connection that a fault has answered on', () => {
  /** Keeps one connection where it may. */
  const keepingAgent = (): Agent => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    return agent;
  };

  it.each(['stalled-body', 'dripping-headers'] as const)(
    'by %s is closed at the end of it: a client that would keep it sends again after the heal, to a worker that lives',
    async (fault) => {
      const workers = await startOne();
      const agent = keepingAgent();
      await workers.inject(fault);
      const waiting = ask(workers.port, { agent });
      await workers.sampleOf('worker-1', ({ served }) => served === 1);
      await workers.heal(fault);
      expect(await waiting).toMatchObject({ status: 200, complete: true });
      expect((await ask(workers.port, { agent })).status).toBe(200);
      expect((await ask(workers.port, { agent })).status).toBe(200);
      expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 0 });
    },
  );

  it('answers no other request, however early it comes, and the worker lives', async () => {
    const workers = await startOne();
    await workers.inject('stalled-body', { requests: 1 });
    const { socket, text, ended } = await rawRequest(workers.port);
    await expect.poll(() => /\r\n\r\nx+$/.test(text())).toBe(true);
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await workers.nextSamples('worker-1', 4);
    await workers.heal('stalled-body');
    await ended;
    expect(text().match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 0 });
  });
});

describe('early-response', () => {
  const HEAD = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n';

  it('answers an upload of which nothing has come, and closes; a worker without it waits for nothing either, but stays', async () => {
    const workers = await startOne();
    await workers.inject('early-response');
    const early = await rawRequest(workers.port, HEAD);
    await early.ended;
    expect(early.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n\r\nok$/);
    const port = await gatewayFor(workers);
    const upload = await ask(port, { method: 'POST' }, Buffer.alloc(4 * 1024 ** 2)).catch(() => ({
      status: 0,
    }));
    expect([200, 502]).toContain(upload.status);
    await workers.heal('early-response');
    const { text } = await rawRequest(workers.port, `${HEAD}${'x'.repeat(1_000_000)}`);
    await expect.poll(text, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text()).not.toContain('connection: close');
  });
});
