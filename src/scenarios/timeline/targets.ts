/** Whom an entry of the timeline is about, and for how long: `on` and `for`, which mean the same beside every action. */
import { thereAre } from '../../core/nearest.js';
import { parseDurationMsOr } from '../../core/units.js';
import type { EntryProblem } from './timeline.js';

/** Stands for everybody there is, or everything that one has. */
export const ALL = 'all';

interface Targeted {
  readonly on?: string | readonly string[];
}

export const targetsOf = ({ on }: Targeted): readonly string[] =>
  on === undefined ? [] : typeof on === 'string' ? [on] : on;

/** @param what stands before the name in the message, such as `dependency `. */
export const findUnknownTargets = (entry: Targeted, known: readonly string[], what = ''): EntryProblem[] =>
  targetsOf(entry).flatMap((target, index): EntryProblem[] => {
    if (known.includes(target)) return [];
    const path = typeof entry.on === 'string' ? [] : [index];
    const there = known.filter((name) => name !== ALL);
    return [{ key: 'on', path, message: `there is no ${what}${target}${thereAre(target, there)}` }];
  });

/** `null`: it lasts until something ends it. */
export const forMsOf = (entry: { readonly for?: string }): number | null =>
  parseDurationMsOr(entry.for, null);
