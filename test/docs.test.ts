/** What the documents say is checked where a machine can: examples, metric names, exit codes, bundled scenarios. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../src/core/errors.js';
import { libraryNames, readLibrary } from '../src/scenarios/library.js';
import { METRICS } from '../src/scenarios/metrics.js';
import { parseScenario } from '../src/scenarios/parse.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('docs/scenarios.md', () => {
  const text = read('docs/scenarios.md');

  it('has an example that is a valid scenario', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
    expect(parseScenario(example, 'example').name).toBe('two-workers');
  });

  it('names every metric', () => {
    const names = [...text.matchAll(/`([a-z._0-9-]+)`/g)].map((match) => match[1]!);
    const missing = METRICS.filter(({ pattern }) => !names.some((name) => pattern.test(name)));
    expect(missing.map(({ example }) => example)).toEqual([]);
  });

  it('lists the exit codes, and no others', () => {
    const section = text.slice(text.indexOf('## Exit codes'), text.indexOf('## The result'));
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    expect(listed.sort((a, b) => a - b)).toEqual(Object.values(EXIT_CODES).sort((a, b) => a - b));
  });
});

describe('README.md', () => {
  it('has every bundled scenario in its table, with its variants', () => {
    const text = read('README.md');
    for (const name of libraryNames()) {
      const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
      for (const variant of parseScenario(readLibrary(name), name).variants) {
        expect(row).toContain(`\`${variant.name}\``);
      }
    }
  });
});
