/** Workers as processes, and faults injected into them as a timeline would. */
import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import type { EventMap } from '../../src/core/event-map.js';
import { type Event, EventStream } from '../../src/core/events.js';
import type { FleetSection, WorkerConfig } from '../../src/upstream/config.js';
import { findOptionProblems, resolveOptions } from '../../src/upstream/faults/options.js';
import { WORKER_FAULTS, type WorkerFaultName } from '../../src/upstream/faults/worker-faults.js';
import type { WorkerSample } from '../../src/upstream/fleet.js';
import { makeFleet } from './fleet.js';

/** Restarts that a test need not wait for. */
export const SOON = { delay: '20ms', factor: 1, maxDelay: '20ms' } as const;

/** A service time that no test sees the end of. */
export const NEVER = { distribution: 'constant', mean: '1h' } as const;

export const constant = (mean: string) => ({ distribution: 'constant', mean }) as const;

const CONFIG: WorkerConfig = {
  downstream: { service: 'store', endpoints: [{ name: 'store-1', weight: 1 }] },
};

interface Order {
  readonly on?: string;
  readonly forMs?: number | null;
}

export const startFaultyFleet = async (section: FleetSection) => {
  const events: Event[] = [];
  const samples: WorkerSample[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const sampled = new Set<(sample: WorkerSample) => void>();
  const fleet = makeFleet(
    { restart: SOON, ...section },
    {
      emit: stream.emit,
      onSample: (sample) => {
        samples.push(sample);
        for (const look of sampled) look(sample);
      },
    },
  );
  const addresses = await fleet.start();

  /** The next event of that type. */
  const next = <Type extends keyof EventMap>(
    type: Type,
    isIt: (event: Event<Type>) => boolean = () => true,
  ): Promise<Event<Type>> =>
    new Promise((resolve) => {
      const off = stream.subscribe((event) => {
        if (event.type !== type || !isIt(event as unknown as Event<Type>)) return;
        off();
        resolve(event as unknown as Event<Type>);
      });
    });

  /** The next samples of a worker; they come every 50 ms. */
  const nextSamples = (worker: string, count: number): Promise<readonly WorkerSample[]> =>
    new Promise((resolve) => {
      const found: WorkerSample[] = [];
      const look = (sample: WorkerSample): void => {
        if (sample.worker !== worker || found.push(sample) < count) return;
        sampled.delete(look);
        resolve(found);
      };
      sampled.add(look);
    });

  /** The next sample of a worker that is as wanted. */
  const sampleOf = async (worker: string, isIt: (sample: WorkerSample) => boolean): Promise<WorkerSample> => {
    for (;;) {
      const [sample] = await nextSamples(worker, 1);
      if (isIt(sample!)) return sample!;
    }
  };

  let version = 1;
  /** The worker has heard everything that it was told so far: messages come in order, and this one is answered. */
  const heard = async (worker: string): Promise<void> => {
    version++;
    const mine = version;
    const applied = next('config.applied', (event) => event.version === mine && event.reader === worker);
    fleet.assignConfig(worker, mine, CONFIG);
    await applied;
  };

  /** Injects, and does not wait. */
  const order = (
    fault: WorkerFaultName,
    written: Readonly<Record<string, unknown>> = {},
    { on = 'worker-1', forMs = null }: Order = {},
  ): boolean => {
    const definition = WORKER_FAULTS[fault];
    expect(findOptionProblems(fault, definition, written)).toEqual([]);
    return fleet.inject(on, { fault, options: resolveOptions(definition, written), forMs });
  };

  /** Injects, and waits until the worker has it. */
  const inject: (...args: Parameters<typeof order>) => Promise<void> = async (fault, written, options) => {
    expect(order(fault, written, options)).toBe(true);
    await heard(options?.on ?? 'worker-1');
  };

  const heal = async (fault: WorkerFaultName, on = 'worker-1'): Promise<void> => {
    fleet.heal(on, fault);
    await heard(on);
    const status = fleet.status().find(({ worker }) => worker === on)!;
    expect(status.faults.map((injection) => injection.fault)).not.toContain(fault);
  };

  const pidOf = (worker: string): number =>
    events.findLast(
      (event): event is Event<'worker.started'> => event.type === 'worker.started' && event.worker === worker,
    )!.pid;

  const ports = addresses.map(({ port }) => port);
  return {
    ...{ fleet, ports, port: ports[0]!, events, samples },
    ...{ next, nextSamples, sampleOf, order, inject, heal, heard, pidOf },
  };
};

export type FaultyFleet = Awaited<ReturnType<typeof startFaultyFleet>>;

/** A request that nobody waits for, such as one that is to take a slot; it goes when the test ends. */
export const occupy = (port: number, count = 1): void => {
  for (let sent = 0; sent < count; sent++) {
    const outgoing = request({ host: '127.0.0.1', port, agent: false }, (response: IncomingMessage) => {
      response.resume();
    });
    outgoing.on('error', () => {});
    outgoing.end();
    onTestFinished(() => {
      outgoing.destroy();
    });
  }
};

/** Milliseconds that something takes. */
export const timed = async (what: () => Promise<unknown>): Promise<number> => {
  const startMs = performance.now();
  await what();
  return performance.now() - startMs;
};

export interface RawConnection {
  readonly socket: Socket;
  /** Everything that has come. */
  text(): string;
  /** Resolves when it ends, whichever way. */
  readonly ended: Promise<void>;
}

/** A connection on which bytes are written as they are. Rejects when it does not come about. */
export const rawRequest = (
  port: number,
  bytes = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
): Promise<RawConnection> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    const ended = new Promise<void>((done) => {
      socket.on('close', () => done());
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('connect', () => {
      socket.write(bytes);
      resolve({ socket, text: () => text, ended });
    });
    socket.on('error', reject);
    onTestFinished(() => {
      socket.destroy();
    });
  });

/** Whether a connection comes about, as a TCP check wants to know. */
export const connects = async (port: number): Promise<boolean> => {
  try {
    const { socket } = await rawRequest(port, '');
    socket.destroy();
    return true;
  } catch {
    return false;
  }
};

/** What a process has of the machine's memory. */
export const residentMebibytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** What a process has had of the processors; the kernel counts hundredths of a second. */
export const cpuMs = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user! + system!) * 10;
};

export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

export const fileLimit = (pid: number): number =>
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))![1]);
