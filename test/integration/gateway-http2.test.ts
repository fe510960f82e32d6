/** What is different for clients that come over TLS, or speak HTTP/2. */
import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { certificateFolder, openSession, tlsSection } from '../support/edge.js';
import { faultyServer, onHead } from '../support/faulty-server.js';
import { startGateway, type TestGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

const start = (ports: readonly number[], listener: GatewaySection['listener'] = {}): Promise<TestGateway> => {
  const { folder, use } = certificateFolder();
  use('first');
  return startGateway(ports, tlsSection(folder, listener));
};

const statusOf = (stream: ClientHttp2Stream): Promise<number> =>
  new Promise((resolve, reject) => {
    stream.on('response', (headers: IncomingHttpHeaders & { ':status'?: number }) =>
      resolve(headers[':status']!),
    );
    stream.on('error', reject);
  });

const textOf = async (stream: ClientHttp2Stream): Promise<string> => {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
};

const closed = (stream: ClientHttp2Stream): Promise<number | undefined> =>
  new Promise((resolve) => stream.on('error', () => {}).on('close', () => resolve(stream.rstCode)));

const startEcho = (): Promise<number> =>
  startUpstream((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => response.end(`${request.headers.host} ${body}`));
  });

describe('over TLS', () => {
  it('a body of HTTP/1.0 that broke off ends without harm, and what its request held is given back', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', () =>
          socket.end(),
        );
      }),
    );
    const { port, gateway } = await start([upstream.port]);
    const client = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      client.write('GET / HTTP/1.0\r\n\r\n');
    });
    client.on('error', () => {}).resume();
    await new Promise((resolve) => client.on('close', resolve));
    await expect.poll(() => gateway.pool.upstreams[0]!.inFlight).toBe(0);
    expect(gateway.generations!.stable.inFlight).toBe(0);
  });

  it.each([
    [true, 'h2'],
    [false, 'http/1.1'],
  ])('with http2: %s a client that can speak both gets %s', async (http2, protocol) => {
    const { port } = await start([], { http2 });
    const chosen = await new Promise((resolve, reject) => {
      const options = {
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        ALPNProtocols: ['h2', 'http/1.1'],
      };
      const client = tlsConnect(options, () => {
        resolve(client.alpnProtocol);
        client.destroy();
      });
      client.on('error', reject);
    });
    expect(chosen).toBe(protocol);
  });

  it.each([true, false])(
    'with http2: %s a handshake that does not begin is not waited for',
    async (http2) => {
      const { port } = await start([], { http2, headerTimeout: '200ms' });
      const client = connect(port, '127.0.0.1');
      onTestFinished(() => void client.destroy());
      await new Promise((resolve) =>
        client
          .on('error', () => {})
          .on('close', resolve)
          .resume(),
      );
    },
  );
});

describe('over HTTP/2', () => {
  it('CONNECT is refused like any other request', async () => {
    const { port } = await start([]);
    const stream = openSession(port).request({ ':method': 'CONNECT', ':authority': 'x:443' });
    expect(await statusOf(stream)).toBe(400);
  });

  it.each<[string, OutgoingHttpHeaders, number]>([
    ['is the authority', { ':authority': 'a.test' }, 200],
    ['is said twice, alike', { ':authority': 'a.test', host: 'A.test' }, 200],
    ['is said twice, and differs', { ':authority': 'a.test', host: 'b.test' }, 400],
  ])('a host that %s', async (_what, headers, status) => {
    const { port } = await start([await startEcho()]);
    const stream = openSession(port).request({ ':path': '/', ...headers });
    expect(await statusOf(stream)).toBe(status);
    if (status === 200) expect(await textOf(stream)).toMatch(/^a\.test /);
  });

  it('a host that has a user is refused: from Node 24 on by its own parser, which resets the stream', async () => {
    const { port, gateway } = await start([await startEcho()]);
    const stream = openSession(port).request({ ':path': '/', ':authority': 'me@a.test' });
    const outcome = await statusOf(stream).catch(({ message }: Error) => message);
    expect([400, 'Stream closed with error code NGHTTP2_PROTOCOL_ERROR']).toContain(outcome);
    expect(gateway.pool.upstreams[0]!.counts.success).toBe(0);
  });

  it('a body is passed on, though nothing but its frames says that there is one', async () => {
    const { port } = await start([await startEcho()]);
    const stream = openSession(port).request({ ':path': '/', ':method': 'POST', ':authority': 'x' });
    stream.end('hello');
    expect(await textOf(stream)).toBe('x hello');
  });

  it('an upload that stands still is not kept alive by pings', async () => {
    const { port } = await start([await startEcho()], { bodyTimeout: '200ms' });
    const session = openSession(port);
    const stream = session.request({ ':path': '/', ':method': 'POST', ':authority': 'x' });
    stream.write('hel');
    const pinging = setInterval(() => session.destroyed || session.ping(() => {}), 10);
    onTestFinished(() => clearInterval(pinging));
    expect(await statusOf(stream)).toBe(408);
  });

  it('a client that has its answer is told to send no more', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno')),
    );
    const { port, gateway } = await start([upstream.port]);
    const stream = openSession(port).request({
      ':path': '/',
      ':method': 'POST',
      ':authority': 'x',
      'content-length': '100',
    });
    const [over, status, text] = [closed(stream), statusOf(stream), textOf(stream)];
    stream.write('half of it');
    expect(await status).toBe(403);
    expect(await text).toBe('no');
    expect(await over).toBe(constants.NGHTTP2_NO_ERROR);
    await expect.poll(() => gateway.generations!.stable.inFlight).toBe(0);
  });

  it('an answer that is done upstream and that nobody takes is let go', async () => {
    const upstream = await startUpstream((_request, response) => response.end('x'.repeat(5_000)));
    const { port, gateway } = await start([upstream], { sendTimeout: '200ms' });
    const session = openSession(port, { settings: { initialWindowSize: 1_000 } });
    // Without a listener for its data, nothing is read and nothing more allowed.
    const stream = session.request({ ':path': '/', ':authority': 'x' });
    expect(await statusOf(stream)).toBe(200);
    await expect.poll(() => gateway.generations!.stable.inFlight, { timeout: 5_000 }).toBe(0);
  });

  it('says how much it takes', async () => {
    const { port } = await start([], { maxHeaders: '8KiB' });
    const session = openSession(port);
    const settings = await new Promise((resolve) => session.on('remoteSettings', resolve));
    expect(settings).toMatchObject({ maxConcurrentStreams: 128, maxHeaderListSize: 8192 });
  });

  it('ends a connection without requests, and none with one', async () => {
    let answer = (): void => {};
    const upstream = await startUpstream((_request, response) => {
      answer = () => response.end('late');
    });
    const { port } = await start([upstream], { keepAlive: '100ms' });
    const idle = openSession(port);
    const busy = openSession(port);
    const stream = busy.request({ ':path': '/', ':authority': 'x' });
    const text = textOf(stream);
    await new Promise((resolve) => idle.on('close', resolve));
    // It is as old as the other one.
    expect(busy.closed).toBe(false);
    answer();
    expect(await text).toBe('late');
    await new Promise((resolve) => busy.on('close', resolve));
  });
});
