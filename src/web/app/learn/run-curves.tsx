/** Runs side by side: one measure at a time, one scale, one cursor. */
import { useMemo, useState } from 'preact/hooks';
import { TimeCursor, TimeSlider } from '../parts/cursor.js';
import { Curve, type CurveProps } from '../report/curve.js';
import { MEASURES, topOf } from '../report/measures.js';
import type { ReportData } from '../report/report-data.js';

const Cell = (props: CurveProps) => (
  <div class="cell">
    <h4>{props.variant.name}</h4>
    <Curve {...props} />
  </div>
);

export interface RunCurvesProps {
  readonly report: ReportData;
  /** Of the group of choices: no two on one page are alike. */
  readonly id: string;
}

export const RunCurves = ({ report: { variants }, id }: RunCurvesProps) => {
  const cursor = useMemo(() => new TimeCursor(), []);
  const measures = useMemo(
    () => MEASURES.filter(({ lines }) => variants.some(({ curves }) => lines(curves).length > 0)),
    [variants],
  );
  const [key, setKey] = useState('outcomes');
  const measure = measures.find((one) => one.key === key) ?? measures[0];
  const range = useMemo(
    () => [0, Math.max(...variants.map(({ durationS }) => durationS))] as const,
    [variants],
  );
  if (measure === undefined) return null;
  return (
    <>
      <fieldset class="choices">
        <legend>Curves</legend>
        {measures.map(({ key: one, name }) => (
          <label key={one}>
            <input type="radio" name={id} checked={one === measure.key} onChange={() => setKey(one)} />
            {name}
          </label>
        ))}
      </fieldset>
      <TimeSlider cursor={cursor} fromS={0} toS={range[1]} stepS={variants[0]?.curves.pointS ?? 1} />
      <p class="soft">{measure.title}. The shaded spans are named; dashed lines are what happened.</p>
      <div class="side-by-side" data-count={variants.length}>
        {variants.map((variant) => (
          <Cell
            key={`${variant.name} ${measure.key}`}
            variant={variant}
            measure={measure}
            max={topOf(measure, variants)}
            range={range}
            cursor={cursor}
          />
        ))}
      </div>
    </>
  );
};
