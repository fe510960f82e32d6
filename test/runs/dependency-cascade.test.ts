/**
 * How a dependency's trouble becomes everybody's, and what stops it: workers behind the gateway, a dependency that does
 * not answer, and a share of the requests that does not need it. Ratios, not times: what waits, waits for ever.
 */
import { describe, expect, it } from 'vitest';
import type { DependenciesSection } from '../../src/upstream/dependencies/config.js';
import { type DependentWorkers, startDependentWorkers } from '../support/dependent-workers.js';
import { ask, startGateway } from '../support/gateway.js';

/** What the gateway gives a request: long against 1 ms of work, and far longer than the timeouts of the workers' calls. */
const ATTEMPT_TIMEOUT = '2s';

const startAll = async (
  dependencies: DependenciesSection,
): Promise<DependentWorkers & { readonly gateway: number }> => {
  const all = await startDependentWorkers(dependencies, { workers: 2, slots: 8 });
  const { port } = await startGateway(all.ports, {
    healthCheck: 'off',
    timeouts: { attempt: ATTEMPT_TIMEOUT },
  });
  return { ...all, gateway: port };
};

interface Shares {
  readonly good: number;
  readonly degraded: number;
  readonly status: Readonly<Record<number, number>>;
  readonly errors: readonly string[];
}

/** Shares of the requests, sent all at once. */
const send = async (gateway: number, path: string, count: number): Promise<Shares> => {
  const answers = await Promise.all(Array.from({ length: count }, () => ask(gateway, { path })));
  const share = (wanted: (answer: (typeof answers)[number]) => boolean): number =>
    answers.filter(wanted).length / count;
  const statuses = [...new Set(answers.map(({ status }) => status))];
  return {
    good: share(({ status }) => status === 200),
    degraded: share(({ status, headers }) => status === 200 && headers['x-degraded'] === '1'),
    status: Object.fromEntries(statuses.map((status) => [status, share((one) => one.status === status)])),
    errors: [...new Set(answers.flatMap(({ body }) => /"error":"(\w+)"/.exec(body)?.[1] ?? []))],
  };
};

describe('a lock on the database', () => {
  const STORE = { kind: 'database', queryTime: { distribution: 'constant', mean: '1ms' }, pool: 2 } as const;

  it('makes every request wait when nothing bounds the wait for a connection: 504', async () => {
    const { gateway, disturb, dependencies } = await startAll({ store: STORE });
    expect((await send(gateway, '/', 20)).good).toBe(1);
    disturb('store', 'lock');
    expect(await send(gateway, '/', 40)).toMatchObject({ good: 0, status: { 504: 1 } });
    // The work is still there when nobody waits for it any more; it goes once the lock does.
    dependencies.recover('store', 'lock');
    await expect.poll(async () => (await send(gateway, '/', 20)).good, { timeout: 10_000 }).toBe(1);
  });

  it('with acquire timeout, breaker and fallback is answered at once, degraded, and closes with the lock', async () => {
    const { gateway, disturb, dependencies, events } = await startAll({
      store: {
        ...STORE,
        acquireTimeout: '100ms',
        timeout: '300ms',
        breaker: { errorThreshold: '50%', minRequests: 4, window: '10s', openFor: '500ms' },
        fallback: 'cached',
      },
    });
    expect((await send(gateway, '/', 20)).degraded).toBe(0);
    disturb('store', 'lock');
    const during = await send(gateway, '/', 60);
    expect(during).toMatchObject({ good: 1, status: { 200: 1 } });
    expect(during.degraded).toBeGreaterThan(0.8);
    const opened = events.filter((event) => event.type === 'dependency.circuit-changed');
    expect(opened).toContainEqual(expect.objectContaining({ dependency: 'store', state: 'open' }));
    dependencies.recover('store', 'lock');
    await expect.poll(async () => (await send(gateway, '/', 10)).degraded, { timeout: 10_000 }).toBe(0);
    expect(events.at(-1)).toMatchObject({ type: 'dependency.circuit-changed', state: 'closed' });
  });
});

describe('a third party that hangs', () => {
  const PAYMENTS = { kind: 'third-party', time: '1ms', path: '/checkout' } as const;

  /** Slots of the two workers. */
  const SLOTS = 16;

  it('takes the requests along that do not need it, once its calls hold every slot', async () => {
    const { gateway, disturb, dependencies } = await startAll({ payments: PAYMENTS });
    disturb('payments', 'hang');
    const checkouts = send(gateway, '/checkout', 2 * SLOTS);
    expect(await checkouts).toMatchObject({ good: 0, status: { 504: 1 } });
    expect(await send(gateway, '/', 20)).toMatchObject({ good: 0, status: { 504: 1 } });
    dependencies.recover('payments', 'hang');
    await expect.poll(async () => (await send(gateway, '/', 20)).good, { timeout: 10_000 }).toBe(1);
  });

  it('with a bulkhead keeps to its part: the others are served, and most checkouts are refused at once', async () => {
    const { gateway, disturb } = await startAll({ payments: { ...PAYMENTS, bulkhead: 2 } });
    disturb('payments', 'hang');
    const checkouts = await send(gateway, '/checkout', 2 * SLOTS);
    // Two calls of each worker hang, for as long as it does.
    expect(checkouts.status[504]).toBe(4 / (2 * SLOTS));
    expect(checkouts.status[503]).toBe(1 - 4 / (2 * SLOTS));
    expect(checkouts.errors).toEqual(['concurrency_limit']);
    expect((await send(gateway, '/', 40)).good).toBe(1);
  });
});
