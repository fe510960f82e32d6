/** The error page on real sockets: what a client sends cannot get into it, and what it says of recovery is so. */
import { describe, expect, it } from 'vitest';
import { speak } from '../support/edge.js';
import { deadPort } from '../support/faulty-server.js';
import { ask, startGateway } from '../support/gateway.js';
import { htmlProblems, skeletonOf } from '../support/html.js';
import { startUpstream } from '../support/upstream.js';

const BROWSER = { headers: { accept: 'text/html' } };

const STATUS_PAGE = 'http://127.0.0.1:9/status';

/** As bytes: one for each character. */
const raw = (host: string, path = '/', more = ''): string =>
  `GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: text/html\r\nconnection: close\r\n${more}\r\n`;

const HOSTILE: readonly (readonly [title: string, request: string])[] = [
  ['markup as host', raw('</title></style><script>alert(1)</script>')],
  ['an attribute as host', raw(`x" onmouseover="alert(1)' onfocus='alert(2)`)],
  ['bytes that are no UTF-8 as host', raw('\u00ff\u00fe\u00c0\u00af\u00ed\u00a0\u0080')],
  ['a host of 8 KiB', raw('<'.repeat(8 * 1024))],
  ['markup as path', raw('x', '/</style><script>alert(1)</script>?"><svg/onload=alert(1)>')],
  ['markup as fields', raw('x', '/', 'x-ray-id: <b>\r\nreferer: "><script>\r\nx-forwarded-for: <i>\r\n')],
  ['markup as media type', raw('x', '/', 'accept: text/html, <script>/*;q="\r\n')],
];

describe('the page of an error', () => {
  it.each(HOSTILE)('has no tag but its own with %s', async (_title, request) => {
    const { port } = await startGateway([await deadPort()], {
      healthCheck: 'off',
      errorPage: { statusPage: STATUS_PAGE },
      // So that what it says of itself is looked at.
      listener: { trustedEdges: ['127.0.0.1'] },
    });
    const expected = skeletonOf((await ask(port, BROWSER)).body);
    const answer = await speak(port, request);
    const [head = '', ...body] = answer.split('\r\n\r\n');
    // A host that is none is refused, with a page as well.
    expect(head).toMatch(/^HTTP\/1.1 (400|502) /);
    expect(head).toMatch(
      /content-security-policy: default-src 'none'; style-src 'unsafe-inline'; form-action http:\/\/127.0.0.1:9;/,
    );
    const html = body.join('\r\n\r\n');
    expect(skeletonOf(html)).toEqual(expected);
    expect(html).not.toMatch(/<script|<img|<svg\/|alert\(1\)<\/script>/);
    // The checker counts `&quot;` in a title as six characters.
    expect((await htmlProblems(html)).filter((problem) => !problem.includes('long-title'))).toEqual([]);
  });

  it('says where the gateway is, whom it saw and where to look, in every form', async () => {
    const { port } = await startGateway([await deadPort()], {
      healthCheck: 'off',
      location: 'FRA',
      errorPage: { statusPage: `${STATUS_PAGE}/` },
    });
    const html = await ask(port, BROWSER);
    for (const part of ['FRA', '127.0.0.1', `href="${STATUS_PAGE}/"`]) expect(html.body).toContain(part);
    const { rayId, time, ...json } = JSON.parse((await ask(port)).body);
    expect(rayId).toMatch(/^[0-9a-f]{16}$/);
    expect(new Date(time).toISOString()).toBe(time);
    expect(json).toEqual({
      type: 'about:blank',
      title: 'The upstream refused the connection',
      status: 502,
      detail: 'Please try again in a few minutes.',
      code: 'BGW_ERR_CONNECTION_REFUSED',
      cause: 'connection_refused',
      hop: 'host',
      clientAddress: '127.0.0.1',
      location: 'FRA',
      estimatedRecovery: null,
      statusPage: STATUS_PAGE,
    });
    const text = await ask(port, { headers: { accept: 'text/plain' } });
    expect(text.body).toContain('Location: FRA');
    expect(text.body).toContain(`Status: ${STATUS_PAGE}/`);
  });

  it.each([
    ['masked', '127.0.0.…'],
    ['hidden', undefined],
  ] as const)('has the client’s address %s', async (clientAddress, expected) => {
    const { port } = await startGateway([await deadPort()], {
      healthCheck: 'off',
      errorPage: { clientAddress },
    });
    expect(JSON.parse((await ask(port)).body).clientAddress).toBe(expected);
    expect((await ask(port, BROWSER)).body).not.toContain('127.0.0.1<');
  });

  it('has the client’s own address and the edge’s Ray ID behind an edge that is trusted', async () => {
    const behind = await startGateway([await deadPort()], {
      healthCheck: 'off',
      listener: { trustedEdges: ['127.0.0.0/8'] },
    });
    const edge = await startGateway([behind.port], { healthCheck: 'off' });
    // Another one before it, which has seen the client.
    const fields = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9' };
    const answer = await ask(edge.port, { headers: { ...fields, accept: 'text/html' } });
    expect(answer.body).toContain('<code>203.0.113.9</code>');
    expect(answer.body).toContain(`<code>${answer.headers['x-ray-id']}</code>`);
    const hops = [...answer.body.matchAll(/<li class="(\w+)">.*?<b>(\w+)<\/b>/g)].map(([, ...hop]) => hop);
    expect(hops).toEqual([
      ['good', 'You'],
      ['good', 'Edge'],
      ['good', 'Gateway'],
      ['bad', 'Host'],
    ]);
    expect(await htmlProblems(answer.body)).toEqual([]);
    const json = JSON.parse((await ask(edge.port, { headers: fields })).body);
    expect(json.clientAddress).toBe('203.0.113.9');
  });

  it('does not believe anybody else who says whose address it is', async () => {
    const fields = { 'x-forwarded-for': '203.0.113.9', 'x-ray-id': '0123456789abcdef' };
    for (const trustedEdges of [[], ['10.0.0.0/8']]) {
      const { port } = await startGateway([await deadPort()], {
        healthCheck: 'off',
        listener: { trustedEdges },
      });
      const { clientAddress, rayId } = JSON.parse((await ask(port, { headers: fields })).body);
      expect(clientAddress).toBe('127.0.0.1');
      expect(rayId).not.toBe(fields['x-ray-id']);
    }
  });

  it('of an open circuit says when the next trial is, and so does Retry-After', async () => {
    const failing = await startUpstream((_request, response) => response.writeHead(500).end());
    const { port, seen } = await startGateway([failing], {
      healthCheck: 'off',
      breaker: { minRequests: 1, openFor: '30s' },
    });
    await ask(port);
    await seen('circuit.opened');
    const answer = await ask(port);
    expect(answer.status).toBe(503);
    const { estimatedRecovery, detail } = JSON.parse(answer.body);
    expect(estimatedRecovery.source).toBe('circuit');
    expect(estimatedRecovery.afterSeconds).toBeGreaterThan(20);
    expect(estimatedRecovery.afterSeconds).toBeLessThanOrEqual(30);
    expect(answer.headers['retry-after']).toBe(String(estimatedRecovery.afterSeconds));
    expect(detail).toBe(`Please try again in ${estimatedRecovery.afterSeconds} seconds.`);
  });

  it('of an ejection says when it ends', async () => {
    const failing = await startUpstream((_request, response) => response.writeHead(500).end());
    const { port, seen } = await startGateway([failing], {
      healthCheck: 'off',
      outlierEjection: { consecutive5xx: { failures: 1 }, baseEjection: '20s', maxEjected: '100%' },
    });
    await ask(port);
    await seen('upstream.ejected');
    const { code, estimatedRecovery } = JSON.parse((await ask(port)).body);
    expect(code).toBe('BGW_ERR_NO_UPSTREAM');
    expect(estimatedRecovery.source).toBe('ejection');
    expect(estimatedRecovery.afterSeconds).toBeGreaterThan(10);
  });

  it('of a rate limit says when there is a token', async () => {
    const upstream = await startUpstream((_request, response) => response.end());
    const { port } = await startGateway([upstream], {
      healthCheck: 'off',
      rateLimit: { rate: '0.1/s', burst: 1 },
    });
    await ask(port);
    const answer = await ask(port);
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.body).estimatedRecovery).toEqual({ afterSeconds: 10, source: 'rate-limit' });
    expect(answer.headers['retry-after']).toBe('10');
  });
});
