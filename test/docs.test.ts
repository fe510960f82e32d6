/** What the documents say is checked where a machine can: examples, metric names, exit codes, bundled scenarios. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../src/core/errors.js';
import { BALANCERS } from '../src/gateway/balance/balancers.js';
import { GatewaySchema } from '../src/gateway/config.js';
import { parseGatewayFile } from '../src/gateway/config-document.js';
import { INCIDENT_STATES } from '../src/scenarios/incident/status.js';
import { libraryNames, readLibrary } from '../src/scenarios/library.js';
import { METRICS } from '../src/scenarios/metrics/metrics.js';
import { RULE_NAMES } from '../src/scenarios/monitoring/rules.js';
import { parseScenario } from '../src/scenarios/parse.js';
import { MAX_REPLICATIONS } from '../src/scenarios/replications/replications.js';
import { MAX_RUNS } from '../src/scenarios/sweep/parameters.js';
import { ACTIONS } from '../src/scenarios/timeline/timeline.js';
import type { WorkerFault } from '../src/upstream/faults/fault.js';
import { FAULT_PARAMETERS } from '../src/upstream/faults/parameters.js';
import { WORKER_FAULT_NAMES, WORKER_FAULTS } from '../src/upstream/faults/worker-faults.js';

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

/** What a piece of a scenario stands in, where it does not say so itself. */
const AROUND: Readonly<Record<string, string>> = {
  fleet: `fleet:
  workers: 6
  dependencies: { store: { kind: database, pool: 5 }, payments: { kind: third-party } }`,
  load: 'load: { stages: [{ rate: 1/s, for: 1m }] }',
  clients: 'clients: { classes: { web: { share: 50% }, ios: { share: 50% } } }',
};

/** As a scenario, as a piece of one, or as a gateway's config. */
const READINGS: readonly ((block: string, page: string) => unknown)[] = [
  parseScenario,
  (block, page) => {
    const missing = Object.keys(AROUND).filter((key) => !new RegExp(`^${key}:`, 'm').test(block));
    const piece = block.startsWith('- ') ? `timeline:\n${block}` : block;
    const around = missing.map((key) => AROUND[key]).join('\n');
    return parseScenario(`version: 1\nname: x\ntitle: x\n${around}\n${piece}`, page);
  },
  parseGatewayFile,
];

/** YAML that is for other programs. */
const OF_OTHERS = /^scrape_configs:/;

describe('every block of YAML', () => {
  const pages = filesBelow(new URL('../docs', import.meta.url).pathname).filter((file) =>
    file.endsWith('.md'),
  );
  const blocks = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8');
    return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match): [string, string] => [
      `${page.slice(page.lastIndexOf('/docs/') + 1)}:${text.slice(0, match.index).split('\n').length}`,
      match[1]!,
    ]);
  });

  it.each(blocks.filter(([, block]) => !OF_OTHERS.test(block)))('is valid: %s', (where, block) => {
    const problems: string[] = [];
    for (const readBlock of READINGS) {
      try {
        readBlock(block, where);
        return;
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    throw new Error(problems.join('\n'));
  });
});

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

  it('names every action of a timeline', () => {
    const row = /^\| `timeline` \|.*$/m.exec(text)![0];
    expect(ACTIONS.filter((action) => !row.includes(`\`${action}\``))).toEqual([]);
  });

  it.each(libraryNames())('has %s in its table, with its variants and no others', (name) => {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    const variants = parseScenario(readLibrary(name), name).variants.map((variant) => `\`${variant.name}\``);
    expect(row.match(/`[a-z0-9-]+`/g)?.slice(1)).toEqual(variants);
  });

  it('lists the exit codes, and no others', () => {
    const section = text.slice(text.indexOf('## Exit codes'), text.indexOf('## The result'));
    const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    expect(listed.sort((a, b) => a - b)).toEqual(Object.values(EXIT_CODES).sort((a, b) => a - b));
  });
});

describe('docs/incidents.md', () => {
  const text = read('docs/incidents.md');

  it('has every rule that raises alerts in its table, and no others', () => {
    const section = text.slice(text.indexOf('## Alerts'), text.indexOf('| metric |'));
    const named = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]!);
    expect(named).toEqual([...RULE_NAMES]);
  });

  it('has every state of an incident, in order', () => {
    const section = text.slice(text.indexOf('| state |'), text.indexOf('## Cost'));
    const named = [...section.matchAll(/^\| ([A-Z][a-z]+) \|/gm)].map((match) => match[1]!.toLowerCase());
    expect(named).toEqual([...INCIDENT_STATES]);
  });

  it('has examples that are valid', () => {
    const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
    const minimal =
      'version: 1\nname: x\ntitle: x\nfleet: { workers: 2 }\nload: { stages: [{ rate: 1/s, for: 1m }] }\n';
    for (const example of examples) expect(parseScenario(`${minimal}${example}`, 'example').name).toBe('x');
    expect(examples).toHaveLength(2);
  });
});

describe('docs/gateway.md', () => {
  const examples = [...read('docs/gateway.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);

  it.each(examples.map((example) => [example.split('\n', 1)[0]!, example]))(
    'has a valid example: %s',
    (_first, example) => {
      if (example.startsWith('- ')) {
        const scenario = `version: 1\nname: x\ntitle: x\nfleet: { workers: 2 }\nload: { stages: [{ rate: 1/s, for: 1m }] }\ntimeline:\n${example}`;
        expect(parseScenario(scenario, 'example').variants[0]!.timeline.length).toBeGreaterThan(0);
      } else expect(parseGatewayFile(example, 'example').processes).toBe(1);
    },
  );

  it('names every key of the gateway section, and every balancer', () => {
    const text = read('docs/gateway.md');
    const missing = [...Object.keys(GatewaySchema.properties), ...Object.keys(BALANCERS)].filter(
      (key) => !new RegExp(`\\b${key}\\b`).test(text),
    );
    expect(missing).toEqual([]);
  });
});

describe('docs/faults.md', () => {
  const text = read('docs/faults.md');
  const rowsOf = (heading: string): string[] => {
    const section = text.slice(text.indexOf(`## ${heading}`));
    const table = /^\|[\s\S]*?(?=\n\n)/m.exec(section)![0];
    return table.split('\n').slice(2);
  };
  const given = ([name, value]: [string, unknown]): string => {
    if (value === null) return `\`${name}\``;
    return `\`${name}: ${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}\``;
  };
  const LASTS = { moment: 'a moment', bounded: '`for`, which it needs', span: '' };
  const lastsText = ({ lasts, survivesRestart }: WorkerFault): string =>
    LASTS[lasts] || (survivesRestart ? 'until healed, through restarts' : 'until healed or restarted');

  it('has a row for every fault, as the code has it', () => {
    const rows = WORKER_FAULT_NAMES.map((name) => {
      const fault = WORKER_FAULTS[name];
      const takes = Object.entries(fault.takes).map(given).join(', ') || 'none';
      const { description, clientSees, standsFor } = fault;
      return `| \`${name}\` | ${takes} | ${lastsText(fault)} | ${description} | ${clientSees} | ${standsFor} |`;
    });
    expect(rowsOf('Every fault')).toEqual(rows);
  });

  it('has a row for every parameter, as the code has it', () => {
    const rows = Object.entries(FAULT_PARAMETERS).map(
      ([name, { schema }]) => `| \`${name}\` | ${(schema as { description?: string }).description} |`,
    );
    expect(rowsOf('Parameters')).toEqual(rows);
  });

  it('has a timeline that is valid', () => {
    const entries = /```yaml\n([\s\S]*?)```/.exec(text)![1]!;
    const scenario = `version: 1\nname: x\ntitle: x\nfleet: { workers: 4 }\nload: { stages: [{ rate: 1/s, for: 1m }] }\n${entries}`;
    expect(parseScenario(scenario, 'example').variants[0]!.timeline.length).toBeGreaterThan(4);
  });
});

describe('docs/adding-a-fault.md', () => {
  const text = read('docs/adding-a-fault.md');

  it('walks through the code as it is', () => {
    const [example] = /```ts\n([\s\S]*?)```/.exec(text)!.slice(1);
    expect(read('src/upstream/faults/slow.ts')).toContain(example);
  });

  it('names files that there are', () => {
    for (const [, file] of text.matchAll(/`((?:src|test)\/[a-z/.-]+\.ts)`/g))
      expect(() => read(file!)).not.toThrow();
  });
});

describe('docs/clients.md', () => {
  const [classes, ...others] = [...read('docs/clients.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    (match) => match[1]!,
  );

  it.each(others.map((example) => [example.split('\n').slice(0, 2).join(' '), example]))(
    'has a valid example: %s',
    (_first, example) => {
      const load = /^load:/m.test(example) ? '' : 'load: { stages: [{ rate: 1/s, for: 1m }] }\n';
      const scenario = `version: 1\nname: x\ntitle: x\nfleet: { workers: 2 }\n${load}${classes}${example}`;
      expect(parseScenario(scenario, 'example').variants[0]!.clients).toHaveLength(3);
    },
  );
});

describe('docs/sweep.md', () => {
  const text = read('docs/sweep.md');

  it('sweeps an example that there is, and shows variants that it has', () => {
    const [, file] = /badgateway sweep (examples\/[a-z-]+\.yaml)/.exec(text)!;
    const { variants } = parseScenario(read(file!), file!, { engine: 'virtual' });
    const shown = [...text.matchAll(/^([a-z-]+)\n +load\.scale$/gm)].map((match) => match[1]!);
    expect(shown.length).toBeGreaterThan(4);
    expect(variants.map(({ name }) => name)).toEqual(expect.arrayContaining(shown));
  });

  it('says the limits as they are', () => {
    expect(text).toContain(`at most ${MAX_RUNS.toLocaleString('en')} runs`);
    expect(text).toContain(`At most ${MAX_REPLICATIONS.toLocaleString('en')} replications`);
  });
});

describe('docs/policies.md', () => {
  const text = read('docs/policies.md');

  it('quotes only tests that there are', () => {
    const tests = filesBelow(new URL('.', import.meta.url).pathname)
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const quoted = [...text.matchAll(/"([^"]+)"/g)].map((match) => match[1]!);
    expect(quoted.length).toBeGreaterThan(30);
    expect(quoted.filter((title) => !tests.includes(title))).toEqual([]);
  });

  it('names only scenarios and variants that there are', () => {
    for (const [, name, variant] of text.matchAll(/`([a-z0-9-]+)`, variant `([a-z-]+)`/g)) {
      const { variants } = parseScenario(readLibrary(name!), name!);
      expect(variants.map((one) => one.name)).toContain(variant);
    }
  });
});

describe('README.md', () => {
  it('names in its table only scenarios and variants that there are', () => {
    const rows = [...read('README.md').matchAll(/^\| `([a-z0-9-]+)` \|(.*)\|$/gm)].filter(([, name]) =>
      libraryNames().includes(name!),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const [, name, row] of rows) {
      const variants = parseScenario(readLibrary(name!), name!).variants.map((variant) => variant.name);
      const named = [...row!.matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1]!);
      expect(named.filter((variant) => !variants.includes(variant))).toEqual([]);
    }
  });
});
