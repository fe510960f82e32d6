/** Workers that come and go, on real processes with a gateway before them: scaling and deploys. */
import { describe, expect, it } from 'vitest';
import { type DeploySection, resolveDeployment } from '../../src/upstream/fleet/deployment.js';
import { countStatuses, startFleetWorld, workerOf } from '../support/fleet-world.js';

const FLEET = { workers: 2, slots: 4, serviceTime: { distribution: 'constant', mean: '100ms' } } as const;

const deployment = (section: Omit<DeploySection, 'version'>, version = 2) =>
  resolveDeployment({ version, ...section });

describe('scaling', () => {
  it('out brings a worker that gets requests when it is ready, and in takes it away without losing any', async () => {
    const { fleet, next, load, burst, events, upstreams } = await startFleetWorld({
      ...FLEET,
      maxWorkers: 3,
    });
    expect(upstreams.map(({ id }) => id)).toEqual(['worker-1', 'worker-2', 'worker-3']);
    const before = await burst(24);
    expect(new Set(before.map(workerOf))).toEqual(new Set(['worker-1', 'worker-2']));

    const undrained = next('upstream.undrained');
    fleet.scale(3, 'more');
    expect(await undrained).toMatchObject({ upstream: 'worker-3' });
    const during = await burst(24);
    expect(during.map(workerOf)).toContain('worker-3');

    const stopped = next('worker.stopped');
    fleet.scale(2, 'less');
    const after = await load(6, stopped);
    expect(await stopped).toMatchObject({ worker: 'worker-3', reason: 'scale-in', lost: 0 });
    expect(countStatuses([...before, ...during, ...after])).toEqual({
      200: before.length + during.length + after.length,
    });
    expect(events.filter(({ type }) => type === 'worker.exited')).toEqual([]);
    // The place is kept: it can come again.
    const again = next('upstream.undrained');
    fleet.scale(3, 'more again');
    await again;
    expect(fleet.status().map(({ up }) => up)).toEqual([true, true, true]);
  });

  it('by the slots in use adds workers under load, and takes them away when it is gone', async () => {
    const { fleet, next, load, events } = await startFleetWorld({
      ...FLEET,
      autoscale: {
        min: 2,
        max: 4,
        interval: '300ms',
        step: 1,
        stabilisation: { down: '600ms' },
        drain: '1s',
      },
    });
    fleet.beginScaling();
    const most = next('fleet.scaled', ({ to }) => to === 4);
    await load(24, most);
    await next('fleet.scaled', ({ to }) => to === 2);
    await next('worker.stopped');
    const steps = events.filter((event) => event.type === 'fleet.scaled');
    expect(steps.slice(0, 2)).toMatchObject([
      { from: 2, to: 3, by: 'autoscale', reason: expect.stringMatching(/% of the slots in use/) },
      { from: 3, to: 4 },
    ]);
    const nowMs = Number.MAX_SAFE_INTEGER;
    expect(fleet.workerSeconds(0, nowMs)).toBeGreaterThan(0);
  });
});

describe('a deploy', () => {
  it('that rolls with a drain loses nothing in flight', async () => {
    const { fleet, next, load, events } = await startFleetWorld(FLEET);
    const finished = next('deploy.finished');
    fleet.deploy(deployment({ drain: '2s' }));
    const answers = await load(6, finished);
    expect(countStatuses(answers)).toEqual({ 200: answers.length });
    expect(fleet.status().map(({ version }) => version)).toEqual([2, 2]);
    expect(events.filter(({ type }) => type === 'worker.stopped')).toMatchObject([
      { worker: 'worker-1', reason: 'deploy', lost: 0 },
      { worker: 'worker-2', reason: 'deploy', lost: 0 },
    ]);
  });

  it('that rolls without one cuts off what is in flight, and what comes meanwhile is refused', async () => {
    const { fleet, next, load } = await startFleetWorld({ ...FLEET, serviceTime: { mean: '400ms' } });
    const finished = next('deploy.finished');
    const lost = next('worker.stopped', ({ worker }) => worker === 'worker-2');
    fleet.deploy(deployment({ boot: '300ms' }));
    expect(countStatuses(await load(8, finished))[502]).toBeGreaterThan(0);
    expect((await lost).lost).toBeGreaterThan(0);
  });

  it('at once leaves nobody to serve', async () => {
    const { fleet, next, ask } = await startFleetWorld(FLEET);
    let gone = 0;
    const stopped = next('worker.stopped', () => ++gone === 2);
    const finished = next('deploy.finished');
    fleet.deploy(deployment({ strategy: 'big-bang', boot: '500ms' }));
    await stopped;
    expect((await ask()).status).toBe(502);
    await finished;
    expect((await ask()).status).toBe(200);
  });

  it('of blue and green switches without a loss, and back at once', async () => {
    const { fleet, next, load, burst } = await startFleetWorld({ ...FLEET, maxWorkers: 4 });
    const switched = next('deploy.finished');
    fleet.deploy(deployment({ strategy: 'blue-green', warmUp: 8 }));
    const during = await load(6, switched);
    const green = await burst(8);
    expect(new Set(green.map(workerOf))).toEqual(new Set(['worker-3', 'worker-4']));

    const back = next('deploy.rolled-back');
    fleet.rollbackDeploy();
    const meanwhile = await load(6, back);
    const blue = await burst(8);
    expect(new Set(blue.map(workerOf))).toEqual(new Set(['worker-1', 'worker-2']));
    const all = [...during, ...green, ...meanwhile, ...blue];
    expect(countStatuses(all)).toEqual({ 200: all.length });
  });

  it('of a slow version with a canary goes back by itself', async () => {
    const { fleet, next, load } = await startFleetWorld({ ...FLEET, slots: 8 });
    const back = next('deploy.rolled-back');
    fleet.deploy(
      deployment({
        strategy: 'canary',
        drain: '2s',
        watch: '3s',
        changes: { serviceTime: { mean: '400ms' } },
      }),
    );
    await load(16, back);
    expect(await back).toMatchObject({
      from: 2,
      version: 1,
      reason: expect.stringContaining('its answers took'),
    });
    expect(fleet.status().map(({ version }) => version)).toEqual([1, 1]);
  });

  it.each<[string, string]>([
    ['hang', 'never answers'],
    ['reset', 'breaks its connections'],
    ['fast-fail', 'fails at the door'],
  ])('of a version with the fault %s, whose canary %s, goes back by itself', async (fault) => {
    // Quick enough that the other worker keeps up on a busy machine: what fails there speaks for the canary.
    const fast = { ...FLEET, serviceTime: { distribution: 'constant', mean: '20ms' } } as const;
    const { fleet, next, load } = await startFleetWorld(fast, { timeouts: { attempt: '500ms' } });
    const back = next('deploy.rolled-back');
    fleet.deploy(
      deployment({
        strategy: 'canary',
        watch: '2s',
        changes: { faults: [{ fault }] } as DeploySection['changes'],
      }),
    );
    await load(16, back);
    expect((await back).reason).toMatch(/^the canary worker-1: .* of its requests failed/);
    expect(fleet.status().map(({ version }) => version)).toEqual([1, 1]);
  });

  it('of a version with a fault by birth has it, and the version before has it not', async () => {
    const { fleet, next, ask } = await startFleetWorld({ ...FLEET, workers: 1 });
    const finished = next('deploy.finished');
    fleet.deploy(
      deployment({
        strategy: 'big-bang',
        changes: { faults: [{ fault: 'errors', statuses: [503] }] } as DeploySection['changes'],
      }),
    );
    await finished;
    expect((await ask()).status).toBe(503);
    const back = next('deploy.rolled-back');
    fleet.rollbackDeploy();
    await back;
    expect((await ask()).status).toBe(200);
  });
});
