/** What a reader has to know to read a comparison right. */
import type { Result } from '../result.js';
import type { VariantComparison } from './comparison-schema.js';

const seedsOf = ({ replications, seed }: Result): string => (replications?.seeds ?? [seed]).join(',');

const dependenciesText = (first: Result, second: Result): string =>
  [...new Set([...Object.keys(first.host.dependencies), ...Object.keys(second.host.dependencies)])]
    .filter((name) => first.host.dependencies[name] !== second.host.dependencies[name])
    .map(
      (name) =>
        `${name} ${first.host.dependencies[name] ?? '–'} and ${second.host.dependencies[name] ?? '–'}`,
    )
    .join(', ');

const sameToTheDigit = (variants: readonly VariantComparison[]): boolean =>
  variants.every(({ measures }) =>
    measures.every(({ before, after }) => JSON.stringify(before) === JSON.stringify(after)),
  );

const singleRunNote = (first: Result, second: Result): string => {
  const virtual = first.engine === 'virtual' && second.engine === 'virtual';
  return seedsOf(first) === seedsOf(second) && virtual
    ? 'one run each, in virtual time, with the same seed: every difference is due to what was changed, but with another seed it may be another one; run --repeat says'
    : 'one run each: availability is judged by its requests alone, as if each failed by itself; whether the next two runs differ too, run --repeat says';
};

export const notesOn = (first: Result, second: Result, variants: readonly VariantComparison[]): string[] => {
  const notes: string[] = [];
  const differ = (what: string, one: string, other: string): void => {
    if (one !== other) notes.push(`${what}: ${one} and ${other}`);
  };
  differ('different engines', first.engine, second.engine);
  differ('different targets', first.target, second.target);
  differ('different versions of Node', first.host.node, second.host.node);
  if (first.engine === 'real' || second.engine === 'real')
    differ(
      'different machines',
      `${first.host.platform}, ${first.host.cpus} processors`,
      `${second.host.platform}, ${second.host.cpus} processors`,
    );
  const dependencies = dependenciesText(first, second);
  if (dependencies !== '') notes.push(`different versions: ${dependencies}`);
  if (first.replications === undefined && second.replications === undefined) {
    differ('different seeds, so different arrivals', seedsOf(first), seedsOf(second));
    if (variants.length > 0 && sameToTheDigit(variants))
      notes.push('every value is the same, to the last digit');
    else notes.push(singleRunNote(first, second));
  } else if (first.replications === undefined || second.replications === undefined) {
    notes.push('only one side has replications, and one run has no range: repeat the other too');
  }
  return notes;
};
