/** The load generator as the process that it is, against a server of the test's own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Child } from '../../src/core/child.js';
import { wallClock } from '../../src/core/clock.js';
import { Deferred } from '../../src/core/deferred.js';
import { Reaper } from '../../src/core/reaper.js';
import type { RequestRecord } from '../../src/scenarios/clients/clients.js';
import type { FloodCounts } from '../../src/scenarios/clients/flood.js';
import type { PopulationCounts } from '../../src/scenarios/clients/population.js';
import type { FromGenerator, GeneratorArgument, ToGenerator } from '../../src/scenarios/messages.js';
import { parseScenario } from '../../src/scenarios/parse.js';

/** One try, as the server saw it. */
export interface Seen {
  readonly id: string;
  readonly atMs: number;
  readonly path: string;
  readonly method: string;
  readonly address: string;
  readonly headers: IncomingMessage['headers'];
  readonly bodyBytes: number;
}

export interface Target {
  readonly origin: string;
  readonly seen: Seen[];
  /** Requests in it now, and the most there ever were; connections likewise. */
  readonly counts: { inFlight: number; most: number; connections: number; mostConnections: number };
  /** Settles when no client is connected any more. */
  deserted(): Promise<void>;
}

/**
 * Listens until the test ends.
 * @param answer is given each try with how often its request was seen before; the try counts as over when it is answered.
 */
export const startTarget = async (
  answer: (response: ServerResponse, seen: Seen, tries: number) => void,
): Promise<Target> => {
  const seen: Seen[] = [];
  const tries = new Map<string, number>();
  const counts = { inFlight: 0, most: 0, connections: 0, mostConnections: 0 };
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    counts.most = Math.max(counts.most, ++counts.inFlight);
    response.on('close', () => {
      counts.inFlight--;
    });
    const id = String(request.headers['x-request-id']);
    const before = tries.get(id) ?? 0;
    tries.set(id, before + 1);
    let bodyBytes = 0;
    request.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    request.on('end', () => {
      const one: Seen = {
        ...{ id, atMs: wallClock.nowMs(), path: request.url!, method: request.method!, bodyBytes },
        ...{ address: request.socket.remoteAddress!, headers: request.headers },
      };
      seen.push(one);
      answer(response, one, before);
    });
  });
  server.on('connection', (socket: Socket) => {
    counts.mostConnections = Math.max(counts.mostConnections, ++counts.connections);
    socket.on('close', () => {
      counts.connections--;
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    counts,
    deserted: () =>
      new Promise((resolve) => {
        const look = (): void => {
          if (counts.connections > 0) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
};

export interface Generator {
  readonly records: RequestRecord[];
  /** The last that was told. */
  readonly population: () => Readonly<Record<string, PopulationCounts>>;
  readonly floods: () => readonly FloodCounts[];
  /** When the last client is done. */
  readonly finished: Promise<void>;
  /** When the flood is over. */
  readonly floodEnded: Promise<FloodCounts>;
  /** Asks it to stop. @returns when it has gone. */
  stop(): Promise<void>;
}

const SCENARIO = 'version: 1\nname: x\ntitle: x\nfleet: { workers: 1 }\n';

/** What the sections `clients`, `load` and `timeline` of a scenario come to for its generator. */
export const argumentOf = (sections: string, origin: string, seed = 7): GeneratorArgument => {
  const [variant] = parseScenario(`${SCENARIO}${sections}`, 'x.yaml').variants;
  const { load, clients, floods } = variant!;
  return { origins: [[origin]], tls: null, load, clients, floods, seed };
};

/** From the command to begin to the first request: long enough for the message to arrive. */
const LEAD_MS = 50;

/** Starts it and lets it begin; it goes when the test ends. */
export const startGenerator = async (argument: GeneratorArgument): Promise<Generator> => {
  const records: RequestRecord[] = [];
  const ready = new Deferred<void>();
  const finished = new Deferred<void>();
  const floodEnded = new Deferred<FloodCounts>();
  let population: Readonly<Record<string, PopulationCounts>> = {};
  let floods: readonly FloodCounts[] = [];
  const reaper = new Reaper();
  const child = new Child<ToGenerator, FromGenerator>({
    name: 'load generator',
    entry: 'scenarios/clients/generator.js',
    argument,
    reaper,
    onMessage: (message) => {
      if (message.type === 'ready') ready.resolve();
      else if (message.type === 'unable') ready.reject(new Error(message.message));
      else if (message.type === 'finished') finished.resolve();
      else if (message.type === 'flood-ended') floodEnded.resolve(message.counts);
      else {
        records.push(...message.records);
        population = message.population ?? population;
        floods = message.floods ?? floods;
      }
    },
  });
  const stop = (): Promise<void> => child.stop({ type: 'stop' }, 5_000);
  onTestFinished(async () => {
    await stop();
    await reaper.stop();
  });
  await ready.promise;
  child.send({ type: 'start', atMs: wallClock.nowMs() + LEAD_MS });
  return {
    records,
    population: () => population,
    floods: () => floods,
    finished: finished.promise,
    floodEnded: floodEnded.promise,
    stop,
  };
};
