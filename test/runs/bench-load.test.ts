/** The benchmark's load on real sockets: what it counts, and the traps of a closed loop that it must not fall into. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LoadGenerator } from '../../src/bench/load.js';
import { measureRound, type Workload } from '../../src/bench/measure.js';
import { type Origin, startOrigin } from '../../src/bench/origin-server.js';
import { cpuMsOf, peakBytes, processesServing } from '../../src/bench/procfs.js';
import { Reaper } from '../../src/core/reaper.js';
import { descendants, isAlive } from '../support/processes.js';

const WORKLOAD: Workload = { name: 'get', method: 'GET', path: '/', bodyBytes: 0, connections: 4 };
const ROUND_MS = 300;
const LINUX = process.platform === 'linux';

let reaper: Reaper;
let generator: LoadGenerator;
let origin: Origin;

beforeAll(async () => {
  reaper = new Reaper();
  generator = new LoadGenerator(reaper);
  await generator.ready();
  origin = await startOrigin(reaper);
});

afterAll(async () => {
  await generator.stop();
  await origin.stop();
  await reaper.stop();
});

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    onTestFinished(() => {
      server.close();
    });
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    });
  });

const at = (address: string) => ({ origin: address });

describe('a round', () => {
  it('counts what was sent, answered and how, and what it cost', async () => {
    const round = await measureRound(generator, at(origin.address), WORKLOAD, ROUND_MS);
    expect(round.answered).toBeGreaterThan(100);
    expect(round.statuses).toEqual({ 200: round.answered });
    expect(round).toMatchObject({ errorRatio: 0, errors: {} });
    expect(round.rps).toBeCloseTo((round.answered / round.durationMs) * 1000, 0);
    expect(round.latencyMs.p50).toBeGreaterThan(0);
    expect(round.latencyMs.p50).toBeLessThanOrEqual(round.latencyMs.p99);
    if (LINUX) {
      expect(round.cpuMs).toBeGreaterThan(0);
      expect(round.memoryBytes).toBeGreaterThan(10 * 1024 ** 2);
    }
  });

  it('sends bodies, and gets large ones', async () => {
    const upload = { ...WORKLOAD, method: 'POST', bodyBytes: 65_536 };
    expect(await measureRound(generator, at(origin.address), upload, ROUND_MS)).toMatchObject({
      errorRatio: 0,
    });
    const download = { ...WORKLOAD, path: '/bytes/65536' };
    expect(await measureRound(generator, at(origin.address), download, ROUND_MS)).toMatchObject({
      errorRatio: 0,
    });
  });

  it('counts an answer that is an error as one, by its status', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write('HTTP/1.1 503 no\r\ncontent-length: 0\r\n\r\n'));
    });
    const round = await measureRound(generator, at(await listen(server)), WORKLOAD, ROUND_MS);
    expect(round.rps).toBe(0);
    expect(round.errorRatio).toBe(1);
    expect(Object.keys(round.statuses)).toEqual(['503']);
  });

  it('tells of requests that vanish when the target closes without an answer', async () => {
    const server = createServer((socket) => {
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (++requests % 2 === 0) socket.end();
        else socket.write('HTTP/1.1 200 fine\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const round = await measureRound(generator, at(await listen(server)), WORKLOAD, ROUND_MS);
    expect(round.answered).toBeGreaterThan(0);
    expect(round.errors.closed).toBeGreaterThan(0);
    expect(round.errorRatio).toBeGreaterThan(0.3);
  });

  it('counts requests that hang, with the time they have waited', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      const hangs = connections++ === 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (!hangs) socket.write('HTTP/1.1 200 fine\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const round = await measureRound(generator, at(await listen(server)), WORKLOAD, ROUND_MS);
    expect(round.errors).toEqual({ unanswered: 1 });
    expect(round.latencyMs.max).toBeGreaterThan(ROUND_MS / 2);
    expect(round.errorRatio).toBeCloseTo(1 / (round.answered + 1));
  });

  it('takes each latency from its own request, also after a reset', async () => {
    const DELAY_MS = 20;
    const server = createServer((socket) => {
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (++requests === 2) socket.resetAndDestroy();
        else {
          setTimeout(() => socket.write('HTTP/1.1 200 fine\r\ncontent-length: 0\r\n\r\n'), DELAY_MS);
        }
      });
    });
    const round = await measureRound(generator, at(await listen(server)), WORKLOAD, ROUND_MS);
    expect(round.errors.ECONNRESET).toBeGreaterThan(0);
    // Taken from the request before, it would be twice as long or longer from the first reset on.
    expect(round.latencyMs.p50).toBeGreaterThan(DELAY_MS * 0.9);
    expect(round.latencyMs.p50).toBeLessThan(DELAY_MS * 1.9);
  });

  it('ends soon at a port that refuses, after a bounded number of tries', async () => {
    const server = createServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const round = await measureRound(generator, at(address), WORKLOAD, 5_000);
    expect(round.durationMs).toBeLessThan(4_000);
    expect(round.answered).toBe(0);
    expect(round.errorRatio).toBe(1);
    expect(round.errors.ECONNREFUSED).toBeGreaterThanOrEqual(1_000);
  });
});

describe.runIf(LINUX)('processes', () => {
  it('are found by the port they serve, with what they used', () => {
    const port = Number(new URL(origin.address).port);
    const pids = processesServing(port);
    expect(pids).toEqual([origin.pid]);
    expect(cpuMsOf(pids).get(origin.pid)).toBeGreaterThan(0);
    expect(peakBytes(pids)).toBeGreaterThan(10 * 1024 ** 2);
  });

  it('are none where nobody listens', async () => {
    const server = createServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(processesServing(Number(new URL(address).port))).toEqual([]);
  });
});

describe('what a benchmark starts', () => {
  it('is gone when it was stopped', async () => {
    const ownReaper = new Reaper();
    const ownGenerator = new LoadGenerator(ownReaper);
    await ownGenerator.ready();
    const ownOrigin = await startOrigin(ownReaper);
    const pids = [ownGenerator.pid, ownOrigin.pid];
    expect(descendants(process.pid).map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids));
    await ownGenerator.stop();
    await ownOrigin.stop();
    await ownReaper.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
