/** Workers on their way out whose requests are in the hands of a fault, in neither a slot nor the queue. */
import { describe, expect, it } from 'vitest';
import { resolveDeployment } from '../../src/upstream/fleet/deployment.js';
import { rawRequest, startFaultyFleet } from '../support/faulty-fleet.js';

const FLEET = { workers: 2, serviceTime: { distribution: 'constant', mean: '1ms' } } as const;

/** Its second worker has a request whose answer stalls. */
const startHeld = async () => {
  const world = await startFaultyFleet(FLEET);
  await world.inject('stalled-body', {}, { on: 'worker-2' });
  const { socket } = await rawRequest(world.ports[1]!);
  await new Promise((resolve) => socket.once('data', resolve));
  return { ...world, socket };
};

describe('a worker that is drained', () => {
  it('is waited for while a fault holds its requests, and they are told as lost', async () => {
    const { fleet, next } = await startHeld();
    const stopped = next('worker.stopped', ({ worker }) => worker === 'worker-2');
    fleet.deploy(resolveDeployment({ version: 2, drain: '500ms' }));
    const { lost, drainedMs } = await stopped;
    expect(lost).toBe(1);
    expect(drainedMs).toBeGreaterThanOrEqual(450);
  });

  it('and wanted again has a new process when the old one is gone', async () => {
    const { fleet, next, nextSamples, events, socket } = await startHeld();
    const stopped = next('worker.stopped');
    const back = stopped.then(() => next('worker.started'));
    fleet.scale(1, 'less');
    fleet.scale(2, 'more');
    expect(events.filter(({ type }) => type === 'fleet.scaled')).toMatchObject([
      { from: 2, to: 1 },
      { from: 1, to: 2 },
    ]);
    socket.destroy();
    expect(await stopped).toMatchObject({ worker: 'worker-2', reason: 'scale-in', lost: 0 });
    expect(await back).toMatchObject({ worker: 'worker-2' });
    // Nothing of its going comes after its return.
    await nextSamples('worker-2', 3);
    expect(fleet.status()).toMatchObject([
      { up: true, drained: false },
      { up: true, drained: false },
    ]);
  });

  it('and dies meanwhile is not promised to come back', async () => {
    const { fleet, next, pidOf } = await startHeld();
    const died = next('worker.exited');
    fleet.scale(1, 'less');
    process.kill(pidOf('worker-2'), 'SIGKILL');
    expect(await died).toMatchObject({ worker: 'worker-2', restartInMs: null });
  });
});
