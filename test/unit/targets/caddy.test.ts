/** Caddy's words, whole translations, and logs: what needs no Caddy. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewaySection } from '../../../src/gateway/config.js';
import { caddy } from '../../../src/scenarios/targets/caddy/caddy.js';
import { goDuration, pathExpression, quoted } from '../../../src/scenarios/targets/caddy/words.js';
import { goExpression } from '../../../src/scenarios/targets/go-expressions.js';
import { isInSchema, randomSections, siteAt, stateOf } from '../../support/targets.js';

const textOf = (section: GatewaySection, purpose: 'run' | 'export' = 'export'): string =>
  caddy.translate(stateOf(section), siteAt({ purpose })).files.Caddyfile ?? '';

const lossesOf = (section: GatewaySection): string[] =>
  caddy.translate(stateOf(section), siteAt()).losses.map(({ path, degree }) => `${path.join('.')} ${degree}`);

describe('words of a Caddyfile', () => {
  it.each([
    [1_000, '1s'],
    [90_000, '90s'],
    [1_500, '1500ms'],
    [0.25, '0.25ms'],
    [0, '0.001ms'],
  ])('writes %s ms as %s', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });

  it.each([
    ['plain/path-1.pem', 'plain/path-1.pem'],
    ['two words', '`two words`'],
    ['a "quoted" one', '`a "quoted" one`'],
    ['a ` and a "', '"a ` and a \\""'],
    ['ends with ` and \\', '"ends with ` and "'],
  ])('quotes %s', (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it.each([
    ['/api', '^/api(/|$)'],
    ['/api/', '^/api/'],
    ['/a.b', '^/a\\.b(/|$)'],
    ['/{x}`', '^/\\x{7b}x\\x{7d}\\x{60}(/|$)'],
    ['/%7Bx', '^/\\x{7b}x(/|$)'],
    ['/%zz', '^/\\x{25}zz(/|$)'],
  ])('fits paths below %s', (path, expected) => {
    expect(pathExpression(path)).toBe(expected);
  });

  it.each([
    ['<script', '<script'],
    ['a{2,3}', 'a{2,3}'],
    ['{path}', '\\{path\\}'],
    ['(?<year>\\d{4})', '(?P<year>\\d{4})'],
    ['[[`]', '[\\[\\x60]'],
    ['\\/\\.\\-', '\\/\\.\\-'],
    ['\\u00e9|\\xff', '\\x{00e9}|\\x{ff}'],
    ['a(?=b)', null],
    ['(?<!a)b', null],
    ['(a)\\1', null],
    ['[^]', null],
    ['(a{100}){100}', null],
    ['\\p{L}', null],
  ])('writes the expression %s in the syntax of Go', (pattern, expected) => {
    expect(goExpression(pattern)).toBe(expected);
  });

  it('takes small letters for capitals where it is told', () => {
    expect(goExpression('bot', true)).toBe('(?i)bot');
  });
});

describe('a check by a connection alone', () => {
  it('is none: a path that nobody serves would take every upstream out', () => {
    expect(textOf({ healthCheck: { type: 'http' } })).toContain('health_uri /healthz');
    expect(textOf({ healthCheck: { type: 'tcp' } })).not.toContain('health_');
  });
});

/** Each key by itself, and what is lost of it: everything else is said. */
const LOSSES: readonly (readonly [section: GatewaySection, losses: readonly string[]])[] = [
  [{}, []],
  [{ healthCheck: { rise: 2 } }, ['healthCheck otherwise']],
  [{ healthCheck: { type: 'tcp' } }, ['healthCheck missing']],
  [{ deadlineHeader: 'x-left' }, ['deadlineHeader otherwise']],
  [{ balancer: 'p2c' }, []],
  [
    { balancer: 'least-requests', upstreams: { 'worker-1': { weight: 3 } } },
    [
      'upstreams.worker-1.weight otherwise',
      'upstreams.worker-2.weight otherwise',
      'upstreams.worker-3.weight otherwise',
    ],
  ],
  [{ balancer: 'prequal' }, ['balancer missing']],
  [
    { balancer: { name: 'maglev', boundedLoad: '125%' } },
    ['balancer.boundedLoad missing', 'balancer otherwise'],
  ],
  [{ upstreams: { 'worker-1': { priority: 1 } } }, ['priorities otherwise']],
  [{ timeouts: { body: '1s' } }, ['timeouts.body otherwise']],
  [{ concurrency: { limit: 3 } }, []],
  [{ concurrency: { limit: 3, queue: 2 } }, ['concurrency.queue missing']],
  [{ concurrency: { adaptive: { algorithm: 'vegas' } } }, ['concurrency.adaptive missing']],
  [{ outlierEjection: {} }, ['outlierEjection otherwise']],
  [{ outlierEjection: { consecutive5xx: 'off' } }, ['outlierEjection missing']],
  [
    { retry: { budget: { type: 'unlimited' } } },
    ['retry.on otherwise', 'retry otherwise', 'timeouts.request otherwise'],
  ],
  [
    { breaker: {}, hedge: {}, rateLimit: { rate: '1/s' }, cache: {}, admission: {}, criticality: {} },
    [
      'admission missing',
      'criticality missing',
      'breaker missing',
      'hedge missing',
      'rateLimit missing',
      'cache missing',
    ],
  ],
  [{ routes: [{ path: '/', concurrency: 3 }] }, ['routes.0.concurrency missing']],
  [{ rules: [{ action: 'block' }, { action: 'log' }] }, ['rules.1 missing']],
  [{ rules: [{ pattern: '(?=a)', action: 'block' }] }, ['rules.0 missing']],
  [{ rules: [{ headers: { a: 'x*' }, action: 'block' }] }, ['rules.0.headers.a otherwise']],
  [
    { listener: { sendTimeout: '1s', forwarded: 'both' } },
    ['listener.sendTimeout missing', 'listener.forwarded missing'],
  ],
];

describe('a section in Caddy’s words', () => {
  const quiet: GatewaySection = { healthCheck: 'off', deadlineHeader: 'off' };

  it.each(LOSSES)('%j loses %j', (section, losses) => {
    expect(lossesOf({ ...quiet, ...section })).toEqual(losses);
  });

  it.each([
    [
      'outage',
      { retry: { attempts: 3 }, timeouts: { attempt: '2s' }, outlierEjection: { baseEjection: '10s' } },
    ],
    [
      'routes',
      {
        balancer: 'weighted-round-robin',
        pools: { api: { upstreams: ['worker-1', 'worker-2'] }, empty: { upstreams: [] } },
        upstreams: { 'worker-1': { weight: 3 }, 'worker-2': { priority: 1 } },
        routes: [
          { path: '/', name: 'all else' },
          { path: '/api', pool: 'api', methods: ['GET'], timeout: '1s' },
          { path: '/nobody', pool: 'empty' },
        ],
        rules: [{ name: 'scripts', pattern: '<script', action: 'block' }],
      },
    ],
  ] as readonly (readonly [string, GatewaySection])[])('is, as a whole: %s', async (name, section) => {
    await expect(textOf(section, name === 'outage' ? 'run' : 'export')).toMatchFileSnapshot(
      `../../fixtures/targets/caddy/${name}.Caddyfile`,
    );
  });

  it('never fails, and loses only what there is', () => {
    fc.assert(
      fc.property(randomSections, fc.constantFrom('run', 'export'), (section, purpose) => {
        const { files, losses } = caddy.translate(stateOf(section), siteAt({ purpose }));
        for (const { path, text } of losses) {
          expect(isInSchema(path), path.join('.')).toBe(true);
          expect(text).not.toMatch(/\.$/);
        }
        const text = files.Caddyfile ?? '';
        expect(text.match(/\{$/gm)?.length).toBe(text.match(/^\t*\}$/gm)?.length);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a run nothing to write outside of its folder', () => {
    const text = textOf({}, 'run');
    expect([...text.matchAll(/(?:file|file_system) (\S+)/g)].map(([, path]) => path)).toEqual([
      '/tmp/run/storage',
      '/tmp/run/error.log',
      '/tmp/run/access.log',
    ]);
  });
});

describe('evidence in Caddy’s logs', () => {
  const LOGS: Readonly<Record<string, string>> = Object.fromEntries(
    ['access.log', 'error.log'].map((name) => [
      name,
      readFileSync(
        new URL(`../../fixtures/targets/caddy/${name.replace('.log', '.jsonl')}`, import.meta.url),
        'utf8',
      ),
    ]),
  );
  const read = (name: string): string => LOGS[name] ?? '';
  const textFor = (rayId: string): string | undefined => caddy.readEvidence(read, new Set([rayId]))[0]?.text;

  it.each([
    ['68c70e1bf22616d6', /^504: no header of an answer in time .*, upstream 127\.0\.0\.1:9553$/],
    ['1bd75b357b44d5c5', /^502: the upstream reset the connection /],
    ['30da42e0ec7ee8c0', /^502: a second attempt had no body to send any more/],
    ['1a827ae3bc69779b', /^404: Caddy refused it itself$/],
    ['442650c5ee4c1f96', /^200: the upstream’s own answer, passed on$/],
    ['350b094514e9e7ac', /^the client left before there was an answer$/],
  ])('explains %s', (rayId, expected) => {
    expect(textFor(rayId)).toMatch(expected);
  });

  it('knows nothing of others, nor of a log that is cut or not there', () => {
    expect(textFor('0000000000000000')).toBeUndefined();
    expect(caddy.readEvidence(() => '', new Set(['68c70e1bf22616d6']))).toEqual([]);
    expect(caddy.readEvidence(() => '{"msg":"handled requ', new Set(['68c70e1bf22616d6']))).toEqual([]);
  });
});
