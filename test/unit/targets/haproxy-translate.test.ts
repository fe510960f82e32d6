/** The `gateway:` section in the words of HAProxy: what each key becomes, and what is lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewaySection } from '../../../src/gateway/config.js';
import { translate } from '../../../src/scenarios/targets/haproxy/translate.js';
import type { ProxyState } from '../../../src/scenarios/targets/target.js';
import { isInSchema, randomSections, siteAt, stateOf } from '../../support/targets.js';

const textOf = (state: ProxyState, more: Parameters<typeof siteAt>[0] = {}): string =>
  Object.values(translate(state, siteAt(more)).files)[0]!;

const linesOf = (section: GatewaySection, state = stateOf(section)): string[] =>
  textOf(state)
    .split('\n')
    .map((line) => line.trim());

const lossesOf = (section: GatewaySection, state = stateOf(section)): string[] =>
  translate(state, siteAt()).losses.map(({ path, degree }) => `${path.join('.')} ${degree}`);

const drained = (section: GatewaySection, ids: readonly string[]): ProxyState => {
  const { config, upstreams } = stateOf(section);
  return { config, upstreams: upstreams.map((one) => ({ ...one, drained: ids.includes(one.id) })) };
};

/** A whole config as a user would take it home, one for each of these. */
const WHOLE: Readonly<Record<string, ProxyState>> = {
  plain: stateOf({}),
  'routes-and-limits': stateOf({
    pools: { api: { upstreams: ['worker-1', 'worker-2'] } },
    routes: [
      { path: '/api/checkout', pool: 'api', timeout: '3s', retry: 'off' },
      { path: '/api', methods: ['GET', 'POST'], pool: 'api', concurrency: 100 },
      { path: '/', cache: 'off' },
    ],
    retry: { attempts: 3, on: ['connect-failure', 'reset', 'timeout'] },
    concurrency: { limit: 12, queue: 24, maxWait: '500ms' },
    globalConcurrency: { limit: 200 },
    rateLimit: { rate: '50/s', burst: 100 },
    cache: {},
  }),
  'fit-and-first': drained(
    {
      balancer: { name: 'ring-hash', boundedLoad: '125%' },
      hashOn: 'header:x-user',
      upstreams: { 'worker-1': { weight: 3 }, 'worker-3': { priority: 1 } },
      healthCheck: { type: 'deep', interval: '1s', jitter: '0%' },
      outlierEjection: { consecutive5xx: { failures: 3 } },
      slowStart: { window: '10s' },
      criticality: {},
      concurrency: { limit: 8, queue: 4 },
      rules: [
        { name: 'partners', clients: ['10.0.0.0/8'], action: 'allow' },
        { name: 'no-scripts', pattern: '<script', ignoreCase: 'on', action: 'block' },
        {
          name: 'login',
          methods: ['POST'],
          path: '/login',
          action: 'rate-limit',
          rateLimit: { rate: '5/s' },
        },
      ],
    },
    ['worker-2'],
  ),
};

describe('a whole config', () => {
  it.each(Object.keys(WHOLE))('%s', async (name) => {
    const folder = new URL('../../fixtures/targets/haproxy/', import.meta.url).pathname;
    await expect(textOf(WHOLE[name]!, { purpose: 'export' })).toMatchFileSnapshot(`${folder}${name}.cfg`);
  });

  it('has no comments, but a log, when it is run', () => {
    const text = textOf(WHOLE['fit-and-first']!);
    expect(text).not.toMatch(/^\s*#/m);
    expect(text).toContain('log stdout');
    expect(text).toContain('http-after-response set-header x-ray-id %[unique-id]');
    expect(textOf(WHOLE.plain!, { purpose: 'export' })).not.toContain('unique-id');
  });
});

describe('keys', () => {
  const saying: readonly (readonly [section: GatewaySection, lines: readonly string[]])[] = [
    [{ balancer: 'random' }, ['balance random(1)']],
    [{ balancer: 'least-requests' }, ['balance leastconn']],
    [{ balancer: 'p2c' }, ['balance random(2)']],
    [
      { balancer: 'ring-hash', hashOn: 'cookie:id' },
      ['balance hash var(txn.key)', 'hash-type consistent sdbm avalanche'],
    ],
    [
      { timeouts: { connect: '250ms', attempt: '2s', request: '1s' } },
      ['timeout connect 250ms', 'timeout server 1000ms'],
    ],
    [{}, ['retries 0', 'no option redispatch']],
    [
      { retry: { attempts: 3, on: ['connect-failure'] } },
      ['retries 2', 'option redispatch 1', 'retry-on conn-failure'],
    ],
    [
      { retry: { on: ['gateway-error'], statuses: [404] } },
      [
        'retry-on conn-failure empty-response junk-response response-timeout 502 503 504 404',
        'http-request disable-l7-retry unless { method GET HEAD OPTIONS TRACE PUT DELETE }',
      ],
    ],
    [{ keepAlive: 'off' }, ['option http-server-close']],
    [{ processes: 3 }, ['nbthread 3']],
    [{ healthCheck: { type: 'tcp', timeout: '400ms' } }, ['timeout check 400ms']],
    [{ deadlineHeader: 'off' }, []],
    [{ listener: { maxUrl: '1KiB', headerTimeout: '3s' } }, ['timeout http-request 3000ms']],
    [
      { globalConcurrency: { limit: 7 } },
      ['http-request deny deny_status 503 if { var(txn.busy) -m int gt 7 }'],
    ],
    [
      { ruleTable: { size: 1 }, rules: [{ action: 'allow' }, { action: 'log' }] },
      ['http-request deny deny_status 500'],
    ],
  ];

  it.each(saying)('%j', (section, lines) => {
    expect(linesOf(section)).toEqual(expect.arrayContaining([...lines]));
  });

  it('give a server its weight, its limit and its checks', () => {
    const state = stateOf({ maxConnections: 9, upstreams: { 'worker-2': { weight: 4, priority: 2 } } });
    expect(linesOf({}, state)).toContain(
      'server worker-2 127.0.0.1:9002 weight 4 maxconn 9 backup check inter 2000ms rise 2 fall 3',
    );
  });

  it('give who is drained a weight of 0', () => {
    const state = drained({ healthCheck: 'off', upstreams: { 'worker-1': { weight: 5 } } }, ['worker-1']);
    expect(linesOf({}, state)).toContain('server worker-1 127.0.0.1:9001 weight 0 maxconn 1024');
  });

  it('check a server once, however many backends have it', () => {
    const lines = linesOf({ routes: [{ path: '/a', timeout: '1s' }, { path: '/' }] });
    expect(lines.filter((line) => / check inter /.test(line))).toHaveLength(3);
    expect(lines.filter((line) => / track all\//.test(line))).toHaveLength(3);
  });

  it('lead to nobody where a pool has nobody', () => {
    const section = { pools: { none: { upstreams: ['ghost'] } }, routes: [{ path: '/', pool: 'none' }] };
    expect(linesOf(section)).toContain('default_backend none');
    expect(linesOf(section).some((line) => line.startsWith('server '))).toBe(false);
  });

  it('answer 404 for what no route takes', () => {
    expect(linesOf({ routes: [{ path: '/a' }] })).toContain(
      "http-request return status 404 content-type text/plain string 'Not found' unless route-1",
    );
  });
});

describe('losses', () => {
  const cases: readonly (readonly [section: GatewaySection, losses: readonly string[]])[] = [
    [{}, ['statusDialect otherwise', 'timeouts.body otherwise', 'healthCheck otherwise']],
    [
      { statusDialect: 'haproxy', timeouts: { body: '10s' }, healthCheck: 'off' },
      ['statusDialect otherwise'],
    ],
    [{ location: 'FRA', errorPage: { reports: 'off' } }, ['location otherwise', 'errorPage otherwise']],
    [{ breaker: {} }, ['breaker missing']],
    [{ hedge: {} }, ['hedge missing']],
    [{ admission: {} }, ['admission missing']],
    [{ retry: {} }, ['retry.budget otherwise', 'retry.backoff otherwise']],
    [{ retry: { budget: { type: 'throttle' } } }, ['retry.budget missing']],
    [{ retry: { on: ['rate-limited'], statuses: [418] } }, ['retry.on missing', 'retry.statuses missing']],
    [{ concurrency: { adaptive: { algorithm: 'vegas' } } }, ['concurrency.adaptive missing']],
    [{ concurrency: { limit: 1, queue: 1, discipline: 'codel' } }, ['concurrency.discipline missing']],
    [{ outlierEjection: {}, healthCheck: 'off' }, ['outlierEjection missing']],
    [{ cache: { staleIfError: '5m' } }, ['cache.staleIfError missing', 'cache.lockTimeout otherwise']],
    [{ rules: [{ action: 'block', pattern: '(?<a>b)' }] }, ['rules.0 missing']],
    [{ priorities: { panicThreshold: '50%' } }, ['priorities.panicThreshold missing']],
  ];

  it.each(cases)('%j', (section, losses) => {
    expect(lossesOf(section)).toEqual(expect.arrayContaining([...losses]));
    // It never says more than HAProxy is known for.
    if (section.statusDialect === 'haproxy') expect(lossesOf(section)).toEqual(losses);
  });
});

describe('any section', () => {
  it('is said without an error, and no line is broken by what somebody wrote', () => {
    const heads =
      /^(global|defaults|frontend clients|backend [\w.-]+|cache answers|resolvers names|)$|^ {4}\S/;
    fc.assert(
      fc.property(randomSections, fc.constantFrom('run' as const, 'export' as const), (section, purpose) => {
        const { files, losses } = translate(stateOf(section), siteAt({ purpose }));
        expect(losses.filter(({ path }) => !isInSchema(path))).toEqual([]);
        for (const line of files['haproxy.cfg']!.split('\n')) expect(line).toMatch(heads);
      }),
      { numRuns: 200 },
    );
  });
});
