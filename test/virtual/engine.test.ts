/** The virtual engine as users run it, in its threads; what comes of each scenario is in `library.test.ts`. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readLibrary } from '../../src/scenarios/library.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';
import { startCli } from '../support/cli.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

const hashOf = (results: readonly VariantResult[]): string =>
  createHash('sha256').update(JSON.stringify(results)).digest('hex');

describe('in virtual time', () => {
  it('a run does not depend on how many threads there are', async () => {
    const file = 'overload-flash-crowd.yaml';
    const text = readLibrary('overload-flash-crowd');
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
    expect(result.variants.length).toBeGreaterThan(1);
    expect(result.variants.filter(({ machine }) => machine !== null)).toEqual([]);
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
