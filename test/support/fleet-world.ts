/** A fleet of processes with a gateway before it, and clients that send requests with a fingerprint and count answers. */
import { Agent, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { sleep, wallClock } from '../../src/core/clock.js';
import type { EventMap } from '../../src/core/event-map.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { GatewayChild } from '../../src/gateway/gateway-child.js';
import { askAdmin } from '../../src/scenarios/front/admin-request.js';
import { GatewayDrains } from '../../src/scenarios/front/gateway-drains.js';
import { type FleetSection, resolveFleetConfig } from '../../src/upstream/config.js';
import { RealMachine } from '../../src/upstream/machine.js';
import { WorkerFleet } from '../../src/upstream/worker-fleet.js';

const HOST = '127.0.0.1';

export interface Answer {
  /** 0: none. */
  readonly status: number;
  readonly body: string;
  readonly fingerprint: string;
}

export const startFleetWorld = async (section: FleetSection, gatewaySection: GatewaySection = {}) => {
  const events: Event[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const reaper = new Reaper();
  const drains = new GatewayDrains(HOST, askAdmin, (text) => stream.emit('run.noted', { text }));
  let offered = 0;
  const fleet = new WorkerFleet({
    config: resolveFleetConfig(section),
    host: HOST,
    clock: wallClock,
    random: new Random(3),
    machine: new RealMachine(HOST, reaper, wallClock),
    emit: stream.emit,
    onSample: () => {},
    traffic: drains,
    offered: () => offered,
  });
  let gateway: GatewayChild | null = null;
  const agent = new Agent({ keepAlive: true });
  onTestFinished(async () => {
    agent.destroy();
    await Promise.all([fleet.stop(), gateway?.stop(1_000)]);
    await reaper.stop();
  });
  const upstreams = await fleet.start();
  gateway = new GatewayChild({
    argument: {
      config: resolveGatewayConfig({ healthCheck: 'off', ...gatewaySection }),
      upstreams,
      ...{ host: HOST, port: 0, adminPort: 0, seed: 7 },
    },
    reaper,
    onReport: ({ events: reported }) => {
      for (const event of reported) stream.publish(event);
    },
  });
  const { port, adminPort } = await gateway.ready;
  await drains.connect(adminPort);

  const ask = (fingerprint = `request-${offered}`, path = '/'): Promise<Answer> => {
    offered++;
    return new Promise((resolve) => {
      const options = { host: HOST, port, path, agent, headers: { 'x-request-id': fingerprint } };
      const asked = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body, fingerprint }));
        response.on('error', () => resolve({ status: 0, body, fingerprint }));
      });
      asked.on('error', () => resolve({ status: 0, body: '', fingerprint }));
      asked.end();
    });
  };

  /** The next event of a type that is right. */
  const next = <Type extends keyof EventMap>(
    type: Type,
    isRight: (event: Event<Type>) => boolean = () => true,
  ): Promise<Event<Type>> =>
    new Promise((resolve) => {
      const off = stream.subscribe((event) => {
        const found = event as unknown as Event<Type>;
        if (event.type !== type || !isRight(found)) return;
        off();
        resolve(found);
      });
    });

  /**
   * So many clients at once, each with one request after another, until `done`. A client that gets no good answer waits a
   * moment.
   */
  const load = async (clients: number, done: Promise<unknown>): Promise<Answer[]> => {
    const answers: Answer[] = [];
    let over = false;
    const finished = done.finally(() => {
      over = true;
    });
    const client = async (): Promise<void> => {
      while (!over) {
        const answer = await ask();
        answers.push(answer);
        if (answer.status !== 200) await sleep(wallClock, 20);
      }
    };
    await Promise.all([finished, ...Array.from({ length: clients }, client)]);
    return answers;
  };

  /** So many requests at once. */
  const burst = (count: number): Promise<Answer[]> => Promise.all(Array.from({ length: count }, () => ask()));

  return { fleet, events, upstreams, ask, next, load, burst };
};

/** Answers by their status. */
export const countStatuses = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

export const workerOf = ({ body }: Answer): string => (JSON.parse(body) as { worker: string }).worker;
