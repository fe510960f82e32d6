/** What a section becomes in nginx's words, and what is lost on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewaySection } from '../../../src/gateway/config.js';
import { nginx } from '../../../src/scenarios/targets/nginx/nginx.js';
import { toPcre } from '../../../src/scenarios/targets/nginx/pcre.js';
import { quote, size, time } from '../../../src/scenarios/targets/nginx/words.js';
import { isInSchema, randomSections, siteAt, stateOf } from '../../support/targets.js';

const PLACE = siteAt({ folder: '/run/bgw' });

const PORTS = [9001, 9002, 9003];

const translated = (section: GatewaySection, ports: readonly number[] = PORTS) => {
  const { files, losses } = nginx.translate(stateOf(section, ports), PLACE);
  return {
    text: files['nginx.conf']!,
    losses: losses.map(({ path, degree }) => `${path.join('.')} ${degree}`),
  };
};

const quiet: GatewaySection = {
  healthCheck: 'off',
  deadlineHeader: 'off',
  statusDialect: 'nginx',
  timeouts: { body: '10s' },
};

describe('a translation', () => {
  it.each<[string, GatewaySection]>([
    ['nothing', {}],
    [
      'routes',
      {
        pools: { api: { upstreams: ['worker-1', 'worker-2'] }, nobody: { upstreams: [] } },
        routes: [
          { path: '/api/checkout', pool: 'api', timeout: '3s', retry: 'off', concurrency: 5 },
          { path: '/api', pool: 'api', methods: ['GET', 'HEAD'] },
          { path: '/api', pool: 'nobody' },
          { path: '/' },
        ],
        retry: { attempts: 3 },
        globalConcurrency: { limit: 100 },
      },
    ],
    [
      'doors',
      {
        rules: [
          { name: 'partners', clients: ['10.0.0.0/8'], action: 'allow' },
          { name: 'no scripts', pattern: '<script\\b', action: 'block', ignoreCase: 'on' },
          {
            name: 'login',
            methods: ['POST'],
            path: '/login',
            action: 'rate-limit',
            rateLimit: { rate: '5/s', burst: 10 },
          },
        ],
        rateLimit: { rate: '90/m', burst: 20 },
        concurrency: { limit: 12 },
        cache: { defaultTtl: '10s' },
        outlierEjection: { consecutive5xx: { failures: 3 }, baseEjection: '5s' },
      },
    ],
  ])('of %s is what it was', async (name, section) => {
    await expect(translated(section).text).toMatchFileSnapshot(`../../fixtures/targets/nginx/${name}.conf`);
  });

  it('loses nothing of what nginx has words for', () => {
    expect(translated(quiet).losses).toEqual([]);
  });

  it.each<[string, GatewaySection, string[]]>([
    ['health checks', { healthCheck: {} }, ['healthCheck otherwise']],
    ['deep ones', { healthCheck: { type: 'deep' } }, ['healthCheck missing']],
    ['a breaker', { breaker: {} }, ['breaker otherwise']],
    [
      'a limit with a queue',
      { concurrency: { limit: 5, queue: 5 } },
      ['concurrency otherwise', 'concurrency.queue missing'],
    ],
    [
      'an adaptive limit',
      { concurrency: { adaptive: { algorithm: 'aimd' } } },
      ['concurrency.adaptive missing'],
    ],
    ['a queue for all', { globalConcurrency: { limit: 5, queue: 5 } }, ['globalConcurrency.queue missing']],
    ['admission', { admission: {} }, ['admission missing']],
    ['criticality', { criticality: {} }, ['criticality missing']],
    ['hedges', { hedge: {} }, ['hedge missing']],
    ['slow start', { balancer: 'random', slowStart: { window: '10s' } }, ['slowStart missing']],
    ['a rate', { rateLimit: { rate: '10/s' } }, []],
    ['half a request a minute', { rateLimit: { rate: '0.5/m' } }, ['rateLimit.rate otherwise']],
    [
      'a budget that was asked for',
      { retry: { budget: { type: 'token-bucket' } } },
      [
        'timeouts.request otherwise',
        'retry.backoff otherwise',
        'retry.budget missing',
        'retry.replay otherwise',
      ],
    ],
    [
      'a rule with a lookbehind',
      { rules: [{ pattern: '(?<=a)b', action: 'block' }] },
      ['rules.0.pattern missing', 'rules otherwise'],
    ],
    ['the latency of peak-ewma', { balancer: 'peak-ewma' }, ['balancer otherwise']],
    ['TLS by address', { upstreamTls: {} }, ['upstreamTls missing']],
    ['TLS by name', { upstreamTls: { name: 'shop.internal' } }, []],
  ])('says what it loses of %s', (_name, section, losses) => {
    expect(translated({ ...quiet, ...section }).losses).toEqual(losses);
  });

  it.each<[string, GatewaySection, string]>([
    ['round-robin', { balancer: 'round-robin' }, 'zone upstream_workers 70k;\n    server'],
    ['least-requests', { balancer: 'least-requests' }, 'least_conn;'],
    ['p2c', { balancer: 'p2c' }, 'random two least_conn;'],
    ['ring-hash', { balancer: 'ring-hash', hashOn: 'url' }, 'hash $hash_key consistent;'],
    [
      'weights',
      { balancer: 'random', upstreams: { 'worker-1': { weight: 3 } } },
      'server 127.0.0.1:9001 weight=3 ',
    ],
    ['no weight', { upstreams: { 'worker-1': { weight: 0 } } }, 'max_conns=1024 down; # worker-1'],
    ['priorities', { upstreams: { 'worker-3': { priority: 2 } } }, 'max_conns=1024 backup; # worker-3'],
    ['a bucket of one', { rateLimit: { rate: '1/s', burst: 1 } }, 'limit_req zone=clients;'],
    ['a bucket', { rateLimit: { rate: '1/s', burst: 5 } }, 'limit_req zone=clients burst=4 nodelay;'],
    ['kept connections', {}, 'proxy_next_upstream error;\n    proxy_next_upstream_tries 1;'],
    ['none kept', { keepAlive: 'off' }, 'proxy_next_upstream off;'],
    ['a pool of nobody', { pools: { none: { upstreams: [] } } }, 'server 127.0.0.1:1 down; # nobody'],
    [
      'a route to a pool that is not there',
      { routes: [{ path: '/', pool: 'x' }] },
      '# Pool "x".\n  upstream x {\n    zone upstream_x 64k;\n    server 127.0.0.1:1 down;',
    ],
    ['paths, by whole segments', { routes: [{ path: '/a.b' }] }, 'location ~ "^/a\\\\.b(/|$)" {'],
  ])('has %s', (_name, section, text) => {
    expect(translated(section).text).toContain(text);
  });

  it('throws for no section, and loses only what a section can say', () => {
    fc.assert(
      fc.property(randomSections, fc.integer({ min: 0, max: 4 }), (section, count) => {
        const state = stateOf(section, PORTS.slice(0, count));
        for (const purpose of ['run', 'export'] as const) {
          const { losses } = nginx.translate(state, { ...PLACE, purpose });
          for (const { path } of losses) expect([path, isInSchema(path)]).toEqual([path, true]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('draws one of several servers that have names', () => {
    const { config, upstreams } = stateOf({ balancer: 'weighted-round-robin' });
    const placed = [{ host: 'a.test', weight: 3 }, { host: 'b.test' }, { host: 'c.test', priority: 1 }];
    const state = {
      config,
      upstreams: upstreams.map((upstream, index) => ({ ...upstream, ...placed[index] })),
    };
    const text = nginx.translate(state, { ...PLACE, resolver: '127.0.0.1:5353' }).files['nginx.conf'];
    expect(text).toContain('resolver 127.0.0.1:5353 ipv6=off;');
    expect(text).toContain('75% a.test:9001; # worker-1\n    * b.test:9002; # worker-2\n  }');
    expect(text).toContain('proxy_pass http://$drawn_workers;');
  });
});

describe('nginx’s words', () => {
  it.each([
    ['plain', 'plain'],
    ['a b', '"a b"'],
    ['"\\', '"\\"\\\\"'],
    ['a;#{}', '"a;#{}"'],
  ])('quote %s', (text, quoted) => expect(quote(text)).toBe(quoted));

  it.each([
    [0.001, '1ms'],
    [250, '250ms'],
    [1500, '1500ms'],
    [90_000, '90s'],
  ])('write %d ms', (ms, text) => expect(time(ms)).toBe(text));

  it.each([
    [999, '999'],
    [2048, '2k'],
    [3 * 1024 ** 2, '3m'],
  ])('write %d bytes', (bytes, text) => expect(size(bytes)).toBe(text));

  it.each<[string, string | null]>([
    ['^/a\\d+$', '^/a\\d+$'],
    ['\\u002e\\x2e\\v', '\\x2e\\x2e\\x0b'],
    ['\\A', 'A'],
    ['[^]', null],
    ['(?<a>b)', null],
    ['(a)\\1', null],
    ['[[:alpha:]]', null],
    ['é', null],
    ['(', null],
    ['a{1,9999}', null],
  ])('have %s as PCRE', (pattern, pcre) => expect(toPcre(pattern)).toBe(pcre));
});
