/**
 * The latency histogram: empty, against the sorted samples, from which it may differ by a thousandth, and against Node's own,
 * from which it may not.
 */
import { createHistogram } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../src/core/histogram.js';

const PRECISION = 0.001;

const filled = (samplesMs: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const ms of samplesMs) histogram.record(ms);
  return histogram;
};

const isNear = (foundMs: number, sampleMs: number): boolean =>
  Math.abs(foundMs - sampleMs) <= PRECISION * sampleMs + 1e-9;

/** Whole microseconds up to a minute, many of them small. */
const sampleMs = fc
  .oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 60_000_000 }))
  .map((us) => us / 1_000);
const samples = fc.array(sampleMs, { minLength: 1, maxLength: 300 });

describe('an empty histogram', () => {
  it('answers 0 for everything', () => {
    const histogram = new Histogram();
    expect(histogram.count).toBe(0);
    expect(histogram.percentileMs(50)).toBe(0);
    expect(histogram.latencyMs()).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 });
  });
});

describe('a histogram', () => {
  it('has quantiles within a thousandth of the sample at that rank', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(1, 25, 50, 90, 95, 99, 99.9, 100), (samplesMs, percent) => {
        const sorted = samplesMs.toSorted((a, b) => a - b);
        const rank = (percent / 100) * sorted.length;
        const candidates = [Math.floor(rank), Math.ceil(rank)].map((at) => sorted[Math.max(1, at) - 1]!);
        const found = filled(samplesMs).percentileMs(percent);
        expect(candidates.some((candidate) => isNear(found, candidate))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('has the largest sample as its maximum, within a thousandth', () => {
    fc.assert(
      fc.property(samples, (samplesMs) => {
        expect(isNear(filled(samplesMs).maxMs, Math.max(...samplesMs))).toBe(true);
      }),
    );
  });

  it('has quantiles that do not fall, and a maximum above them', () => {
    fc.assert(
      fc.property(samples, (samplesMs) => {
        const { p50, p95, p99, max } = filled(samplesMs).latencyMs();
        expect(p50).toBeLessThanOrEqual(p95);
        expect(p95).toBeLessThanOrEqual(p99);
        expect(p99).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('counts every sample', () => {
    fc.assert(
      fc.property(samples, (samplesMs) => {
        expect(filled(samplesMs).count).toBe(samplesMs.length);
      }),
    );
  });

  it.each([0, 0.0001, 0.0004])('counts %d ms as one microsecond', (ms) => {
    expect(filled([ms]).maxMs).toBe(0.001);
  });

  it('keeps an hour next to a microsecond', () => {
    const histogram = filled([0.001, 3_600_000]);
    expect(histogram.percentileMs(50)).toBe(0.001);
    expect(isNear(histogram.maxMs, 3_600_000)).toBe(true);
  });
});

/** Any duration up to twelve days, and those at which counters begin and end. */
const anyUs = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 1, max: 60_000_000 }),
  fc.integer({ min: 1, max: 2 ** 40 }),
  fc.integer({ min: 1, max: 40 }).chain((power) => fc.constantFrom(2 ** power - 1, 2 ** power)),
);
const percents = fc.array(fc.double({ min: 0.001, max: 100, noNaN: true }), { minLength: 5 });

describe("Node's own histogram of three figures", () => {
  it('answers the same, for few samples and for many', () => {
    fc.assert(
      fc.property(fc.array(anyUs, { maxLength: 1_500, size: 'max' }), percents, (samplesUs, wanted) => {
        const native = createHistogram({ figures: 3 });
        for (const us of samplesUs) native.record(us);
        const histogram = filled(samplesUs.map((us) => us / 1_000));
        if (samplesUs.length === 0) return;
        for (const percent of wanted) {
          expect(histogram.percentileMs(percent)).toBe(native.percentile(percent) / 1_000);
        }
        expect(histogram.maxMs).toBe(native.max / 1_000);
      }),
    );
  });
});

describe('histograms that are added', () => {
  it('are one of all their samples, and the one that was added stays as it is', () => {
    const many = fc.array(anyUs, { maxLength: 1_500, size: 'max' }).map((all) => all.map((us) => us / 1_000));
    const few = fc.array(sampleMs, { maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(few, many), fc.oneof(few, many), (ones, others) => {
        const sum = filled(ones);
        const other = filled(others);
        const before = other.latencyMs();
        sum.add(other);
        expect(sum.latencyMs()).toEqual(filled([...ones, ...others]).latencyMs());
        expect(sum.count).toBe(ones.length + others.length);
        sum.record(7);
        expect(other.latencyMs()).toEqual(before);
      }),
    );
  });
});
