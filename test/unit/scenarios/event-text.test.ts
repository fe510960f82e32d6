/** Events as lines: why a circuit opened. */
import { expect, it } from 'vitest';
import type { Event } from '../../../src/core/events.js';
import { eventText } from '../../../src/scenarios/report/event-text.js';

const counted = { failed: 12, outcomes: 20, errorRatio: 0.5, openMs: 2_000 };

it.each([
  [
    'by its share of failures',
    { from: 'closed', ...counted },
    ' for 2s: 12 of 20 requests failed, more than 50%',
  ],
  ['by its trial', { from: 'half-open', ...counted }, ' for 2s: its trial failed'],
  ['in a result of before circuits said why', {}, ''],
])('a circuit opened %s', (_title, fields, why) => {
  const event = { type: 'circuit.opened', atMs: 0, upstream: 'worker-1', ...fields } as Event;
  expect(eventText(event)).toBe(`circuit of worker-1 opened${why}`);
});
