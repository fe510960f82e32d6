/** What a client's connection can do to a gateway: upgrades out of turn, hosts that are none, answers that nobody takes. */
import { METHODS } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { buildGateway, type Gateway } from '../../src/gateway/server.js';
import { speak, statusOf } from '../support/edge.js';
import { faultyServer, onHead } from '../support/faulty-server.js';
import { ask, startGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

const HANDSHAKE =
  'GET /chat HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

const inFlight = ({ generations }: Gateway): number => generations!.stable.inFlight;

/** Answers with what was asked for: method, path, body. */
const startEcho = (): Promise<number> =>
  startUpstream((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => response.end(`${request.method} ${request.url} ${body}`));
  });

/** Reads a connection until it has said something. */
const said = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve) => {
    let all = '';
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1');
      if (all.includes(text)) resolve();
    });
  });

describe('an upgrade', () => {
  it('behind a request under way does no harm: that request has its answer, and the connection ends', async () => {
    let answer = (): void => {};
    const upstream = await startUpstream((_request, response) => {
      answer = () => response.end('slow');
      arrived();
    });
    let arrived = (): void => {};
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const { port, gateway } = await startGateway([upstream]);
    const all = speak(port, get('/slow') + HANDSHAKE);
    await asked;
    answer();
    const text = await all;
    expect(text).toMatch(/slow$/);
    expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    await expect.poll(() => inFlight(gateway)).toBe(0);
  });

  it('behind a request under way does not hide that its client leaves', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => {}));
    const { port, gateway } = await startGateway([upstream.port]);
    const client = connect(port, '127.0.0.1', () => client.write(get('/slow') + HANDSHAKE));
    await expect.poll(() => gateway.pool.upstreams[0]!.inFlight).toBe(1);
    client.destroy();
    await upstream.closed;
    await expect.poll(() => inFlight(gateway)).toBe(0);
  });

  it.each(['h2c', 'tea/1'])('to %s is a request like any other, body and all', async (protocol) => {
    const { port } = await startGateway([await startEcho()]);
    const answer = await speak(
      port,
      `POST /p HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\ncontent-length: 5\r\n\r\nhello`,
    );
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('POST /p hello');
  });

  it('that the upstream refuses at length is answered at length', async () => {
    const size = 16 * 1024 ** 2;
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => {
        socket.write(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${size}\r\n\r\n`);
        socket.write(Buffer.alloc(size, 'x'));
      }),
    );
    const { port } = await startGateway([upstream.port]);
    const answer = await speak(port, HANDSHAKE);
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(size);
  });

  it('gives its version of the config back when the tunnel ends', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => socket.write(SWITCHING)));
    const { port, gateway } = await startGateway([upstream.port]);
    const client = connect(port, '127.0.0.1', () => client.write(HANDSHAKE));
    await said(client, '\r\n\r\n');
    expect(inFlight(gateway)).toBe(1);
    client.destroy();
    await expect.poll(() => inFlight(gateway)).toBe(0);
  });
});

describe('a version of the config', () => {
  const push = (gateway: Gateway, section: GatewaySection): void => {
    const stable = { version: 2, config: resolveGatewayConfig(section) };
    const plan = { order: 1, stable, candidate: null, standby: null };
    expect(gateway.generations!.apply(plan)).toEqual({ outcome: 'applied' });
  };

  it('says what failures are called from then on', async () => {
    const { port, gateway } = await startGateway([]);
    expect((await ask(port)).status).toBe(503);
    push(gateway, { healthCheck: 'off', statusDialect: 'nginx' });
    expect((await ask(port)).status).toBe(502);
  });

  it('says how long a tunnel may be silent from then on', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => socket.write(SWITCHING)));
    const { port, gateway } = await startGateway([upstream.port]);
    push(gateway, { healthCheck: 'off', timeouts: { body: '50ms' } });
    expect(statusOf(await speak(port, HANDSHAKE))).toBe(101 as number);
  });

  it('is given back by answers whose turn never came', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => {}));
    const { port, gateway } = await startGateway([upstream.port]);
    const client = connect(port, '127.0.0.1', () => client.write(get('/1') + get('/2') + get('/3')));
    await expect.poll(() => inFlight(gateway)).toBe(3);
    client.destroy();
    await expect.poll(() => inFlight(gateway)).toBe(0);
    await expect.poll(() => gateway.pool.upstreams[0]!.inFlight).toBe(0);
  });

  const startJudged = async (section: GatewaySection) => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')),
    );
    const results: [number, boolean][] = [];
    const gateway = buildGateway({
      config: resolveGatewayConfig({ healthCheck: 'off', ...section }),
      upstreams: [{ id: 'one', host: '127.0.0.1', port: upstream.port }],
      clock: wallClock,
      random: new Random(7),
      onEvent: () => {},
      onResult: (version, good) => results.push([version, good]),
    });
    onTestFinished(() => gateway.close());
    return { gateway, results, port: await gateway.listen('127.0.0.1', 0) };
  };

  it('that breaks bodies off has that held against it', async () => {
    const { port, results } = await startJudged({ timeouts: { body: '20ms' } });
    expect((await ask(port)).complete).toBe(false);
    await expect.poll(() => results).toEqual([[1, false]]);
  });

  it('is not to blame for a client that leaves', async () => {
    const { port, results, gateway } = await startJudged({});
    const client = connect(port, '127.0.0.1', () => client.write(get('/')));
    await said(client, 'half');
    client.destroy();
    await expect.poll(() => inFlight(gateway)).toBe(0);
    expect(results).toEqual([]);
  });
});

describe('a host', () => {
  const REFUSED: readonly (readonly [what: string, head: string])[] = [
    ['with a path', 'GET /x HTTP/1.1\r\nhost: victim/admin\r\n\r\n'],
    ['that ends a quoted text', 'GET / HTTP/1.1\r\nhost: a";for=10.0.0.1;x="\r\n\r\n'],
    ['with a user', 'GET / HTTP/1.1\r\nhost: me@x\r\n\r\n'],
    ['with a user in the target', 'GET http://me:secret@x/ HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['with two ports', 'GET / HTTP/1.1\r\nhost: x:80:81\r\n\r\n'],
    ['with a query', 'GET / HTTP/1.1\r\nhost: x?y\r\n\r\n'],
    ['with a space', 'GET / HTTP/1.1\r\nhost: x y\r\n\r\n'],
    ['of an upgrade', HANDSHAKE.replace('host: x', 'host: x/y')],
  ];

  it.each(REFUSED)('%s is refused', async (_what, head) => {
    const { port } = await startGateway([await startEcho()], { healthCheck: 'off', cache: {} });
    expect(statusOf(await speak(port, head.replace('host:', 'connection: close\r\nhost:')))).toBe(400);
  });

  it.each(['example.test', 'example.test:8080', '127.0.0.1', '[::1]:80', 'a_b.test', ''])(
    '"%s" is one',
    async (host) => {
      const { port } = await startGateway([await startEcho()]);
      expect(
        statusOf(await speak(port, `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)),
      ).toBe(200);
    },
  );
});

describe('a body', () => {
  it.each(['text', 'application/json', '/', 'a b; c'])('of type "%s" is passed on', async (type) => {
    const { port } = await startGateway([await startEcho()]);
    const answer = await ask(port, { method: 'POST', headers: { 'content-type': type } }, 'hello');
    expect(answer).toMatchObject({ status: 200, body: 'POST / hello' });
  });

  it.each(['DELETE', 'OPTIONS', 'PROPFIND', 'QUERY'].filter((method) => METHODS.includes(method)))(
    'of %s without a type is passed on',
    async (method) => {
      const { port } = await startGateway([await startEcho()]);
      const answer = await ask(port, { method, headers: { 'content-length': '5' } }, 'hello');
      expect(answer).toMatchObject({ status: 200, body: `${method} / hello` });
    },
  );

  it.each([
    ['413', 'a body that is too large', 'content-length: 20000000\r\n', 413],
    ['400', 'a chunk that is none', 'transfer-encoding: chunked\r\n', 400],
  ])('gets its %s for %s, though it is still on its way', async (_status, _what, framing, status) => {
    const { port } = await startGateway([await startEcho()], {
      healthCheck: 'off',
      listener: { maxBody: '10KiB' },
    });
    const answer = await speak(
      port,
      `POST / HTTP/1.1\r\nhost: x\r\n${framing}\r\n${'z'.repeat(8 * 1024 ** 2)}`,
    );
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain('x-ray-id');
  });

  it('is asked for only when its request has been let in', async () => {
    const { port } = await startGateway([await startEcho()], {
      healthCheck: 'off',
      listener: { maxBody: '10KiB' },
      rateLimit: { rate: '1/h', burst: 1 },
    } as GatewaySection);
    const upload = (length: number): string =>
      `POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
    expect(statusOf(await speak(port, upload(20_000)))).toBe(413);
    const client = connect(port, '127.0.0.1', () => client.write(upload(5)));
    onTestFinished(() => void client.destroy());
    await said(client, 'HTTP/1.1 100 Continue\r\n\r\n');
    const answered = said(client, 'POST / hello');
    client.write('hello');
    await answered;
    expect(statusOf(await speak(port, upload(5)))).toBe(429);
  });
});

describe('a client that takes nothing', () => {
  it('of answers that are done upstream holds them no longer than it may', async () => {
    let served = 0;
    const upstream = await startUpstream((_request, response) => {
      served++;
      response.end(Buffer.alloc(10_000, 'x'));
    });
    const { port, gateway } = await startGateway([upstream], {
      healthCheck: 'off',
      listener: { sendTimeout: '200ms' },
    });
    const client = connect(port, '127.0.0.1', () => client.write(get('/').repeat(3_000)));
    client.on('error', () => {}).pause();
    onTestFinished(() => void client.destroy());
    let before = -1;
    let quiet = 0;
    // Between two of them there may be none for a moment.
    const over = (): boolean => {
      quiet = served > 0 && served === before && inFlight(gateway) === 0 ? quiet + 1 : 0;
      before = served;
      return quiet >= 5;
    };
    await expect.poll(over, { timeout: 10_000, interval: 50 }).toBe(true);
    expect(served).toBeLessThan(3_000);
  });
});
