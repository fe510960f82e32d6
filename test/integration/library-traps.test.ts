/**
 * What @fastify/reply-from and undici do when they are left to themselves, each beside what the gateway does instead. A
 * new version of a library that mends one of these breaks its test, and the code that works around it may go.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { BalancedPool, Client, errors, Pool } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { ask, startGateway } from '../support/gateway.js';
import { freePort, startUpstream } from '../support/upstream.js';

const NAIVE: GatewaySection = { profile: 'naive', healthCheck: 'off' };
const OURS: GatewaySection = { healthCheck: 'off' };

/** A server of bare bytes. */
const startRaw = async (onConnection: (socket: Socket) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

describe('reply-from: its mapping of errors', () => {
  const afterHead = (then: (socket: Socket) => void) => () =>
    startRaw((socket) => socket.once('data', () => then(socket)));

  it.each([
    ['a refused connection', freePort, 500, 502],
    ['a reset', afterHead((socket) => socket.resetAndDestroy()), 500, 502],
    ['a close without an answer', afterHead((socket) => socket.end()), 500, 502],
    ['an answer that is not HTTP', afterHead((socket) => socket.end('nonsense\r\n\r\n')), 500, 502],
  ])('%s', async (_what, startUpstreamPort, naive, ours) => {
    const port = await startUpstreamPort();
    expect((await ask((await startGateway([port], NAIVE)).port)).status).toBe(naive);
    expect((await ask((await startGateway([port], OURS)).port)).status).toBe(ours);
  });
});

describe('reply-from: hidden retries', () => {
  const startCounting = async (headers: Record<string, string> = {}) => {
    const hits = { count: 0 };
    const port = await startUpstream((_request, response) => {
      hits.count++;
      response.writeHead(503, headers).end('busy');
    });
    return { port, hits };
  };

  it('a GET that is answered 503 is sent eleven times; ours once', async () => {
    const { port, hits } = await startCounting();
    expect((await ask((await startGateway([port], NAIVE)).port)).status).toBe(503);
    expect(hits.count).toBe(11);
    hits.count = 0;
    expect((await ask((await startGateway([port], OURS)).port)).status).toBe(503);
    expect(hits.count).toBe(1);
  });

  it('Retry-After is taken for milliseconds: ten retries within what was to be one wait', async () => {
    const { port, hits } = await startCounting({ 'retry-after': '20' });
    const { port: gateway } = await startGateway([port], NAIVE);
    const startMs = performance.now();
    await ask(gateway);
    expect(hits.count).toBe(11);
    expect(performance.now() - startMs).toBeLessThan(20_000);
  });

  it('they all go to the upstream that failed; ours go elsewhere', async () => {
    const { port, hits } = await startCounting();
    const good = await startUpstream((_request, response) => response.end('good'));
    const { port: gateway } = await startGateway([port, good], { ...OURS, retry: { attempts: 2 } });
    for (let count = 0; count < 4; count++) expect((await ask(gateway)).body).toBe('good');
    expect(hits.count).toBeGreaterThan(0);
  });
});

describe('reply-from: a client that leaves', () => {
  /** Whether the upstream saw its request closed before it answered. */
  const sawAbort = async (section: GatewaySection): Promise<boolean> => {
    let onArrival = (_request: IncomingMessage): void => {};
    const arrived = new Promise<IncomingMessage>((resolve) => {
      onArrival = resolve;
    });
    let answer = (): void => {};
    const upstream = await startUpstream((request, response) => {
      answer = () => response.end('late');
      onArrival(request);
    });
    const { port } = await startGateway([upstream], section);
    const { request } = await import('node:http');
    const outgoing = request({ host: '127.0.0.1', port, agent: false });
    outgoing.on('error', () => {});
    outgoing.end();
    const incoming = await arrived;
    const closed = new Promise<boolean>((resolve) => incoming.socket.on('close', () => resolve(true)));
    outgoing.destroy();
    // The upstream stays silent: only the gateway can end this.
    const stayed = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500));
    const result = await Promise.race([closed, stayed]);
    answer();
    return result;
  };

  it('leaves its request at the upstream; ours is taken back', async () => {
    expect(await sawAbort(NAIVE)).toBe(false);
    expect(await sawAbort(OURS)).toBe(true);
  });
});

describe('undici', () => {
  const startSilent = () => startRaw((socket) => socket.resume());

  it('keeps headersTimeout to a resolution of half a second at best, so time is kept outside', async () => {
    const client = new Client(`http://127.0.0.1:${await startSilent()}`, { headersTimeout: 50 });
    onTestFinished(() => client.destroy());
    const startMs = performance.now();
    await expect(client.request({ path: '/', method: 'GET' })).rejects.toThrow(errors.HeadersTimeoutError);
    expect(performance.now() - startMs).toBeGreaterThan(400);
  });

  it('queues without bound in a pool; the gateway refuses', async () => {
    const port = await startSilent();
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
    onTestFinished(() => pool.destroy());
    for (let count = 0; count < 100; count++) pool.request({ path: '/', method: 'GET' }).catch(() => {});
    await expect.poll(() => pool.stats.size).toBe(100);

    const { port: gateway } = await startGateway([port], { ...OURS, maxConnections: 1 });
    const first = ask(gateway).catch(() => null);
    await expect.poll(async () => (await ask(gateway)).status).toBe(503);
    void first;
  });

  it('does not read a body that nobody takes; the gateway drops what it does not want and goes on', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(503, { 'content-length': String(1024 ** 2) });
      response.write(Buffer.alloc(1024 ** 2));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const bad = (server.address() as AddressInfo).port;
    const good = await startUpstream((_request, response) => response.end('good'));
    const section: GatewaySection = { ...OURS, maxConnections: 2, retry: { attempts: 2 } };
    const { port, gateway } = await startGateway([bad, good], section);
    for (let count = 0; count < 10; count++) expect((await ask(port)).body).toBe('good');
    expect(gateway.pool.upstreams.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  });

  it('has a BalancedPool that is blind to answers of 500; outlier ejection is not', async () => {
    let failures = 0;
    const failing = await startUpstream((_request, response) => {
      failures++;
      response.writeHead(500).end();
    });
    const good = await startUpstream((_request, response) => response.end('good'));
    const pool = new BalancedPool([`http://127.0.0.1:${failing}`, `http://127.0.0.1:${good}`]);
    onTestFinished(() => pool.destroy());
    for (let count = 0; count < 40; count++) {
      const { body } = await pool.request({ path: '/', method: 'GET' });
      await body.dump();
    }
    expect(failures).toBe(20);

    failures = 0;
    const { port } = await startGateway([failing, good], {
      ...OURS,
      outlierEjection: { consecutive5xx: { failures: 5 } },
    });
    for (let count = 0; count < 40; count++) await ask(port);
    expect(failures).toBe(5);
  });

  it('reports a connection that closes while a request is on its way to it; the gateway sends it again', async () => {
    const port = await startRaw((socket) => {
      let requests = 0;
      socket.on('data', () => {
        // The first is answered; the second meets a connection that was just being closed.
        if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.destroy();
      });
    });
    const client = new Client(`http://127.0.0.1:${port}`);
    onTestFinished(() => client.destroy());
    await (await client.request({ path: '/', method: 'GET' })).body.dump();
    await expect(client.request({ path: '/', method: 'GET' })).rejects.toThrow(errors.SocketError);

    const { port: gateway } = await startGateway([port], OURS);
    for (let count = 0; count < 4; count++) expect((await ask(gateway)).status).toBe(200);
    // What is not idempotent is not sent twice.
    expect((await ask(gateway, { method: 'POST' })).status).toBe(502);
  });
});
