/** docs/dependencies.md against the code: its example, its keys, and its table of faults. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../../src/scenarios/parse.js';
import { DependenciesSchema } from '../../../../src/upstream/dependencies/config.js';
import {
  DEPENDENCY_FAULT_NAMES,
  DEPENDENCY_FAULTS,
} from '../../../../src/upstream/dependencies/faults/dependency-faults.js';

const text = readFileSync(new URL('../../../../docs/dependencies.md', import.meta.url), 'utf8');

describe('docs/dependencies.md', () => {
  it('has an example that is a valid scenario', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
    expect(parseScenario(example, 'example').variants.map(({ name }) => name)).toEqual([
      'as-it-happened',
      'bounded',
    ]);
  });

  it('names every key', () => {
    const [ofEvery] = Object.values(DependenciesSchema.patternProperties);
    const keys = Object.keys((ofEvery as { properties: object }).properties);
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((key) => !text.includes(`| \`${key}\` |`))).toEqual([]);
  });

  it.each(DEPENDENCY_FAULT_NAMES)('says of %s what the code says', (name) => {
    const { kinds, takes, description, workerSees, standsFor } = DEPENDENCY_FAULTS[name];
    const parameters = Object.keys(takes).map((key) => `\`${key}\``);
    const cells = [
      `\`${name}\``,
      kinds.join(', '),
      parameters.join(', '),
      description,
      workerSees,
      standsFor,
    ];
    expect(text).toContain(`| ${cells.join(' | ')} |`.replaceAll('|  |', '| |'));
  });

  it('has no fault that there is not', () => {
    const section = text.slice(text.indexOf('## What can happen'), text.indexOf('## What helps'));
    const listed = [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1]);
    expect(listed).toEqual(DEPENDENCY_FAULT_NAMES);
  });
});
