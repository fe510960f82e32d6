/** docs/fleet.md and the example beside it: what they show is valid, and no key is left out. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../src/scenarios/parse.js';
import { DEPLOY_STRATEGIES } from '../src/upstream/fleet/deployment.js';
import { MechanismProperties } from '../src/upstream/fleet/mechanisms.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('docs/fleet.md', () => {
  const text = read('docs/fleet.md');
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
  const HEAD = 'version: 1\nname: x\ntitle: x\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';

  it.each(examples.map((example) => [example]))('has a valid example: %s', (example) => {
    const fleet = example.startsWith('fleet:') ? '' : 'fleet: { workers: 2 }\n';
    expect(parseScenario(HEAD + fleet + example, 'example').variants).toHaveLength(1);
  });

  it('names every key and every strategy', () => {
    const missing = [...Object.keys(MechanismProperties), ...DEPLOY_STRATEGIES].filter(
      (key) => !new RegExp(`\\b${key}\\b`).test(text),
    );
    expect(missing).toEqual([]);
  });

  it('names only files that there are', () => {
    const files = [...text.matchAll(/`((?:fleet\/)?[a-z-]+\.ts)`/g)].map(
      (match) => `src/upstream/${match[1]}`,
    );
    expect(files.length).toBeGreaterThan(8);
    expect(files.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url)))).toEqual([]);
  });
});

const variantsOf = (name: string) => parseScenario(read(`examples/${name}.yaml`), `${name}.yaml`).variants;

it('examples/peaks-that-come-again.yaml is a scenario', () => {
  const variants = variantsOf('peaks-that-come-again');
  expect(variants.map(({ name, fleet }) => [name, fleet.autoscale?.seasonMs])).toEqual([
    ['trend', null],
    ['season', 20_000],
  ]);
});
