/** Links in their process, before a TCP server of the test's own, and what a client measures through them. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import type { EventMap } from '../../src/core/event-map.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { resolveLinks } from '../../src/upstream/links/config.js';
import { LinkFleet, spawnLinks } from '../../src/upstream/links/link-fleet.js';

export const HOST = '127.0.0.1';

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface RunningLinks {
  readonly links: LinkFleet;
  readonly events: Event[];
  next<Type extends keyof EventMap>(type: Type): Promise<Event<Type>>;
  stop(): Promise<void>;
}

/** @param workers ports that links are put before, by worker. */
export const startLinks = async (workers: Record<string, number> = {}, seed = 1): Promise<RunningLinks> => {
  const events: Event[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const reaper = new Reaper();
  const links = new LinkFleet({
    ...{ config: resolveLinks(), host: HOST, clock: wallClock, random: new Random(seed) },
    ...{ spawn: spawnLinks(reaper), emit: stream.emit },
  });
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopped ??= links.stop(2_000).then(() => reaper.stop());
    return stopped;
  };
  onTestFinished(stop);
  await links.start(Object.entries(workers).map(([id, port]) => ({ id, host: HOST, port })));
  const next = <Type extends keyof EventMap>(type: Type): Promise<Event<Type>> =>
    new Promise((resolve) => {
      const off = stream.subscribe((event) => {
        if (event.type !== type) return;
        off();
        resolve(event as unknown as Event<Type>);
      });
    });
  return { links, events, next, stop };
};

/** @returns the port of a server that treats each connection so. */
export const serve = async (treat: (socket: Socket) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    treat(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
};

/** Sends everything back, and ends when the client does. */
export const serveEcho = (): Promise<number> => serve((socket) => socket.pipe(socket));

/** Sends so many bytes and ends. */
export const serveBytes = (bytes: number): Promise<number> =>
  serve((socket) => socket.end(Buffer.alloc(bytes)));

/** Where the link before a worker listens. */
export const listenOf = (links: LinkFleet, worker: string): string =>
  links.status().find(({ link }) => link === worker)!.listen;

export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

export interface Dialled {
  readonly socket: Socket;
  /** Settles when it is connected, or with the code of why not. */
  readonly connected: Promise<'connected' | string>;
  /** How it ended, once it has: `end`, or the code of an error. */
  readonly closed: Promise<string>;
  received(): number;
  /** Reads, each as long as the bytes it brought. */
  readonly reads: readonly number[];
  /** Settles when so many bytes have come. */
  got(bytes: number): Promise<void>;
}

export const dial = (address: string): Dialled => {
  const socket = connect({ port: portOf(address), host: HOST, noDelay: true });
  onTestFinished(() => {
    socket.destroy();
  });
  const reads: number[] = [];
  let received = 0;
  let how = 'closed';
  const waiting = new Set<() => void>();
  socket.on('data', (data) => {
    reads.push(data.length);
    received += data.length;
    for (const look of waiting) look();
  });
  socket.on('end', () => {
    how = 'end';
  });
  const connected = new Promise<string>((resolve) => {
    socket.on('connect', () => resolve('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      how = error.code ?? error.message;
      resolve(how);
    });
  });
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(how)));
  const got = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (received < bytes) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { socket, connected, closed, received: () => received, reads, got };
};

/** How long something takes. */
export const tookMs = async (work: () => Promise<unknown>): Promise<number> => {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
};

/** A question and its answer on an open connection. */
export const roundTripMs = ({ socket, got, received }: Dialled): Promise<number> =>
  tookMs(() => {
    const answered = got(received() + 1);
    socket.write('x');
    return answered;
  });
