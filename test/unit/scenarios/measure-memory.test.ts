/** What a recorder keeps does not grow with the requests it is told of: neither with their rate nor with their time. */
import { describe, expect, it } from 'vitest';
import { Recorder } from '../../../src/scenarios/measure/recorder.js';
import { keptBytes } from '../../support/config-heap.js';
import { ORIGIN_MS } from '../../support/recording.js';
import { recordSynthetic, syntheticPlan } from '../../support/synthetic-load.js';

const FEW = 200_000;
const MANY = 10 * FEW;
const DURATION_MS = 200_000;

/** Half a byte for each request more; nothing that is kept is as small as that. */
const SLACK_BYTES = 1024 ** 2;

/** @param recordedMs what is measured of it. */
const keptOf = (count: number, durationMs: number, recordedMs = durationMs): number =>
  keptBytes(() => {
    const recorder = new Recorder(syntheticPlan(recordedMs), ORIGIN_MS);
    recordSynthetic(recorder, count, durationMs);
    return recorder;
  });

describe('the memory of a recorder', () => {
  it('is the same for ten times the requests, in the same time and in ten times as much', () => {
    // The first one's pays for what is made once.
    keptOf(1_000, 1_000);
    const fewBytes = keptOf(FEW, DURATION_MS);
    expect(keptOf(MANY, DURATION_MS)).toBeLessThan(fewBytes + SLACK_BYTES);
    expect(keptOf(MANY, 10 * DURATION_MS)).toBeLessThan(fewBytes + SLACK_BYTES);
    // As of a lab: it goes on long after what is measured of it.
    const labBytes = keptOf(FEW, DURATION_MS, DURATION_MS / 10);
    expect(keptOf(MANY, 1_000 * DURATION_MS, DURATION_MS / 10)).toBeLessThan(labBytes + SLACK_BYTES);
    // Six million requests; on a busy machine they have to wait for a processor.
  }, 600_000);
});
