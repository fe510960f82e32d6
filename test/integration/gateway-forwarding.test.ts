/** What goes through the gateway unharmed: methods, headers, bodies, and an upstream's own errors. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { faultyServer, onHead } from '../support/faulty-server.js';
import { ask, startGateway } from '../support/gateway.js';

const upstreamServer = async (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<number> => {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as { port: number }).port;
};

/** Answers with what it was asked, as JSON. */
const echo = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
};

describe('a request', () => {
  it.each(['GET', 'DELETE', 'OPTIONS'])(
    'of method %s reaches the upstream with path and query',
    async (method) => {
      const { port } = await startGateway([await upstreamServer(echo)]);
      const answer = await ask(port, { method, path: '/a/../b%20c?x=1&y=%C3%A4' });
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toMatchObject({ method, url: '/a/../b%20c?x=1&y=%C3%A4' });
    },
  );

  it.each(['POST', 'PUT', 'PATCH'])(
    'of method %s takes its body along, whatever its type',
    async (method) => {
      const { port } = await startGateway([await upstreamServer(echo)]);
      const headers = { 'content-type': 'application/x-thing; v=1' };
      const answer = await ask(port, { method, headers }, 'some {json that is none');
      expect(JSON.parse(answer.body)).toMatchObject({ method, body: 'some {json that is none', headers });
    },
  );

  it('with a chunked body of unknown length arrives whole', async () => {
    const { port } = await startGateway([await upstreamServer(echo)]);
    const answer = await ask(port, { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, 'chunky');
    expect(JSON.parse(answer.body)).toMatchObject({ body: 'chunky' });
  });

  it('keeps its Host and gains the forwarding fields and a Ray ID', async () => {
    const { port } = await startGateway([await upstreamServer(echo)]);
    const answer = await ask(port, { headers: { host: 'chat.example', 'x-forwarded-for': '203.0.113.9' } });
    expect(JSON.parse(answer.body).headers).toMatchObject({
      host: 'chat.example',
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'chat.example',
      'x-ray-id': answer.headers['x-ray-id'],
    });
  });

  it('loses the fields that are about one connection, and those that Connection names', async () => {
    const { port } = await startGateway([await upstreamServer(echo)]);
    const headers = {
      connection: 'close, x-private',
      'x-private': '1',
      'keep-alive': '5',
      te: 'trailers',
      'x-kept': '2',
    };
    const seen = JSON.parse((await ask(port, { headers })).body).headers as Record<string, string>;
    expect(seen['x-kept']).toBe('2');
    for (const name of ['x-private', 'keep-alive', 'te']) expect(seen).not.toHaveProperty(name);
  });

  it('that expects 100-continue is served', async () => {
    const { port } = await startGateway([await upstreamServer(echo)]);
    const answer = await ask(port, { method: 'POST', headers: { expect: '100-continue' } }, 'body');
    expect(JSON.parse(answer.body)).toMatchObject({ body: 'body' });
  });
});

describe('a response', () => {
  it.each([200, 201, 204, 301, 404, 418, 500, 502, 503, 504])(
    'of status %i passes unchanged, marked as the upstream’s own',
    async (status) => {
      const upstream = await upstreamServer((_request, response) => {
        response.writeHead(status, { 'x-own': 'yes', 'retry-after': '7' }).end();
      });
      const { port } = await startGateway([upstream]);
      const answer = await ask(port);
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({
        'x-own': 'yes',
        'retry-after': '7',
        'proxy-status': 'badgateway; next-hop=upstream-1',
      });
    },
  );

  it('to HEAD has its length and no body', async () => {
    const upstream = await upstreamServer((_request, response) =>
      response.writeHead(200, { 'content-length': 99 }).end(),
    );
    const { port } = await startGateway([upstream]);
    const answer = await ask(port, { method: 'HEAD' });
    expect(answer.headers['content-length']).toBe('99');
    expect(answer.body).toBe('');
  });

  it('keeps repeated fields apart', async () => {
    const upstream = await upstreamServer((_request, response) => {
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end();
    });
    const { port } = await startGateway([upstream]);
    expect((await ask(port)).headers['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it('after an informational one is the answer', async () => {
    const upstream = await upstreamServer((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeHead(200).end('done');
    });
    const { port } = await startGateway([upstream]);
    const answer = await ask(port);
    expect(answer).toMatchObject({ status: 200, body: 'done' });
  });

  it('that ends with its connection arrives whole', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it')),
    );
    const { port } = await startGateway([upstream.port]);
    expect(await ask(port)).toMatchObject({ status: 200, body: 'all of it', complete: true });
  });

  it('with a control character in a field is not passed on', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => socket.end('HTTP/1.1 200 OK\r\nx-odd: a\u0001b\r\nContent-Length: 2\r\n\r\nok')),
    );
    const { port } = await startGateway([upstream.port]);
    const answer = await ask(port);
    expect(answer.status).toBe(502);
    expect(answer.headers['proxy-status']).toContain('BGW_ERR_PROTOCOL');
  });

  it('comes from each available upstream in turn', async () => {
    const named = (name: string) => upstreamServer((_request, response) => response.end(name));
    const { port } = await startGateway([await named('a'), await named('b'), await named('c')]);
    const seen: string[] = [];
    for (let count = 0; count < 6; count++) seen.push((await ask(port)).body);
    expect(seen.slice(0, 3).sort()).toEqual(['a', 'b', 'c']);
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  });
});

describe('a body', () => {
  const SIZES = [1, 255, 8 * 1024, 8 * 1024 + 1, 100_000];
  const FRAMINGS = ['content-length', 'chunked'] as const;
  const CASES = SIZES.flatMap((bytes) => FRAMINGS.map((framing) => [bytes, framing] as const));

  it.each(CASES)('of %d bytes, whatever they are, arrives byte for byte with %s', async (bytes, framing) => {
    const body = Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
    const answer = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(200, framing === 'content-length' ? { 'content-length': bytes } : {});
      response.end(body);
    };
    const { port } = await startGateway([await upstreamServer(answer)]);
    const received = await fetch(`http://127.0.0.1:${port}/`);
    expect(Buffer.from(await received.arrayBuffer()).equals(body)).toBe(true);
  });

  it('that is none, of HEAD, 204 and 304, stays none', async () => {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(Number(request.url!.slice(1)), { etag: '"x"' }).end();
    };
    const { port } = await startGateway([await upstreamServer(answer)]);
    expect(await ask(port, { path: '/204' })).toMatchObject({ status: 204, body: '', complete: true });
    expect(await ask(port, { path: '/304' })).toMatchObject({ status: 304, body: '', complete: true });
    expect(await ask(port, { method: 'HEAD', path: '/200' })).toMatchObject({ status: 200, body: '' });
  });
});
