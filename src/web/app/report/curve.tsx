/** A measure of one variant as a curve, on a scale that others share. */
import { useMemo } from 'preact/hooks';
import { Chart } from '../parts/chart.js';
import type { TimeCursor } from '../parts/cursor.js';
import type { Measure } from './measures.js';
import type { VariantData } from './report-data.js';

export interface CurveProps {
  readonly variant: VariantData;
  readonly measure: Measure;
  readonly max: number;
  readonly range: readonly [number, number];
  readonly cursor: TimeCursor;
}

export const Curve = ({ variant, measure, max, range, cursor }: CurveProps) => {
  const { name, curves, windows, marks } = variant;
  const lines = useMemo(() => measure.lines(curves), [measure, curves]);
  const limit = useMemo(() => measure.limit?.(curves), [measure, curves]);
  if (lines.length === 0) return <p class="soft">Nothing of it is known of this variant.</p>;
  return (
    <Chart
      title={`${name}: ${measure.title.toLowerCase()}`}
      times={curves.times}
      lines={lines}
      stacked={measure.stacked ?? false}
      format={measure.format}
      unit={measure.unit ?? 'plain'}
      range={range}
      max={max}
      {...(limit === undefined ? {} : { limit })}
      windows={windows}
      marks={marks}
      heightPx={measure.heightPx}
      cursor={cursor}
    />
  );
};
