/** `envoy.yaml` read back: what it says, what became of each line, and what was exported comes back. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProblems } from '../../../src/core/validate.js';
import { findContradictions } from '../../../src/gateway/config/check.js';
import {
  type GatewayConfig,
  GatewaySchema,
  type GatewaySection,
  resolveGatewayConfig,
} from '../../../src/gateway/config.js';
import { envoy } from '../../../src/scenarios/targets/envoy/envoy.js';
import { importEnvoy } from '../../../src/scenarios/targets/envoy/import/import.js';
import type { Imported } from '../../../src/scenarios/targets/imported.js';
import type { ProxyState } from '../../../src/scenarios/targets/target.js';
import { randomSections, siteAt, stateOf } from '../../support/targets.js';

const exported = (state: ProxyState): string =>
  envoy.translate(state, siteAt({ purpose: 'export' })).files['envoy.yaml'] ?? '';

const importText = (text: string): Imported => importEnvoy(text, 'envoy.yaml');

const shop = importText(
  readFileSync(new URL('../../fixtures/targets/envoy/shop.yaml', import.meta.url), 'utf8'),
);

describe('a shop’s envoy.yaml', () => {
  it('is this section', () => {
    expect(shop.section).toEqual({
      listener: { maxHeaders: '60KiB', keepAlive: '60s', headerTimeout: '5s' },
      deadlineHeader: 'x-envoy-expected-rq-timeout-ms',
      statusDialect: 'envoy',
      timeouts: { request: '86400s', attempt: '1s', body: '120s', connect: '250ms' },
      retry: {
        attempts: 3,
        on: ['connect-failure', 'reset', 'timeout', 'protocol-error'],
        backoff: { base: '10ms', max: '100ms' },
        budget: { type: 'concurrent', ratio: '0%', minConcurrent: 5 },
      },
      balancer: 'p2c',
      priorities: { panicThreshold: '50%' },
      healthCheck: {
        type: 'http',
        path: '/ready',
        interval: '5s',
        jitter: '0%',
        timeout: '1s',
        rise: 1,
        fall: 2,
      },
      outlierEjection: {
        consecutive5xx: { failures: 3, enforced: '100%' },
        baseEjection: '10s',
        maxEjected: '50%',
      },
      maxConnections: 100,
      concurrency: { limit: 30 },
      upstreams: { 'worker-3': { priority: 1 } },
      pools: {
        api: { upstreams: ['worker-1', 'worker-2', 'worker-3'] },
        assets: { upstreams: ['worker-4'] },
      },
      routes: [
        { path: '/api/', pool: 'api', timeout: '3s' },
        { path: '/assets', methods: ['GET'], pool: 'assets', timeout: '15s', retry: 'off' },
        { path: '/', pool: 'api', retry: 'off' },
      ],
    });
  });

  it('names its servers', () => {
    expect(shop.servers.map(({ id, address }) => `${id} ${address}`)).toEqual([
      'worker-1 api-1:80',
      'worker-2 api-2:80',
      'worker-3 10.0.0.9:8080',
      'worker-4 10.0.1.1:80',
    ]);
  });

  it.each([
    ['admin: {"address"', 'ignored', 'does not change'],
    ['generate_request_id: true', 'ignored', 'how a request is read'],
    ['stream_idle_timeout: 120s', 'understood', 'timeouts.body: 120s'],
    ['add_user_agent: true', 'lost', 'the section has no words for'],
    ['- {"name":"envoy.filters.http.fault"', 'lost', 'no words for this filter'],
    ['retry_on: ', 'nearly', 'without x-made-up'],
    ['prefix: /assets', 'nearly', 'by whole segments'],
    ['timeout: 0s', 'nearly', 'a day'],
    ['- {"match":{"safe_regex"', 'lost', 'no expressions'],
    ['- {"match":{"prefix":"/late"}', 'lost', 'never reached: the route / before it'],
    ['- {"name":"old"', 'lost', 'one virtual host is read'],
    ['max_connections: 300', 'nearly', 'maxConnections: 100'],
    ['max_retries: 5', 'understood', 'retry.budget'],
    ['- {"name":"backup"', 'ignored', 'no route leads to it'],
  ])('says what became of %s', (text, fate, note) => {
    const found = shop.lines.filter((line) => line.text.startsWith(text));
    expect(found.length, text).toBeGreaterThan(0);
    expect(found[0]).toMatchObject({ fate, note: expect.stringContaining(note) });
  });

  it('has every line in the order of the file, where it stands there', () => {
    const lines = shop.lines.map(({ line }) => line);
    expect(lines).toEqual([...lines].sort((left, right) => left - right));
    expect(shop.lines.find(({ text }) => text === 'path: /ready')?.line).toBe(77);
  });
});

describe('what is no config of Envoy’s', () => {
  it.each([
    ['a: [', /envoy\.yaml:\d+:\d+: /],
    ['', /there are no static_resources/],
    ['dynamic_resources: {}', /envoy\.yaml:1:1: there are no static_resources/],
  ])('refuses %j', (text, message) => {
    expect(() => importText(text)).toThrow(message);
  });

  it.each([
    'static_resources: {}',
    'static_resources: { listeners: [1, {}], clusters: text }',
    'static_resources: 5',
  ])('finds nothing in %s, and says so', (text) => {
    const { section, servers } = importText(text);
    expect([section, servers]).toEqual([{}, []]);
  });
});

/** Sections of which Envoy loses nothing, and what of them has to come back. */
const LOSSLESS: readonly (readonly [section: GatewaySection, keys: readonly (keyof GatewayConfig)[]])[] = [
  [
    { timeouts: { connect: '250ms', attempt: '2s', request: '6s', body: '1m' } },
    ['connectTimeoutMs', 'attemptTimeoutMs', 'requestTimeoutMs', 'bodyTimeoutMs'],
  ],
  [
    {},
    [
      'connectTimeoutMs',
      'attemptTimeoutMs',
      'requestTimeoutMs',
      'bodyTimeoutMs',
      'healthCheck',
      'priorities',
    ],
  ],
  [
    { healthCheck: { path: '/ready', interval: '500ms', timeout: '50ms', rise: 1, fall: 5 } },
    ['healthCheck'],
  ],
  [{ healthCheck: { type: 'tcp', jitter: '0%' } }, ['healthCheck']],
  [{ healthCheck: 'off' }, ['healthCheck']],
  [{ outlierEjection: {} }, ['outlierEjection']],
  [
    {
      outlierEjection: {
        ...{ consecutive5xx: 'off', consecutiveGatewayFailures: { failures: 3 }, splitLocalOrigin: true },
        ...{ successRate: { deviations: 1.5, minHosts: 3 }, failureRatio: { threshold: '60%' } },
        ...{ interval: '2s', baseEjection: '5s', maxEjection: '1m', jitter: '100ms', maxEjected: '40%' },
        healthCheckUnejects: false,
      },
    },
    ['outlierEjection'],
  ],
  [{ retry: { attempts: 4, on: ['5xx', 'connect-failure'], statuses: [418] } }, ['retry']],
  [{ retry: { budget: { type: 'unlimited' }, retryAfter: { max: '10s' } } }, []],
  [{ retry: { on: ['gateway-error'], budget: { ratio: '10%', minConcurrent: 1 } } }, ['retry']],
  [{ balancer: 'p2c' }, ['balancer']],
  [{ balancer: 'random' }, ['balancer']],
  [
    { balancer: { name: 'ring-hash', minRingSize: 4096, boundedLoad: '125%' }, hashOn: 'path' },
    ['hashOn', 'balancer'],
  ],
  [{ balancer: { name: 'maglev', tableSize: 251 }, hashOn: 'cookie:user' }, ['hashOn', 'balancer']],
  [{ balancer: { name: 'maglev', tableSize: 65537 }, hashOn: 'client' }, ['hashOn', 'balancer']],
  [
    {
      balancer: 'weighted-round-robin',
      upstreams: { 'worker-2': { weight: 3 } },
      slowStart: { window: '9s' },
    },
    ['balancer', 'slowStart', 'upstreams'],
  ],
  [
    {
      upstreams: { 'worker-3': { priority: 1 } },
      priorities: { panicThreshold: '30%', overprovisioning: '200%' },
    },
    ['priorities', 'upstreams'],
  ],
  [{ maxConnections: 1024, keepAlive: 'off' }, ['maxConnections', 'keepAlive']],
  [{ globalConcurrency: { limit: 30 } }, ['globalConcurrency']],
  [{ globalConcurrency: { adaptive: { algorithm: 'gradient', min: 4, max: 90, buffer: '10%' } } }, []],
  [{ admission: { formula: 'sre', k: 1.5, window: '1m' } }, ['admission']],
  [{ admission: { formula: 'envoy', threshold: '90%', minRate: '5/s' } }, ['admission']],
  [{ upstreamTls: { ca: '/etc/ca.pem', name: 'api.internal' } }, ['upstreamTls']],
  [
    {
      rules: [
        { name: 'scripts', pattern: '<script', methods: ['GET'], clients: ['10.0.0.0/8'], action: 'block' },
      ],
    },
    ['rules'],
  ],
  [
    { rules: [{ name: 'a', path: '/admin', headers: { 'x-a': '^b' }, ignoreCase: 'on', action: 'block' }] },
    ['rules'],
  ],
  [
    { listener: { maxHeaders: '32KiB', headerTimeout: '3s', keepAlive: '9s', maxConnections: 100 } },
    ['listener'],
  ],
];

const OF_ENVOY: GatewaySection = { statusDialect: 'envoy' };

describe('what was exported', () => {
  it.each(LOSSLESS)('%j comes back', (section, keys) => {
    const whole = { ...OF_ENVOY, ...section };
    const { section: read } = importText(exported(stateOf(whole)));
    const [wanted, found] = [resolveGatewayConfig(whole), resolveGatewayConfig(read)];
    for (const key of [...keys, 'statusDialect', 'routes', 'pools'] as const)
      expect([key, found[key]]).toEqual([key, wanted[key]]);
  });

  it('has its routes, in the order in which they are tried', () => {
    const section: GatewaySection = {
      ...OF_ENVOY,
      pools: { api: { upstreams: ['worker-1'] } },
      routes: [
        { path: '/' },
        { path: '/api', pool: 'api', methods: ['GET', 'PUT'], timeout: '1s', name: 'the api' },
      ],
    };
    const { section: read } = importText(exported(stateOf(section)));
    expect(read.routes).toEqual([
      { path: '/api', methods: ['GET', 'PUT'], pool: 'pool-api', timeout: '1s', name: 'the api' },
      { path: '/' },
    ]);
    expect(read.pools).toEqual({ 'pool-api': { upstreams: [expect.any(String)] } });
  });

  /** In a file that was made of a section, only names of pools and of servers are others the second time. */
  const rewritten = (text: string): string =>
    text.replace(/^.*#.*$\n/gm, '').replace(/\bpool-(pool|other)-/g, '$1-');

  it('says the same when it is read and written again', () => {
    fc.assert(
      fc.property(randomSections, (section) => {
        const { rules: _rules, profile: _profile, listener: _listener, hedge: _hedge, ...rest } = section;
        const {
          pools: _pools,
          routes: _routes,
          upstreams: _upstreams,
          concurrency: _limit,
          ...wanted
        } = rest;
        const whole = { ...wanted, deadlineHeader: 'x-deadline' };
        const once = exported(stateOf(whole));
        const { section: read } = importText(once);
        // Its own time for the header is not the attempt's when nothing says one.
        const twice = exported(stateOf({ ...read, deadlineHeader: 'x-deadline' }));
        expect(rewritten(twice)).toBe(rewritten(once));
      }),
      { numRuns: 150 },
    );
  });

  it('is a section that the gateway takes, with every value of the file in its lines', () => {
    fc.assert(
      fc.property(randomSections, (section) => {
        const text = exported(stateOf(section));
        const { section: read, lines } = importText(text);
        expect(findProblems(GatewaySchema, read)).toEqual([]);
        expect(findContradictions(read)).toEqual([]);
        expect(lines.every(({ line, note }) => line >= 1 && note !== '')).toBe(true);
        expect(lines.length).toBeGreaterThan(10);
      }),
      { numRuns: 150 },
    );
  });
});
