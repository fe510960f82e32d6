/** The gateway's metrics: what they say of requests, and what Prometheus's own checker says of them. */
import { describe, expect, it } from 'vitest';
import { resolveGatewayConfig } from '../../src/gateway/config.js';
import { ask, startGateway } from '../support/gateway.js';
import { startGatewayGroup } from '../support/gateway-group.js';
import { hasPromtool, promtool, scrapeWorkers } from '../support/promtool.js';
import { freePort, startUpstream } from '../support/upstream.js';

const SECTION = {
  healthCheck: 'off' as const,
  retry: { attempts: 2, backoff: { base: '1ms' } },
  concurrency: { limit: 8, queue: 4 },
  globalConcurrency: { limit: 32, queue: 16 },
  breaker: { minRequests: 100 },
};

const lines = (text: string, start: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`badgateway_${start}`));

const startAnswering = (): Promise<number> =>
  startUpstream((request, response) => {
    response.statusCode = request.url === '/missing' ? 404 : 200;
    response.end('ok');
  });

describe('the metrics of a gateway', () => {
  it('count answers by status, and by cause those that are the gateway’s own', async () => {
    const { port, gateway } = await startGateway([await startAnswering(), await freePort()], SECTION);
    // In turn: the second upstream is dead, and its requests are retried on the first.
    for (let request = 0; request < 4; request++) await ask(port);
    await ask(port, { path: '/missing' });
    const text = await gateway.metrics.render();
    expect(lines(text, 'answers_total')).toEqual([
      'badgateway_answers_total{status="200"} 4',
      'badgateway_answers_total{status="404"} 1',
    ]);
    expect(lines(text, 'attempts_total{upstream="upstream-1",outcome="success"}')).toEqual([
      'badgateway_attempts_total{upstream="upstream-1",outcome="success"} 5',
    ]);
    const retries = Number(lines(text, 'retries_total')[0]!.split(' ').at(-1));
    expect(lines(text, 'attempts_total{upstream="upstream-2",outcome="failure"}')).toEqual([
      `badgateway_attempts_total{upstream="upstream-2",outcome="failure"} ${retries}`,
    ]);
  });

  it('measure each request once, by class of status, and show none in flight afterwards', async () => {
    const { port, gateway } = await startGateway([await startAnswering()], SECTION);
    await Promise.all(Array.from({ length: 20 }, () => ask(port)));
    await ask(port, { path: '/missing' });
    // A client has its answer a moment before the gateway is done with it.
    await expect.poll(() => gateway.metrics.tallies.open).toBe(0);
    const text = await gateway.metrics.render();
    const counts = lines(text, 'request_duration_seconds_count');
    expect(counts).toEqual([
      'badgateway_request_duration_seconds_count{status_class="2xx"} 20',
      'badgateway_request_duration_seconds_count{status_class="4xx"} 1',
    ]);
    expect(text).toContain('badgateway_request_duration_seconds_bucket{le="+Inf",status_class="2xx"} 20');
    expect(lines(text, 'requests_in_flight')).toEqual(['badgateway_requests_in_flight 0']);
    expect(lines(text, 'global_concurrency_limit')).toEqual(['badgateway_global_concurrency_limit 32']);
    expect(lines(text, 'config_version')).toEqual(['badgateway_config_version 1']);
  });

  it('say a cause for what no upstream was asked for', async () => {
    const { port, gateway } = await startGateway([await startAnswering()], {
      ...SECTION,
      rateLimit: { rate: '1/s', burst: 1 },
    });
    await ask(port);
    await ask(port);
    expect(lines(await gateway.metrics.render(), 'answers_total')).toEqual([
      'badgateway_answers_total{status="200"} 1',
      'badgateway_answers_total{status="429",cause="rate_limited"} 1',
    ]);
  });
});

describe.skipIf(!hasPromtool)('promtool (needs Debian’s prometheus)', () => {
  it.each([1, 2])('has nothing against the metrics of %i processes', async (processes) => {
    const ports = [await startAnswering(), await freePort()];
    const group = await startGatewayGroup(ports, resolveGatewayConfig({ ...SECTION, processes }));
    await ask(group.port);
    await ask(group.port);
    const { body, headers } = await ask(group.adminPort, { path: '/metrics' });
    expect(headers['content-type']).toContain('version=0.0.4');
    expect(body).toContain('badgateway_answers_total{status="200"} 2');
    expect(body).toContain(`badgateway_processes ${processes === 1 ? 1 : processes + 1}`);
    expect(await promtool(['check', 'metrics'], body)).toEqual({ code: 0, output: '' });
  });

  it('has nothing against those of workers', async () => {
    expect(await promtool(['check', 'metrics'], await scrapeWorkers())).toEqual({ code: 0, output: '' });
  });
});
