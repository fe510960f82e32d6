/** Four mistakes in a route table, pushed to a gateway of real processes: each has its own symptom, and goes back. */
import { describe, expect, it } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { ask } from '../support/gateway.js';
import { startNamedWorkers } from '../support/named-workers.js';

const route = (path: string, pool: string) => ({ path, pool });

/** `/api` belongs to worker-1, `/chat` to worker-2. */
const POOLS = { api: { upstreams: ['worker-1'] }, chat: { upstreams: ['worker-2'] } };

const RIGHT: GatewaySection = {
  healthCheck: 'off',
  pools: POOLS,
  routes: [route('/api', 'api'), route('/chat', 'chat')],
};

const start = () =>
  startNamedWorkers({
    fleet: { workers: 2, deadPorts: 1 },
    gateway: RIGHT,
  });

type Running = Awaited<ReturnType<typeof start>>;

/** Status, error code, and which worker answered. */
const see = async ({ port }: Running, path: string): Promise<string> => {
  const { status, headers, body } = await ask(port, { path });
  const code = /BGW_ERR_\w+/.exec(String(headers['proxy-status'] ?? ''))?.[0];
  return `${status} ${code ?? JSON.parse(body).worker}`;
};

const push = ({ admin }: Running, change: object, approve?: string) =>
  admin('PUT', '/config', { by: 'me', config: { ...RIGHT, ...change }, ...(approve && { approve }) });

describe('a pushed route table', () => {
  it.each([
    [
      'that leads to a dead port',
      { pools: { ...POOLS, api: { upstreams: ['dead-1'] } } },
      '502 BGW_ERR_CONNECTION_REFUSED',
    ],
    [
      'that leads to an empty pool',
      { pools: { ...POOLS, api: { upstreams: [] } } },
      '503 BGW_ERR_NO_UPSTREAM',
    ],
    ['that lacks a route', { routes: [route('/chat', 'chat')] }, '404 BGW_ERR_NO_ROUTE'],
    [
      'that leads to a wrong pool',
      { routes: [route('/api', 'chat'), route('/chat', 'chat')] },
      '200 worker-2',
    ],
  ])(
    '%s is seen on that route alone, until it is rolled back',
    async (_what, change, symptom) => {
      const running = await start();
      expect(await see(running, '/api')).toBe('200 worker-1');
      expect((await push(running, change, 'to see what happens')).status).toBe(202);
      await expect.poll(() => see(running, '/api')).toBe(symptom);
      expect(await see(running, '/chat')).toBe('200 worker-2');
      expect((await running.admin('POST', '/config/rollback', { by: 'me' })).status).toBe(202);
      await expect.poll(() => see(running, '/api')).toBe('200 worker-1');
    },
    60_000,
  );

  it('that leads to an empty pool or to nobody is refused, where it stands, unless the first is approved', async () => {
    const running = await start();
    const empty = await push(running, { pools: { ...POOLS, api: { upstreams: [] } } });
    expect(empty.status).toBe(422);
    expect(JSON.parse(empty.body).problems).toMatchObject([
      { path: 'routes.0.pool', message: 'nobody in pool "api" gets requests' },
    ]);
    const unknown = { pools: { ...POOLS, api: { upstreams: ['worker-9'] } } };
    const nobody = await push(running, unknown, 'to see what happens');
    expect(nobody.status).toBe(422);
    expect(nobody.body).toContain('there is no upstream \\"worker-9\\"');
    expect(await see(running, '/api')).toBe('200 worker-1');
  }, 60_000);
});
