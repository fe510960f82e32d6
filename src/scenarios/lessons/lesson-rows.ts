/** A lesson's run in figures: of the table of a report, what lessons speak of. */
import { summaryRows } from '../report/summary.js';
import type { VariantResult } from '../result.js';

/** Titles of rows; the first is the head. */
const ROWS = /^$|^availability, (outage|after)|^(good answers|502|503|504|p99|tries|work for)|^no answer/;

/** The first row is the head, and the first cell of each what it is about. */
export const lessonRows = (variants: readonly VariantResult[]): string[][] =>
  summaryRows(variants).filter(([title]) => ROWS.test(title!));
