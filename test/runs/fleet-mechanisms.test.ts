/** What keeps a fleet alive, on real processes: watchdog, probes, recycling and quarantine. */
import { describe, expect, it } from 'vitest';
import type { Injection } from '../../src/upstream/active-faults.js';
import { resolveOptions } from '../../src/upstream/faults/options.js';
import { WORKER_FAULTS, type WorkerFaultName } from '../../src/upstream/faults/worker-faults.js';
import { countStatuses, startFleetWorld, workerOf } from '../support/fleet-world.js';
import { isAlive } from '../support/processes.js';

const injection = (
  fault: WorkerFaultName,
  written: Readonly<Record<string, unknown>> = {},
  forMs: number | null = null,
): Injection => ({ fault, options: resolveOptions(WORKER_FAULTS[fault], written), forMs });

const QUICK = { serviceTime: { distribution: 'constant', mean: '5ms' } } as const;
const BACK_SOON = { restart: { delay: '50ms' } } as const;

describe('the watchdog', () => {
  it.each<[string, Injection]>([
    ['is stopped by SIGSTOP', injection('stop')],
    ['burns its event loop', injection('event-loop-block', {}, 60_000)],
  ])('kills a worker that %s, and it comes back and serves', async (_name, fault) => {
    const { fleet, next, ask, events } = await startFleetWorld({
      ...{ workers: 1, watchdog: '1s', ...QUICK, ...BACK_SOON },
    });
    expect((await ask()).status).toBe(200);
    const killed = next('worker.killed');
    const died = next('worker.exited');
    const back = next('worker.started');
    fleet.inject('worker-1', fault);
    expect(await killed).toMatchObject({ worker: 'worker-1', by: 'watchdog' });
    const { pid } = await died;
    expect(await died).toMatchObject({ signal: 'SIGKILL' });
    await back;
    expect(isAlive(pid)).toBe(false);
    expect((await ask()).status).toBe(200);
    expect(events.filter(({ type }) => type === 'fault.healed')).toMatchObject([{ reason: 'restarted' }]);
  });
});

describe('a liveness probe that goes the way of the requests', () => {
  it.each<WorkerFaultName>(['hang', 'deadlock'])('finds a %s, which the watchdog does not', async (fault) => {
    const { fleet, next, ask } = await startFleetWorld({
      ...{ workers: 1, watchdog: '2s', ...QUICK, ...BACK_SOON },
      liveness: { type: 'deep', interval: '200ms', timeout: '1s', failures: 2 },
    });
    const killed = next('worker.killed');
    const back = killed.then(() => next('worker.started'));
    fleet.inject('worker-1', injection(fault));
    expect(await killed).toMatchObject({
      by: 'liveness',
      reason: expect.stringContaining('no answer within'),
    });
    await back;
    expect((await ask()).status).toBe(200);
  });
});

describe('a readiness probe', () => {
  it('has a worker drained at the gateway while it says no, and nobody is killed', async () => {
    const { fleet, next, burst, events } = await startFleetWorld({
      ...{ workers: 2, ...QUICK },
      readiness: { interval: '100ms', timeout: '1s', failures: 2 },
    });
    const drained = next('upstream.drained', ({ upstream }) => upstream === 'worker-1');
    fleet.inject('worker-1', injection('readiness'));
    await drained;
    const answers = await burst(10);
    expect(new Set(answers.map(workerOf))).toEqual(new Set(['worker-2']));
    const undrained = next('upstream.undrained', ({ upstream }) => upstream === 'worker-1');
    fleet.heal('worker-1', null);
    await undrained;
    const after = await burst(10);
    expect(new Set(after.map(workerOf))).toEqual(new Set(['worker-1', 'worker-2']));
    expect(events.filter(({ type }) => type === 'worker.exited')).toEqual([]);
  });

  it('has one that died drained at once, until it is back', async () => {
    const { fleet, next } = await startFleetWorld({
      ...{ workers: 2, restart: { delay: '300ms' }, ...QUICK },
      readiness: { interval: '100ms', timeout: '1s', failures: 2 },
    });
    const unready = next('worker.turned-unready');
    fleet.inject('worker-1', injection('crash'));
    expect(await unready).toMatchObject({ worker: 'worker-1', reason: 'its process is gone' });
    expect(fleet.status()[0]).toMatchObject({ drained: true });
    await next('worker.turned-ready', ({ worker }) => worker === 'worker-1');
    await next('upstream.undrained');
    expect(fleet.status()[0]).toMatchObject({ drained: false, up: true });
  });
});

describe('a leak', () => {
  const LEAKING = {
    ...{ workers: 2, slots: 4, memory: { heapLimit: '48MiB' }, restart: { delay: '500ms' } },
    serviceTime: { distribution: 'constant', mean: '20ms' },
  } as const;
  const leak = injection('leak', { perSecond: '6MiB' });

  it('kills without recycling, and costs requests', async () => {
    const { fleet, next, load } = await startFleetWorld(LEAKING);
    const died = next('worker.exited');
    for (const worker of ['worker-1', 'worker-2']) fleet.inject(worker, leak);
    const answers = await load(
      4,
      died.then(() => next('worker.started')),
    );
    expect(await died).toMatchObject({ signal: 'SIGABRT' });
    expect(countStatuses(answers)[502]).toBeGreaterThan(0);
  });

  it('costs nothing when workers are recycled before: nobody dies, and no request fails', async () => {
    const { fleet, next, events, load } = await startFleetWorld({
      ...LEAKING,
      recycle: { at: '40%', drain: '2s', pause: '100ms' },
    });
    let recycled = 0;
    const enough = next('worker.recycled', () => ++recycled === 4);
    for (const worker of ['worker-1', 'worker-2']) fleet.inject(worker, leak);
    const answers = await load(4, enough);
    expect(countStatuses(answers)).toEqual({ 200: answers.length });
    expect(answers.length).toBeGreaterThan(50);
    expect(events.filter(({ type }) => type === 'worker.exited')).toEqual([]);
    // Never two at once: who was stopped is back before the next one goes.
    const order = events.filter(({ type }) => type === 'worker.stopped' || type === 'worker.recycled');
    expect(order.map(({ type }) => type === 'worker.stopped')).toEqual(
      order.map((_, index) => index % 2 === 0),
    );
  });
});

describe('quarantine', () => {
  const FLEET = { workers: 3, ...QUICK, ...BACK_SOON };
  const poison = injection('poison', { share: '100%', how: 'abort' });

  it('refuses a request that killed twice, names itself, and the others are served', async () => {
    const { fleet, ask, next, events } = await startFleetWorld({ ...FLEET, quarantine: { after: 2 } });
    for (const { worker } of fleet.status()) fleet.inject(worker, poison);
    const caught = next('request.quarantined');
    for (let tries = 0; tries < 2; tries++) {
      const back = next('worker.started');
      expect((await ask('killer')).status).toBe(502);
      await back;
    }
    expect(await caught).toMatchObject({ fingerprint: 'killer', deaths: 2 });
    for (const { worker } of fleet.status()) fleet.heal(worker, null);
    for (let tries = 0; tries < 6; tries++) {
      const { status, body } = await ask('killer');
      expect([status, JSON.parse(body)]).toMatchObject([503, { quarantined: 'killer' }]);
      expect((await ask(`innocent-${tries}`)).status).toBe(200);
    }
    expect(events.filter(({ type }) => type === 'worker.exited')).toHaveLength(2);
  });

  it('is told to workers that come later', async () => {
    const { fleet, ask, next } = await startFleetWorld({ ...FLEET, workers: 1, quarantine: { after: 1 } });
    fleet.inject('worker-1', poison);
    const caught = next('request.quarantined');
    const back = next('worker.started');
    await ask('killer');
    await caught;
    await back;
    fleet.heal('worker-1', null);
    expect((await ask('killer')).status).toBe(503);
  });
});
