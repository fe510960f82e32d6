/** A worker's slots and queue against a naive reference, over random arrivals, completions and departures. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { WorkerModel } from '../../../src/upstream/model.js';
import type { ServiceTime } from '../../../src/upstream/service-time.js';

const serviceTime: ServiceTime = { distribution: 'constant', meanMs: 100 };

const newModel = <Job>(slots: number): WorkerModel<Job> => new WorkerModel(slots, serviceTime, new Random(1));

/** What happens next; `which` chooses among the jobs that are there. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ does: 'arrive' as const, which: 0 }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('finish' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('leave' as const), which: fc.nat() }) },
);
const steps = fc.array(step, { maxLength: 200 });
const slotCount = fc.integer({ min: 1, max: 6 });

describe('a worker', () => {
  it('serves, queues and lets go exactly as two plain lists do', () => {
    fc.assert(
      fc.property(slotCount, steps, (slots, sequence) => {
        const model = newModel<number>(slots);
        const serving: number[] = [];
        let waiting: number[] = [];
        const everServed: number[] = [];
        const everLeft: number[] = [];
        let arrived = 0;
        const begin = (job: number): void => {
          serving.push(job);
          everServed.push(job);
        };
        for (const { does, which } of sequence) {
          if (does === 'arrive') {
            const job = arrived++;
            const expected = serving.length < slots ? job : undefined;
            if (expected === undefined) waiting.push(job);
            else begin(job);
            expect(model.arrive(job)?.job).toBe(expected);
          } else if (does === 'finish' && serving.length > 0) {
            serving.splice(which % serving.length, 1);
            const expected = waiting.shift();
            if (expected !== undefined) begin(expected);
            expect(model.finish()?.job).toBe(expected);
          } else if (does === 'leave' && arrived > 0) {
            const job = which % arrived;
            const wasWaiting = waiting.includes(job);
            waiting = waiting.filter((other) => other !== job);
            if (wasWaiting) everLeft.push(job);
            expect(model.leave(job)).toBe(wasWaiting);
          }
          expect([model.busy, model.queued]).toEqual([serving.length, waiting.length]);
          expect(model.busy).toBeLessThanOrEqual(slots);
          expect(model.queued === 0 || model.busy === slots).toBe(true);
        }
        const accountedFor = [...everServed, ...everLeft, ...waiting].sort((a, b) => a - b);
        expect(accountedFor).toEqual(Array.from({ length: arrived }, (_, job) => job));
      }),
      { numRuns: 300 },
    );
  });

  it('starts those who wait in the order they came, past those who left', () => {
    const model = newModel<string>(1);
    expect(model.arrive('a')?.job).toBe('a');
    for (const job of ['b', 'c', 'd']) expect(model.arrive(job)).toBeNull();
    expect(model.leave('c')).toBe(true);
    expect(model.finish()?.job).toBe('b');
    expect(model.finish()?.job).toBe('d');
    expect(model.finish()).toBeNull();
    expect([model.busy, model.queued]).toEqual([0, 0]);
  });

  it('does not let go of a request that is being served', () => {
    const model = newModel<string>(1);
    model.arrive('a');
    expect(model.leave('a')).toBe(false);
    expect(model.busy).toBe(1);
  });

  it('knows two requests that look alike apart', () => {
    const model = newModel<{ path: string }>(1);
    const jobs = [{ path: '/' }, { path: '/' }, { path: '/' }] as const;
    for (const job of jobs) model.arrive(job);
    expect(model.leave(jobs[1])).toBe(true);
    expect(model.finish()?.job).toBe(jobs[2]);
  });

  it('draws a time for each request when it starts, and not while it waits', () => {
    const exponential: ServiceTime = { distribution: 'exponential', meanMs: 100 };
    const model = new WorkerModel<number>(1, exponential, new Random(4));
    const reference = new Random(4);
    const startedMs = [model.arrive(1)?.serviceMs];
    model.arrive(2);
    model.arrive(3);
    model.leave(2);
    startedMs.push(model.finish()?.serviceMs);
    expect(startedMs).toEqual([reference.exponential(100), reference.exponential(100)]);
  });
});
