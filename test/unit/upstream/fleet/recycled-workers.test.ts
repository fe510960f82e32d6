/** What is told of a worker that was to be recycled. */
import { describe, expect, it } from 'vitest';
import { type Event, EventStream } from '../../../../src/core/events.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { resolveFleetConfig } from '../../../../src/upstream/config.js';
import { Supervision } from '../../../../src/upstream/fleet/supervision.js';
import { Waits } from '../../../../src/upstream/fleet/waits.js';
import type { WorkerPlace } from '../../../../src/upstream/fleet/worker-place.js';

describe('a worker whose heap is nearly full', () => {
  it.each<[string, () => Promise<boolean>, string[]]>([
    ['is recycled', () => Promise.resolve(true), ['worker.recycled']],
    ['and is not wanted any more is not', () => Promise.resolve(false), []],
    ['and whose next process does not start is not', () => Promise.reject(new Error('no')), []],
  ])('%s', async (_name, replace, told) => {
    const clock = new VirtualClock();
    const events: Event[] = [];
    const stream = new EventStream(() => clock.nowMs());
    stream.subscribe((event) => events.push(event));
    let replaced = 0;
    const worker = { active: true, serving: true };
    const full = {
      ...{ ...worker, id: 'worker-1', heapRatio: 0.95 },
      replace: () => {
        replaced++;
        return replace();
      },
    };
    const other = { ...worker, id: 'worker-2', heapRatio: 0.1 };
    const waits = new Waits(clock);
    const supervision = new Supervision({
      ...{ clock, waits, emit: stream.emit, isDeploying: () => false },
      config: resolveFleetConfig({ workers: 2, recycle: {} }),
      places: [full, other] as unknown as WorkerPlace[],
    });
    supervision.start();
    clock.advance(100);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    waits.stop();
    expect(replaced).toBe(1);
    expect(events.map(({ type }) => type)).toEqual(told);
  });
});
