/** Which events a result holds: what happened, in order of time, and no more of a type than anybody reads. */
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/events.js';
import { EventList } from '../../../src/scenarios/measure/events.js';
import { ORIGIN_MS } from '../../support/recording.js';
import { failedAttempt } from '../../support/records.js';

const noted = (runMs: number, text = ''): Event => ({ atMs: ORIGIN_MS + runMs, type: 'run.noted', text });
const exited = (runMs: number, worker: string): Event =>
  ({ atMs: ORIGIN_MS + runMs, type: 'worker.exited', worker }) as Event;

const listOf = (events: readonly Event[], limit?: number): EventList => {
  const list = new EventList(limit);
  for (const event of events) list.add(event);
  return list;
};

describe('the events of a result', () => {
  it('are in order of time, in seconds from the start of the load, those before it included', () => {
    const events = [noted(1_500, 'late'), noted(-50.4, 'early'), noted(1_500, 'later')];
    expect(listOf(events).result(ORIGIN_MS)).toEqual([
      { t: -0.05, type: 'run.noted', text: 'early' },
      { t: 1.5, type: 'run.noted', text: 'late' },
      { t: 1.5, type: 'run.noted', text: 'later' },
    ]);
  });

  it('are not those that come with requests', () => {
    const shed: Event = { atMs: 0, type: 'request.shed', criticality: 'low' };
    const list = listOf([failedAttempt('ray-1', 'worker-1', 'timeout'), shed, noted(1)]);
    expect(list.held).toEqual([noted(1)]);
  });

  it('tell of deaths, and of workers that died', () => {
    const list = listOf([exited(1, 'worker-1'), exited(2, 'worker-2'), exited(3, 'worker-1')], 1);
    expect([list.crashes, list.workersLost]).toEqual([3, 2]);
  });

  it('are the first of their type when there are more than a result holds, which a note then says', () => {
    const list = listOf(
      [1, 2, 3, 4, 5].flatMap((ms) => [exited(ms * 1_000, 'worker-1')]).concat(noted(9_000)),
      2,
    );
    const result = list.result(ORIGIN_MS);
    expect(result.map(({ t, type }) => [t, type])).toEqual([
      [1, 'worker.exited'],
      [2, 'worker.exited'],
      [3, 'run.noted'],
      [9, 'run.noted'],
    ]);
    expect(result[2]).toMatchObject({
      text: 'from here on, 3 events worker.exited are not in this result: it holds 2 of a type',
    });
  });

  it('are all of them when there are as many as a result holds', () => {
    expect(listOf([noted(1), noted(2)], 2).result(ORIGIN_MS)).toHaveLength(2);
  });
});
