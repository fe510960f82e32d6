/** Workers behind names: a fleet, the stub resolver and the gateway, each a process of its own. */
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { GatewayChild } from '../../src/gateway/gateway-child.js';
import { type FleetSection, resolveFleetConfig } from '../../src/upstream/config.js';
import { deadPortAddresses } from '../../src/upstream/dead-ports.js';
import { RealMachine } from '../../src/upstream/machine.js';
import { resolveStubNames, type StubNamesSection } from '../../src/upstream/names/config.js';
import { StubResolver, spawnResolver } from '../../src/upstream/names/stub-resolver.js';
import { WorkerFleet } from '../../src/upstream/worker-fleet.js';
import { ask, type ClientAnswer } from './gateway.js';

const HOST = '127.0.0.1';

export interface NamedWorkers {
  readonly port: number;
  readonly adminPort: number;
  readonly resolver: StubResolver;
  /** Of everybody, in the order in which they came. */
  readonly events: readonly Event[];
  /** Resolves with the next event of that type from now on. */
  next<Type extends Event['type']>(type: Type): Promise<Extract<Event, { type: Type }>>;
  /** So many requests at once, each of which needs a connection. */
  burst(count: number): Promise<ClientAnswer[]>;
  /** The value of one line of the metrics. */
  metric(line: string): Promise<number>;
  admin(method: string, path: string, body: object): Promise<ClientAnswer>;
}

export interface NamedWorkersOptions {
  readonly fleet?: Partial<FleetSection>;
  readonly gateway?: GatewaySection;
  readonly names?: StubNamesSection;
}

/** Long enough that requests of one burst are there at once. */
const SERVICE: FleetSection['serviceTime'] = { distribution: 'constant', mean: '150ms' };

export const startNamedWorkers = async ({
  fleet: fleetSection,
  gateway: section = {},
  names = { ttl: '1s' },
}: NamedWorkersOptions = {}): Promise<NamedWorkers> => {
  const events: Event[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const reaper = new Reaper();
  const common = { clock: wallClock, emit: stream.emit };
  const config = resolveFleetConfig({ workers: 1, slots: 1_000, serviceTime: SERVICE, ...fleetSection });
  const fleet = new WorkerFleet({
    ...{ config, host: HOST, random: new Random(3), onSample: () => {} },
    ...common,
    machine: new RealMachine(HOST, reaper, wallClock),
  });
  const stops: (() => Promise<void>)[] = [() => fleet.stop()];
  onTestFinished(async () => {
    await Promise.all(stops.map((stop) => stop()));
    await reaper.stop();
  });
  const hosts = [...(await fleet.start()), ...deadPortAddresses(config.deadPorts, HOST)];
  const spawn = spawnResolver(reaper);
  const resolver = new StubResolver({ config: resolveStubNames(names), hosts, host: HOST, spawn, ...common });
  stops.push(() => resolver.stop(1_000));
  const gateway = new GatewayChild({
    argument: {
      config: resolveGatewayConfig({ healthCheck: 'off', ...section }),
      upstreams: resolver.named(hosts),
      resolver: await resolver.ready,
      ...{ host: HOST, port: 0, adminPort: 0, seed: 7 },
    },
    reaper,
    onReport: (report) => {
      for (const event of report.events) stream.publish(event);
    },
  });
  stops.push(() => gateway.stop(1_000));
  const { port, adminPort } = await gateway.ready;
  return {
    port,
    adminPort,
    resolver,
    events,
    next: (type) =>
      new Promise((resolve) => {
        const off = stream.subscribe((event) => {
          if (event.type !== type) return;
          off();
          resolve(event as Extract<Event, { type: typeof type }>);
        });
      }),
    burst: (count) => Promise.all(Array.from({ length: count }, () => ask(port))),
    metric: async (line) => {
      const { body } = await ask(adminPort, { path: '/metrics' });
      const found = body.split('\n').find((text) => text.startsWith(`badgateway_${line} `));
      return Number(found?.split(' ').at(-1));
    },
    admin: (method, path, body) => {
      const headers = { 'content-type': 'application/json' };
      return ask(adminPort, { method, path, headers }, JSON.stringify(body));
    },
  };
};
