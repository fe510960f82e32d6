/** docs/names.md and the code say the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NamesSchema } from '../src/gateway/config/names.js';
import { parseGatewayFile } from '../src/gateway/config-document.js';
import { parseScenario } from '../src/scenarios/parse.js';
import { NAME_FAULT_NAMES, NAME_FAULTS } from '../src/upstream/names/name-faults.js';

const text = readFileSync(new URL('../docs/names.md', import.meta.url), 'utf8');
const rowsBelow = (heading: string): string[] => {
  const table = /^\|[\s\S]*?(?=\n\n)/m.exec(text.slice(text.indexOf(heading)))![0];
  return table.split('\n').slice(2);
};
const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);

describe('docs/names.md', () => {
  it('has a row for every fault of a name, as the code has it', () => {
    const rows = NAME_FAULT_NAMES.map((name) => {
      const { description, clientSees, helps, standsFor } = NAME_FAULTS[name];
      return `| \`${name}\` | ${description} | ${clientSees} | ${helps} | ${standsFor} |`;
    });
    expect(rowsBelow('## In a scenario')).toEqual(rows);
  });

  it('has a row for every key of the section, with its default', () => {
    const rows = rowsBelow('## In the gateway').map((row) => row.split('|').map((cell) => cell.trim()));
    expect(rows.map(([, key]) => key)).toEqual(
      Object.keys(NamesSchema.properties).map((key) => `\`${key}\``),
    );
    const described = Object.values(NamesSchema.properties) as unknown as { description: string }[];
    for (const [index, [, , fallback]] of rows.entries()) {
      expect(described[index]!.description).toContain(fallback!.split(';', 1)[0]!);
    }
  });

  it('has examples that are valid', () => {
    expect(examples).toHaveLength(3);
    const head = 'version: 1\nname: x\ntitle: x\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';
    const fleet = 'fleet: { workers: 4 }\n';
    const [names, section, routes] = examples as [string, string, string];
    expect(parseScenario(head + fleet + names, 'example').variants[0]!.timeline).toHaveLength(3);
    expect(parseGatewayFile(section, 'example').names).toMatchObject({ serveStale: true });
    expect(parseScenario(head + routes, 'example').variants[0]!.timeline).toHaveLength(5);
  });
});
