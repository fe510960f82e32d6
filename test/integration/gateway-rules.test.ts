/** Rules at a gateway's door: what a client gets, what is told, and what becomes of a config whose rules refuse everybody. */
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { resolveGatewayConfig } from '../../src/gateway/config.js';
import { buildGateway } from '../../src/gateway/server.js';
import { ask, startGateway } from '../support/gateway.js';
import { startUpstream } from '../support/upstream.js';

const UP = () => startUpstream((_request, response) => response.end('good'));

describe('a request that a rule blocks', () => {
  it('is answered with 403, which says by whom and why, and never gets to an upstream', async () => {
    const asked: string[] = [];
    const upstream = await startUpstream((request, response) => {
      asked.push(request.url!);
      response.end('good');
    });
    const { port, events } = await startGateway([upstream], {
      healthCheck: 'off',
      rules: [{ name: 'no-scripts', pattern: '<script', action: 'block' }],
    });
    const refused = await ask(port, { path: '/?q=<script>', headers: { accept: 'application/json' } });
    expect(refused.status).toBe(403);
    expect(refused.headers['proxy-status']).toBe(
      'badgateway; error=http_request_denied; details="BGW_ERR_BLOCKED"',
    );
    expect(refused.headers['retry-after']).toBeUndefined();
    expect(JSON.parse(refused.body)).toMatchObject({ status: 403, cause: 'blocked' });
    expect((await ask(port, { path: '/?q=script' })).body).toBe('good');
    expect(asked).toEqual(['/?q=script']);
    expect(events.filter(({ type }) => type === 'client.refused')).toMatchObject([
      { cause: 'blocked', rule: 'no-scripts' },
    ]);
  });

  it('as an upgrade gets the same, and so does one whose rule limits the rate', async () => {
    const { port } = await startGateway([await UP()], {
      healthCheck: 'off',
      rules: [
        { path: '/chat', action: 'block' },
        { path: '/login', action: 'rate-limit', rateLimit: { rate: '1/m', burst: 1 } },
      ],
    });
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    expect((await ask(port, { path: '/chat', headers: upgrade })).status).toBe(403);
    expect((await ask(port, { path: '/login' })).status).toBe(200);
    const limited = await ask(port, { path: '/login' });
    expect([limited.status, Number(limited.headers['retry-after']) > 0]).toEqual([429, true]);
  });
});

describe('rules', () => {
  it('that refuse everybody do not make a config a good one', async () => {
    const results: [number, boolean][] = [];
    const gateway = buildGateway({
      config: resolveGatewayConfig({ healthCheck: 'off', rules: [{ action: 'block' }] }),
      upstreams: [{ id: 'upstream-1', host: '127.0.0.1', port: await UP() }],
      clock: wallClock,
      random: new Random(7),
      onEvent: () => {},
      onResult: (version, good) => results.push([version, good]),
    });
    const port = await gateway.listen('127.0.0.1', 0);
    try {
      await ask(port);
      await expect.poll(() => results).toEqual([[1, false]]);
    } finally {
      await gateway.close();
    }
  });

  it('whose expression really backtracks are switched off by the guard, and requests pass again', async () => {
    const { port, events, gateway } = await startGateway([await UP()], {
      healthCheck: 'off',
      ruleGuard: { budget: '50ms', window: '1m' },
      rules: [{ name: 'waf', pattern: 'x=.*.*=.*;', action: 'block' }],
    });
    const path = `/?x=${'x'.repeat(1_500)}`;
    while (!events.some(({ type }) => type === 'rule.switched-off')) {
      expect((await ask(port, { path })).status).toBe(200);
    }
    const burned = gateway.metrics.ruleMs;
    expect(burned).toBeGreaterThan(50);
    expect((await ask(port, { path: '/?x==;' })).status).toBe(200);
    expect(gateway.metrics.ruleMs).toBe(burned);
  });
});
