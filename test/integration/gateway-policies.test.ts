/** The policies on real sockets: limits, breakers, retries and rate limits, as a client and an upstream see them. */
import { spawn } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deadPort, faultyServer, onHead } from '../support/faulty-server.js';
import { ask, startGateway } from '../support/gateway.js';

const serve = async (handle: (request: IncomingMessage, response: ServerResponse) => void) => {
  let hits = 0;
  const server = createServer((request, response) => {
    hits++;
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as { port: number }).port,
    get hits() {
      return hits;
    },
  };
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

const code = (headers: IncomingHttpHeaders): string =>
  /details="(\w+)"/.exec(String(headers['proxy-status']))?.[1] ?? '';

describe('a concurrency limit', () => {
  it.each([
    [0, 'BGW_ERR_CONCURRENCY_LIMIT'],
    [1, 'BGW_ERR_QUEUE_FULL'],
  ])(
    'with a queue of %i refuses the next with 503 %s, and it never reaches the upstream',
    async (queue, expected) => {
      const upstream = await serve(() => {});
      const { port, gateway } = await startGateway([upstream.port], {
        healthCheck: 'off',
        concurrency: { limit: 1, queue, maxWait: '10s' },
      });
      const held = Array.from({ length: 1 + queue }, () => ask(port).catch(() => null));
      await until(() => gateway.pool.upstreams[0]!.load === 1 + queue);
      const answer = await ask(port);
      expect([answer.status, code(answer.headers), answer.headers['retry-after']]).toEqual([
        503,
        expected,
        '1',
      ]);
      expect(upstream.hits).toBe(1);
      await gateway.close();
      await Promise.all(held);
    },
  );

  it('refuses who waited too long with 503 BGW_ERR_QUEUE_TIMEOUT, and tells of it with the numbers', async () => {
    const upstream = await serve(() => {});
    const { port, gateway, seen } = await startGateway([upstream.port], {
      healthCheck: 'off',
      concurrency: { limit: 1, queue: 1, maxWait: '50ms' },
    });
    const held = ask(port).catch(() => null);
    await until(() => gateway.pool.upstreams[0]!.load === 1);
    const answer = await ask(port);
    expect([answer.status, code(answer.headers)]).toEqual([503, 'BGW_ERR_QUEUE_TIMEOUT']);
    const rayId = answer.headers['x-ray-id'];
    const told = { rayId, cause: 'queue_timeout', detail: 'no slot within 50ms' };
    expect(await seen('request.refused')).toMatchObject(told);
    await gateway.close();
    await held;
  });
});

describe('a breaker', () => {
  it('stops asking an upstream that fails: 503 BGW_ERR_CIRCUIT_OPEN', async () => {
    const upstream = await serve((_request, response) => response.writeHead(500).end());
    const { port, seen } = await startGateway([upstream.port], {
      healthCheck: 'off',
      breaker: { minRequests: 5, openFor: '1h' },
    });
    for (let count = 0; count < 5; count++) expect((await ask(port)).status).toBe(500);
    await seen('circuit.opened');
    const answer = await ask(port);
    expect([answer.status, code(answer.headers)]).toEqual([503, 'BGW_ERR_CIRCUIT_OPEN']);
    expect(upstream.hits).toBe(5);
  });

  it('is not opened by clients that leave', async () => {
    const upstream = await faultyServer((socket) => onHead(socket, () => {}));
    const { port, gateway } = await startGateway([upstream.port], {
      healthCheck: 'off',
      breaker: { minRequests: 1 },
    });
    const [only] = gateway.pool.upstreams;
    for (let count = 1; count <= 3; count++) {
      const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      await until(() => only!.inFlight === 1);
      client.destroy();
      await until(() => only!.counts.ignored === count);
    }
    expect(only!.breaker!.state).toBe('closed');
  });
});

describe('a retry', () => {
  it('goes to another upstream, and the client sees only the good answer', async () => {
    const good = await serve((_request, response) => response.end('good'));
    const bad = await serve((request) => request.socket.resetAndDestroy());
    const { port, events } = await startGateway([bad.port, good.port], { healthCheck: 'off', retry: {} });
    for (let count = 0; count < 4; count++)
      expect(await ask(port)).toMatchObject({ status: 200, body: 'good' });
    expect(good.hits).toBe(4);
    expect(bad.hits).toBeGreaterThan(0);
    expect(events.filter(({ type }) => type === 'attempt.retried')).toHaveLength(bad.hits);
  });

  it('of a POST never happens', async () => {
    const good = await serve((_request, response) => response.end('good'));
    const bad = await serve((request) => request.socket.resetAndDestroy());
    const { port } = await startGateway([bad.port, good.port], { healthCheck: 'off', retry: {} });
    const statuses = [
      (await ask(port, { method: 'POST' }, 'once')).status,
      (await ask(port, { method: 'POST' }, 'once')).status,
    ];
    expect(statuses.sort()).toEqual([200, 502]);
  });

  it('of a PUT sends its small body again, whole', async () => {
    const bodies: string[] = [];
    const good = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        response.end('good');
      });
    });
    const { port } = await startGateway([await deadPort(), good.port], { healthCheck: 'off', retry: {} });
    for (let count = 0; count < 2; count++) {
      expect((await ask(port, { method: 'PUT', headers: { 'content-length': 5 } }, 'again')).status).toBe(
        200,
      );
    }
    expect(bodies).toEqual(['again', 'again']);
  });

  it('leaves an upstream’s own 503 its failure, and gives its connection back', async () => {
    const refusing = await serve((_request, response) => response.writeHead(503).end('x'.repeat(200_000)));
    const { port, gateway } = await startGateway([refusing.port], {
      healthCheck: 'off',
      retry: { attempts: 3 },
    });
    expect((await ask(port)).status).toBe(503);
    expect(refusing.hits).toBe(3);
    await until(() => gateway.pool.upstreams[0]!.inFlight === 0);
    expect(gateway.pool.upstreams[0]!.counts).toMatchObject({ failure: 3, ignored: 0 });
  });
});

describe('a rate limit', () => {
  it('answers 429 with Retry-After, and spares the upstream', async () => {
    const upstream = await serve((_request, response) => response.end('ok'));
    const { port } = await startGateway([upstream.port], {
      healthCheck: 'off',
      rateLimit: { rate: '6/m', burst: 2 },
    });
    const answers = [await ask(port), await ask(port), await ask(port)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(code(answers[2]!.headers)).toBe('BGW_ERR_RATE_LIMITED');
    expect(Number(answers[2]!.headers['retry-after'])).toBeGreaterThan(5);
    expect(upstream.hits).toBe(2);
  });
});

describe('a name that does not resolve', () => {
  it('gives 502 BGW_ERR_DNS', async () => {
    const { port } = await startGateway([80], { healthCheck: 'off' }, 'no-such-host.invalid');
    const answer = await ask(port);
    expect([answer.status, code(answer.headers)]).toEqual([502, 'BGW_ERR_DNS']);
  });
});

/** Listens with a backlog of one and never accepts: it stands still from then on. */
const STANDING_STILL = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

describe('an upstream that never accepts', () => {
  it('gives 504 BGW_ERR_CONNECT_TIMEOUT once its backlog is full', async () => {
    const child = spawn(process.execPath, ['-e', STANDING_STILL], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const fullPort = Number(
      await new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text)))),
    );
    // The kernel completes handshakes until the backlog is full, and drops every SYN after that.
    const fillers = Array.from({ length: 4 }, () => connect(fullPort, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => {
      for (const filler of fillers) filler.destroy();
    });
    await new Promise((resolve) => fillers[0]!.once('connect', resolve));
    const { port } = await startGateway([fullPort], {
      healthCheck: 'off',
      timeouts: { connect: '300ms', attempt: '10s' },
    });
    const answer = await ask(port);
    expect([answer.status, code(answer.headers)]).toEqual([504, 'BGW_ERR_CONNECT_TIMEOUT']);
  });
});

describe('a request that is not valid', () => {
  const raw = (port: number, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let seen = '';
      const client = connect(port, '127.0.0.1', () => client.write(text));
      client.setEncoding('latin1').on('data', (chunk) => {
        seen += chunk;
      });
      client.on('end', () => resolve(seen));
      client.on('error', reject);
    });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['a path that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
  ])('such as %s gets 400 with a Ray ID and Proxy-Status', async (_title, text) => {
    const { port } = await startGateway([await deadPort()]);
    const answer = await raw(port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/x-ray-id: [0-9a-f]{16}/);
    expect(answer).toContain('BGW_ERR_BAD_REQUEST');
  });

  it('in the middle of a response never writes into its body', async () => {
    const upstream = await faultyServer((socket) =>
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')),
    );
    const { port } = await startGateway([upstream.port]);
    const answer = await new Promise<string>((resolve) => {
      let seen = '';
      const client = connect(port, '127.0.0.1', () => client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      client.setEncoding('latin1').on('data', (chunk) => {
        if (seen === '') client.write('garbage\r\n\r\n');
        seen += chunk;
      });
      client.on('error', () => {});
      client.on('close', () => resolve(seen));
    });
    expect(answer).not.toContain('400 Bad Request');
  });

  it('of a method that few know is passed on all the same', async () => {
    const upstream = await serve((request, response) => response.end(request.method));
    const { port } = await startGateway([upstream.port]);
    expect(await ask(port, { method: 'PROPFIND' })).toMatchObject({ status: 200, body: 'PROPFIND' });
  });
});

describe('the status dialect', () => {
  it.each([
    ['envoy', 503],
    ['nginx', 502],
    ['haproxy', 503],
  ] as const)('%s gives a refused connection %i, with the same cause', async (statusDialect, expected) => {
    const { port } = await startGateway([await deadPort()], { healthCheck: 'off', statusDialect });
    const answer = await ask(port);
    expect(answer.status).toBe(expected);
    expect(code(answer.headers)).toBe('BGW_ERR_CONNECTION_REFUSED');
  });
});

describe('the error page', () => {
  it('is HTML for a browser, names the failing hop and the Ray ID, and escapes what the client sent', async () => {
    const { port } = await startGateway([await deadPort()]);
    const answer = await ask(port, {
      path: '/<script>alert(1)</script>',
      headers: {
        accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
        host: '"><img src=x onerror=alert(1)>',
      },
    });
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.body).toContain(`<dt>Ray ID</dt><dd><code>${answer.headers['x-ray-id']}</code>`);
    expect(answer.body).toMatch(/<li class="bad">.*✕ Error/);
    expect(answer.body).not.toContain('<script>');
    expect(answer.body).not.toContain('<img');
  });

  it.each([
    ['*/*', 'application/problem+json'],
    ['application/json', 'application/problem+json'],
    ['text/html;q=0.1, application/json', 'application/problem+json'],
    ['text/plain;q=0.5, text/html;q=0.9', 'text/html; charset=utf-8'],
  ])('is chosen by Accept: %s', async (accept, expected) => {
    const { port } = await startGateway([await deadPort()]);
    expect((await ask(port, { headers: { accept } })).headers['content-type']).toBe(expected);
  });
});

describe('the metrics', () => {
  it('count answers, failures and changes, and show what is in flight', async () => {
    const { port, gateway } = await startGateway([await deadPort()]);
    await ask(port);
    const text = await gateway.metrics.render();
    expect(text).toContain('badgateway_answers_total{status="502",cause="connection_refused"} 1');
    expect(text).toContain(
      'badgateway_attempt_failures_total{upstream="upstream-1",cause="connection_refused"} 1',
    );
    expect(text).toContain('badgateway_in_flight{upstream="upstream-1"} 0');
  });
});
