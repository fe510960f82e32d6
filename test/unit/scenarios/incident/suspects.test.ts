/** Which change is suspected: by its time before the onset, and by whom it reached. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../../src/scenarios/incident/changes.js';
import { findChanges } from '../../../../src/scenarios/incident/changes.js';
import {
  findSymptoms,
  rankSuspects,
  SUSPICION_HALF_LIFE_MS,
} from '../../../../src/scenarios/incident/suspects.js';
import { resultEvent, workerExit } from '../../../support/records.js';

const WORKERS = new Set(['worker-1', 'worker-2', 'worker-3', 'worker-4']);
const change = (what: string, atMs: number, reach: Change['reach'] = 'everybody'): Change => ({
  what,
  atMs,
  knownMs: atMs,
  reach,
});
const reached = (atMs: number, ...workers: readonly string[]) => workers.map((worker) => ({ worker, atMs }));
const namesOf = (
  changes: readonly Change[],
  symptoms: readonly { worker: string; atMs: number }[],
  nowMs = 10_000,
) => rankSuspects({ changes, symptoms, workers: WORKERS }, 10_000, nowMs).map(({ change: { what } }) => what);

describe('the first suspect', () => {
  it('is the latest change before the onset, where nothing else tells them apart', () => {
    expect(namesOf([change('early', 2_000), change('late', 9_000), change('too late', 10_001)], [])).toEqual([
      'late',
      'early',
    ]);
  });

  it('is the one that reached those who are in trouble, and no others', () => {
    const canary = change('canary', 6_000, reached(6_000, 'worker-1'));
    const crowd = change('crowd', 8_000);
    const other = change('other', 9_000, reached(9_000, 'worker-2', 'worker-3'));
    expect(namesOf([canary, crowd, other], reached(9_500, 'worker-1'))).toEqual(['canary', 'crowd']);
    // Everybody is in trouble: the one worker explains little of it.
    expect(namesOf([canary, crowd], reached(9_500, ...WORKERS))).toEqual(['crowd', 'canary']);
  });

  it('is told by what is known at the time, and not by what came later', () => {
    const rollout = change('rollout', 5_000, [...reached(5_000, 'worker-1'), ...reached(12_000, 'worker-2')]);
    const crowd = { ...change('crowd', 8_000), knownMs: 11_000 };
    expect(namesOf([rollout, crowd], reached(11_500, ...WORKERS), 10_500)).toEqual(['rollout']);
    expect(namesOf([rollout, crowd], reached(11_500, ...WORKERS), 12_000)).toEqual(['crowd', 'rollout']);
  });

  it('is suspected half as much for each half-life before the onset', () => {
    const [one, two] = rankSuspects(
      {
        changes: [change('one', 10_000), change('two', 10_000 - SUSPICION_HALF_LIFE_MS)],
        symptoms: [],
        workers: WORKERS,
      },
      10_000,
      10_000,
    );
    expect([one!.score, two!.score]).toEqual([1, 0.5]);
  });

  it('has the highest score, of scores from 0 to 1', () => {
    const worker = fc.constantFrom(...WORKERS);
    const changes = fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 12_000 }), who: fc.option(fc.array(worker)) }),
    );
    fc.assert(
      fc.property(changes, fc.array(worker), (all, troubled) => {
        const evidence = {
          changes: all.map(({ at, who }) =>
            change('x', at, who === null ? 'everybody' : reached(at, ...who)),
          ),
          symptoms: reached(9_000, ...troubled),
          workers: WORKERS,
        };
        const scores = rankSuspects(evidence, 10_000, 11_000).map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
        for (const score of scores) expect(score > 0 && score <= 1).toBe(true);
      }),
    );
  });
});

describe('what an operator knows of', () => {
  it('are pushes, deploys, scaling and the like, and not the faults that were injected', () => {
    const events = [
      resultEvent(1, 'fault.injected', { fault: 'leak', worker: 'worker-1', forMs: null, options: {} }),
      resultEvent(2, 'config.pushed', { version: 2, to: 'workers', strategy: 'rolling', readers: 2 }),
      resultEvent(2, 'config.assigned', { version: 2, reader: 'worker-1' }),
      resultEvent(3, 'config.assigned', { version: 3, reader: 'worker-2' }),
      resultEvent(4, 'config.pushed', { version: 5, to: 'gateway', strategy: 'staged', readers: 1 }),
      resultEvent(5, 'deploy.began', { version: 7, strategy: 'rolling', workers: 2 }),
      resultEvent(6, 'deploy.advanced', { version: 7, worker: 'worker-2' }),
      resultEvent(7, 'fleet.scaled', { from: 4, to: 2, by: 'ordered', reason: '' }),
      resultEvent(7.5, 'upstream.drained', { upstream: 'worker-3' }),
      // A deploy's own.
      resultEvent(7.6, 'upstream.drained', { upstream: 'worker-4' }),
      resultEvent(7.7, 'upstream.undrained', { upstream: 'worker-3' }),
      resultEvent(7.8, 'worker.stopped', {
        worker: 'worker-4',
        pid: 1,
        reason: 'deploy',
        drainedMs: 200,
        lost: 0,
      }),
      resultEvent(7.9, 'worker.stopped', {
        worker: 'worker-3',
        pid: 1,
        reason: 'deploy',
        drainedMs: 200,
        lost: 0,
      }),
      resultEvent(8, 'dependency.disturbed', { fault: 'lock', dependency: 'db', forMs: null, options: {} }),
    ];
    expect(findChanges({ events }, [])).toEqual([
      change('config version 2 pushed to the workers', 2_000, reached(2_000, 'worker-1')),
      change('config version 5 pushed to the gateway', 4_000),
      change('version 7 of the workers deployed', 5_000, reached(6_000, 'worker-2')),
      change('fleet scaled from 4 to 2 workers', 7_000),
      change('worker-3 drained', 7_500, reached(7_500, 'worker-3')),
    ]);
  });

  it('is nothing that came before the load, such as spare workers that were drained', () => {
    const events = [
      resultEvent(-0.25, 'upstream.drained', { upstream: 'worker-4' }),
      resultEvent(-0.05, 'config.pushed', { version: 2, to: 'gateway', strategy: 'staged', readers: 1 }),
      resultEvent(0, 'cache.purged', { responses: 3 }),
    ];
    expect(findChanges({ events }, [])).toEqual([change('cache purged', 0)]);
  });

  it('is which workers are in trouble', () => {
    const events = [
      workerExit(1, 'worker-1'),
      resultEvent(2, 'upstream.turned-unhealthy', { upstream: 'worker-2', reason: '' }),
      resultEvent(3, 'upstream.turned-unhealthy', { upstream: 'gateway-1', reason: '' }),
      resultEvent(4, 'upstream.turned-healthy', { upstream: 'worker-2' }),
    ];
    expect(findSymptoms(events, WORKERS)).toEqual([
      { worker: 'worker-1', atMs: 1_000 },
      { worker: 'worker-2', atMs: 2_000 },
    ]);
  });
});
