/** What `init` writes: a scenario that is right, says what its parts are for, and passes. */
import { expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { starterText } from '../../../src/scenarios/starter.js';

const text = starterText('my-outage', 'scenario.schema.json');

it.each(['real', 'virtual'] as const)('the starter is a scenario for the %s engine', (engine) => {
  const { name, variants } = parseScenario(text, 'my-outage.yaml', { engine });
  expect(name).toBe('my-outage');
  expect(variants.map((variant) => variant.name)).toEqual(['as-it-happened', 'breaker', 'breaker-and-retry']);
  for (const variant of variants) expect(variant.thresholds.length).toBeGreaterThan(0);
});

it('the starter explains each of its sections', () => {
  const sections = ['fleet', 'gateway', 'clients', 'load', 'timeline', 'windows', 'variants', 'thresholds'];
  for (const section of sections) expect(text).toMatch(new RegExp(`\\n# [^\\n]+\\n${section}:`));
});
