/**
 * What things are drawn with. Nothing is told by colour alone: areas have patterns, lines have dashes, and both are named
 * in a legend. The colours themselves are variables of `style.css`, so that light, dark and print each have their own.
 */

/** How an area is hatched. */
export type Pattern = 'plain' | 'rising' | 'falling' | 'dots' | 'level' | 'upright';

export interface Outcome {
  readonly key: 'ok' | '502' | '503' | '504' | 'other' | 'none';
  readonly label: string;
  /** A variable of the style sheet, without its dashes. */
  readonly color: string;
  readonly pattern: Pattern;
}

/** Every answer belongs to one of these, in the order in which they are stacked. */
export const OUTCOMES: readonly Outcome[] = [
  { key: 'ok', label: 'good answer', color: 'o-ok', pattern: 'plain' },
  { key: '502', label: '502', color: 'o-502', pattern: 'rising' },
  { key: '503', label: '503', color: 'o-503', pattern: 'falling' },
  { key: '504', label: '504', color: 'o-504', pattern: 'dots' },
  { key: 'other', label: 'another error', color: 'o-other', pattern: 'level' },
  { key: 'none', label: 'no answer', color: 'o-none', pattern: 'upright' },
];

/** @param status as results have it: `200`, `502`, `none`. */
export const outcomeOf = (status: string): Outcome['key'] => {
  if (status === 'none' || status === '0') return 'none';
  if (status === '502' || status === '503' || status === '504') return status;
  return /^[23]/.test(status) ? 'ok' : 'other';
};

export interface LineStyle {
  readonly color: string;
  /** Lengths of dashes and gaps, pixels; empty: an unbroken line. */
  readonly dash: readonly number[];
}

/** Lines that can be told from each other; the ninth is drawn as the first. */
const LINES: readonly LineStyle[] = [
  { color: 'l-0', dash: [] },
  { color: 'l-1', dash: [7, 3] },
  { color: 'l-2', dash: [2, 3] },
  { color: 'l-3', dash: [9, 3, 2, 3] },
  { color: 'l-4', dash: [1, 3] },
  { color: 'l-5', dash: [13, 4] },
  { color: 'l-6', dash: [5, 2, 1, 2, 1, 2] },
  { color: 'l-7', dash: [4, 4] },
];

export const lineStyle = (index: number): LineStyle => LINES[index % LINES.length]!;
