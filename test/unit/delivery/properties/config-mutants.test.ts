/** Every mutant of config delivery is found by the properties that are to find it; a table says which found which. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFIG_MUTANTS, WITHOUT_BUG } from '../../../mutants/config-mutants.js';
import { type ConfigProperty, type Part, PROPERTIES } from '../../../support/config-properties.js';
import { type ConfigSubject, TRUTH } from '../../../support/config-subject.js';

const TIMEOUT_MS = 120_000;

// The same inputs at every run: whether a mutant is found is to say something about the properties, and not about luck.
fc.configureGlobal({ seed: 1 });

const numberOf = ({ name }: ConfigProperty): string => name.split(' ')[0]!;

/** The parts in which a subject is not the true one. */
const partsOf = (subject: ConfigSubject): Part[] =>
  (Object.keys(subject) as Part[]).filter((part) => subject[part] !== TRUTH[part]);

/** The numbers of the properties that do not hold; those that do not look at what was changed are not asked. */
const brokenBy = (subject: ConfigSubject): string[] => {
  const parts = partsOf(subject);
  const asked = PROPERTIES.filter((property) => property.parts.some((part) => parts.includes(part)));
  return asked.filter(({ holds }) => !doesHold(holds, subject)).map(numberOf);
};

const doesHold = (holds: ConfigProperty['holds'], subject: ConfigSubject): boolean => {
  try {
    holds(subject);
    return true;
  } catch {
    return false;
  }
};

describe('a mutant', () => {
  const rows: string[] = [];

  it.each(CONFIG_MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'is found: %s',
    (name, { breaks, subject }) => {
      const broken = brokenBy(subject);
      rows.push(`${broken.join(' ').padEnd(16)} ${name}`);
      expect(broken).toEqual(expect.arrayContaining([...breaks]));
    },
    TIMEOUT_MS,
  );

  it('is found in the table, like each of the others', () => {
    process.stdout.write(`\nProperties that found each mutant:\n${rows.join('\n')}\n`);
    expect(rows).toHaveLength(CONFIG_MUTANTS.length);
    const found = new Set(CONFIG_MUTANTS.flatMap(({ breaks }) => breaks));
    expect(PROPERTIES.map(numberOf).filter((number) => !found.has(number))).toEqual([]);
  });
});

describe('the second writing that mutants are planted in', () => {
  it('breaks no property without a bug', () => expect(brokenBy(WITHOUT_BUG)).toEqual([]), TIMEOUT_MS);
});
