/** What a fleet cost: how long its processes ran within a span. */
import { expect, it } from 'vitest';
import { LifeSpans } from '../../../../src/upstream/fleet/life-spans.js';

it('worker-seconds count each process while it ran, and only within the span', () => {
  const spans = new LifeSpans();
  const processes = [{}, {}, {}] as const;
  spans.began(processes[0], 0);
  spans.began(processes[1], 2_000);
  spans.ended(processes[1], 5_000);
  spans.began(processes[2], 20_000);
  expect(spans.seconds(1_000, 10_000)).toBe(9 + 3);
  spans.ended(processes[0], 4_000);
  expect(spans.seconds(1_000, 10_000)).toBe(3 + 3);
  spans.ended(processes[0], 9_000);
  expect(spans.seconds(1_000, 10_000)).toBe(3 + 3);
});
