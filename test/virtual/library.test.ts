/**
 * Every bundled scenario and every example in virtual time: it shows what it claims, a seed gives one run and no other, and
 * on every release line of Node the same one. A scenario that is added is judged here without a word in this file.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { libraryFile, libraryNames } from '../../src/scenarios/library.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { checkResults } from '../../src/scenarios/runner.js';
import { measureVirtually, type VirtualWork } from '../../src/scenarios/virtual/engine.js';
import type { ScenarioSource } from '../../src/scenarios/virtual/messages.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Of the examples, those that are no scenarios: gateway configs, and workflows of a CI service. */
const NO_SCENARIO = /^(gateway|github-actions-).*/;

/** By name: what of it virtual time has no model for, as the refusal says it. Whoever makes the model takes it out. */
const WITHOUT_MODEL: Readonly<Record<string, RegExp>> = {
  'edge-rule-backtracks': /a rule’s expressions take processor time/,
};

/**
 * A file of hashes: written when it is not there, compared with when it is. With it, runs of this test on several release
 * lines of Node are compared with each other; without it, each is compared with itself alone.
 */
const HASH_FILE = process.env.BADGATEWAY_EVENT_HASHES;

/** A run may wait for processors that are busy with something else; nothing is judged by it. */
const TIMEOUT_MS = 300_000;

/** Of no scenario. */
const OTHER_SEED = 4_711;

interface HashFile {
  /** The version that it was written with. */
  readonly node: string;
  readonly hashes: Readonly<Record<string, string>>;
}

const known: HashFile | null =
  HASH_FILE !== undefined && existsSync(HASH_FILE)
    ? (JSON.parse(readFileSync(HASH_FILE, 'utf8')) as HashFile)
    : null;

const found = new Map<string, string>();

/** By name. */
const FILES: ReadonlyMap<string, string> = new Map([
  ...libraryNames().map((name): [string, string] => [name, libraryFile(name)]),
  ...readdirSync(EXAMPLES)
    .filter((file) => /\.ya?ml$/.test(file) && !NO_SCENARIO.test(file))
    .map((file): [string, string] => [file.replace(/\.ya?ml$/, ''), EXAMPLES + file]),
]);

/** Over all that a run tells: every event, every bucket of the series, every failure that was kept. */
const hashOf = (results: readonly VariantResult[]): string =>
  createHash('sha256').update(JSON.stringify(results)).digest('hex');

const problemsOf = (results: readonly VariantResult[]): string[] =>
  results.flatMap(({ name, verdict, reasons }) =>
    verdict === 'pass' ? [] : [`${name}: ${verdict}: ${reasons.join('; ')}`],
  );

const sourceOf = (file: string, seed?: number): ScenarioSource => ({
  text: readFileSync(file, 'utf8'),
  file,
  options: { seed, engine: 'virtual' },
});

const measureAll = (works: readonly VirtualWork[]): Promise<VariantResult[]> =>
  measureVirtually(works, { signal: new AbortController().signal });

/** In as many threads as there are processors. */
const runTwice = async (file: string) => {
  const source = sourceOf(file);
  const scenario = parseScenario(source.text, file, source.options);
  const { variants } = scenario;
  const works = variants.map(({ name }) => ({ source, variant: name }));
  const results = await measureAll([...works, ...works]);
  const first = results.slice(0, variants.length);
  return { first, again: results.slice(variants.length), judged: checkResults(scenario, variants, first) };
};

/** Variants may have no chance in them: one that has is enough. */
const differsWithAnotherSeed = async (file: string, results: readonly VariantResult[]): Promise<boolean> => {
  const source = sourceOf(file, OTHER_SEED);
  for (const one of results) {
    const other = await measureAll([{ source, variant: one.name }]);
    if (hashOf(other) !== hashOf([one])) return true;
  }
  return false;
};

const namesWhere = (isListed: boolean): string[] =>
  [...FILES.keys()].filter((name) => Object.hasOwn(WITHOUT_MODEL, name) === isListed);

describe('in virtual time', () => {
  it.each(namesWhere(false))(
    '%s shows what it claims, twice the same, and something else with another seed',
    async (name) => {
      const file = FILES.get(name)!;
      const { first, again, judged } = await runTwice(file);
      const hash = hashOf(first);
      found.set(name, hash);
      expect(problemsOf(judged)).toEqual([]);
      expect(hashOf(again)).toBe(hash);
      expect(await differsWithAnotherSeed(file, first)).toBe(true);
      if (known !== null) {
        expect({ node: process.version, hash }, `as on Node ${known.node}`).toEqual({
          node: process.version,
          hash: known.hashes[name],
        });
      }
    },
    TIMEOUT_MS,
  );

  it.each(namesWhere(true))('%s has no model yet', (name) => {
    const { text, file, options } = sourceOf(FILES.get(name)!);
    expect(() => parseScenario(text, file)).not.toThrow();
    expect(() => parseScenario(text, file, options)).toThrow(WITHOUT_MODEL[name]);
  });

  it('what has no model is still there', () => {
    expect(Object.keys(WITHOUT_MODEL).filter((name) => !FILES.has(name))).toEqual([]);
  });

  if (known !== null) {
    it('the scenarios are those of the hash file', () => {
      expect([...found.keys()].sort()).toEqual(Object.keys(known.hashes).sort());
    });
  }
});

afterAll(() => {
  if (HASH_FILE === undefined || known !== null) return;
  const file: HashFile = { node: process.version, hashes: Object.fromEntries(found) };
  writeFileSync(HASH_FILE, `${JSON.stringify(file, null, 2)}\n`);
});
