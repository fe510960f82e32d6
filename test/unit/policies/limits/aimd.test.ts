/** AIMD: one more after a good request, a tenth less after a bad one, between its bounds. */
import { describe, expect, it } from 'vitest';
import { AIMD_DEFAULTS, AimdLimit, type AimdOptions } from '../../../../src/policies/limits/aimd.js';
import type { LimitSample } from '../../../../src/policies/limits/limit-algorithm.js';

const SAMPLE: LimitSample = { nowMs: 0, rttMs: 100, inFlight: 20, dropped: false };

describe('AIMD', () => {
  it.each<[why: string, options: Partial<AimdOptions>, sample: Partial<LimitSample>, limit: number]>([
    ['adds one after a good request', {}, {}, 21],
    ['adds one when half of it is used', {}, { inFlight: 10 }, 21],
    ['learns nothing when less than half of it is used', {}, { inFlight: 9 }, 20],
    ['takes a tenth off after a drop', { minLimit: 1 }, { dropped: true }, 18],
    [
      'takes a tenth off after a drop, however few are in flight',
      { minLimit: 1 },
      { dropped: true, inFlight: 1 },
      18,
    ],
    ['takes a slow request for a drop', { minLimit: 1 }, { rttMs: 5_001 }, 18],
    ['does not when it is just in time', { minLimit: 1 }, { rttMs: 5_000 }, 21],
    [
      'rounds down, so that even a small limit shrinks',
      { minLimit: 1, initialLimit: 5 },
      { dropped: true },
      4,
    ],
    ['stays at 1, which is the last', { minLimit: 1, initialLimit: 1 }, { dropped: true }, 1],
    ['stays at its minimum, 20 by default', {}, { dropped: true }, 20],
    ['stays at its maximum, 200 by default', { initialLimit: 200 }, { inFlight: 200 }, 200],
  ])('%s', (_why, options, sample, limit) => {
    const aimd = new AimdLimit({ ...AIMD_DEFAULTS, ...options });
    aimd.onSample({ ...SAMPLE, ...sample });
    expect(aimd.limitAt()).toBe(limit);
  });
});
