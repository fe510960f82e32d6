/** Variants at their targets: what is run under which name, what is not run there, and why. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseOverride, parseScenario } from '../../../src/scenarios/parse.js';
import type { Target } from '../../../src/scenarios/targets/choice.js';
import { scenarioAround } from '../../../src/scenarios/targets/imported-scenario.js';
import { IMPORTS } from '../../../src/scenarios/targets/imports.js';
import { besideAt, byTarget, variantInFile } from '../../../src/scenarios/targets/names.js';
import { placeVariants } from '../../../src/scenarios/targets/place.js';
import { PROXIES } from '../../../src/scenarios/targets/proxies.js';
import { type Loss, PROXY_NAMES, type ProxyKind } from '../../../src/scenarios/targets/target.js';

/** One that knows no breaker and does concurrency in its own way. */
const losing: ProxyKind = {
  ...{ name: 'nginx', title: 'Loser', binary: 'loser', version: { args: [], pattern: /x/ } },
  translate: ({ config }) => {
    const losses: Loss[] = [];
    if (config.breaker !== null) losses.push({ path: ['breaker'], text: 'none', degree: 'missing' });
    if (config.concurrency !== null) losses.push({ path: ['concurrency'], text: 'own', degree: 'otherwise' });
    return { files: { 'loser.conf': '' }, losses };
  },
  ...{ args: () => [], checkArgs: () => [], follow: async () => {}, readEvidence: () => [] },
};

const proxyTarget = (own: boolean): Target => ({
  kind: 'proxy',
  program: { proxy: losing, path: '/bin/loser', version: '1' },
  own: own ? { file: 'my.conf', text: '', map: {} } : null,
});

const SCENARIO = `
version: 1
name: placed
title: A
fleet: { workers: 2, slots: 4, serviceTime: { distribution: constant, mean: 10ms } }
gateway: { timeouts: { attempt: 1s }, BASE }
load: { arrivals: constant, stages: [{ rate: 10/s, for: 5s }] }
timeline: [TIMELINE]
variants:
  plain: {}
  breaker: { gateway: { breaker: {} } }
  limit: { gateway: { concurrency: { limit: 3 } } }
`;

const place = (
  targets: readonly Target[],
  { base = 'hashOn: path, balancer: { name: ring-hash }', timeline = '' } = {},
) => {
  const text = SCENARIO.replace('BASE', base).replace('TIMELINE', timeline);
  const { variants } = parseScenario(text, 'placed.yaml');
  const placed = placeVariants(variants, targets);
  return {
    run: placed.variants.map(({ name }) => name),
    skipped: Object.fromEntries(
      placed.skipped.map(({ variant, needed }) => [variant.name, needed.map(({ path }) => path.join('.'))]),
    ),
    variants: placed.variants,
  };
};

describe('variants at targets', () => {
  it('keep their names at one target', () => {
    const { run, skipped } = place([{ kind: 'gateway' }]);
    expect([run, skipped]).toEqual([['plain', 'breaker', 'limit'], {}]);
  });

  it('say their target where there are several, those of one variant beside each other', () => {
    const { run, skipped } = place([{ kind: 'gateway' }, proxyTarget(false)]);
    expect(run).toEqual(['plain@gateway', 'plain@nginx', 'breaker@gateway', 'limit@gateway', 'limit@nginx']);
    expect(skipped).toEqual({ 'breaker@nginx': ['breaker'] });
  });

  it('are called the same whatever is installed, and skipped where nothing is', () => {
    const { variants } = parseScenario(SCENARIO.replace('BASE', '').replace('TIMELINE', ''), 'placed.yaml');
    const placed = placeVariants(variants, [proxyTarget(false)], [{ name: 'envoy', text: 'is not here' }]);
    expect(placed.variants.map(({ name }) => name)).toEqual(['plain@nginx', 'limit@nginx']);
    const told = placed.skipped.map(({ variant, target, needed }) => [variant.name, target, needed[0]!.text]);
    expect(told).toEqual([
      ['plain@envoy', 'envoy', 'is not here'],
      ['breaker@nginx', 'nginx', 'none'],
      ['breaker@envoy', 'envoy', 'is not here'],
      ['limit@envoy', 'envoy', 'is not here'],
    ]);
  });

  it('are not run where what they lay over the scenario is missing', () => {
    expect(place([{ kind: 'naive' }]).skipped).toEqual({ breaker: ['breaker'], limit: ['concurrency'] });
    expect(place([{ kind: 'direct' }]).run).toEqual(['plain']);
    expect(place([{ kind: 'url', origin: 'http://127.0.0.1:80', workersAt: [] }]).run).toEqual(['plain']);
    expect(place([proxyTarget(true)]).run).toEqual(['plain']);
  });

  it('are run where a default of what they lay over it is missing', () => {
    const budget: ProxyKind = {
      ...losing,
      translate: ({ config }) => ({
        files: { 'loser.conf': '' },
        losses:
          config.breaker === null ? [] : [{ path: ['breaker', 'window'], text: 'none', degree: 'missing' }],
      }),
    };
    const target: Target = { kind: 'proxy', program: { proxy: budget, path: '', version: '1' }, own: null };
    expect(place([target]).skipped).toEqual({});
  });

  it('are run where something of the scenario itself is missing, and say so', () => {
    const { run, variants } = place([proxyTarget(false)], { base: 'breaker: {}' });
    expect(run).toEqual(['plain', 'limit']);
    expect(variants[0]!.losses).toEqual([{ path: ['breaker'], text: 'none', degree: 'missing' }]);
  });

  it('have the naive profile at that target', () => {
    expect(place([{ kind: 'naive' }]).variants[0]!.gateway.profile).toBe('naive');
  });

  it.each<[string, Target, string, string[]]>([
    [
      'a push',
      { kind: 'naive' },
      '{ at: 1s, push-config: { breaker: {} }, to: gateway }',
      ['timeline.push-config'],
    ],
    [
      'a push of what it lacks',
      proxyTarget(false),
      '{ at: 1s, push-config: { breaker: {} }, to: gateway }',
      ['timeline.push-config.breaker'],
    ],
    ['a push of what it has', proxyTarget(false), '{ at: 1s, push-config: {}, to: gateway }', []],
    [
      'a push beside an own config',
      proxyTarget(true),
      '{ at: 1s, push-config: {}, to: gateway }',
      ['timeline.push-config'],
    ],
    [
      'a staged push',
      proxyTarget(false),
      '{ at: 1s, push-config: {}, to: gateway, strategy: staged }',
      ['timeline.push-config'],
    ],
    [
      'a push with a smoke test',
      proxyTarget(false),
      '{ at: 1s, push-config: {}, to: gateway, smokeTest: [{ path: / }] }',
      ['timeline.smokeTest'],
    ],
    ['a rollback', proxyTarget(false), '{ at: 1s, rollback-config: {}, to: gateway }', []],
    [
      'a rollback of nobody',
      { kind: 'direct' },
      '{ at: 1s, rollback-config: {}, to: gateway }',
      ['timeline.rollback-config'],
    ],
    ['a killed gateway', proxyTarget(false), '{ at: 1s, disrupt: kill, on: gateway-1, for: 1s }', []],
    [
      'a killed nobody',
      { kind: 'direct' },
      '{ at: 1s, disrupt: kill, on: gateway-1, for: 1s }',
      ['timeline.disrupt'],
    ],
    [
      'a push to workers',
      { kind: 'direct' },
      '{ at: 1s, push-config: { downstream: { service: s, endpoints: [{ name: a, weight: 1 }] } } }',
      [],
    ],
  ])('need for %s what the timeline asks of gateways', (_what, target, timeline, expected) => {
    expect(place([target], { timeline }).skipped.plain ?? []).toEqual(expected);
  });
});

describe('a config of one’s own', () => {
  const deploy = { timeline: '{ at: 1s, deploy: { version: 2, strategy: rolling, drain: 1s } }' };
  const lossesAt = (target: Target): string[] =>
    place([target], deploy).variants[0]!.losses.map(({ path }) => path.join('.'));

  it('cannot be told whom it is to leave alone, unless its proxy can', () => {
    expect(lossesAt(proxyTarget(true))).toContain('timeline.deploy');
    expect(lossesAt(proxyTarget(false))).not.toContain('timeline.deploy');
    const program = { proxy: { ...losing, drainsOwn: true }, path: '', version: '1' };
    const own = { file: 'my.conf', text: '', map: {} };
    expect(lossesAt({ kind: 'proxy', program, own })).not.toContain('timeline.deploy');
  });
});

describe('a scenario without variants', () => {
  const [plain = ''] = SCENARIO.split('variants:');
  const target = proxyTarget(false);

  const skippedFor = (base: string, set: readonly string[] = [], text = plain): string[][] => {
    const overrides = set.map(parseOverride);
    const { variants } = parseScenario(text.replace('BASE', base).replace('TIMELINE', ''), 'placed.yaml', {
      overrides,
    });
    return placeVariants(variants, [target]).skipped.map(({ needed }) =>
      needed.map(({ path }) => path.join('.')),
    );
  };

  it('is for the policies of its section', () => {
    expect(skippedFor('breaker: {}')).toEqual([['breaker']]);
    expect(skippedFor('breaker: { window: 5s }')).toEqual([['breaker']]);
    expect(skippedFor('concurrency: { limit: 3 }')).toEqual([]);
  });

  it('is for what is set from outside, and so is each variant', () => {
    expect(skippedFor('', ['gateway.breaker={}'])).toEqual([['breaker']]);
    expect(skippedFor('', ['gateway={ breaker: { window: 5s } }'])).toEqual([['breaker']]);
    expect(skippedFor('', ['gateway.breaker.window=5s'], SCENARIO)).toEqual([
      ['breaker'],
      ['breaker'],
      ['breaker'],
    ]);
  });

  it.each<[string, Target]>([
    ['nobody', { kind: 'direct' }],
    ['plain reply-from', { kind: 'naive' }],
    ['a gateway that runs already', { kind: 'url', origin: 'http://127.0.0.1:80', workersAt: [] }],
    ['a config of one’s own', proxyTarget(true)],
  ])('may be run with %s in place of the whole section', (_what, other) => {
    const text = plain.replace('BASE', 'breaker: {}').replace('TIMELINE', '');
    const { variants } = parseScenario(text, 'placed.yaml');
    expect(placeVariants(variants, [other]).skipped).toEqual([]);
  });

  it('is not for its health checks, nor for a detail of what it has', () => {
    const poor: ProxyKind = {
      ...losing,
      translate: () => ({
        files: { 'loser.conf': '' },
        losses: [
          { path: ['healthCheck'], text: 'none', degree: 'missing' },
          { path: ['retry', 'backoff'], text: 'none', degree: 'missing' },
        ],
      }),
    };
    const { variants } = parseScenario(
      plain
        .replace('BASE', 'healthCheck: { interval: 1s }, retry: { backoff: { base: 5ms } }')
        .replace('TIMELINE', ''),
      'placed.yaml',
    );
    const at: Target = { kind: 'proxy', program: { proxy: poor, path: '', version: '1' }, own: null };
    expect(placeVariants(variants, [at]).skipped).toEqual([]);
    expect(placeVariants(variants, [at]).variants[0]!.losses).toHaveLength(2);
  });

  it.each([
    ['nginx', 'shop.nginx.conf'],
    ['haproxy', 'shop.haproxy.cfg'],
  ] as const)('runs at %s when its section was imported from there', (name, file) => {
    const { section, servers } = IMPORTS[name](readFileSync(`examples/${file}`, 'utf8'), file);
    const text = scenarioAround('shop', {
      ...{ from: name, source: file, section: stringify({ gateway: section }) },
      ...{ servers: servers.length, paths: [] },
    });
    const program = { proxy: PROXIES[name], path: '', version: '1' };
    const placed = placeVariants(parseScenario(text, 'shop.yaml').variants, [
      { kind: 'proxy', program, own: null },
    ]);
    expect(placed.skipped).toEqual([]);
  });
});

describe('TLS of clients', () => {
  const text = SCENARIO.replace('BASE', '')
    .replace('TIMELINE', '')
    .replace('\nvariants:', '\ntls: on\nvariants:');
  const { variants } = parseScenario(text, 'placed.yaml');
  const [plain] = variants;
  const at = (target: Target): string[] =>
    placeVariants([plain!], [target]).skipped.flatMap(({ needed }) => needed.map((loss) => loss.text));

  it.each(PROXY_NAMES)('is what %s speaks, before it is told the certificate of a run', (name) => {
    const program = { proxy: PROXIES[name], path: '', version: '1' };
    expect(at({ kind: 'proxy', program, own: null })).toEqual([]);
  });

  it('is missing where nobody can be given a certificate', () => {
    expect(at({ kind: 'direct' })).toEqual(['clients speak plain HTTP to no gateway']);
    expect(at({ kind: 'naive' })).toEqual(['clients speak plain HTTP to plain reply-from']);
    expect(at(proxyTarget(true))).toEqual(['my.conf has no place for the certificate of a run']);
  });

  it('is missing at a proxy that says so', () => {
    const deaf: ProxyKind = {
      ...losing,
      translate: ({ config: { listener } }) => ({
        files: { 'loser.conf': '' },
        losses:
          listener.tls === null ? [] : [{ path: ['listener', 'tls'], text: 'plain', degree: 'missing' }],
      }),
    };
    expect(at({ kind: 'proxy', program: { proxy: deaf, path: '', version: '1' }, own: null })).toEqual([
      'plain',
    ]);
  });
});

describe('upstreams of the user’s own', () => {
  it('are checked as they are in the run, by connecting, and the losses are those of that', () => {
    const seen: string[] = [];
    const asked: ProxyKind = {
      ...losing,
      translate: ({ config: { healthCheck } }) => {
        seen.push(healthCheck?.type ?? 'none');
        return { files: { 'loser.conf': '' }, losses: [] };
      },
    };
    const text = SCENARIO.replace('BASE', '')
      .replace('TIMELINE', '')
      .replace(/^fleet: .*$/m, 'fleet: { upstreams: [127.0.0.1:3000] }');
    const program = { proxy: asked, path: '', version: '1' };
    placeVariants([parseScenario(text, 'own.yaml').variants[0]!], [{ kind: 'proxy', program, own: null }]);
    expect(seen).toEqual(['tcp']);
  });
});

describe('a purge', () => {
  it('is one more thing that only the built-in gateway can', () => {
    const purge = { base: 'cache: {}', timeline: '{ at: 1s, purge-cache: {} }' };
    expect(place([proxyTarget(false)], purge).skipped.plain).toEqual(['timeline.purge-cache']);
    expect(place([{ kind: 'gateway' }], purge).skipped).toEqual({});
  });
});

describe('names at targets', () => {
  it('are told apart from those in the file', () => {
    expect(variantInFile('canary@nginx')).toBe('canary');
    expect(variantInFile('canary')).toBe('canary');
    expect(besideAt('canary@nginx', 'plain')).toBe('plain@nginx');
    expect(besideAt('canary', 'plain')).toBe('plain');
  });

  it('are grouped by target', () => {
    const at = (name: string, target?: string) => ({ name, ...(target !== undefined && { target }) });
    const all = [at('a@gateway'), at('a@nginx', 'nginx'), at('b@gateway'), at('b@nginx', 'nginx')];
    expect(byTarget(all)).toEqual([
      [all[0], all[2]],
      [all[1], all[3]],
    ]);
  });
});
