/** Curves made of characters: what was good, and which error there was most of. */
import { describe, expect, it } from 'vitest';
import { markLegend, sparkAxis, sparkline, sparkScale } from '../../../src/scenarios/report/sparkline.js';
import type { SeriesPoint } from '../../../src/scenarios/result.js';
import { seriesPoint, variantResult } from '../../support/records.js';

const point = (status: Record<string, number>): SeriesPoint => {
  const offered = Object.values(status).reduce((sum, count) => sum + count, 0);
  return seriesPoint([], { offered, ok: status['200'] ?? 0, status });
};

const variantOf = (statuses: readonly Record<string, number>[]) =>
  variantResult({ durationMs: statuses.length * 250, series: statuses.map(point) });

const drawn = (statuses: readonly Record<string, number>[], width = 100) => {
  const variant = variantOf(statuses);
  return sparkline(variant, sparkScale([variant], width));
};

describe('the curve of a run', () => {
  it('has a bar for what was good, and a mark for the most frequent error', () => {
    expect(
      drawn([
        { '200': 80 },
        { '200': 40, '502': 30, '503': 10 },
        { '503': 60, '504': 20 },
        { '504': 80 },
        { none: 80 },
        { '429': 80 },
        {},
        { '200': 80 },
      ]),
    ).toEqual(['█▅▁▁▁▁ █', '·234xo ·']);
  });

  it('has a bar that can be seen for the least that was good, and none for nothing', () => {
    expect(drawn([{ '200': 1_000 }, { '200': 1 }, { '503': 1 }])[0]).toBe('█▂▁');
  });

  it('does not mark a column with less than 1 % of failures', () => {
    expect(drawn([{ '200': 990, '502': 10 }])[1]).toBe('·');
    expect(drawn([{ '200': 989, '502': 11 }])[1]).toBe('2');
  });

  it('puts several buckets into a column where there is no room', () => {
    expect(drawn([{ '200': 10 }, { '200': 10 }, { '503': 10 }, { '200': 20 }, { '200': 5 }], 3)).toEqual([
      '██▅',
      '·3·',
    ]);
  });

  it('has one scale for all variants', () => {
    const [busy, calm] = [variantOf([{ '200': 100 }, { '200': 100 }]), variantOf([{ '200': 50 }])];
    const scale = sparkScale([busy, calm], 10);
    expect(scale).toEqual({ columnMs: 250, columns: 2, top: 100 });
    expect(sparkline(calm, scale)[0]).toBe('▅');
  });
});

describe('its axis', () => {
  it.each([
    [{ columnMs: 250, columns: 24, top: 1 }, '0s      2s      4s'],
    [{ columnMs: 500, columns: 24, top: 1 }, '0s        5s        10s'],
    [{ columnMs: 750, columns: 30, top: 1 }, '0s           10s           20s'],
  ])('has labels at round seconds: %o', (scale, axis) => {
    expect(sparkAxis(scale)).toBe(axis);
  });
});

describe('its legend', () => {
  it('says what the marks mean that occur', () => {
    expect(markLegend('··22x·')).toBe(', 2: 502, x: no answer');
    expect(markLegend('···')).toBe('');
  });
});
