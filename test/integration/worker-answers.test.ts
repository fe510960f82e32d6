/** What a worker answers besides requests: shallow and deep health checks, probes, and work that is too late to begin. */
import { describe, expect, it } from 'vitest';
import { makeFleet, oneSlot } from '../support/fleet.js';
import { ask, startGateway } from '../support/gateway.js';

/** A worker with one slot. */
const startWorker = async (mean: string): Promise<number> => {
  const [address] = await makeFleet(oneSlot(mean)).start();
  return address!.port;
};

const probe = async (port: number): Promise<{ inFlight: number; latencyMs: number }> =>
  JSON.parse((await ask(port, { path: '/probe' })).body);

describe('a worker whose slot is taken for an hour', () => {
  const startBusy = async (): Promise<number> => {
    const port = await startWorker('1h');
    ask(port).catch(() => {});
    await expect.poll(async () => (await probe(port)).inFlight).toBe(1);
    return port;
  };

  it('answers a shallow health check at once, and a deep one never', async () => {
    const port = await startBusy();
    expect((await ask(port, { path: '/healthz' })).status).toBe(200);
    const shallow = await startGateway([port], { healthCheck: { type: 'http', timeout: '200ms' } });
    expect(shallow.gateway.pool.upstreams[0]!.healthy).toBe(true);
    const tcp = await startGateway([port], { healthCheck: { type: 'tcp', timeout: '200ms' } });
    expect(tcp.gateway.pool.upstreams[0]!.healthy).toBe(true);
    const deep = await startGateway([port], { healthCheck: { type: 'deep', timeout: '200ms' } });
    expect(deep.gateway.pool.upstreams[0]!.healthy).toBe(false);
    expect(deep.events).toContainEqual(
      expect.objectContaining({ type: 'upstream.turned-unhealthy', reason: 'no answer within 200ms' }),
    );
  });

  it('does not begin what nobody waits for any more: the gateway tells it how long its client waits', async () => {
    const port = await startBusy();
    const { body, status } = await ask(port, { headers: { 'x-request-timeout-ms': '50' } });
    expect(status).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ dropped: 'the deadline passed in the queue' });
    expect((await probe(port)).inFlight).toBe(1);
  });
});

describe('a worker that serves', () => {
  it('tells a probe how long requests take at its present load', async () => {
    const port = await startWorker('30ms');
    expect(await probe(port)).toEqual({ inFlight: 0, latencyMs: 0 });
    await ask(port);
    const { inFlight, latencyMs } = await probe(port);
    expect(inFlight).toBe(0);
    expect(latencyMs).toBeGreaterThanOrEqual(29);
  });

  it('is chosen by prequal for its probes', async () => {
    const [fast, slow] = [await startWorker('2ms'), await startWorker('150ms')];
    const { port, gateway } = await startGateway([fast!, slow!], { healthCheck: 'off', balancer: 'prequal' });
    // The first requests bring the first probes, and both workers a latency to tell of.
    for (let count = 0; count < 8; count++) await ask(port);
    const before = gateway.pool.upstreams.map(({ counts }) => counts.success);
    for (let count = 0; count < 40; count++) await ask(port);
    const [toFast, toSlow] = gateway.pool.upstreams.map(
      ({ counts }, index) => counts.success - before[index]!,
    );
    expect(toFast).toBeGreaterThan(4 * toSlow!);
  });
});
