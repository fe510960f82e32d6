/**
 * What a client gets when an upstream fails, on real sockets: every way an attempt can end before, in the middle of
 * and after its headers.
 */
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { deadPort, faultyServer, onHead } from '../support/faulty-server.js';
import { ask, startGateway } from '../support/gateway.js';

const RAY_ID = /^[0-9a-f]{16}$/;

interface Case {
  readonly title: string;
  readonly behave: (socket: Socket) => void;
  readonly status: number;
  readonly code: string;
  readonly proxyStatus: string;
}

const CASES: readonly Case[] = [
  {
    title: 'resets the connection at once',
    behave: (socket) => socket.resetAndDestroy(),
    status: 502,
    code: 'BGW_ERR_CONNECTION_RESET',
    proxyStatus: 'connection_terminated',
  },
  {
    title: 'resets the connection when it has read the request',
    behave: (socket) => onHead(socket, () => socket.resetAndDestroy()),
    status: 502,
    code: 'BGW_ERR_CONNECTION_RESET',
    proxyStatus: 'connection_terminated',
  },
  {
    title: 'closes the connection when it has read the request',
    behave: (socket) => onHead(socket, () => socket.end()),
    status: 502,
    code: 'BGW_ERR_CONNECTION_CLOSED',
    proxyStatus: 'connection_terminated',
  },
  {
    title: 'closes the connection in the middle of the headers',
    behave: (socket) => onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\nContent-Le')),
    status: 502,
    code: 'BGW_ERR_CONNECTION_CLOSED',
    proxyStatus: 'connection_terminated',
  },
  {
    title: 'answers with something that is not HTTP',
    behave: (socket) => onHead(socket, () => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
    status: 502,
    code: 'BGW_ERR_PROTOCOL',
    proxyStatus: 'http_protocol_error',
  },
  {
    title: 'answers with a malformed status line',
    behave: (socket) => onHead(socket, () => socket.end('HTTP/1.1 abc\r\n\r\n')),
    status: 502,
    code: 'BGW_ERR_PROTOCOL',
    proxyStatus: 'http_protocol_error',
  },
  {
    title: 'answers with headers of a megabyte',
    behave: (socket) =>
      onHead(socket, () => socket.write(`HTTP/1.1 200 OK\r\nx-large: ${'a'.repeat(1024 ** 2)}\r\n\r\n`)),
    status: 502,
    code: 'BGW_ERR_HEADERS_TOO_LARGE',
    proxyStatus: 'http_response_header_section_size',
  },
  {
    title: 'never answers',
    behave: (socket) => onHead(socket, () => {}),
    status: 504,
    code: 'BGW_ERR_RESPONSE_TIMEOUT',
    proxyStatus: 'http_response_timeout',
  },
  {
    title: 'stops in the middle of the headers',
    behave: (socket) => onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Le')),
    status: 504,
    code: 'BGW_ERR_RESPONSE_TIMEOUT',
    proxyStatus: 'http_response_timeout',
  },
];

const SHORT = { healthCheck: 'off', timeouts: { attempt: '150ms' } } as const;

describe('an upstream that', () => {
  it.each(CASES)('$title gives $status $code', async ({ behave, status, code, proxyStatus }) => {
    const upstream = await faultyServer(behave);
    const { port } = await startGateway([upstream.port], SHORT);
    const answer = await ask(port);
    expect(answer.status).toBe(status);
    expect(answer.headers['proxy-status']).toBe(`badgateway; error=${proxyStatus}; details="${code}"`);
    expect(answer.headers['x-ray-id']).toMatch(RAY_ID);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({ status, code, rayId: answer.headers['x-ray-id'] });
  });

  it('is not there gives 502 BGW_ERR_CONNECTION_REFUSED', async () => {
    const { port } = await startGateway([await deadPort()]);
    const answer = await ask(port);
    expect(answer.status).toBe(502);
    expect(answer.headers['proxy-status']).toContain('error=connection_refused');
  });

  it('is not there gives 502 to a POST too, though its body is not read', async () => {
    const { port } = await startGateway([await deadPort()]);
    const answer = await ask(port, { method: 'POST' }, Buffer.alloc(64 * 1024));
    expect(answer.status).toBe(502);
    expect(answer.headers.connection).toBe('close');
  });

  it('is unhealthy leaves nobody to ask: 503 with Retry-After', async () => {
    const { port } = await startGateway([await deadPort()], { healthCheck: { interval: '1s' } });
    const answer = await ask(port);
    expect(answer.status).toBe(503);
    expect(answer.headers['proxy-status']).toContain('error=destination_unavailable');
    expect(answer.headers['retry-after']).toBe('1');
  });

  it('has as many connections as it may have gives 503 BGW_ERR_CONNECTION_LIMIT', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => {}));
    const { port, gateway } = await startGateway([upstream.port], { healthCheck: 'off', maxConnections: 1 });
    const first = ask(port).catch(() => 'cut off');
    await until(() => gateway.pool.upstreams[0]!.inFlight === 1);
    const answer = await ask(port);
    expect(answer.status).toBe(503);
    expect(answer.headers['proxy-status']).toContain('BGW_ERR_CONNECTION_LIMIT');
    await gateway.close();
    expect(await first).toBe('cut off');
  });
});

describe('the request as a whole', () => {
  it('is over at its deadline: 504 BGW_ERR_DEADLINE', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => {}));
    const { port } = await startGateway([upstream.port], {
      healthCheck: 'off',
      timeouts: { attempt: '5s', request: '150ms' },
    });
    const answer = await ask(port);
    expect(answer.status).toBe(504);
    expect(answer.headers['proxy-status']).toContain('BGW_ERR_DEADLINE');
  });

  it('gets plain text when it asks for it', async () => {
    const { port } = await startGateway([await deadPort()]);
    const answer = await ask(port, { headers: { accept: 'text/plain' } });
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.body).toContain(`Ray ID: ${answer.headers['x-ray-id']}`);
  });
});

/** Waits for a condition that an event elsewhere in this process makes true. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

describe('a response that breaks off after its headers', () => {
  const BROKEN: readonly (readonly [title: string, head: string, end: (socket: Socket) => void])[] = [
    ['with a length, by FIN', 'Content-Length: 1000\r\n', (socket) => socket.end()],
    ['with a length, by RST', 'Content-Length: 1000\r\n', (socket) => socket.resetAndDestroy()],
    ['in chunks, by FIN', 'Transfer-Encoding: chunked\r\n', (socket) => socket.end()],
  ];

  it.each(BROKEN)('%s never ends cleanly for the client', async (_title, head, end) => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => {
        const body = head.startsWith('T') ? '5\r\nhello\r\n' : 'hello';
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n${body}`, () => end(socket));
      }),
    );
    const { port, seen } = await startGateway([upstream.port]);
    const answer = await ask(port).catch(() => null);
    expect(answer?.complete ?? false).toBe(false);
    expect(await seen('attempt.failed')).toMatchObject({ upstream: 'upstream-1' });
  });

  it('resets a client of HTTP/1.0, for whom the end of the connection is the end of the body', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', () =>
          socket.end(),
        );
      }),
    );
    const { port } = await startGateway([upstream.port]);
    const ending = await new Promise<string>((resolve) => {
      const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.0\r\n\r\n'));
      client.resume();
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      client.on('end', () => resolve('clean end'));
    });
    expect(ending).toBe('ECONNRESET');
  });
});

describe('a client that leaves', () => {
  it('takes its attempt along before the headers', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => {}));
    const { port, gateway, seen } = await startGateway([upstream.port]);
    const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await until(() => gateway.pool.upstreams[0]!.inFlight === 1);
    client.destroy();
    await upstream.closed;
    expect(await seen('attempt.failed')).toMatchObject({ cause: 'client_left' });
    expect(gateway.pool.upstreams[0]).toMatchObject({ inFlight: 0, counts: { failure: 0, ignored: 1 } });
  });

  it('takes its attempt along in the middle of the body', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello')),
    );
    const { port, gateway } = await startGateway([upstream.port]);
    const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    await new Promise((resolve) => client.once('data', resolve));
    client.destroy();
    await upstream.closed;
    await until(() => gateway.pool.upstreams[0]!.inFlight === 0);
    expect(gateway.pool.upstreams[0]!.counts).toMatchObject({ success: 0, failure: 0, ignored: 1 });
  });
});
