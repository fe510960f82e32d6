/**
 * Every bundled scenario and every example in virtual time: it shows what it claims, a seed gives one run and no other, and
 * on every release line of Node the same one. A scenario that is added is judged here without a word in this file.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libraryFile, libraryNames } from '../../src/scenarios/library.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { checkResults } from '../../src/scenarios/runner.js';
import type { Scenario } from '../../src/scenarios/scenario.js';
import { inThreads, type VirtualWork } from '../../src/scenarios/virtual/engine.js';
import type { ScenarioSource } from '../../src/scenarios/virtual/messages.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Of the examples, those that are no scenarios: gateway configs, and workflows of a CI service. */
const NO_SCENARIO = /^(gateway|github-actions-).*/;

/** By name: what of it virtual time has no model for, as the refusal says it. Whoever makes one takes it out. */
const WITHOUT_MODEL: Readonly<Record<string, RegExp>> = {
  'edge-rule-backtracks': /a rule’s expressions take processor time/,
  'own-upstreams': /an upstream of your own has no model/,
};

/**
 * A file of hashes: written when it is not there, compared with when it is. With it, runs of this test on several release
 * lines of Node are compared with each other; without it, each is compared with itself alone.
 */
const HASH_FILE = process.env.BADGATEWAY_EVENT_HASHES;

/** Of all of them; they may wait for processors that are busy with something else, and nothing is judged by it. */
const TIMEOUT_MS = 1_800_000;

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

/** Of a scenario, what is run in virtual time. */
interface Works {
  readonly scenario: Scenario;
  /** Every variant, once. */
  readonly once: readonly VirtualWork[];
  /** Of each, or of enough: CI compares the hashes of all of them on every release line of Node, which is as good. */
  readonly again: readonly VirtualWork[];
  /** Variants may have no chance in them: one of these has. */
  readonly otherwise: readonly VirtualWork[];
}

const AGAIN = 2;

const worksOf = (file: string): Works => {
  const source = sourceOf(file);
  const scenario = parseScenario(source.text, file, source.options);
  const once = scenario.variants.map(({ name }) => ({ source, variant: name }));
  const otherwise = once
    .slice(0, AGAIN)
    .map(({ variant }) => ({ source: sourceOf(file, OTHER_SEED), variant }));
  return { scenario, once, again: once.slice(0, AGAIN).map((work) => ({ ...work })), otherwise };
};

/** Or what went wrong. */
type Measured = VariantResult | Error;

/** Everything that is run, in as many threads as there are processors: those are what takes its time to start. */
const measureAll = async (works: readonly VirtualWork[]): Promise<ReadonlyMap<VirtualWork, Measured>> => {
  const { signal } = new AbortController();
  const measured = await inThreads(
    works,
    availableParallelism(),
    (thread, { source, variant }) =>
      thread.run(source, variant, () => {}).catch((error: Error): Measured => error),
    signal,
  );
  return new Map(works.map((work, index) => [work, measured[index]!]));
};

const namesWhere = (isListed: boolean): string[] =>
  [...FILES.keys()].filter((name) => Object.hasOwn(WITHOUT_MODEL, name) === isListed);

describe('in virtual time', () => {
  const all = new Map(namesWhere(false).map((name) => [name, worksOf(FILES.get(name)!)]));
  let measured: ReadonlyMap<VirtualWork, Measured> = new Map();

  const resultsOf = (works: readonly VirtualWork[]): VariantResult[] =>
    works.map((work) => {
      const one = measured.get(work)!;
      if (one instanceof Error) throw one;
      return one;
    });

  beforeAll(async () => {
    measured = await measureAll(
      [...all.values()].flatMap(({ once, again, otherwise }) => [...once, ...again, ...otherwise]),
    );
  }, TIMEOUT_MS);

  it.each([...all.keys()])(
    '%s shows what it claims, twice the same, and something else with another seed',
    (name) => {
      const { scenario, once, again, otherwise } = all.get(name)!;
      const first = resultsOf(once);
      const hash = hashOf(first);
      found.set(name, hash);
      expect(problemsOf(checkResults(scenario, scenario.variants, first))).toEqual([]);
      expect(hashOf(resultsOf(again))).toBe(hashOf(first.slice(0, AGAIN)));
      expect(hashOf(resultsOf(otherwise))).not.toBe(hashOf(first.slice(0, AGAIN)));
      if (known !== null) {
        expect({ node: process.version, hash }, `as on Node ${known.node}`).toEqual({
          node: process.version,
          hash: known.hashes[name],
        });
      }
    },
  );

  it.each(namesWhere(true))('%s has no model', (name) => {
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
