/** docs/front.md and the example beside it: what they show is valid, and no key is left out. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RULE_ACTIONS, RulesSchema } from '../src/gateway/config/rules.js';
import { CERTIFICATE_FAULTS, SERVICE_NAME } from '../src/scenarios/front/certificates.js';
import { FrontProperties } from '../src/scenarios/front/config.js';
import { parseScenario } from '../src/scenarios/parse.js';
import { DISRUPTIONS, FRONT_ACTIONS } from '../src/scenarios/timeline/front.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('docs/front.md', () => {
  const text = read('docs/front.md');
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
  const HEAD =
    'version: 1\nname: x\ntitle: x\nfleet: { workers: 2 }\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';

  it.each(examples.map((example) => [example]))('has a valid example: %s', (example) => {
    expect(parseScenario(HEAD + example, 'example').variants).toHaveLength(1);
  });

  it('names every key, action and fault', () => {
    const names = [
      ...Object.keys(FrontProperties),
      ...Object.keys(FrontProperties.edge.properties),
      ...Object.keys(RulesSchema.items.properties),
      ...[...RULE_ACTIONS, ...DISRUPTIONS, ...FRONT_ACTIONS, ...CERTIFICATE_FAULTS, SERVICE_NAME],
    ];
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });
});

it('examples/edge-rule-backtracks.yaml is a scenario', () => {
  const { variants } = parseScenario(read('examples/edge-rule-backtracks.yaml'), 'edge-rule-backtracks.yaml');
  expect(variants.map(({ name, front }) => [name, front.edge!.config.ruleGuard])).toEqual([
    ['as-it-happened', null],
    ['guard', { budgetMs: 200, windowMs: 1_000 }],
  ]);
});
