/** nginx's own config as a section: every directive has its fate, and what was exported comes back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../src/core/document/document.js';
import { findProblems } from '../../../src/core/validate.js';
import { findConfigProblems, findContradictions } from '../../../src/gateway/config/check.js';
import { DEFAULT_ROUTE, type RouteConfig } from '../../../src/gateway/config/routing.js';
import {
  type GatewayConfig,
  GatewaySchema,
  type GatewaySection,
  resolveGatewayConfig,
} from '../../../src/gateway/config.js';
import { RouteTable } from '../../../src/gateway/routes.js';
import type { TokenBucketOptions } from '../../../src/policies/token-bucket.js';
import { importNginx } from '../../../src/scenarios/targets/nginx/import/import.js';
import { parseNginx } from '../../../src/scenarios/targets/nginx/import/parse.js';
import { nginx } from '../../../src/scenarios/targets/nginx/nginx.js';
import type { ProxyState } from '../../../src/scenarios/targets/target.js';
import { randomSections, siteAt, stateOf } from '../../support/targets.js';

const problemsOf = (section: GatewaySection): unknown[] => [
  ...findProblems(GatewaySchema, section),
  ...findContradictions(section),
];

const REAL = `
user www-data;
worker_processes auto;
include /etc/nginx/modules-enabled/*.conf;
events { worker_connections 768; }

http {
    include       mime.types;
    log_format main '$remote_addr - [$time_local] "$request" {x}'; # a comment; with } in it
    limit_req_zone $binary_remote_addr zone=perip:10m rate=10r/s;
    proxy_cache_path /var/cache/nginx levels=1:2 keys_zone=static:10m max_size=1g;

    upstream api {
        least_conn;
        server 10.0.0.1:8080 weight=3 max_fails=3 fail_timeout=30s;
        server 10.0.0.2:8080 max_fails=3 fail_timeout=30s;
        server 10.0.0.3:8080 backup;
        keepalive 32;
    }
    upstream web { server web.internal; }

    server { listen 80; return 301 https://$host$request_uri; }

    server {
        listen 443 ssl http2;
        server_name example.com;
        ssl_certificate     /etc/ssl/example.pem;
        ssl_certificate_key /etc/ssl/example.key;
        client_max_body_size 10m;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_connect_timeout 2s;
        proxy_read_timeout 30;
        if ($http_user_agent ~* (curl|bot)) { return 403; }
        deny 192.168.0.0/16;

        location /api/ {
            proxy_pass http://api;
            proxy_next_upstream error timeout http_503;
            limit_req zone=perip burst=20 nodelay;
        }
        location /api/slow/ {
            proxy_pass http://api;
            proxy_next_upstream off;
            proxy_read_timeout 5s;
        }
        location = /health { return 200 "ok"; }
        location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }
        location / {
            proxy_pass http://web;
            proxy_cache static;
            proxy_cache_valid 200 1m;
            frobnicate on;
        }
    }
}
`;

describe('a real config', () => {
  const { section, servers, lines } = importNginx(REAL, 'nginx.conf');
  const fateOf = (text: string): string | undefined => lines.find((line) => line.text.startsWith(text))?.fate;

  it('becomes a section that the gateway takes', () => {
    expect(problemsOf(section)).toEqual([]);
    expect(
      findConfigProblems(
        resolveGatewayConfig(section),
        servers.map(({ id }) => id),
      ),
    ).toEqual([]);
    expect(servers.map(({ address }) => address)).toEqual([
      '10.0.0.1:8080',
      '10.0.0.2:8080',
      '10.0.0.3:8080',
      'web.internal',
    ]);
    expect(section).toMatchObject({
      balancer: 'least-requests',
      upstreams: { 'worker-1': { weight: 3 }, 'worker-3': { priority: 1 } },
      pools: { api: { upstreams: ['worker-1', 'worker-2', 'worker-3'] }, web: { upstreams: ['worker-4'] } },
      routes: [
        { path: '/api/', pool: 'api', cache: 'off' },
        { path: '/api/slow/', pool: 'api', timeout: '5s', retry: 'off', cache: 'off' },
        { path: '/', pool: 'web' },
      ],
      timeouts: { connect: '2s', attempt: '30s' },
      outlierEjection: { baseEjection: '30s', maxEjected: '100%' },
      listener: {
        maxBody: '10MiB',
        tls: { certificate: '/etc/ssl/example.pem' },
        http2: true,
        forwarded: 'x-forwarded',
      },
      rules: [
        { headers: { 'user-agent': '(curl|bot)' }, ignoreCase: 'on', action: 'block' },
        { clients: ['192.168.0.0/16'], action: 'block' },
        { path: '/api/', action: 'rate-limit', rateLimit: { rate: '10/s', burst: 21 } },
      ],
      cache: { maxSize: '1024MiB', defaultTtl: '60s' },
      keepAlive: 'on',
      healthCheck: 'off',
      statusDialect: 'nginx',
    });
  });

  it('says of servers whose limits are not those of most that they have other ones', () => {
    const text = `http { upstream a { server 10.0.0.1:80 max_fails=3; server 10.0.0.2:80; server 10.0.0.3:80 max_conns=9; }
      server { location / { proxy_pass http://a; } } }`;
    const { lines } = importNginx(text, 'x.conf');
    expect(
      lines.filter(({ text: line }) => line.startsWith('server 10')).map(({ fate, note }) => [fate, note]),
    ).toEqual([
      ['nearly', 'worker-1; max_fails is 1, as most have it'],
      ['understood', 'worker-2'],
      ['nearly', 'worker-3; without max_conns, as most are'],
    ]);
  });

  it('keeps everybody out of a location that nobody may enter', () => {
    const text = `http { upstream a { server 10.0.0.1:80; }
      server { location / { proxy_pass http://a; } location /internal/ { deny all; } } }`;
    const { section, lines } = importNginx(text, 'x.conf');
    expect(section.rules).toEqual([{ path: '/internal/', action: 'block' }]);
    expect(lines.filter(({ fate }) => fate === 'lost')).toEqual([]);
  });

  it('has each of its directives told of, in their order', () => {
    expect(lines.map(({ line }) => line)).toEqual(lines.map(({ line }) => line).toSorted((a, b) => a - b));
    const places = parseNginx(REAL, 'nginx.conf');
    const count = (directives: typeof places): number =>
      directives.reduce((sum, { block }) => sum + 1 + count([...(block ?? [])]), 0);
    expect(lines).toHaveLength(count(places));
  });

  it.each([
    ['user', 'ignored'],
    ['include /etc', 'lost'],
    ['include mime.types', 'ignored'],
    ['log_format', 'ignored'],
    ['upstream api', 'understood'],
    ['least_conn', 'understood'],
    ['server 10.0.0.1:8080', 'understood'],
    ['proxy_next_upstream error', 'nearly'],
    ['location = /health', 'lost'],
    ['location ~ \\.php$', 'lost'],
    ['fastcgi_pass', 'lost'],
    ['location /api/ ', 'understood'],
    ['frobnicate', 'lost'],
    ['limit_req zone', 'understood'],
    ['limit_req_zone', 'understood'],
    ['return 301', 'ignored'],
    ['worker_processes', 'nearly'],
  ])('%s is %s', (text, fate) => expect([text, fateOf(text)]).toEqual([text, fate]));
});

describe('what is no config of nginx', () => {
  it.each([
    ['a {', '1:3: this block is not closed'],
    ['a b;\n}', '2:1: there is no block that this } closes'],
    ['a "b;', '1:3: this " is not closed'],
    ['a b', '1:1: `a` does not end with ; or a block'],
    ['a;\n  ;', '2:3: a directive begins with its name, not with ;'],
    ['frontend web\n  bind :80\n', '1:1: `frontend` does not end with ; or a block'],
  ])('%j is refused with its place', (text, message) => {
    expect(() => importNginx(text, 'x.conf')).toThrow(new DocumentError('x.conf', []).constructor as never);
    expect(() => importNginx(text, 'x.conf')).toThrow(`x.conf:${message}`);
  });

  it('is the only thing that is refused', () => {
    const words = fc.constantFrom(
      ...[
        'http',
        'server',
        'location',
        'upstream',
        'proxy_pass',
        'map',
        'if',
        'return',
        'limit_req',
        '{',
        '}',
        ';',
      ],
      ...[
        '"',
        "'",
        '\\',
        '#',
        '\n',
        ' ',
        '$x',
        '${',
        '~',
        '/',
        '/api',
        'http://a',
        'zone=a:1m',
        '404',
        '127.0.0.1',
        '$rule',
      ],
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
        try {
          expect(problemsOf(importNginx(parts.join(' '), 'x.conf').section)).toEqual([]);
        } catch (error) {
          if (!(error instanceof DocumentError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const NAMES =
  'server weight hash random keepalive zone limit_req limit_conn limit_req_zone limit_conn_zone allow deny set ' +
  'proxy_pass proxy_next_upstream proxy_next_upstream_tries proxy_next_upstream_timeout proxy_read_timeout ' +
  'proxy_connect_timeout proxy_set_header proxy_http_version client_max_body_size large_client_header_buffers ' +
  'keepalive_timeout proxy_cache proxy_cache_path proxy_cache_valid proxy_cache_lock ssl_certificate ' +
  'ssl_certificate_key proxy_ssl_name proxy_ssl_trusted_certificate worker_processes return listen';
const ARGS =
  'a all off on 0 1 -1 3.5 99999999999999999999 127.0.0.1 127.0.0.1:80 10.0.0.0/8 http://a https://a http://$b 404 0s 1y 10x ' +
  '8k 0k zone=a:1m zone=a rate=0r/s rate=1r/s rate=7r/m burst=x burst=5 nodelay weight=x weight=0 weight=7 max_fails=x ' +
  'max_fails=0 max_conns=5 fail_timeout=0 backup down $binary_remote_addr $x $cookie_ $cookie_a $http_ $http_a_b consistent ' +
  'two error http_199 http_418 http_503 X_y x-a Connection "" $deadline $timeout_ms 1.1 keys_zone=a:1k max_size=0 /';

/** Directives with whatever arguments, each where it may stand and where it may not. */
const directives = fc
  .array(
    fc
      .tuple(
        fc.constantFrom(...NAMES.split(' ')),
        fc.array(fc.constantFrom(...ARGS.split(' ')), { maxLength: 4 }),
      )
      .map(([name, args]) => `${[name, ...args].join(' ')};`),
    { maxLength: 12 },
  )
  .map((lines) => lines.join('\n'));

describe('a config that nginx itself would refuse', () => {
  it('becomes a section that the gateway takes, or is refused with its place', () => {
    fc.assert(
      fc.property(fc.tuple(directives, directives, directives, directives, directives), (parts) => {
        const [main, http, upstream, server, location] = parts;
        const text = `${main} http { ${http} upstream a { ${upstream} } server { ${server} location /x { ${location} proxy_pass http://a; } location / { ${location} } } }`;
        expect(problemsOf(importNginx(text, 'x.conf').section)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('words', () => {
  it.each<[string, string[]]>([
    ['a b  "c d" \'e;f\';', ['b', 'c d', 'e;f']],
    ['a "\\"\\\\\\d\\t";', ['"\\\\d\t']],
    ['a $' + '{x}y;# z\n', ['$' + '{x}y']],
    ['a b#c;', ['b#c']],
    ['a b\\;c;', ['b\\;c']],
  ])('%s', (text, args) => expect(parseNginx(text, 'x')[0]?.args).toEqual(args));
});

/** Requests to ask routes about: those that any of these names, and some that none does. */
const probesOf = (...configs: readonly GatewayConfig[]) => {
  const routes = configs.flatMap(({ routes: own }) => own ?? []);
  const paths = new Set(['/', '/-', ...routes.flatMap(({ path }) => [path, `${path}/x`])]);
  const methods = new Set(['GET', 'OTHER', ...routes.flatMap(({ methods: own }) => own ?? [])]);
  return [...paths].flatMap((path) => [...methods].map((method) => [method, path] as const));
};

/** What a config comes to, whatever its words: where requests go and how, by address. */
const effectOf = (
  { config, upstreams: all }: ProxyState,
  lost: ReadonlySet<string>,
  there: ReadonlySet<string>,
  probes: readonly (readonly [method: string, path: string])[],
): Record<string, unknown> => {
  // One that no route leads to is in no group.
  const upstreams = all.filter(({ host, port }) => there.has(`${host}:${port}`));
  const address = new Map(upstreams.map(({ id, host, port }) => [id, `${host}:${port}`]));
  const members = (pool: string | null): string[] => {
    const ids =
      pool === null ? upstreams.map(({ id }) => id) : (new Map(Object.entries(config.pools)).get(pool) ?? []);
    return [...new Set(ids)].flatMap((id) => address.get(id) ?? []).sort();
  };
  const fate = (route: RouteConfig) => ({
    members: members(route.pool),
    concurrency: route.concurrencyLimit && atOnce(route.concurrencyLimit),
    // One server alone is tried once.
    retry: members(route.pool).length < 2 || config.retry === null || route.retry,
    attemptMs: whole(Math.min(config.attemptTimeoutMs, route.timeoutMs ?? config.requestTimeoutMs)),
  });
  const table = new RouteTable((config.routes ?? [DEFAULT_ROUTE]).map((route) => [route, fate(route)]));
  const { listener } = config;
  const times = [
    listener.headerTimeoutMs,
    listener.bodyTimeoutMs,
    listener.sendTimeoutMs,
    listener.keepAliveMs,
  ];
  const effect: Record<string, unknown> = {
    routes: probes.map(([method, path]) => [method, path, table.find(method, path)]),
    processes: config.processes,
    // The same, but for weights.
    balancer: config.balancer.name.replace('weighted-', ''),
    hashOn: config.hashOn,
    connectMs: whole(Math.min(config.connectTimeoutMs, config.attemptTimeoutMs, config.requestTimeoutMs)),
    keepAlive: config.keepAlive,
    listener: [times.map(whole), Math.max(1, listener.maxBodyBytes), listener.forwarded],
    // Which letters expressions take is told where there is an expression, which is otherwise.
    rules: config.rules.map(({ name: _name, ignoreCase: _case, ...rule }) => ({
      ...rule,
      rateLimit: limitOf(rule.rateLimit),
    })),
    rateLimit: limitOf(config.rateLimit),
    globalConcurrency: config.globalConcurrency && atOnce(roomOf(config.globalConcurrency)),
    room: Math.min(roomOf(config.concurrency), config.maxConnections),
    // Of several priorities it is told that they are done otherwise; a single one is the first.
    weights: upstreams
      .map(({ port, weight }) => ({ port, weight }))
      .toSorted((left, right) => left.port - right.port),
  };
  for (const key of Object.keys(effect)) if (lost.has(key)) delete effect[key];
  return effect;
};

/** nginx counts in milliseconds. */
const whole = (ms: number): number => Math.max(1, Math.ceil(ms));

/** A zone has room for whole kibibytes of clients. */
const limitOf = (limit: TokenBucketOptions | null) =>
  limit && { ...limit, maxClients: Math.ceil(limit.maxClients / 8) * 8 };

const roomOf = (concurrency: GatewayConfig['concurrency']): number =>
  concurrency?.algorithm.name === 'fixed' ? concurrency.algorithm.options.limit : Number.POSITIVE_INFINITY;

/** The most that nginx counts to. */
const atOnce = (limit: number): number => Math.min(65_535, limit);

/** What an exported section is without, by the key of the effect. */
const lostOf = (paths: readonly (readonly string[])[]): Set<string> => {
  const lost = new Set<string>();
  for (const [first = '', second = ''] of paths) {
    if (first === 'upstreams' || first === 'priorities') lost.add('weights').add('balancer').add('routes');
    if (first === 'concurrency') lost.add('room');
    if (first === 'retry' && second !== 'backoff' && second !== 'budget' && second !== 'replay')
      lost.add('routes');
    lost.add(first);
  }
  // Only some of these are told of by themselves.
  for (const key of ['retry', 'timeouts'] as const)
    if (!paths.some(([first]) => first === key)) lost.delete(key);
  return lost;
};

describe('what was exported', () => {
  const PORTS = [9001, 9002, 9003, 9004];

  it('comes back as it was, but for what was lost', () => {
    fc.assert(
      fc.property(randomSections, (section) => {
        const state = stateOf(section, PORTS);
        const { files, losses } = nginx.translate(state, siteAt({ purpose: 'export' }));
        const imported = importNginx(files['nginx.conf']!, 'nginx.conf');
        expect(problemsOf(imported.section)).toEqual([]);
        expect(imported.lines.filter(({ fate }) => fate === 'lost')).toEqual([]);
        const config = resolveGatewayConfig(imported.section);
        const upstreams = imported.servers.map(({ id, address }) => {
          const [host = '', port] = address.split(':');
          return {
            id,
            host,
            port: Number(port),
            drained: false,
            weight: 1,
            priority: 0,
            ...config.upstreams[id],
          };
        });
        const lost = lostOf(losses.map(({ path }) => path));
        if (imported.servers.length === 0)
          for (const key of ['room', 'balancer', 'hashOn', 'keepAlive']) lost.add(key);
        const there = new Set(imported.servers.map(({ address }) => address));
        const probes = probesOf(state.config, config);
        const came = effectOf({ config, upstreams }, lost, there, probes);
        expect(came).toEqual(effectOf(state, lost, there, probes));
      }),
      { numRuns: 200 },
    );
  });
});
