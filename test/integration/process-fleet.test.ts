/** Workers as processes: they serve, leak for real, die by V8's abort, leave evidence, and come back on their port. */
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import type { EventMap } from '../../src/core/event-map.js';
import { type Event, EventStream } from '../../src/core/events.js';
import type { FleetSection } from '../../src/upstream/config.js';
import type { WorkerAddress, WorkerSample } from '../../src/upstream/fleet.js';
import { makeFleet } from '../support/fleet.js';

const LEAKING = {
  downstream: {
    service: 'store',
    endpoints: [
      { name: 'a', weight: 30_000 },
      { name: 'b', weight: 29_999 },
    ],
  },
};

const startFleet = async (section: FleetSection) => {
  const events: Event[] = [];
  const samples: WorkerSample[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const fleet = makeFleet(section, { emit: stream.emit, onSample: (sample) => samples.push(sample) });
  const addresses = await fleet.start();
  const next = <Type extends keyof EventMap>(type: Type): Promise<Event<Type>> =>
    new Promise((resolve) => {
      const off = stream.subscribe((event) => {
        if (event.type !== type) return;
        off();
        resolve(event as unknown as Event<Type>);
      });
    });
  return { fleet, addresses, events, samples, next };
};

const ask = ({ host, port }: WorkerAddress, path = '/'): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    request({ host, port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });

describe('a worker', () => {
  it('answers with its name, its config and the downstream endpoint it chose', async () => {
    const { addresses } = await startFleet({
      workers: 2,
      serviceTime: { distribution: 'constant', mean: '1ms' },
    });
    const answers = await Promise.all(addresses.map((address) => ask(address)));
    expect(answers.map(({ body }) => JSON.parse(body))).toEqual([
      { worker: 'worker-1', config: 1, downstream: 'store-1' },
      { worker: 'worker-2', config: 1, downstream: 'store-1' },
    ]);
  });

  it('answers health checks while its slots are taken', async () => {
    const { addresses } = await startFleet({ workers: 1, slots: 1, serviceTime: { mean: '1h' } });
    ask(addresses[0]!).catch(() => 'ends with the fleet');
    expect(await ask(addresses[0]!, '/healthz')).toMatchObject({ status: 200 });
  });

  it('with a leaking config dies by SIGABRT near its heap limit, and comes back on its port, later each time', async () => {
    const { fleet, addresses, samples, next } = await startFleet({
      workers: 1,
      memory: { heapLimit: '32MiB' },
      restart: { delay: '50ms', factor: 2, maxDelay: '1s' },
      serviceTime: { distribution: 'constant', mean: '1ms' },
    });
    const firstDeath = next('worker.exited');
    fleet.assignConfig('worker-1', 2, LEAKING);
    const death = await firstDeath;
    expect(death).toMatchObject({
      worker: 'worker-1',
      signal: 'SIGABRT',
      code: null,
      restartInMs: 50,
      configVersion: 2,
    });
    expect(death.fatalLine).toMatch(/^FATAL ERROR: .*JavaScript heap out of memory/);
    expect(death.lastHeapBytes / death.heapLimitBytes).toBeGreaterThan(0.75);
    // The evidence is a climb, not one sample.
    const heaps = samples.map((sample) => sample.heapBytes);
    expect(heaps.filter((heap) => heap > heaps[0]! * 2).length).toBeGreaterThan(2);

    const secondDeath = next('worker.exited');
    const started = await next('worker.started');
    expect(started).toMatchObject({ configVersion: 2 });
    expect(JSON.parse((await ask(addresses[0]!)).body)).toMatchObject({ config: 2 });
    expect(await secondDeath).toMatchObject({ restartInMs: 100 });

    fleet.assignConfig('worker-1', 1, {
      downstream: { service: 'store', endpoints: [{ name: 'a', weight: 1 }] },
    });
    expect(await next('worker.started')).toMatchObject({ configVersion: 1 });
    expect(fleet.status()[0]).toMatchObject({ up: true, exits: 2 });
  });

  it('that cannot start is an error with its own words', async () => {
    const fleet = makeFleet({ workers: 1 }, { host: '192.0.2.1' });
    await expect(fleet.start()).rejects.toThrow(/worker-1 could not start: .*EADDRNOTAVAIL/);
  });
});

describe('a config that is tried out', () => {
  const GOOD = { downstream: { service: 'store', endpoints: [{ name: 'a', weight: 2 }] } };
  const SECTION: FleetSection = { workers: 1, memory: { heapLimit: '32MiB' }, config: GOOD };

  it('is taken over by a process that serves nobody, and harms no worker', async () => {
    const { fleet, events } = await startFleet(SECTION);
    const trial = { forMs: 5_000, maxGrowthRatio: 0.25 };
    expect(await fleet.tryConfig(LEAKING, GOOD, trial)).toMatch(
      /served nobody, grew by .*, where 8MiB is the limit/,
    );
    expect(await fleet.tryConfig(LEAKING, GOOD, { forMs: 30_000, maxGrowthRatio: 1 })).toMatch(/died of it/);
    expect(await fleet.tryConfig(GOOD, GOOD, { forMs: 300, maxGrowthRatio: 0.25 })).toBeNull();
    expect(fleet.status()).toMatchObject([{ up: true, exits: 0, configVersion: 1 }]);
    expect(events.filter(({ type }) => type === 'worker.exited')).toEqual([]);
  });
});
