/** docs/own-upstreams.md and the example beside it: what they show is valid, and what they say is refused is. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHttpAddress } from '../src/core/http-address.js';
import { METRICS } from '../src/scenarios/metrics/metrics.js';
import { RULES_OF_WORKERS } from '../src/scenarios/monitoring/rules.js';
import { parseScenario } from '../src/scenarios/parse.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('docs/own-upstreams.md', () => {
  const text = read('docs/own-upstreams.md');
  const HEAD = 'version: 1\nname: x\ntitle: x\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';

  it('has an example that is a valid scenario', () => {
    const [, example] = /```yaml\n([\s\S]*?)```/.exec(text)!;
    expect(parseScenario(HEAD + example, 'example').variants[0]!.fleet.upstreams).toHaveLength(2);
  });

  it('shows addresses that are taken', () => {
    const row = /^\| form \|.*$/m.exec(text)![0];
    const shown = [...row.matchAll(/`([^`]*:\d+)`/g)].map((match) => match[1]!);
    expect(shown).toHaveLength(4);
    for (const address of shown) expect(parseHttpAddress(address).port).toBeGreaterThan(0);
  });

  it('names every metric and every rule that needs workers', () => {
    const named = METRICS.filter(({ needsWorkers }) => needsWorkers?.('', {})).map(({ example }) =>
      example.replace(/\[.*/, ''),
    );
    expect(named.length).toBeGreaterThan(4);
    for (const name of [...named, ...RULES_OF_WORKERS]) expect(text).toContain(`\`${name}\``);
  });
});

it('examples/own-upstreams.yaml is a scenario for processes, and not for virtual time', () => {
  const example = read('examples/own-upstreams.yaml');
  const { variants } = parseScenario(example, 'own-upstreams.yaml');
  expect(variants.map(({ name }) => name)).toEqual(['as-it-happened', 'breaker-and-retry']);
  expect(() => parseScenario(example, 'own-upstreams.yaml', { engine: 'virtual' })).toThrow('--engine real');
});
