/** A fleet of worker processes that goes when the test ends. */
import { onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { Reaper } from '../../src/core/reaper.js';
import { type FleetSection, resolveFleetConfig } from '../../src/upstream/config.js';
import { ProcessFleet, type ProcessFleetOptions } from '../../src/upstream/process-fleet.js';

/** @param parts in place of the usual: loopback, and nobody who listens. */
export const makeFleet = (section: FleetSection, parts: Partial<ProcessFleetOptions> = {}): ProcessFleet => {
  const reaper = new Reaper();
  const fleet = new ProcessFleet({
    config: resolveFleetConfig(section),
    host: '127.0.0.1',
    clock: wallClock,
    random: new Random(3),
    reaper,
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
