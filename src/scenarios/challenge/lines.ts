/** Curves of numbers as lines of text, for views of a challenge. */

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Columns of a curve: half seconds of a run of seventeen seconds. */
export const CURVE_COLUMNS = 48;

/** Several values together, by their mean; those that are not known are left out. */
const meansOf = (values: readonly (number | null)[], columns: number): (number | null)[] => {
  const perColumn = Math.max(1, Math.ceil(values.length / columns));
  return Array.from({ length: Math.ceil(values.length / perColumn) }, (_, index) => {
    const known = values
      .slice(index * perColumn, (index + 1) * perColumn)
      .filter((value): value is number => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
};

/**
 * One curve. @param values in order of time; `null`: there was none, which is drawn as a gap.
 * @param top what a full bar stands for; default the largest.
 */
export const curve = (values: readonly (number | null)[], top?: number): string => {
  const means = meansOf(values, CURVE_COLUMNS);
  const highest = top ?? Math.max(0, ...means.map((value) => value ?? 0));
  return means
    .map((value) => {
      if (value === null) return ' ';
      const height = highest === 0 ? 0 : Math.round((value / highest) * (BARS.length - 1));
      return BARS[Math.min(BARS.length - 1, Math.max(0, height))]!;
    })
    .join('');
};

/** Seconds as views have them. */
export const seconds = (atMs: number): string => `${(atMs / 1_000).toFixed(1)}s`.padStart(6);
