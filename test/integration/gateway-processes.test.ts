/** The gateway on several processes: one port, one set of limits, and none of them that outlives the others' parent. */
import { Agent, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import type { MemoryView } from '../../src/gateway/totals.js';
import { startCli } from '../support/cli.js';
import { ask } from '../support/gateway.js';
import { startGatewayGroup } from '../support/gateway-group.js';
import { descendants, isAlive, stateOf } from '../support/processes.js';
import { freePort, startUpstream } from '../support/upstream.js';

const twoProcesses = (section: GatewaySection = { healthCheck: 'off' }) =>
  resolveGatewayConfig({ processes: 2, ...section });

const SOON_MS = 3_000;

const soon = async (holds: () => boolean): Promise<boolean> => {
  const endMs = performance.now() + SOON_MS;
  while (!holds() && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
  return holds();
};

const stand = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGSTOP');
  expect(await soon(() => stateOf(pid) === 'T')).toBe(true);
};

const send = async (port: number, method: string, path: string, body?: object): Promise<number> => {
  const headers = { 'content-type': 'application/json' };
  const answer =
    body === undefined
      ? await ask(port, { method, path })
      : await ask(port, { method, path, headers }, JSON.stringify(body));
  return answer.status;
};

const push = async (port: number, config: GatewaySection): Promise<void> => {
  expect(await send(port, 'PUT', '/config', { by: 'me', config, approve: 'to be seen' })).toBe(202);
};

interface UpstreamsAnswer {
  readonly healthy: boolean;
  readonly inFlight: number;
  readonly counts: { readonly success: number };
}

describe.each([1, 2])('a gateway that starts with an upstream drained, on %d processes,', (processes) => {
  it('sends it nothing from the first request on', async () => {
    const drained = await startUpstream((_request, response) => response.end('drained'));
    const other = await startUpstream((_request, response) => response.end('other'));
    const config = resolveGatewayConfig({ processes, healthCheck: 'off' });
    const group = await startGatewayGroup([drained, other], config, { drained: ['upstream-1'] });
    const bodies = new Set<string>();
    for (let count = 0; count < 12; count++) bodies.add((await ask(group.port)).body);
    expect([...bodies]).toEqual(['other']);
    const [first] = await group.admin<{ drained: boolean }[]>('/upstreams');
    expect(first!.drained).toBe(true);
  });
});

describe('a gateway on two processes', () => {
  it('spreads connections evenly, and shows the processes as one', async () => {
    const requests = new Map<Socket, number>();
    const port = await startUpstream((request, response) => {
      requests.set(request.socket, (requests.get(request.socket) ?? 0) + 1);
      response.end('one');
    });
    const group = await startGatewayGroup([port], twoProcesses());
    const rayIds = new Set<unknown>();
    for (let count = 0; count < 20; count++) {
      const { status, headers } = await ask(group.port);
      expect(status).toBe(200);
      rayIds.add(headers['x-ray-id']);
    }
    expect(rayIds.size).toBe(20);
    // Each process keeps one connection to the upstream.
    expect([...requests.values()]).toEqual([10, 10]);
    expect(await group.metric('answers_total{status="200"}')).toBe(20);
    const [upstream] = await group.admin<UpstreamsAnswer[]>('/upstreams');
    expect(upstream).toMatchObject({ healthy: true, inFlight: 0, circuit: null, counts: { success: 20 } });
    const memory = await group.admin<MemoryView>('/memory');
    expect(memory.processes.map(({ pid }) => pid)).toEqual([...group.pids.values()]);
    expect(memory.primary.pid).toBe(group.child.pid);
    expect(await group.admin('/config')).toMatchObject({
      version: 1,
      config: { processes: 2, maxConnections: 1024 },
    });
  });

  it('lets through in sum what the limit says', async () => {
    const held: ServerResponse[] = [];
    let onArrival = (): void => {};
    const port = await startUpstream((_request, response) => {
      held.push(response);
      onArrival();
    });
    const group = await startGatewayGroup(
      [port],
      twoProcesses({ healthCheck: 'off', concurrency: { limit: 3 } }),
    );
    const statuses: number[] = [];
    const answers: Promise<unknown>[] = [];
    const send = (): Promise<unknown> => {
      const arrival = new Promise<void>((resolve) => {
        onArrival = resolve;
      });
      const answer = ask(group.port).then(({ status }) => statuses.push(status));
      answers.push(answer);
      return Promise.race([answer, arrival]);
    };
    // Which process a connection comes to is the cluster's choice, so it may take a few to find each free slot.
    while (held.length < 3) await send();
    const refusedBefore = statuses.length;
    for (let more = 0; more < 4; more++) await send();
    expect(held).toHaveLength(3);
    expect(statuses).toHaveLength(refusedBefore + 4);
    expect(await group.metric('in_flight{upstream="upstream-1"}')).toBe(3);
    for (const response of held) response.end();
    await Promise.all(answers);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
  });

  it('gives one connection one process’s share of the rate limit, and all of them the whole', async () => {
    const port = await startUpstream((_request, response) => response.end('one'));
    const rateLimit = { rate: '1/h', burst: 6 };
    const group = await startGatewayGroup([port], twoProcesses({ healthCheck: 'off', rateLimit }));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const statuses: number[] = [];
    // A refusal closes the connection, so the next request is for the other process.
    for (let count = 0; count < 8; count++) statuses.push((await ask(group.port, { agent })).status);
    agent.destroy();
    expect(statuses).toEqual([200, 200, 200, 429, 200, 200, 200, 429]);
  });

  it('goes on when one dies, forgets no count, repeats no Ray ID, and starts it again', async () => {
    const port = await startUpstream((_request, response) => response.end('one'));
    const group = await startGatewayGroup([port], twoProcesses());
    const rayIds: unknown[] = [];
    const send = async (times: number): Promise<void> => {
      for (let count = 0; count < times; count++) {
        const { status, headers } = await ask(group.port);
        expect(status).toBe(200);
        rayIds.push(headers['x-ray-id']);
      }
    };
    await send(6);
    expect(await group.metric('answers_total{status="200"}')).toBe(6);
    const dead = group.pids.get(1)!;
    const exited = group.next('gateway.process-exited');
    const startedAgain = group.next('gateway.process-started');
    process.kill(dead, 'SIGKILL');
    expect(await exited).toMatchObject({ process: 1, pid: dead, signal: 'SIGKILL', restartInMs: 1_000 });
    await send(4);
    const successor = await startedAgain;
    expect(successor).toMatchObject({ process: 1 });
    let pids: number[] = [];
    while (!pids.includes(successor.pid)) {
      pids = (await group.admin<MemoryView>('/memory')).processes.map(({ pid }) => pid);
      expect(pids).not.toContain(dead);
    }
    await send(6);
    expect(new Set(rayIds).size).toBe(16);
    expect(await group.metric('answers_total{status="200"}')).toBe(16);
    const [upstream] = await group.admin<UpstreamsAnswer[]>('/upstreams');
    expect(upstream?.counts.success).toBe(16);
  });

  it('checks upstreams once for all, and no process sends to one it has not been told is healthy', async () => {
    let checks = 0;
    let well = true;
    const port = await startUpstream((request, response) => {
      if (request.url === '/healthz') checks++;
      response.writeHead(well ? 200 : 500).end();
    });
    const section: GatewaySection = { healthCheck: { interval: '50ms', fall: 1 } };
    const group = await startGatewayGroup([port, await freePort()], twoProcesses(section));
    for (let count = 0; count < 8; count++) expect((await ask(group.port)).status).toBe(200);
    const turned = group.next('upstream.turned-unhealthy', 'upstream-1');
    const [checksBefore, startMs] = [checks, performance.now()];
    well = false;
    expect(await turned).toMatchObject({ upstream: 'upstream-1' });
    // One process's checks, not each one's: at most one for each interval that has begun.
    expect(checks - checksBefore).toBeLessThanOrEqual(Math.ceil((performance.now() - startMs) / 50) + 1);
    for (let count = 0; count < 4; count++) expect((await ask(group.port)).status).toBe(503);
    expect(await group.metric('health_changes_total{upstream="upstream-1",state="unhealthy"}')).toBe(1);
    expect(await group.metric('healthy{upstream="upstream-1"}')).toBe(0);
  });

  it('sends to everybody again when the health checks are turned off', async () => {
    const port = await startUpstream((request, response) =>
      response.writeHead(request.url === '/healthz' ? 500 : 200).end(),
    );
    const group = await startGatewayGroup([port], twoProcesses({}));
    expect((await ask(group.port)).status).toBe(503);
    const turned = group.next('upstream.turned-healthy');
    await push(group.adminPort, { processes: 2, healthCheck: 'off' });
    await turned;
    await group.admin('/upstreams');
    for (let count = 0; count < 4; count++) expect((await ask(group.port)).status).toBe(200);
  });

  it('lets a good health check end an ejection in every process', async () => {
    let well = false;
    const port = await startUpstream((request, response) =>
      response.writeHead(well || request.url === '/healthz' ? 200 : 500).end(),
    );
    const group = await startGatewayGroup(
      [port],
      twoProcesses({
        healthCheck: { interval: '50ms' },
        outlierEjection: { consecutive5xx: { failures: 1 }, baseEjection: '1h', maxEjection: '1h' },
      }),
    );
    const unejected = group.next('upstream.unejected');
    for (let count = 0; count < 2; count++)
      expect((await ask(group.port)).status).toBeGreaterThanOrEqual(500);
    well = true;
    expect(await unejected).toMatchObject({ upstream: 'upstream-1', reason: 'health-check' });
    const answered = async () => {
      const statuses: number[] = [];
      for (let count = 0; count < 4; count++) statuses.push((await ask(group.port)).status);
      return statuses;
    };
    await expect.poll(answered).toEqual([200, 200, 200, 200]);
  });

  it('tells a process that starts again what was done by hand', async () => {
    const named = (name: string) => startUpstream((_request, response) => response.end(name));
    const ports = await Promise.all(['one', 'two', 'three'].map(named));
    const section: GatewaySection = { healthCheck: 'off', balancer: 'weighted-round-robin' };
    const group = await startGatewayGroup(ports, twoProcesses(section));
    const put = (path: string, body?: object) => send(group.adminPort, 'PUT', `/upstreams/${path}`, body);
    expect(await put('upstream-1/weight', { weight: 3 })).toBe(204);
    expect(await put('upstream-3/ejection', { for: '1h' })).toBe(204);
    const dead = group.pids.get(1)!;
    const startedAgain = group.next('gateway.process-started');
    process.kill(dead, 'SIGKILL');
    const { pid } = await startedAgain;
    const pids = async () => (await group.admin<MemoryView>('/memory')).processes.map((one) => one.pid);
    await expect.poll(pids).toContain(pid);
    // Four of each process: three to one, by its weight, and none to the one that is out.
    const answers: Record<string, number> = {};
    for (let count = 0; count < 8; count++) {
      const { body } = await ask(group.port);
      answers[body] = (answers[body] ?? 0) + 1;
    }
    expect(answers).toEqual({ one: 6, two: 2 });
  });

  it('cannot start when its processes cannot, and says why', async () => {
    const config = twoProcesses();
    const broken = { ...config, balancer: { ...config.balancer, name: 'nonsense' as 'p2c' } };
    const starting = startGatewayGroup([await freePort()], broken);
    await expect(starting).rejects.toThrow(/process \d ended with code 1:[\s\S]*TypeError/);
  });
});

describe('the processes of a gateway', () => {
  it('end with it, within the time that it has, though one stands still', async () => {
    const group = await startGatewayGroup([await freePort()], twoProcesses());
    const pids = [group.child.pid, ...group.pids.values()];
    await stand(group.pids.get(2)!);
    const startMs = performance.now();
    await group.stop();
    expect(performance.now() - startMs).toBeLessThan(SOON_MS);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('do not outlive it when it is killed, though one stands still', async () => {
    const group = await startGatewayGroup([await freePort()], twoProcesses());
    const pids = [...group.pids.values()];
    await stand(pids[1]!);
    process.kill(group.child.pid, 'SIGKILL');
    expect(await group.child.failed).toContain('SIGKILL');
    expect(await soon(() => !pids.some(isAlive))).toBe(true);
  });

  it('do not outlive the command when it is killed, though one stands still', async () => {
    const command = startCli(['gateway', `127.0.0.1:${await freePort()}`, '--processes', '2', '--json']);
    await command.firstLine;
    const started = descendants(command.process.pid!);
    const serving = started.filter((one) => one.command.includes('gateway/serving-process.js'));
    expect(serving).toHaveLength(2);
    await stand(serving[0]!.pid);
    command.process.kill('SIGKILL');
    await command.finished;
    expect(await soon(() => !started.some(({ pid }) => isAlive(pid)))).toBe(true);
  });
});
