/** docs/links.md says what the code says of each toxic, and its examples are valid. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../../src/scenarios/parse.js';
import { TOXIC_TYPES, TOXICS } from '../../../../src/upstream/links/toxics/toxics.js';
import { MINIMAL } from '../../../support/scenario-text.js';

const text = readFileSync(new URL('../../../../docs/links.md', import.meta.url), 'utf8');

describe('docs/links.md', () => {
  it.each(TOXIC_TYPES)('has the row of %s', (type) => {
    const { attributes, description, clientSees } = TOXICS[type];
    const named = Object.entries(attributes).map(([name, { unit }]) => `\`${name}\` (${unit})`);
    const cells = [`\`${type}\``, named.join(', '), description, clientSees];
    expect(text).toContain(`| ${cells.join(' | ')} |`.replace('|  |', '| |'));
  });

  it('has an example that is a valid part of a scenario', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
    const [variant] = parseScenario(MINIMAL.replace('for: 4s', 'for: 40s') + example, 'example').variants;
    expect(variant!.links).toEqual({ apiPort: 8474 });
    expect(variant!.timeline).toHaveLength(4);
  });
});
