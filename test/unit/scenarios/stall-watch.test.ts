/** Whose doing a stall of a gateway is. */
import { describe, expect, it } from 'vitest';
import {
  BURNED_BY_RULES_MS,
  SETTLED_AFTER_MS,
  StallWatch,
} from '../../../src/scenarios/measure/stall-watch.js';

const STALL = { stallMs: 900, ruleMs: 0 };

describe('a stall', () => {
  it('is the machine’s where nothing was meant to be', () => {
    expect(new StallWatch().spoiledMs(STALL, 5_000)).toBe(900);
  });

  it('is the disruption’s while it lasts, and until the loop has caught up', () => {
    const watch = new StallWatch();
    watch.disrupt(2_000);
    expect(watch.spoiledMs(STALL, 1_500)).toBe(0);
    expect(watch.spoiledMs(STALL, 2_000 + SETTLED_AFTER_MS)).toBe(0);
    expect(watch.spoiledMs(STALL, 2_001 + SETTLED_AFTER_MS)).toBe(900);
  });

  it('is the later disruption’s for as long as that says', () => {
    const watch = new StallWatch();
    watch.disrupt(Number.POSITIVE_INFINITY);
    watch.disrupt(1_000);
    expect(watch.spoiledMs(STALL, 9_000)).toBe(900);
  });

  it('is the rules’ where they burned, and not where they only looked', () => {
    const watch = new StallWatch();
    expect(watch.spoiledMs({ stallMs: 900, ruleMs: BURNED_BY_RULES_MS }, 1_000)).toBe(900);
    expect(watch.spoiledMs({ stallMs: 900, ruleMs: BURNED_BY_RULES_MS + 1 }, 2_000)).toBe(0);
    expect(watch.spoiledMs(STALL, 2_000 + SETTLED_AFTER_MS)).toBe(0);
    expect(watch.spoiledMs(STALL, 2_001 + SETTLED_AFTER_MS)).toBe(900);
  });

  it('of rules does not end a disruption before its time', () => {
    const watch = new StallWatch();
    watch.disrupt(9_000);
    watch.spoiledMs({ stallMs: 0, ruleMs: 500 }, 1_000);
    expect(watch.spoiledMs(STALL, 8_000)).toBe(0);
  });
});
