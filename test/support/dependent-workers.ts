/** Workers as processes that call dependencies as processes, and what clients get of them. */
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { type FleetSection, resolveFleetConfig } from '../../src/upstream/config.js';
import type { DependenciesSection } from '../../src/upstream/dependencies/config.js';
import { DependencyFleet } from '../../src/upstream/dependencies/dependency-fleet.js';
import {
  DEPENDENCY_FAULTS,
  type DependencyFaultName,
} from '../../src/upstream/dependencies/faults/dependency-faults.js';
import { spawnDependency } from '../../src/upstream/dependencies/spawn.js';
import { resolveOptions, type WrittenOptions } from '../../src/upstream/faults/options.js';
import { RealMachine } from '../../src/upstream/machine.js';
import { WorkerFleet } from '../../src/upstream/worker-fleet.js';
import { ask, type ClientAnswer } from './gateway.js';

export interface DependentWorkers {
  readonly ports: readonly number[];
  readonly dependencies: DependencyFleet;
  readonly events: readonly Event[];
  /** @param forMs `null`: until it recovers by order. */
  disturb(
    dependency: string,
    fault: DependencyFaultName,
    written?: WrittenOptions,
    forMs?: number | null,
  ): void;
  /** Resolves with the next event of that type. */
  next<Type extends Event['type']>(type: Type): Promise<Extract<Event, { type: Type }>>;
}

/** Service times of 1 ms, one worker of 8 slots and its dependencies, unless a test says something else. */
export const startDependentWorkers = async (
  dependencies: DependenciesSection,
  section: Partial<FleetSection> = {},
): Promise<DependentWorkers> => {
  const events: Event[] = [];
  const stream = new EventStream(wallClock.nowMs);
  stream.subscribe((event) => events.push(event));
  const config = resolveFleetConfig({
    workers: 1,
    serviceTime: { distribution: 'constant', mean: '1ms' },
    ...section,
    dependencies,
  });
  const lost: string[] = [];
  const parts = {
    host: '127.0.0.1',
    clock: wallClock,
    random: new Random(3),
    reaper: new Reaper(),
    emit: stream.emit,
  };
  const around = new DependencyFleet({
    ...parts,
    spawn: spawnDependency(parts.reaper),
    configs: config.dependencies,
    onLost: (how) => lost.push(how),
  });
  const fleet = new WorkerFleet({
    ...parts,
    machine: new RealMachine(parts.host, parts.reaper, wallClock),
    config,
    onSample: () => {},
    dependencies: () => around.targets,
  });
  onTestFinished(async () => {
    await Promise.all([fleet.stop(), around.stop()]);
    await parts.reaper.stop();
    if (lost.length > 0) throw new Error(lost.join('\n'));
  });
  await around.start();
  const addresses = await fleet.start();
  return {
    ports: addresses.map(({ port }) => port),
    dependencies: around,
    events,
    disturb: (dependency, fault, written = {}, forMs = null) => {
      const options = resolveOptions(DEPENDENCY_FAULTS[fault], written);
      around.disturb(dependency, { fault, options, forMs });
    },
    next: (type) =>
      new Promise((resolve) => {
        const off = stream.subscribe((event) => {
          if (event.type !== type) return;
          off();
          resolve(event as Extract<Event, { type: typeof type }>);
        });
      }),
  };
};

/** What a client gets, its JSON read. */
export const askJson = async (
  port: number,
  path = '/',
): Promise<Pick<ClientAnswer, 'status' | 'headers'> & { readonly json: Record<string, unknown> }> => {
  const { status, headers, body } = await ask(port, { path });
  return { status, headers, json: JSON.parse(body) as Record<string, unknown> };
};
