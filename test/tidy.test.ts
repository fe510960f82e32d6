/** The rules of the house, checked: who may import whom, and where time, chance and processes come from. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;
const SRC = join(ROOT, 'src');

const filesBelow = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });

interface Source {
  /** Relative to `src/`. */
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: Source[] = filesBelow(SRC)
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(path, 'utf8');
    const imports = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
    return { file: relative(SRC, path), text, imports };
  });

/** Code without comments, so that prose may name what code may not use. */
const codeOf = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

const areaOf = (file: string): string => (file.includes('/') ? file.split('/')[0]! : 'top');

/** What each area may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  policies: ['core'],
  delivery: ['core'],
  gateway: ['core', 'policies', 'delivery'],
  upstream: ['core', 'policies', 'delivery'],
  scenarios: ['core', 'policies', 'delivery', 'gateway', 'upstream'],
  web: ['core', 'scenarios'],
  bench: ['core'],
  cli: ['core', 'policies', 'delivery', 'gateway', 'upstream', 'scenarios', 'web', 'bench'],
  top: ['core', 'policies', 'delivery', 'gateway', 'upstream', 'scenarios', 'web', 'bench', 'cli'],
};

describe('imports', () => {
  it('finds the sources', () => {
    expect(sources.length).toBeGreaterThan(40);
  });

  it('go in one direction between areas', () => {
    const wrong = sources.flatMap(({ file, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => normalize(join(dirname(file), specifier)))
        .filter((target) => areaOf(target) !== areaOf(file))
        .filter((target) => !MAY_IMPORT[areaOf(file)]?.includes(areaOf(target)))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
    'node:child_process': ['core/child.ts', 'core/program.ts', 'core/reaper.ts'],
    autocannon: ['bench/load-process.ts'],
    'node:cluster': ['gateway/cluster.ts'],
    undici: [
      'gateway/transport/transport.ts',
      'gateway/transport/connections.ts',
      'gateway/transport/connector.ts',
      'gateway/transport/exchange.ts',
      'scenarios/clients/sender.ts',
    ],
    opossum: ['policies/breaker.ts'],
    'p-queue': ['policies/concurrency.ts'],
    '@fastify/reply-from': ['gateway/server.ts', 'gateway/naive.ts'],
    '@fastify/swagger': ['gateway/admin.ts'],
    '@opentelemetry/api': ['gateway/tracing/otlp-tracing.ts', 'gateway/tracing/request-trace.ts'],
    '@opentelemetry/resources': ['gateway/tracing/otlp-tracing.ts'],
    '@opentelemetry/sdk-trace-base': ['gateway/tracing/otlp-tracing.ts', 'gateway/tracing/span-queue.ts'],
    '@opentelemetry/exporter-trace-otlp-http': ['gateway/tracing/otlp-tracing.ts'],
    'node-forge': ['scenarios/front/certificates.ts'],
    typebox: ['core/schema.ts', 'core/validate.ts'],
    'typebox/compile': ['core/validate.ts'],
  };

  it.each(Object.entries(ONLY_IN))('of %s are in the files named for it', (specifier, allowed) => {
    const found = sources.filter(({ imports }) => imports.includes(specifier)).map(({ file }) => file);
    expect(found.filter((file) => !allowed.includes(file))).toEqual([]);
  });
});

/** The wall clock, timers and chance, by whatever name. */
/** The clock of the machine, what puts another in its place, and what has to know how long that may take. */
const TIME = ['core/clock.ts', 'core/virtual-globals.ts', 'core/virtual-drive.ts'];

const BANNED: readonly (readonly [name: string, pattern: RegExp, allowed: readonly string[]])[] = [
  ['Math.random', /\bMath\.random\b/, []],
  ['Date.now', /\bDate\.now\b/, []],
  ['new Date() of now', /\bnew Date\(\)/, []],
  ['performance.now', /\bperformance\.(now|timeOrigin)\b/, TIME],
  ['process.hrtime', /\bprocess\.hrtime\b/, []],
  ['timers', /\b(setTimeout|setInterval|setImmediate)\s*\(/, ['core/clock.ts']],
  ['timer modules', /'(node:)?timers(\/promises)?'/, []],
  ['AbortSignal.timeout', /\bAbortSignal\.timeout\b/, []],
  ['node:crypto', /'(node:)?crypto'/, []],
];

describe('time and chance', () => {
  it.each(BANNED)('%s appears only where it belongs', (_name, pattern, allowed) => {
    const found = sources.filter(({ text }) => pattern.test(codeOf(text))).map(({ file }) => file);
    expect(found.filter((file) => !allowed.includes(file))).toEqual([]);
  });
});

describe('sources', () => {
  it('are at most 400 lines long', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 400).map(({ file }) => file);
    expect(long).toEqual([]);
  });

  it('begin with what they are for', () => {
    const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ file }) => file);
    expect(bare).toEqual([]);
  });

  it('hold nothing left over', () => {
    const left = sources.filter(({ text }) => /\b(TODO|FIXME|XXX)\b/.test(text)).map(({ file }) => file);
    expect(left).toEqual([]);
  });
});

describe('the lock file', () => {
  it('holds no download addresses', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
