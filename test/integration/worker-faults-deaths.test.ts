/** Faults that end the process, on real processes: exit state, last words, curve of the memory; and the healing. */
import { describe, expect, it } from 'vitest';
import { poisoned } from '../../src/upstream/faults/poisoned.js';
import {
  constant,
  cpuMs,
  type FaultyFleet,
  NEVER,
  occupy,
  residentMebibytes,
  startFaultyFleet,
  timed,
} from '../support/faulty-fleet.js';
import { ask, startGateway } from '../support/gateway.js';

const MIB = 1024 ** 2;

/** Samples of one worker's life, in order, up to its death. */
const lives = ({ events, samples }: FaultyFleet, worker: string) => {
  const starts = events.filter((event) => event.type === 'worker.started' && event.worker === worker);
  const exits = events.filter((event) => event.type === 'worker.exited' && event.worker === worker);
  return exits.map((exit, index) =>
    samples
      .filter((sample) => sample.worker === worker)
      .filter(({ atMs }) => atMs > starts[index]!.atMs && atMs < exit.atMs)
      .map(({ heapBytes }) => heapBytes),
  );
};

describe('crash', () => {
  it.each([
    ['throw', 1, null],
    ['exit', 1, null],
    ['kill', null, 'SIGKILL'],
    ['abort', null, 'SIGABRT'],
  ])(
    'by %s ends the process with code %s and signal %s; clients get 502 until it is back',
    async (how, code, signal) => {
      const workers = await startFaultyFleet({
        workers: 1,
        slots: 1,
        serviceTime: NEVER,
        restart: { delay: '500ms', maxDelay: '500ms' },
      });
      const { port } = await startGateway([workers.port], {
        healthCheck: 'off',
        timeouts: { attempt: '1m', request: '1m' },
      });
      const inHand = ask(port);
      await workers.sampleOf('worker-1', ({ busy }) => busy === 1);
      const exited = workers.next('worker.exited');
      const started = workers.next('worker.started');
      workers.order('crash', { how });
      expect(await exited).toMatchObject({ code, signal, fatalLine: null });
      expect(await inHand).toMatchObject({ status: 502 });
      const refused = await ask(port);
      expect(refused.status).toBe(502);
      expect(refused.headers['proxy-status']).toContain('connection_refused');
      await started;
      expect((await ask(port, { path: '/healthz' })).status).toBe(200);
      expect(workers.fleet.status()[0]).toMatchObject({ exits: 1, faults: [] });
    },
  );
});

describe('poison', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => `request-${index}`);
  const deadly = ids.find((id) => poisoned(id, 0.01))!;
  const harmless = ids.find((id) => !poisoned(id, 0.01))!;
  const send = (port: number, id: string) => ask(port, { headers: { 'x-request-id': id } });

  it('kills one worker after another with a single request that is retried, and nobody when it is healed', async () => {
    const workers = await startFaultyFleet({ workers: 3, serviceTime: constant('1ms') });
    const { port } = await startGateway(workers.ports, {
      healthCheck: 'off',
      retry: { attempts: 3, budget: { type: 'unlimited' } },
    });
    for (const on of ['worker-1', 'worker-2', 'worker-3']) await workers.inject('poison', {}, { on });
    expect((await send(port, harmless)).status).toBe(200);
    const exits = () => workers.events.filter(({ type }) => type === 'worker.exited').length;
    expect((await send(port, deadly)).status).toBe(502);
    await expect.poll(exits, { timeout: 10_000 }).toBe(3);
    await expect.poll(() => workers.fleet.status().every(({ up }) => up), { timeout: 10_000 }).toBe(true);
    // It is not in the process: who comes back dies of it again.
    expect((await send(port, deadly)).status).toBe(502);
    await expect.poll(exits, { timeout: 10_000 }).toBe(6);
    await expect.poll(() => workers.fleet.status().every(({ up }) => up), { timeout: 10_000 }).toBe(true);
    for (const on of ['worker-1', 'worker-2', 'worker-3']) await workers.heal('poison', on);
    expect((await send(port, deadly)).status).toBe(200);
    expect(exits()).toBe(6);
  });

  it('takes those with it that are served by the same process', async () => {
    const workers = await startFaultyFleet({ workers: 1, slots: 2, serviceTime: NEVER });
    const { port } = await startGateway([workers.port], {
      healthCheck: 'off',
      timeouts: { attempt: '1m', request: '1m' },
    });
    await workers.inject('poison', { how: 'kill' });
    const bystander = send(port, harmless);
    await workers.sampleOf('worker-1', ({ busy }) => busy === 1);
    const exited = workers.next('worker.exited');
    await send(port, deadly);
    expect(await exited).toMatchObject({ signal: 'SIGKILL' });
    expect((await bystander).status).toBe(502);
  });
});

describe('poison with a path', () => {
  it('is in the requests whose path begins so, and in no others', async () => {
    const workers = await startFaultyFleet({ workers: 1, serviceTime: constant('1ms') });
    const { port } = await startGateway([workers.port], { healthCheck: 'off' });
    await workers.inject('poison', { share: '100%', path: '/jobs' });
    const send = (id: string, path: string) => ask(port, { path, headers: { 'x-request-id': id } });
    expect((await send('one', '/')).status).toBe(200);
    expect((await send('two', '/old/jobs')).status).toBe(200);
    const exited = workers.next('worker.exited');
    expect((await send('three', '/jobs/7?again')).status).toBe(502);
    expect(await exited).toMatchObject({ code: 1 });
  });
});

describe('leak', () => {
  const LIMIT = 32 * MIB;

  it('of objects is a sawtooth: one worker dies at its heap limit and comes back, three times, while the others serve', async () => {
    const workers = await startFaultyFleet({
      workers: 3,
      memory: { heapLimit: '32MiB' },
      serviceTime: constant('2ms'),
    });
    const { port } = await startGateway(workers.ports, { healthCheck: 'off' });
    workers.order('leak', { perSecond: '60MiB' });
    const statuses: Record<string, number[]> = { others: [], gateway: [] };
    let exits = 0;
    while (exits < 3) {
      for (const other of workers.ports.slice(1)) statuses.others!.push((await ask(other)).status);
      statuses.gateway!.push((await ask(port)).status);
      exits = workers.fleet.status()[0]!.exits;
    }
    const back = workers.next('worker.started');
    await back;
    await workers.heal('leak');

    const deaths = workers.events.filter((event) => event.type === 'worker.exited');
    expect(deaths.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-1', 'worker-1']);
    for (const death of deaths) {
      expect(death).toMatchObject({ signal: 'SIGABRT', code: null });
      expect(death.fatalLine).toMatch(/heap out of memory/);
    }
    const teeth = lives(workers, 'worker-1');
    for (const heap of teeth) {
      expect(heap[0]! / LIMIT).toBeLessThan(0.5);
      expect(heap.at(-1)! / LIMIT).toBeGreaterThan(0.75);
      // Up, and not at one stroke.
      const rises = heap.slice(1).filter((bytes, index) => bytes > heap[index]!);
      expect(rises.length / (heap.length - 1)).toBeGreaterThan(0.6);
    }
    const ofOthers = workers.samples.filter(({ worker }) => worker !== 'worker-1');
    expect(Math.max(...ofOthers.map(({ heapBytes }) => heapBytes)) / LIMIT).toBeLessThan(0.5);
    expect(new Set(statuses.others)).toEqual(new Set([200]));
    // A third of the clients' requests meets the one that leaks, and fails where it is down.
    expect(new Set(statuses.gateway)).toEqual(new Set([200, 502]));

    const healed = await workers.nextSamples('worker-1', 10);
    expect(healed.at(-1)!.heapBytes - healed[0]!.heapBytes).toBeLessThan(8 * MIB);
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 3 });
  });

  it('for each request takes nothing where nobody asks, and the heap where enough do', async () => {
    const workers = await startFaultyFleet({
      workers: 1,
      memory: { heapLimit: '32MiB' },
      serviceTime: constant('1ms'),
    });
    await workers.inject('leak', { perRequest: '200KiB' });
    const idle = await workers.nextSamples('worker-1', 6);
    expect(idle.at(-1)!.heapBytes - idle[0]!.heapBytes).toBeLessThan(2 * MIB);
    const exited = workers.next('worker.exited');
    let died = false;
    exited.then(() => {
      died = true;
    });
    let sent = 0;
    for (; !died; sent++) await ask(workers.port).catch(() => {});
    expect(await exited).toMatchObject({ signal: 'SIGABRT' });
    // 32 MiB are full after some 160 of 200 KiB; it has a few MiB of its own.
    expect(sent).toBeGreaterThan(60);
  });

  it('of the first requests only, or of a share of them, is over when they are', async () => {
    const workers = await startFaultyFleet({ workers: 1, serviceTime: constant('1ms') });
    const [before] = await workers.nextSamples('worker-1', 1);
    await workers.inject('leak', { perRequest: '4MiB', requests: 3 });
    for (let sent = 0; sent < 40; sent++) expect((await ask(workers.port)).status).toBe(200);
    const [after] = await workers.nextSamples('worker-1', 1);
    const grown = (after!.heapBytes - before!.heapBytes) / MIB;
    expect(grown).toBeGreaterThan(8);
    expect(grown).toBeLessThan(32);
  });

  it('of buffers leaves the heap as it is, and V8 has nothing to say: SIGKILL ends it at the limit of all its memory', async () => {
    const workers = await startFaultyFleet({ workers: 1, memory: { heapLimit: '24MiB' } });
    const pid = workers.pidOf('worker-1');
    const atFirst = residentMebibytes(pid);
    const exited = workers.next('worker.exited');
    await workers.inject('leak', { perSecond: '100MiB', memory: 'external', memoryLimit: '220MiB' });
    // Far more than the heap may ever be.
    await expect
      .poll(() => residentMebibytes(pid) - atFirst, { timeout: 20_000, interval: 20 })
      .toBeGreaterThan(60);
    const death = await exited;
    expect(death).toMatchObject({ signal: 'SIGKILL', code: null, fatalLine: null });
    expect(death.lastHeapBytes / death.heapLimitBytes).toBeLessThan(0.7);

    await workers.next('worker.started');
    await workers.heal('leak');
    const again = workers.pidOf('worker-1');
    const healed = residentMebibytes(again);
    await workers.nextSamples('worker-1', 10);
    // As long as it takes to leak 50 MiB.
    expect(residentMebibytes(again) - healed).toBeLessThan(20);
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 1 });
  });
});

describe('gc-pressure', () => {
  /** What 20 requests in turn take, and what the worker has of the processor meanwhile. */
  const measure = async ({ port, pidOf }: FaultyFleet) => {
    const startCpuMs = cpuMs(pidOf('worker-1'));
    const wallMs = await timed(async () => {
      for (let sent = 0; sent < 20; sent++) expect((await ask(port)).status).toBe(200);
    });
    return { wallMs, cpuMs: cpuMs(pidOf('worker-1')) - startCpuMs };
  };

  it('costs the processor and the requests’ time, with a heap that is full and does not grow, until it is healed', async () => {
    const workers = await startFaultyFleet({ workers: 1, serviceTime: constant('1ms') });
    await measure(workers);
    const before = await measure(workers);
    await workers.inject('gc-pressure');
    // Until everything lives that is to live.
    await workers.sampleOf('worker-1', ({ heapBytes }) => heapBytes > 24 * MIB);
    const during = await measure(workers);
    const heaps = (await workers.nextSamples('worker-1', 4)).map(({ heapBytes }) => heapBytes / MIB);
    await workers.heal('gc-pressure');
    await measure(workers);
    const after = await measure(workers);
    expect(during.cpuMs).toBeGreaterThan(3 * before.cpuMs);
    expect(during.wallMs).toBeGreaterThan(2 * before.wallMs);
    expect(after.cpuMs).toBeLessThan(during.cpuMs / 2);
    expect(Math.max(...heaps)).toBeLessThan(60);
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 0 });
  }, 60_000);
});

describe('queue-memory', () => {
  it('turns a queue into a death by V8’s abort, which the same queue is not before and afterwards', async () => {
    const workers = await startFaultyFleet({
      workers: 1,
      slots: 1,
      memory: { heapLimit: '32MiB' },
      serviceTime: NEVER,
    });
    occupy(workers.port, 61);
    await workers.sampleOf('worker-1', ({ queued }) => queued === 60);
    await workers.inject('queue-memory', { perRequest: '1MiB' });
    const exited = workers.next('worker.exited');
    occupy(workers.port, 60);
    const death = await exited;
    expect(death).toMatchObject({ signal: 'SIGABRT' });
    expect(death.fatalLine).toMatch(/heap out of memory/);

    await workers.next('worker.started');
    await workers.heal('queue-memory');
    occupy(workers.port, 61);
    await workers.sampleOf('worker-1', ({ queued }) => queued === 60);
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 1 });
  });

  it('gives back what it holds when a request leaves the queue', async () => {
    const workers = await startFaultyFleet({
      workers: 1,
      slots: 1,
      memory: { heapLimit: '32MiB' },
      serviceTime: constant('20ms'),
    });
    await workers.inject('queue-memory', { perRequest: '1MiB' });
    // Twice as much as there is room for, but never more than ten at once.
    for (let round = 0; round < 6; round++) {
      const answers = await Promise.all(Array.from({ length: 11 }, () => ask(workers.port)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    expect(workers.fleet.status()[0]).toMatchObject({ up: true, exits: 0 });
  });
});
