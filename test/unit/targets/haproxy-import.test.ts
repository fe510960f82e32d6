/** A `haproxy.cfg` read back into the section: realistic ones, each kind of line, and what we write ourselves. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findConfigProblems, findContradictions } from '../../../src/gateway/config/check.js';
import { type GatewaySection, resolveGatewayConfig } from '../../../src/gateway/config.js';
import { importHaproxy } from '../../../src/scenarios/targets/haproxy/import/import.js';
import { layoutOf } from '../../../src/scenarios/targets/haproxy/layout.js';
import { translate } from '../../../src/scenarios/targets/haproxy/translate.js';
import type { Imported, LineFate } from '../../../src/scenarios/targets/imported.js';
import type { ProxyState } from '../../../src/scenarios/targets/target.js';
import { randomSections, siteAt, stateOf } from '../../support/targets.js';

const FOLDER = new URL('../../fixtures/targets/haproxy/', import.meta.url).pathname;

const fixture = (name: string): string => readFileSync(`${FOLDER}${name}.cfg`, 'utf8');

const fateOf = ({ lines }: Imported, text: string): LineFate | undefined =>
  lines.find((line) => line.text.startsWith(text))?.fate;

/** What a gateway would have against it. */
const problemsOf = ({ section, servers }: Imported): unknown[] => [
  ...findContradictions(section),
  ...findConfigProblems(
    resolveGatewayConfig(section),
    servers.map(({ id }) => id),
  ),
];

describe('a shop’s config', () => {
  const imported = importHaproxy(fixture('shop'), 'shop.cfg');

  it('becomes a section that a gateway takes', () => {
    expect(problemsOf(imported)).toEqual([]);
    expect(imported.section).toMatchObject({
      balancer: 'least-requests',
      routes: [
        { path: '/api', pool: 'api', timeout: '5s' },
        { path: '/', pool: 'web' },
      ],
      pools: {
        api: { upstreams: ['worker-4', 'worker-5'] },
        web: { upstreams: ['worker-1', 'worker-2', 'worker-3'] },
      },
      upstreams: { 'worker-2': { weight: 2 }, 'worker-3': { priority: 1 } },
      healthCheck: { type: 'http', path: '/health', interval: '3s', rise: 1, fall: 2 },
      concurrency: { limit: 100, maxWait: '2s' },
      slowStart: { window: '20s' },
      rateLimit: { rate: '20/s', burst: 200, maxClients: 102_400 },
      timeouts: { connect: '3s', attempt: '20s' },
      retry: { attempts: 3, budget: { type: 'unlimited' } },
      rules: [
        { path: '/admin/', clients: ['192.168.0.0/16', '10.1.2.3'], action: 'allow' },
        { path: '/admin/', action: 'block' },
        { headers: { 'user-agent': '(?:evil)|(?:nasty bot)' }, ignoreCase: 'on', action: 'block' },
      ],
    });
    expect(imported.servers[0]).toEqual({ id: 'worker-1', address: '10.0.0.11:8080' });
  });

  it('has a fate for every line that says something', () => {
    const said = fixture('shop')
      .split('\n')
      .flatMap((line, index) => (/^\s*(#|$)/.test(line) ? [] : [index + 1]));
    expect(imported.lines.map(({ line }) => line)).toEqual(said);
    expect(imported.lines.every(({ note }) => note !== '')).toBe(true);
  });

  it.each<readonly [text: string, fate: LineFate]>([
    ['timeout connect', 'understood'],
    ['compression', 'lost'],
    ['cookie', 'lost'],
    ['errorfile', 'ignored'],
    ['option redispatch', 'nearly'],
    ['use_backend static', 'lost'],
    ['http-request redirect', 'lost'],
    ['stats enable', 'ignored'],
    ['frontend db', 'lost'],
    ['server api2', 'nearly'],
  ])('%s: %s', (text, fate) => {
    expect(fateOf(imported, text)).toBe(fate);
  });
});

/** A listen section around some lines. */
const listening = (...lines: readonly string[]): Imported =>
  importHaproxy(['listen web', 'mode http', 'bind :80', ...lines].join('\n'), 'x.cfg');

describe('lines', () => {
  const SERVER = 'server a 10.0.0.1:80';
  const cases: readonly (readonly [lines: readonly string[], section: GatewaySection])[] = [
    [
      [SERVER],
      { retry: { attempts: 4, on: ['connect-failure'] }, healthCheck: 'off', deadlineHeader: 'off' },
    ],
    [['retries 0', SERVER], { balancer: 'round-robin' }],
    [['balance roundrobin', `${SERVER} weight 5`], { balancer: 'weighted-round-robin' }],
    [['balance source', 'hash-type consistent', SERVER], { balancer: 'ring-hash', hashOn: 'client' }],
    [['balance uri whole', SERVER], { hashOn: 'url' }],
    [['balance hdr(X-User)', SERVER], { hashOn: 'header:X-User' }],
    [['balance random(2)', SERVER], { balancer: 'p2c' }],
    [
      ['hash-balance-factor 150', 'balance hash req.cook(id)', SERVER],
      { balancer: { name: 'ring-hash', boundedLoad: '150%' }, hashOn: 'cookie:id' },
    ],
    [['timeout server 90000', SERVER], { timeouts: { attempt: '90s', body: '90s' } }],
    [
      ['option httpchk HEAD /up HTTP/1.0', `${SERVER} check`],
      { healthCheck: { type: 'http', path: '/up', interval: '2s' } },
    ],
    [
      [`${SERVER} check inter 500 port 81`],
      { healthCheck: { type: 'tcp', interval: '500ms', timeout: '500ms' } },
    ],
    [
      ['timeout queue 3s', `${SERVER} maxconn 7`],
      { concurrency: { limit: 7, queue: 10_000, maxWait: '3s' } },
    ],
    [
      ['retry-on all-retryable-errors', SERVER],
      {
        retry: {
          on: ['connect-failure', 'reset', 'protocol-error', 'timeout'],
          statuses: [500, 502, 503, 504],
        },
      },
    ],
    [['option httpclose', SERVER], { keepAlive: 'off' }],
    [
      ['http-request deny if { path_beg /x } { method POST }', SERVER],
      { rules: [{ path: '/x', methods: ['POST'], action: 'block' }] },
    ],
    [
      ['acl a src 10.0.0.0/8', 'acl b path_reg ^/a+$', 'http-request deny if a or b', SERVER],
      {
        rules: [
          { clients: ['10.0.0.0/8'], action: 'block' },
          { pattern: '^/a+$', action: 'block' },
        ],
      },
    ],
    [['use_backend web if { path_beg /v1 }', SERVER], { routes: [{ path: '/v1' }, { path: '/' }] }],
    [
      [`${SERVER} ssl verify required ca-file /ca.pem sni str(api.test)`],
      { upstreamTls: { ca: '/ca.pem', name: 'api.test' } },
    ],
  ];

  it.each(cases)('%j', (lines, section) => {
    const imported = listening(...lines);
    expect(imported.section).toMatchObject(section);
    expect(problemsOf(imported)).toEqual([]);
  });

  it('are read with their quotes, escapes and comments', () => {
    const imported = listening(
      `http-request deny if { path_beg "/a b" } # not "this`,
      String.raw`http-request deny if { path_beg /c\ d }`,
      `http-request deny if { path_beg '/e"f' }`,
      SERVER,
    );
    expect(imported.section.rules?.map(({ path }) => path)).toEqual(['/a b', '/c d', '/e"f']);
    expect(imported.lines[3]?.text).toBe('http-request deny if { path_beg "/a b" }');
  });

  it('that nobody knows are lost, and not left out', () => {
    expect(fateOf(listening('frobnicate twice', SERVER), 'frobnicate')).toBe('lost');
  });

  it('of defaults that have a name count for who names them', () => {
    const text = [
      'defaults slow',
      'mode http',
      'timeout server 9s',
      'defaults fast',
      'mode http',
      'timeout server 1s',
      'listen web from slow',
      'bind :80',
      SERVER,
    ].join('\n');
    expect(importHaproxy(text, 'x.cfg').section.timeouts?.attempt).toBe('9s');
  });
});

describe('what is none', () => {
  it.each([
    ['http {\n  server { listen 80; }\n}', /^x\.cfg:1:1: "http" stands in no section/],
    ['\n\n# nothing\n', /there is no section/],
    ['global\n  log "x\n', /^x\.cfg:2:7: this quote does not end/],
  ])('%j', (text, message) => {
    expect(() => importHaproxy(text, 'x.cfg')).toThrow(message);
  });
});

const exported = (state: ProxyState): string =>
  translate(state, siteAt({ purpose: 'export' })).files['haproxy.cfg']!;

/** Servers by their addresses and backends by their place, since a config that is read names them anew, and in the order of the file. */
const normalised = (text: string): string[] => {
  const addresses = new Map(
    [...text.matchAll(/^ {4}server (\S+) (\S+)/gm)].map(([, id, address]) => [id!, address!]),
  );
  const names = [...text.matchAll(/^backend (?!limit-)(\S+)$/gm)].map(([, name]) => name!);
  const renamed = text.replace(/(?<=^backend |_backend |be_conn\()[^\s)]+/gm, (name) =>
    names.includes(name) ? `backend-${names.indexOf(name)}` : name,
  );
  return renamed.split(/^(?=\S)/m).map((section) => {
    const lines = section
      .split('\n')
      .map((line) =>
        line
          .replace(/^( {4}server )\S+/, '$1')
          .replace(/track (\S+)\/(\S+)/, (_, _name, id: string) => `track ${addresses.get(id)}`),
      );
    const servers = lines.filter((line) => /^ {4}server /.test(line)).sort();
    return [...lines.filter((line) => !servers.includes(line)), ...servers].join('\n');
  });
};

/** The same upstreams by the names that an import gives them. */
const reread = (imported: Imported): ProxyState => {
  const { section, servers } = imported;
  return stateOf(
    section,
    servers.map(({ address }) => Number(address.split(':').at(-1))),
  );
};

describe('what we write ourselves', () => {
  const again = (section: GatewaySection): void => {
    const state = stateOf(section);
    // Where no request gets anywhere, nothing is said of how it would fare.
    const { backends } = layoutOf(state);
    fc.pre(backends.length > 0 && backends.every(({ upstreams }) => upstreams.length > 0));
    const text = exported(state);
    const imported = importHaproxy(text, 'haproxy.cfg');
    expect(normalised(exported(reread(imported)))).toEqual(normalised(text));
    const lost = imported.lines.filter(({ fate }) => fate === 'lost');
    expect(lost).toEqual([]);
  };

  it('is read back: all that was said in it is said again', () => {
    fc.assert(
      fc.property(randomSections, (random) => {
        // Certificates are a run's own.
        const { criticality, listener: { tls, http2, ...listener } = {}, ruleTable, ...section } = random;
        const { losses } = translate(stateOf(random), siteAt());
        const missingRule = losses.some(({ path, degree }) => path[0] === 'rules' && degree === 'missing');
        const pools = { api: { upstreams: ['worker-1', 'worker-2'] }, 'x y': { upstreams: ['worker-3'] } };
        const routes = random.routes?.map(({ pool, ...route }) => ({
          ...route,
          ...(pool !== undefined && { pool: pool === 'x y' ? pool : 'api' }),
        }));
        const isSaid = !losses.some(({ path }) => path.join('.') === 'criticality.header');
        again({
          ...(criticality && isSaid && { criticality }),
          ...{ ...section, listener, pools },
          ...(routes && { routes }),
          ...(missingRule && { rules: [] }),
        });
      }),
      { numRuns: 300 },
    );
  });
});
