/** docs/seed-coverage.md is held against the library: every row is there, and what a row points to is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { libraryNames, readLibrary } from '../src/scenarios/library.js';
import { parseScenario } from '../src/scenarios/parse.js';

const ROOT = new URL('../', import.meta.url);

const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Causes, and then parts, remedies and practices, as the seeds name them. */
const CAUSES = 30;
const ROWS = 86;

interface Row {
  readonly number: number;
  readonly said: string;
  readonly shown: string;
  readonly how: string;
}

const rows: Row[] = [
  ...read('docs/seed-coverage.md').matchAll(/^\| (\d+) \| (.+) \| (.+) \| (.+) \|$/gm),
].map(([, number, said, shown, how]) => ({ number: Number(number), said: said!, shown: shown!, how: how! }));

const EXAMPLES = readdirSync(new URL('examples/', ROOT))
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('gateway'))
  .map((name) => name.replace('.yaml', ''));

const variantsOf = new Map<string, readonly string[]>(
  [
    ...libraryNames().map((name) => [name, readLibrary(name)] as const),
    ...EXAMPLES.map((name) => [name, read(`examples/${name}.yaml`)] as const),
  ].map(([name, text]) => [name, parseScenario(text, name).variants.map((variant) => variant.name)]),
);

/** What stands in code in the third column. */
const pointersOf = ({ shown }: Row): string[] => [...shown.matchAll(/`([^`]+)`/g)].map(([, text]) => text!);

/** What is shown by no scenario says so in these words, and why in the last column. */
const WITHOUT = ['every scenario', 'out of scope'];

const isThere = (pointer: string): boolean => {
  const [scenario, variant] = pointer.split('/');
  const variants = variantsOf.get(scenario!);
  if (variants !== undefined) return variant === undefined || variants.includes(variant);
  return existsSync(new URL(pointer, ROOT));
};

describe('docs/seed-coverage.md', () => {
  it('has every row once, in order, in two tables', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: ROWS }, (_, index) => index + 1));
    const [causes, parts] = read('docs/seed-coverage.md').split('## Parts, remedies and practices');
    expect(causes).toContain(`| ${CAUSES} | `);
    expect(parts).toContain(`| ${CAUSES + 1} | `);
  });

  it.each(rows)('row $number quotes a seed, and says where it is shown, and how', (row) => {
    expect(row.said).toMatch(/^00[012]: ".+/);
    expect(row.how.length).toBeGreaterThan(10);
    const pointers = pointersOf(row);
    if (pointers.length === 0) expect(WITHOUT).toContain(row.shown);
  });

  it.each(rows)('row $number points to what there is', (row) => {
    const pages = [...`${row.shown} ${row.how}`.matchAll(/\]\(([a-z-]+\.md)[^)]*\)/g)].map(
      ([, page]) => page!,
    );
    for (const page of pages) expect(existsSync(new URL(`docs/${page}`, ROOT)), page).toBe(true);
    if (row.shown.includes('](')) return;
    for (const pointer of pointersOf(row)) expect(isThere(pointer), pointer).toBe(true);
  });

  it('points to every scenario of the library', () => {
    const named = new Set(rows.flatMap(pointersOf).map((pointer) => pointer.split('/')[0]));
    expect(libraryNames().filter((name) => !named.has(name))).toEqual([]);
  });
});
