/** Dependencies as processes: every fault with what a worker makes of it, and that it is over when it is over. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { resolveDependencies } from '../../src/upstream/dependencies/config.js';
import { DependencyFleet } from '../../src/upstream/dependencies/dependency-fleet.js';
import type { DependencyFaultName } from '../../src/upstream/dependencies/faults/dependency-faults.js';
import { spawnDependency } from '../../src/upstream/dependencies/spawn.js';
import type { WrittenOptions } from '../../src/upstream/faults/options.js';
import { askJson, startDependentWorkers } from '../support/dependent-workers.js';
import { descendants, isAlive } from '../support/processes.js';

const STORE = { kind: 'database', queryTime: { distribution: 'constant', mean: '1ms' } } as const;
const PAYMENTS = { kind: 'third-party', time: '1ms' } as const;

const ANSWERED = (name: string) => ({ status: 200, json: { dependencies: { [name]: 'answered' } } });

describe('a worker with dependencies', () => {
  it('calls a database and a third party for the requests that need them, and no others', async () => {
    const { ports } = await startDependentWorkers({
      store: STORE,
      payments: { ...PAYMENTS, path: '/checkout' },
    });
    expect(await askJson(ports[0]!, '/checkout')).toMatchObject({
      status: 200,
      json: {
        worker: 'worker-1',
        downstream: 'store-1',
        dependencies: { store: 'answered', payments: 'answered' },
      },
    });
    expect((await askJson(ports[0]!, '/')).json.dependencies).toEqual({ store: 'answered' });
    const answer = await askJson(ports[0]!);
    expect(answer.headers['x-degraded']).toBeUndefined();
  });

  it('keeps its connections: twenty requests at once and then one use no more than the pool has', async () => {
    const { ports, disturb } = await startDependentWorkers(
      { store: { ...STORE, connections: 2, pool: 2 } },
      { slots: 20 },
    );
    const first = await Promise.all(Array.from({ length: 20 }, () => askJson(ports[0]!)));
    expect(first.map(({ status }) => status)).toEqual(first.map(() => 200));
    // New connections are refused now, and none is needed.
    disturb('store', 'refuse');
    expect((await askJson(ports[0]!)).status).toBe(200);
  });

  it('whose pools are together larger than the database is refused connections', async () => {
    const { ports } = await startDependentWorkers(
      { store: { ...STORE, connections: 1, pool: 1 } },
      { workers: 2 },
    );
    // Its connection is kept, and there is only this one.
    expect((await askJson(ports[0]!)).status).toBe(200);
    expect((await askJson(ports[1]!)).json).toEqual({
      worker: 'worker-2',
      dependency: 'store',
      error: 'connection_refused',
    });
  });

  it('answers with the status that is configured, naming the dependency', async () => {
    const { ports, disturb } = await startDependentWorkers({ payments: { ...PAYMENTS, status: 500 } });
    disturb('payments', 'errors', { statuses: [503] });
    expect(await askJson(ports[0]!)).toMatchObject({
      status: 500,
      json: { worker: 'worker-1', dependency: 'payments', error: 'upstream_response' },
    });
  });
});

interface Case {
  readonly dependency: 'store' | 'payments';
  readonly fault: DependencyFaultName;
  readonly written?: WrittenOptions;
  readonly error: string;
}

describe('a fault of a dependency', () => {
  it.each<Case>([
    { dependency: 'store', fault: 'lock', error: 'response_timeout' },
    { dependency: 'store', fault: 'slow', written: { factor: 2_000 }, error: 'response_timeout' },
    { dependency: 'store', fault: 'errors', error: 'upstream_response' },
    { dependency: 'store', fault: 'reset', error: 'connection_reset' },
    { dependency: 'store', fault: 'refuse', error: 'connection_refused' },
    { dependency: 'payments', fault: 'hang', error: 'response_timeout' },
    { dependency: 'payments', fault: 'slow', written: { factor: 10_000 }, error: 'response_timeout' },
    { dependency: 'payments', fault: 'errors', error: 'upstream_response' },
    { dependency: 'payments', fault: 'reset', error: 'connection_reset' },
    { dependency: 'payments', fault: 'down', error: 'connection_refused' },
    { dependency: 'store', fault: 'down', error: 'connection_refused' },
  ])('$dependency $fault fails requests with $error until it is over', async (one) => {
    const { dependency, fault, written, error } = one;
    const section = { ...(dependency === 'store' ? STORE : PAYMENTS), timeout: '500ms' };
    const { ports, disturb, dependencies, events, next } = await startDependentWorkers({
      [dependency]: section,
    });
    const port = ports[0]!;
    // A new connection is what `refuse` is about.
    if (fault !== 'refuse') expect(await askJson(port)).toMatchObject(ANSWERED(dependency));
    disturb(dependency, fault, written);
    await expect
      .poll(async () => (await askJson(port)).json, { timeout: 10_000 })
      .toEqual({ worker: 'worker-1', dependency, error });
    expect(dependencies.status()[0]!.faults).toMatchObject([{ fault }]);

    const recovered = next('dependency.recovered');
    dependencies.recover(dependency, fault);
    expect(await recovered).toMatchObject({ fault, dependency, reason: 'ordered' });
    await expect.poll(async () => (await askJson(port)).status, { timeout: 10_000 }).toBe(200);
    expect(dependencies.status()).toEqual([{ dependency, up: true, faults: [] }]);
    expect(events.filter(({ type }) => type === 'dependency.disturbed')).toMatchObject([
      { fault, dependency, forMs: null },
    ]);
  });

  it('is over when its time is', async () => {
    const { ports, disturb, next } = await startDependentWorkers({ store: STORE });
    const recovered = next('dependency.recovered');
    disturb('store', 'lock', {}, 300);
    const waiting = askJson(ports[0]!);
    expect(await recovered).toMatchObject({ fault: 'lock', reason: 'time-over' });
    // What waited for the lock goes on.
    expect(await waiting).toMatchObject(ANSWERED('store'));
  });

  it('of part of the calls leaves the others alone', async () => {
    const { ports, disturb } = await startDependentWorkers({ payments: PAYMENTS });
    disturb('payments', 'errors', { share: '50%' });
    const statuses: number[] = [];
    for (let count = 0; count < 60; count++) statuses.push((await askJson(ports[0]!)).status);
    const failed = statuses.filter((status) => status === 503).length;
    expect(failed).toBeGreaterThan(10);
    expect(failed).toBeLessThan(50);
  });

  it('that is in the process goes with it, and one that is not is there again', async () => {
    const { ports, disturb, dependencies, events, next } = await startDependentWorkers({
      store: { ...STORE, timeout: '500ms' },
    });
    disturb('store', 'lock');
    disturb('store', 'errors');
    disturb('store', 'down', {}, 200);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'dependency.recovered', fault: 'lock', reason: 'restarted' }),
    );
    await next('dependency.recovered');
    expect(dependencies.status()[0]).toMatchObject({ up: true, faults: [{ fault: 'errors' }] });
    await expect
      .poll(async () => (await askJson(ports[0]!)).json.error, { timeout: 10_000 })
      .toBe('upstream_response');
  });

  it('`down` twice, one in the other, is over with the later one; one of a moment comes back too', async () => {
    const { ports, disturb, dependencies, next } = await startDependentWorkers({ store: STORE });
    disturb('store', 'down', {}, 1);
    disturb('store', 'down', {}, 400);
    await next('dependency.recovered');
    expect(dependencies.status()[0]!.faults).toMatchObject([{ fault: 'down', forMs: 400 }]);
    await next('dependency.recovered');
    expect(dependencies.status()[0]).toMatchObject({ up: true, faults: [] });
    disturb('store', 'down', {}, 1);
    await next('dependency.recovered');
    await expect.poll(async () => (await askJson(ports[0]!)).status, { timeout: 10_000 }).toBe(200);
  });
});

describe('a fleet of dependencies', () => {
  const newFleet = (host = '127.0.0.1') => {
    const clock = new VirtualClock();
    const reaper = new Reaper();
    const configs = resolveDependencies({ store: STORE, payments: PAYMENTS }, 1);
    const fleet = new DependencyFleet({
      ...{ configs, host, clock, random: new Random(3) },
      spawn: spawnDependency(reaper),
      ...{ emit: () => {}, onLost: () => {} },
    });
    onTestFinished(async () => {
      await fleet.stop();
      await reaper.stop();
    });
    return { fleet, clock };
  };

  it('leaves no process and no port when it stops, and brings nothing back afterwards', async () => {
    const { fleet, clock } = newFleet();
    await fleet.start();
    const running = descendants(process.pid).filter(({ command }) => command.includes('dependency.js'));
    expect(running.length).toBe(2);
    fleet.disturb('store', { fault: 'down', options: {}, forMs: 50 });
    fleet.disturb('payments', { fault: 'hang', options: { share: 1, requests: null }, forMs: null });
    await fleet.stop();
    clock.advance(1_000);
    expect(running.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
    for (const { port } of fleet.targets)
      await expect(askJson(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('that cannot start is an error with its own words', async () => {
    await expect(newFleet('192.0.2.1').fleet.start()).rejects.toThrow(/could not start: .*EADDRNOTAVAIL/);
  });
});
