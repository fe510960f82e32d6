/** Faults of workers that live and do not serve, on real processes: what sees them, what does not, and the healing. */
import { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  connects,
  constant,
  cpuMs,
  type FaultyFleet,
  fileLimit,
  NEVER,
  occupy,
  openFiles,
  startFaultyFleet,
  timed,
} from '../support/faulty-fleet.js';
import { ask, startGateway } from '../support/gateway.js';
import { stateOf } from '../support/processes.js';

/** Short, so that what is never answered is soon known of; long, beside what a worker takes that answers. */
const ATTEMPT = { timeouts: { attempt: '700ms' } };

const gatewayFor = async ({ ports }: FaultyFleet): Promise<number> =>
  (await startGateway(ports, { healthCheck: 'off', ...ATTEMPT })).port;

const startOne = () => startFaultyFleet({ workers: 1, serviceTime: constant('1ms') });

const get = async (port: number, path = '/'): Promise<number> => (await ask(port, { path })).status;

describe('hang', () => {
  it('is a 504, with green checks, until it is healed', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('hang');
    expect(await get(port)).toBe(504);
    expect(await get(workers.port, '/healthz')).toBe(200);
    expect(await get(workers.port, '/readyz')).toBe(200);
    await workers.heal('hang');
    expect(await get(port)).toBe(200);
  });

  it('meets as many as it is told to', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('hang', { requests: 2 });
    expect([await get(port), await get(port), await get(port)]).toEqual([504, 504, 200]);
  });

  it('goes with its process', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('hang');
    const started = workers.next('worker.started');
    workers.order('crash');
    await started;
    expect(workers.fleet.status()[0]!.faults).toEqual([]);
    expect(await get(port)).toBe(200);
  });
});

describe('deadlock', () => {
  it('is a 504 for every request, with an idle process and green checks, until the process is restarted', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('deadlock');
    const pid = workers.pidOf('worker-1');
    const beforeMs = cpuMs(pid);
    expect([await get(port), await get(port)]).toEqual([504, 504]);
    // It waits, and does not work: a loop would have had more than a second of the processor.
    expect(cpuMs(pid) - beforeMs).toBeLessThan(700);
    expect(await get(workers.port, '/healthz')).toBe(200);
    const started = workers.next('worker.started');
    workers.order('crash', { how: 'kill' });
    await started;
    expect(workers.events).toContainEqual(
      expect.objectContaining({ type: 'fault.healed', fault: 'deadlock', reason: 'restarted' }),
    );
    expect(await get(port)).toBe(200);
  });

  it('is over for those that come when it is healed', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    await workers.inject('deadlock');
    expect(await get(port)).toBe(504);
    await workers.heal('deadlock');
    expect(await get(port)).toBe(200);
  });
});

describe('event-loop-block', () => {
  it.each(['loop', 'regex'])(
    'by a %s is a 504, a green TCP check, no answer to any other, and burns a processor',
    async (work) => {
      const workers = await startFaultyFleet({ workers: 2, serviceTime: constant('1ms') });
      const one = await startGateway([workers.port], { healthCheck: 'off', ...ATTEMPT });
      workers.order('event-loop-block', { work }, { forMs: 600_000 });
      // What was on its way to it may still be answered.
      await expect.poll(() => get(one.port), { timeout: 10_000 }).toBe(504);
      const pid = workers.pidOf('worker-1');
      const beforeMs = cpuMs(pid);
      expect(await get(one.port)).toBe(504);
      // For 700 ms on a machine that it has to share.
      expect(cpuMs(pid) - beforeMs).toBeGreaterThan(70);
      expect(await connects(workers.port)).toBe(true);
      const checked = await startGateway([workers.port], { healthCheck: { type: 'http', timeout: '300ms' } });
      expect(checked.gateway.pool.upstreams[0]!.healthy).toBe(false);
      const tcp = await startGateway([workers.port], { healthCheck: { type: 'tcp', timeout: '300ms' } });
      expect(tcp.gateway.pool.upstreams[0]!.healthy).toBe(true);
      expect(await get(workers.ports[1]!)).toBe(200);
    },
  );

  it('is over when its time is, and what came meanwhile is answered, late', async () => {
    const workers = await startOne();
    const blockMs = 1_500;
    workers.order('event-loop-block', { work: 'regex' }, { forMs: blockMs });
    let longestMs = 0;
    const healed = workers.next('fault.healed');
    let isOver = false;
    healed.then(() => {
      isOver = true;
    });
    while (!isOver) longestMs = Math.max(longestMs, await timed(() => ask(workers.port)));
    // Whichever request it met, that one waited for most of it.
    expect(longestMs).toBeGreaterThan(blockMs / 3);
    expect(await healed).toMatchObject({ reason: 'time-over' });
    expect(await get(workers.port)).toBe(200);
  });
});

describe('stop', () => {
  it('is a 504 and a green TCP check of a process that stands still, until it goes on', async () => {
    const workers = await startOne();
    const port = await gatewayFor(workers);
    expect(workers.order('stop')).toBe(true);
    const pid = workers.pidOf('worker-1');
    await expect.poll(() => stateOf(pid)).toBe('T');
    expect(await get(port)).toBe(504);
    expect(await connects(workers.port)).toBe(true);
    await workers.heal('stop');
    expect(stateOf(pid)).not.toBe('T');
    expect(await get(port)).toBe(200);
    expect(workers.pidOf('worker-1')).toBe(pid);
  });

  it('goes on by itself when its time is over', async () => {
    const workers = await startOne();
    const healed = workers.next('fault.healed');
    workers.order('stop', {}, { forMs: 300 });
    expect(await healed).toMatchObject({ fault: 'stop', reason: 'time-over' });
    expect(await get(workers.port)).toBe(200);
  });
});

describe('file-exhaustion', () => {
  it('closes new connections as they come, which is a 502, and serves kept ones, until it is healed', async () => {
    const workers = await startFaultyFleet({ workers: 1, openFiles: 128, serviceTime: constant('1ms') });
    const pid = workers.pidOf('worker-1');
    expect(fileLimit(pid)).toBe(128);
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const askKept = async () => (await ask(workers.port, { agent: kept })).status;
    expect(await askKept()).toBe(200);
    const port = await gatewayFor(workers);
    await workers.inject('file-exhaustion');
    expect(openFiles(pid)).toBeGreaterThanOrEqual(127);
    await expect(ask(workers.port)).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await get(port)).toBe(502);
    expect(await askKept()).toBe(200);
    await workers.heal('file-exhaustion');
    expect(openFiles(pid)).toBeLessThan(64);
    expect(await get(port)).toBe(200);
    kept.destroy();
  });

  it('has a limit of 4096 to reach, unless another is given', async () => {
    const workers = await startOne();
    const pid = workers.pidOf('worker-1');
    expect(fileLimit(pid)).toBe(4_096);
    await workers.inject('file-exhaustion');
    await expect(ask(workers.port)).rejects.toThrow(/ECONNRESET|socket hang up/);
    await workers.heal('file-exhaustion');
    expect(await get(workers.port)).toBe(200);
  });
});

describe('readiness', () => {
  const CHECKED = {
    healthCheck: { type: 'http', path: '/readyz', interval: '50ms', timeout: '5s', rise: 1, fall: 1 },
  } as const;

  it('is a 503 when all say that they are not ready, though all could serve', async () => {
    const workers = await startFaultyFleet({ workers: 2, serviceTime: constant('1ms') });
    const { port, events } = await startGateway(workers.ports, CHECKED);
    expect(await get(port)).toBe(200);
    for (const on of ['worker-1', 'worker-2']) await workers.inject('readiness', { says: 'unready' }, { on });
    await expect.poll(() => get(port), { timeout: 10_000 }).toBe(503);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'upstream.turned-unhealthy', reason: 'answered 503' }),
    );
    expect(await get(workers.port)).toBe(200);
    for (const on of ['worker-1', 'worker-2']) await workers.heal('readiness', on);
    await expect.poll(() => get(port), { timeout: 10_000 }).toBe(200);
  });

  /** Its slot is taken, and two wait for it. */
  const startFull = async () => {
    const workers = await startFaultyFleet({ workers: 1, slots: 1, serviceTime: NEVER });
    return {
      workers,
      fill: () => occupy(workers.port, 3),
      full: () => workers.sampleOf('worker-1', ({ queued }) => queued === 2),
    };
  };

  it('is true without a fault: a worker is ready while no more wait than it has slots', async () => {
    const { workers, fill, full } = await startFull();
    expect(await get(workers.port, '/readyz')).toBe(200);
    fill();
    await full();
    expect(await get(workers.port, '/readyz')).toBe(503);
  });

  it('says ready of a worker that is not', async () => {
    const { workers, fill, full } = await startFull();
    fill();
    await full();
    await workers.inject('readiness', { says: 'ready' });
    expect(await get(workers.port, '/readyz')).toBe(200);
    await workers.heal('readiness');
    expect(await get(workers.port, '/readyz')).toBe(503);
  });

  it('goes on saying what was so, when it is stale', async () => {
    const { workers, fill, full } = await startFull();
    await workers.inject('readiness', { says: 'stale' });
    expect(await get(workers.port, '/readyz')).toBe(200);
    fill();
    await full();
    expect(await get(workers.port, '/readyz')).toBe(200);
    await workers.heal('readiness');
    expect(await get(workers.port, '/readyz')).toBe(503);
  });
});
