/** How clients reach the gateway: TLS and HTTP/2, sizes, slow clients, and requests that two parties could read differently. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificateFolder, FIXTURES, speak, statusOf, tlsSection } from '../support/edge.js';
import { startGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

const commonNameAt = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket: TLSSocket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });

describe('over TLS', () => {
  it('speaks HTTP/1.1 and HTTP/2 on one port, and tells the upstream that it was https', async () => {
    const { folder, use } = certificateFolder();
    use('first');
    const upstream = await startUpstream((request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(JSON.stringify(request.headers));
    });
    const { port } = await startGateway([upstream], tlsSection(folder));
    const overHttp1 = await new Promise<string>((resolve, reject) => {
      requestHttps(
        { port, host: '127.0.0.1', path: '/', agent: false, rejectUnauthorized: false },
        (response) => {
          let text = '';
          response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text));
        },
      )
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(overHttp1)).toMatchObject({ 'x-forwarded-proto': 'https', via: '1.1 badgateway' });

    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    onTestFinished(() => void session.destroy());
    const stream = session.request({ ':path': '/x', ':authority': 'example.test', cookie: 'c=3' });
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      stream.on('response', resolve).on('error', reject);
    });
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += chunk;
    expect(headers[':status']).toBe(200);
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(JSON.parse(text)).toMatchObject({ host: 'example.test', via: '2 badgateway', cookie: 'c=3' });
  });

  it('answers a failure over HTTP/2, and resets a stream whose body broke off', async () => {
    const { folder, use } = certificateFolder();
    use('first');
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half of it', () => response.destroy());
    });
    const { port } = await startGateway([upstream], tlsSection(folder));
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    onTestFinished(() => void session.destroy());
    const broken = session.request({ ':path': '/' });
    broken.resume();
    const code = await new Promise((resolve) => {
      broken.on('error', () => {}).on('close', () => resolve(broken.rstCode));
    });
    expect(code).toBe(constants.NGHTTP2_INTERNAL_ERROR);
  });

  it('takes a new certificate without a restart, and keeps the old one when the new one is of no use', async () => {
    const { folder, use } = certificateFolder();
    use('first');
    const upstream = await startUpstream((_request, response) => response.end('ok'));
    const { port, seen } = await startGateway([upstream], tlsSection(folder));
    expect(await commonNameAt(port)).toBe('first.test');
    use('second');
    await seen('certificate.reloaded');
    expect(await commonNameAt(port)).toBe('second.test');
    writeFileSync(join(folder, 'cert.pem'), 'nonsense');
    const { reason } = await seen('certificate.refused');
    expect(reason).toContain('cannot be used');
    expect(await commonNameAt(port)).toBe('second.test');
  });

  it('does not start with a key that belongs to another certificate, and says so', async () => {
    const { folder, use } = certificateFolder();
    use('first');
    copyFileSync(join(FIXTURES, 'second.key.pem'), join(folder, 'key.pem'));
    await expect(startGateway([], tlsSection(folder))).rejects.toThrow(/cannot be used/);
  });
});

describe('a request that is too large', () => {
  const start = async () => {
    const upstream = await startUpstream((request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    return startGateway([upstream], {
      healthCheck: 'off',
      listener: { maxHeaders: '4KiB', maxUrl: '1KiB', maxBody: '10KiB' },
    });
  };
  const head = (line: string, fields = ''): string => `${line}\r\nhost: x\r\n${fields}\r\n`;

  it.each([
    ['header', head('GET / HTTP/1.1', `big: ${'x'.repeat(5000)}\r\n`), 431],
    ['address', head(`GET /${'x'.repeat(2000)} HTTP/1.1`, 'connection: close\r\n'), 414],
    ['address that fills the header', head(`GET /${'x'.repeat(9000)} HTTP/1.1`), 414],
    ['body by its length', head('POST / HTTP/1.1', 'content-length: 20000\r\n'), 413],
    [
      'body in chunks',
      `${head('POST / HTTP/1.1', 'connection: close\r\ntransfer-encoding: chunked\r\n')}4e20\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`,
      413,
    ],
  ])('%s', async (_what, text, status) => {
    const { port } = await start();
    const answer = await speak(port, text);
    expect(statusOf(answer)).toBe(status);
    expect(answer.toLowerCase()).toContain('x-ray-id');
  });
});

describe('a request that two parties could read differently', () => {
  it.each([
    [
      'two different lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!',
    ],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['an unknown coding', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n'],
    [
      'chunked and another',
      'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'chunked before another',
      'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
    ],
    ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length : 5\r\n\r\nhello'],
    ['a folded line', 'GET / HTTP/1.1\r\nhost: x\r\na: b\r\n c: d\r\n\r\n'],
    ['bare LF', 'GET / HTTP/1.1\nhost: x\n\n'],
    ['a bare CR in a value', 'GET / HTTP/1.1\r\nhost: x\r\na: b\rc: d\r\n\r\n'],
    ['a NUL in a value', 'GET / HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a sign in the length', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +5\r\n\r\nhello'],
    [
      'a bad chunk size',
      'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n',
    ],
  ])('%s is refused with 400, and the connection closed', async (_what, text) => {
    const upstream = await startUpstream((request, response) => {
      request.resume().on('end', () => response.end('ok'));
    });
    const { port } = await startGateway([upstream]);
    const answer = await speak(port, `${text}GET /second HTTP/1.1\r\nhost: x\r\n\r\n`);
    expect(statusOf(answer)).toBe(400);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});

describe('a slow client', () => {
  it('gets 408 when its header does not end', async () => {
    const { port } = await startGateway([], { healthCheck: 'off', listener: { headerTimeout: '200ms' } });
    const answer = await speak(port, 'GET / HTTP/1.1\r\nhost: x\r\na:');
    expect(statusOf(answer)).toBe(408);
    expect(answer).toContain('BGW_ERR_CLIENT_TIMEOUT');
  });

  it('gets 408 when its body stands still, and the upstream is let go', async () => {
    let closed = (): void => {};
    const upstreamClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const upstream = await startUpstream((request) => {
      request.resume().on('close', closed);
    });
    const { port } = await startGateway([upstream], {
      healthCheck: 'off',
      listener: { bodyTimeout: '200ms' },
    });
    const answer = await speak(port, 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhell');
    expect(statusOf(answer)).toBe(408);
    await upstreamClosed;
  });
});

describe('a connection that goes on with WebSocket', () => {
  const handshake =
    'GET /chat HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n';

  const startEcho = async (): Promise<number> => {
    const { createServer } = await import('node:http');
    const server = createServer((_request, response) => response.writeHead(200).end('plain'));
    const sockets = new Set<Socket>();
    server.on('upgrade', (request, socket: Socket) => {
      sockets.add(socket);
      if (request.url === '/refused') {
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno');
        return;
      }
      const accept = request.headers['sec-websocket-key'];
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
      );
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as { port: number }).port;
  };

  it('passes both ways, holds what the request holds, and lets it go at the end', async () => {
    const { port, gateway } = await startGateway([await startEcho()]);
    const socket = connect(port, '127.0.0.1', () => socket.write(handshake));
    onTestFinished(() => void socket.destroy());
    let text = '';
    const until = (part: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (text.includes(part)) resolve();
        };
        socket.on('data', look);
        look();
      });
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    await until('\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 101/);
    expect(text.toLowerCase()).toContain('sec-websocket-accept');
    expect(gateway.pool.upstreams[0]!.inFlight).toBe(1);
    socket.write('hello');
    await until('hello');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.end();
    await closed;
    await expect.poll(() => gateway.pool.upstreams[0]!.inFlight).toBe(0);
  });

  it('is refused by the upstream with its own answer', async () => {
    const { port } = await startGateway([await startEcho()]);
    const answer = await speak(port, handshake.replace('/chat', '/refused'));
    expect(statusOf(answer)).toBe(403);
    expect(answer).toMatch(/no$/);
  });

  it('gets the gateway’s own answer when there is no upstream', async () => {
    const { port } = await startGateway([]);
    expect(statusOf(await speak(port, handshake))).toBe(503);
  });

  it('with a protocol that we do not know goes on with HTTP', async () => {
    const { port } = await startGateway([await startEcho()]);
    const answer = await speak(port, handshake.replace('upgrade: websocket', 'upgrade: h2c'));
    expect(statusOf(answer)).toBe(200);
    expect(answer).toContain('plain');
  });
});

describe('an event stream', () => {
  it('is passed on chunk by chunk', async () => {
    let next = (): void => {};
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      next = () => response.end('data: 2\n\n');
    });
    const { port } = await startGateway([upstream]);
    const { get } = await import('node:http');
    const text = await new Promise<string>((resolve) => {
      get({ port, host: '127.0.0.1', agent: false }, (response) => {
        let all = '';
        response.on('data', (chunk) => {
          all += chunk;
          // The second event is not sent before the first has arrived.
          next();
        });
        response.on('end', () => resolve(all));
      });
    });
    expect(text).toBe('data: 1\n\ndata: 2\n\n');
  });
});
