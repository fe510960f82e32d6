/** `examples/observability` and docs/observability.md name what there is: metrics of a real gateway, and rules that work. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { Reaper } from '../../src/core/reaper.js';
import { resolveGatewayConfig } from '../../src/gateway/config.js';
import { GatewayChild } from '../../src/gateway/gateway-child.js';
import { buildControl } from '../../src/scenarios/control/control.js';
import type { Stage } from '../../src/scenarios/timeline/perform.js';
import { ask } from '../support/gateway.js';
import { fleetOfTwo, hasPromtool, metricNames, promtool } from '../support/promtool.js';
import { freePort } from '../support/upstream.js';

const FOLDER = new URL('../../examples/observability/', import.meta.url).pathname;
const read = (file: string): string => readFileSync(`${FOLDER}${file}`, 'utf8');
const document = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');

/** Of a gateway in a process of its own. */
const scrapeGateway = async (): Promise<string> => {
  const reaper = new Reaper();
  const child = new GatewayChild({
    argument: {
      config: resolveGatewayConfig({ healthCheck: 'off', globalConcurrency: { limit: 10 } }),
      upstreams: [{ id: 'upstream-1', host: '127.0.0.1', port: await freePort() }],
      ...{ host: '127.0.0.1', port: 0, adminPort: 0, seed: 1 },
    },
    reaper,
    onReport: () => {},
  });
  try {
    const { port, adminPort } = await child.ready;
    await ask(port);
    return (await ask(adminPort, { path: '/metrics' })).body;
  } finally {
    await child.stop(1_000);
    await reaper.stop();
  }
};

/** Of the control API of a run with two workers. */
const scrapeControl = async (): Promise<string> => {
  const world = { fleet: fleetOfTwo, scope: { own: true, workers: [], gateway: {} } };
  const app = buildControl({ world, delivery: null, orders: null } as unknown as Stage);
  const { headers, body } = await app.inject({ method: 'GET', url: '/metrics' });
  expect(headers['content-type']).toContain('version=0.0.4');
  await app.close();
  return body;
};

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

const rules = (parse(read('rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

/** Every value of a key, wherever it is. */
const valuesOf = (value: unknown, key: string): string[] => {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === 'string' ? [inner] : valuesOf(inner, key),
  );
};

interface Panel {
  readonly id: number;
  /** On a grid that is 24 wide. */
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const dashboard: unknown = JSON.parse(read('dashboard.json'));
const INTERVAL = /\$__rate_interval/g;
const panelExpressions = valuesOf(dashboard, 'expr').map((expr) => expr.replace(INTERVAL, '5m'));
const variableQueries = valuesOf(dashboard, 'definition');

/** Names of metrics in an expression; what is in quotes is none. */
const namesIn = (expression: string): string[] =>
  [
    ...expression.replace(/"[^"]*"/g, '').matchAll(/\b(?:badgateway|process|nodejs)_\w+\b|\b\w+:\w+:\w+\b/g),
  ].map(([name]) => name);

const rowsOf = (text: string): string[] =>
  [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)]
    .map(([, name, help, type]) => `| \`${name}\` | ${type} | ${help} |`)
    .sort();

const tableBelow = (heading: string): string[] => {
  const table = /^\|[\s\S]*?(?=\n\n)/m.exec(document.slice(document.indexOf(heading)))![0];
  return table.split('\n').slice(2);
};

describe('what is documented and shipped for Prometheus and Grafana', () => {
  let ofGateway = '';
  let ofWorkers = '';

  beforeAll(async () => {
    ofGateway = await scrapeGateway();
    ofWorkers = await scrapeControl();
  });

  it('docs/observability.md has every metric, as it says of itself', () => {
    expect(tableBelow('### Of the gateway')).toEqual(rowsOf(ofGateway));
    expect(tableBelow('### Of the workers')).toEqual(rowsOf(ofWorkers));
  });

  it('rules and dashboard name metrics that are exported, or recorded by the rules', () => {
    const recorded = rules.flatMap(({ record }) => record ?? []);
    const known = new Set([...metricNames(ofGateway), ...metricNames(ofWorkers), ...recorded]);
    const expressions = [...rules.map(({ expr }) => expr), ...panelExpressions, ...variableQueries];
    expect(expressions.length).toBeGreaterThan(50);
    const unknown = expressions.flatMap((expr) => namesIn(expr).filter((name) => !known.has(name)));
    expect(unknown).toEqual([]);
    expect(expressions.filter((expr) => namesIn(expr).length === 0)).toEqual([]);
  });

  it('the dashboard’s panels have numbers of their own, and none lies on another', () => {
    const { panels } = dashboard as { panels: Panel[] };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  it('docs/observability.md has every alert', () => {
    const alerts = rules.flatMap(({ alert }) => alert ?? []);
    const rows = tableBelow('## Rules and alerts').map((row) => row.split('|')[1]!.trim());
    expect(rows).toEqual(alerts.map((alert) => `\`${alert}\``));
  });
});

describe.skipIf(!hasPromtool)('promtool (needs Debian’s prometheus)', () => {
  it('accepts the rules', async () => {
    const { code, output } = await promtool(['check', 'rules', `${FOLDER}rules.yml`]);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') });
  });

  it('finds that every alert fires when it should, and only then', async () => {
    const { code, output } = await promtool(['test', 'rules', `${FOLDER}rules.test.yml`]);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') });
    const tested = new Set(valuesOf(parse(read('rules.test.yml')), 'alertname'));
    expect([...tested].sort()).toEqual(rules.flatMap(({ alert }) => alert ?? []).sort());
  });

  it('accepts every expression of the dashboard', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'badgateway-promtool-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'dashboard.json');
    const asRules = panelExpressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asRules }] }));
    const { code, output } = await promtool(['check', 'rules', file]);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('SUCCESS') });
  });
});
