/** A fleet of worker processes that goes when the test ends. */
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { type FleetSection, resolveFleetConfig } from '../../src/upstream/config.js';
import { RealMachine } from '../../src/upstream/machine.js';
import { WorkerFleet, type WorkerFleetOptions } from '../../src/upstream/worker-fleet.js';

/** @param parts in place of the usual: loopback, and nobody who listens. */
export const makeFleet = (section: FleetSection, parts: Partial<WorkerFleetOptions> = {}): WorkerFleet => {
  const reaper = new Reaper();
  const host = parts.host ?? '127.0.0.1';
  const fleet = new WorkerFleet({
    config: resolveFleetConfig(section),
    host,
    clock: wallClock,
    random: new Random(3),
    machine: new RealMachine(host, reaper, wallClock),
    emit: () => {},
    onSample: () => {},
    ...parts,
  });
  onTestFinished(async () => {
    await fleet.stop();
    await reaper.stop();
  });
  return fleet;
};

/** As little of a worker as there can be: one slot, and what nobody waits for is not done. */
export const oneSlot = (mean: string): FleetSection => ({
  workers: 1,
  slots: 1,
  serviceTime: { distribution: 'constant', mean },
  abandoned: 'cancel',
});
