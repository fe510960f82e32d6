/** Where in a scenario file each threshold is written, for messages about one that did not hold. */
import { readDocument } from '../../core/document/document.js';
import { isSetBy } from '../../core/document/overrides.js';
import type { Path } from '../../core/document/positions.js';
import type { Scenario } from '../scenario.js';
import { variantInFile } from '../targets/names.js';
import type { ScenarioSource } from '../virtual/messages.js';

/** Lines and columns count from 1. */
export interface ThresholdPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** @returns `null` for one that is on no line, because it was set from outside. */
export type FindThresholdPlace = (variant: string, expression: string) => ThresholdPlace | null;

/** @param source the text that the scenario was read from. */
export const findThresholdPlaces = (
  { text, file, options }: ScenarioSource,
  { variants }: Pick<Scenario, 'variants'>,
): FindThresholdPlace => {
  const { positions } = readDocument(text, file);
  const overrides = options.overrides ?? [];
  const placeOf = (variant: string, index: number): ThresholdPlace | null => {
    const path: Path = ['thresholds', variant, index];
    if (overrides.some((override) => isSetBy(override, path))) return null;
    const overlaid = positions.of(['variants', variant, ...path]);
    const { line, column } = overlaid.exact ? overlaid : positions.of(path);
    return { file, line, column };
  };
  const places = new Map(
    variants.map(({ name, thresholds }) => [
      name,
      new Map(thresholds.map(({ text: expression }, index) => [expression, placeOf(name, index)])),
    ]),
  );
  return (variant, expression) => places.get(variantInFile(variant))?.get(expression) ?? null;
};
