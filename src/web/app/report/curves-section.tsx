/** The variants side by side as curves: one time axis, one scale, one cursor. */
import { useMemo, useState } from 'preact/hooks';
import { type TimeCursor, TimeSlider } from '../parts/cursor.js';
import { Curve } from './curve.js';
import { LanesOf } from './lanes.js';
import { MEASURES, type Measure, topOf } from './measures.js';
import type { VariantData } from './report-data.js';

/** More do not fit beside each other, even on a wide screen; the others can be chosen. */
const SHOWN_AT_FIRST = 4;

const LANES = 'workers';

interface ChoiceProps {
  readonly legend: string;
  readonly names: readonly (readonly [key: string, name: string])[];
  readonly chosen: ReadonlySet<string>;
  readonly choose: (chosen: ReadonlySet<string>) => void;
}

const Choice = ({ legend, names, chosen, choose }: ChoiceProps) => {
  const toggle = (key: string): void => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    choose(next);
  };
  return (
    <fieldset class="choices screen">
      <legend>{legend}</legend>
      {names.map(([key, name]) => (
        <label key={key}>
          <input type="checkbox" checked={chosen.has(key)} onChange={() => toggle(key)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
};

interface RowProps {
  readonly measure: Measure;
  readonly variants: readonly VariantData[];
  readonly range: readonly [number, number];
  readonly cursor: TimeCursor;
}

const MeasureRow = ({ measure, variants, range, cursor }: RowProps) => {
  const max = useMemo(() => topOf(measure, variants), [measure, variants]);
  return (
    <>
      <h3>{measure.title}</h3>
      <div class="side-by-side" data-count={variants.length}>
        {variants.map((variant) => (
          <div key={variant.name} class="cell">
            <h4>{variant.name}</h4>
            <Curve variant={variant} measure={measure} max={max} range={range} cursor={cursor} />
          </div>
        ))}
      </div>
    </>
  );
};

interface LanesRowProps {
  readonly variants: readonly VariantData[];
  readonly range: readonly [number, number];
  readonly cursor: TimeCursor;
}

const LanesRow = ({ variants, range, cursor }: LanesRowProps) => (
  <>
    <h3>Workers: up with which config, out of rotation, with which faults</h3>
    <div class="side-by-side" data-count={variants.length}>
      {variants.map((variant) => (
        <div key={variant.name} class="cell">
          <h4>{variant.name}</h4>
          <LanesOf variant={variant} range={range} cursor={cursor} />
        </div>
      ))}
    </div>
  </>
);

/** Those of which any variant has something. */
const measuresOf = (variants: readonly VariantData[]): Measure[] =>
  MEASURES.filter(({ lines }) => variants.some(({ curves }) => lines(curves).length > 0));

export const CurvesSection = ({
  variants,
  cursor,
}: {
  readonly variants: readonly VariantData[];
  readonly cursor: TimeCursor;
}) => {
  const measures = useMemo(() => measuresOf(variants), [variants]);
  const [names, setNames] = useState<ReadonlySet<string>>(
    () => new Set(variants.slice(0, SHOWN_AT_FIRST).map(({ name }) => name)),
  );
  const [keys, setKeys] = useState<ReadonlySet<string>>(
    () => new Set([...measures.map(({ key }) => key), LANES]),
  );
  const shown = useMemo(() => variants.filter(({ name }) => names.has(name)), [variants, names]);
  const range = useMemo(
    () => [0, Math.max(...variants.map(({ durationS }) => durationS))] as const,
    [variants],
  );
  const hasLanes = variants.some(({ lanes }) => lanes.length > 0);
  return (
    <section id="curves">
      <h2>Curves</h2>
      {variants.length > 1 && (
        <Choice
          legend="Variants"
          names={variants.map(({ name }) => [name, name] as const)}
          chosen={names}
          choose={setNames}
        />
      )}
      <Choice
        legend="Measures"
        names={[
          ...measures.map(({ key, name }) => [key, name] as const),
          ...(hasLanes ? [[LANES, 'workers'] as const] : []),
        ]}
        chosen={keys}
        choose={setKeys}
      />
      <div class="moment screen">
        <TimeSlider cursor={cursor} fromS={0} toS={range[1]} stepS={variants[0]?.curves.pointS ?? 1} />
      </div>
      <p class="soft">
        The shaded spans are the scenario’s windows, <em>outage</em> the darkest; dashed lines are what was
        done and what happened. Variants of one measure have one scale.
        {shown.length < variants.length && ` ${shown.length} of ${variants.length} variants are shown.`}
      </p>
      {measures
        .filter(({ key }) => keys.has(key))
        .map((measure) => (
          <MeasureRow key={measure.key} measure={measure} variants={shown} range={range} cursor={cursor} />
        ))}
      {hasLanes && keys.has(LANES) && <LanesRow variants={shown} range={range} cursor={cursor} />}
    </section>
  );
};
