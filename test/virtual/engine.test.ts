/** The virtual engine as users run it, in its threads: the same at every run, and what every bundled scenario claims. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';
import { startCli } from '../support/cli.js';

const LIBRARY = fileURLToPath(new URL('../../src/scenarios/library/', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

const run = (file: string, seed?: number): Promise<VariantResult[]> => {
  const text = readFileSync(file, 'utf8');
  const options = { seed, engine: 'virtual' } as const;
  const scenario = parseScenario(text, file, options);
  const { signal } = new AbortController();
  return runVirtually(scenario, scenario.variants, { text, file, options }, { signal });
};

const hashOf = (results: readonly VariantResult[]): string =>
  createHash('sha256').update(JSON.stringify(results)).digest('hex');

const problemsOf = (results: readonly VariantResult[]): string[] =>
  results.flatMap(({ name, verdict, reasons }) =>
    verdict === 'pass' ? [] : [`${name}: ${reasons.join('; ')}`],
  );

/** Bundled, and among the examples those that are about what has a model. */
const SCENARIOS = [
  ...readdirSync(LIBRARY).map((name) => LIBRARY + name),
  ...['metastable-retries', 'metastable-trigger', 'poison-quarantine', 'peaks-that-come-again'].map(
    (name) => `${EXAMPLES}${name}.yaml`,
  ),
];

const nameOf = (file: string): string => file.split('/').at(-1)!;

describe('in virtual time', () => {
  it.each(SCENARIOS.map((file) => [nameOf(file), file]))(
    '%s shows what it claims, twice the same, and something else with another seed',
    async (_name, file) => {
      const results = await run(file);
      expect(problemsOf(results)).toEqual([]);
      expect(hashOf(await run(file))).toBe(hashOf(results));
      expect(hashOf(await run(file, 4_711))).not.toBe(hashOf(results));
    },
    120_000,
  );

  it('a run does not depend on how many threads there are', async () => {
    const file = `${LIBRARY}overload-flash-crowd.yaml`;
    const text = readFileSync(file, 'utf8');
    const options = { engine: 'virtual' } as const;
    const scenario = parseScenario(text, file, options);
    const { signal } = new AbortController();
    const [one, three] = await Promise.all(
      [1, 3].map((threads) =>
        runVirtually(scenario, scenario.variants, { text, file, options }, { signal, threads }),
      ),
    );
    expect(hashOf(one!)).toBe(hashOf(three!));
  }, 60_000);
});

describe('badgateway run --engine virtual', () => {
  it('prints the same report, with the engine in its document', async () => {
    const args = ['run', 'overload-flash-crowd', '--engine', 'virtual', '--json', '--quiet'];
    const { code, stdout } = await startCli(args).finished;
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { engine: string; variants: { machine: unknown }[] };
    expect(result.engine).toBe('virtual');
    expect(result.variants.map(({ machine }) => machine)).toEqual(new Array(4).fill(null));
  }, 60_000);

  it('refuses what has no meaning without sockets, with its line, and starts nothing', async () => {
    const file = `${EXAMPLES}edge-rule-backtracks.yaml`;
    const { code, stderr } = await startCli(['run', file, '--engine', 'virtual']).finished;
    expect(code).toBe(104);
    expect(stderr).toMatch(/edge-rule-backtracks\.yaml:\d+:\d+: .*rules\[0\].*--engine real/);
  });

  it('names the engines there are', async () => {
    const { code, stderr } = await startCli(['run', 'overload-flash-crowd', '--engine', 'imaginary'])
      .finished;
    expect(code).toBe(2);
    expect(stderr).toContain('--engine takes real or virtual, got "imaginary"');
  });
});
