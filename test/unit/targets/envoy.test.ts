/** Envoy's words, whole translations, steps and logs. There was no Envoy to ask: these say what is meant, not what it does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { GatewaySection } from '../../../src/gateway/config.js';
import { envoy } from '../../../src/scenarios/targets/envoy/envoy.js';
import { FLAGS } from '../../../src/scenarios/targets/envoy/evidence.js';
import {
  parseStatistics,
  refusalIn,
  statisticsOf,
  stepsBetween,
} from '../../../src/scenarios/targets/envoy/follow.js';
import { duration } from '../../../src/scenarios/targets/envoy/words.js';
import { isInSchema, randomSections, siteAt, stateOf } from '../../support/targets.js';

interface Cluster {
  readonly name: string;
  readonly [key: string]: unknown;
}

interface Whole {
  readonly static_resources: { readonly listeners: unknown[]; readonly clusters: Cluster[] };
}

const exported = (section: GatewaySection): string =>
  envoy.translate(stateOf(section), siteAt({ purpose: 'export' })).files['envoy.yaml'] ?? '';

const wholeOf = (section: GatewaySection): Whole => parse(exported(section)) as Whole;

const clusterOf = (section: GatewaySection): Cluster => wholeOf(section).static_resources.clusters[0]!;

const filesOf = (section: GatewaySection): Readonly<Record<string, string>> =>
  envoy.translate(stateOf(section), siteAt()).files;

const routesOf = (section: GatewaySection): Record<string, unknown>[] => {
  const { resources } = parse(filesOf(section)['rds.yaml'] ?? '') as {
    resources: { virtual_hosts: { routes: Record<string, unknown>[] }[] }[];
  };
  return resources[0]!.virtual_hosts[0]!.routes;
};

const filtersOf = (section: GatewaySection): { name: string; typed_config: Record<string, unknown> }[] => {
  const [listener] = wholeOf(section).static_resources.listeners as {
    filter_chains: { filters: { typed_config: { http_filters: ReturnType<typeof filtersOf> } }[] }[];
  }[];
  return listener!.filter_chains[0]!.filters.at(-1)!.typed_config.http_filters;
};

const quiet: GatewaySection = {
  healthCheck: 'off',
  deadlineHeader: 'off',
  statusDialect: 'envoy',
};

const lossesOf = (section: GatewaySection): string[] =>
  envoy
    .translate(stateOf({ ...quiet, ...section }), siteAt())
    .losses.map(({ path, degree }) => `${path.join('.')} ${degree}`);

describe('a section in Envoy’s words', () => {
  it.each([
    [1_000, '1s'],
    [25, '0.025s'],
    [0.001, '0.000001s'],
    [0, '0.000001s'],
    [576 * 3_600_000, '2073600s'],
  ])('writes %s ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    [
      'outage',
      { retry: { attempts: 3 }, timeouts: { attempt: '2s' }, outlierEjection: { maxEjected: '50%' } },
    ],
    [
      'routes',
      {
        balancer: { name: 'maglev', boundedLoad: '125%' },
        hashOn: 'path',
        pools: { api: { upstreams: ['worker-1', 'worker-2'] }, 'x y': { upstreams: [] } },
        upstreams: { 'worker-1': { weight: 3 }, 'worker-2': { priority: 1 } },
        routes: [
          { path: '/', name: 'all else' },
          { path: '/api', pool: 'api', methods: ['GET'], timeout: '1s' },
          { path: '/nobody/', pool: 'x y' },
        ],
        rules: [
          { path: '/open', action: 'allow' },
          { name: 'scripts', pattern: '<script', clients: ['10.0.0.0/8'], action: 'block' },
        ],
      },
    ],
  ] as readonly (readonly [string, GatewaySection])[])('is, as a whole: %s', async (name, section) => {
    await expect(exported(section)).toMatchFileSnapshot(`../../fixtures/targets/envoy/${name}.yaml`);
  });

  it('is, for a run, files that are watched', async () => {
    const text = Object.entries(filesOf({}))
      .filter(([name]) => name !== 'whole.yaml')
      .map(([name, file]) => `# ${name}\n${file}`)
      .join('---\n');
    await expect(text).toMatchFileSnapshot('../../fixtures/targets/envoy/run.yaml');
  });

  it('keeps who is drained or has no weight, so that what is under way ends', () => {
    const state = stateOf({ upstreams: { 'worker-1': { weight: 0 } } });
    const [first, second, third] = state.upstreams;
    const { files } = envoy.translate(
      { ...state, upstreams: [first!, { ...second!, drained: true }, third!] },
      siteAt(),
    );
    const { resources } = parse(files['eds-all.yaml'] ?? '') as {
      resources: { endpoints: { lb_endpoints: { health_status?: string }[] }[] }[];
    };
    const statuses = resources[0]!.endpoints[0]!.lb_endpoints.map(({ health_status }) => health_status);
    expect(statuses).toEqual(['DRAINING', 'DRAINING', undefined]);
  });

  it('numbers priorities without gaps', () => {
    const assignment = clusterOf({ upstreams: { 'worker-1': { priority: 7 }, 'worker-2': { priority: 3 } } })
      .load_assignment as { endpoints: { priority: number }[] };
    expect(assignment.endpoints.map(({ priority }) => priority)).toEqual([0, 1, 2]);
  });

  it('tries the longest path first', () => {
    const routes = [{ path: '/' }, { path: '/api/v1' }, { path: '/api' }, { path: '/a/' }];
    expect(routesOf({ routes }).map(({ match }) => match)).toEqual([
      { path_separated_prefix: '/api/v1' },
      { path_separated_prefix: '/api' },
      { prefix: '/a/' },
      { prefix: '/' },
    ]);
  });

  it('refuses by a rule only whom no rule before has let in', () => {
    const filters = filtersOf({
      rules: [
        { path: '/open', clients: ['10.0.0.0/8'], action: 'allow' },
        { name: 'rest', action: 'block' },
      ],
    });
    const url = { url_path: { path: { safe_regex: { regex: '/open(?:/(?s:.*))?' } } } };
    const ip = { direct_remote_ip: { address_prefix: '10.0.0.0', prefix_len: 8 } };
    expect(filters[0]!.typed_config.rules).toEqual({
      action: 'DENY',
      policies: {
        'rest 1': { permissions: [{ not_rule: url }], principals: [{ any: true }] },
        'rest 2': { permissions: [{ any: true }], principals: [{ not_id: ip }] },
      },
    });
  });

  it('has the client throttle of the SRE book by Envoy’s formula', () => {
    const [filter] = filtersOf({ admission: { formula: 'sre', k: 2 } });
    expect(filter!.typed_config).toMatchObject({
      sr_threshold: { default_value: { value: 50 } },
      aggression: { default_value: 1 },
      max_rejection_probability: { default_value: { value: 100 } },
      sampling_window: '120s',
    });
  });

  it.each([
    [{}, []],
    [{ balancer: 'p2c' }, []],
    [
      {
        balancer: 'weighted-round-robin',
        upstreams: { 'worker-1': { weight: 3 } },
        slowStart: { window: '9s' },
      },
      [],
    ],
    [{ balancer: 'random', slowStart: { window: '9s' } }, ['slowStart missing']],
    [{ balancer: { name: 'ring-hash', boundedLoad: '125%' } }, []],
    [{ balancer: 'prequal' }, ['balancer missing']],
    [{ upstreams: { 'worker-1': { priority: 1 } }, priorities: { panicThreshold: '50%' } }, []],
    [{ outlierEjection: {} }, []],
    [{ healthCheck: { jitter: '0%' } }, []],
    [{ retry: { attempts: 3, retryAfter: {} } }, []],
    [{ retry: { budget: { type: 'token-bucket' } } }, ['retry.budget missing']],
    [{ retry: { on: ['timeout'] } }, ['retry.on otherwise']],
    [{ hedge: { after: '50ms' } }, ['hedge otherwise']],
    [{ hedge: {} }, ['hedge missing']],
    [{ concurrency: { limit: 3 } }, ['concurrency otherwise']],
    [{ globalConcurrency: { limit: 30 } }, []],
    [{ globalConcurrency: { adaptive: { algorithm: 'gradient' } } }, []],
    [{ globalConcurrency: { adaptive: { algorithm: 'vegas' } } }, ['globalConcurrency.adaptive missing']],
    [{ admission: { formula: 'envoy' } }, []],
    [
      { breaker: {}, cache: {}, criticality: {}, rateLimit: { rate: '1/s' } },
      ['criticality missing', 'breaker missing', 'rateLimit missing', 'cache missing'],
    ],
    [{ timeouts: { body: '1s' } }, ['timeouts.body otherwise']],
    [{ routes: [{ path: '/a?b' }] }, ['routes.0.path missing']],
    [
      { rules: [{ pattern: '(?=a)', action: 'block' }, { action: 'log' }] },
      ['rules.0 missing', 'rules.1 missing'],
    ],
    [
      { listener: { maxUrl: '1KiB', sendTimeout: '1s' } },
      ['listener.maxUrl missing', 'listener.sendTimeout otherwise'],
    ],
  ] as readonly (readonly [GatewaySection, readonly string[]])[])('%j loses %j', (section, losses) => {
    expect(lossesOf(section)).toEqual(losses);
  });

  it('never fails, and loses only what there is', () => {
    fc.assert(
      fc.property(randomSections, fc.constantFrom('run', 'export'), (section, purpose) => {
        const { files, losses } = envoy.translate(stateOf(section), siteAt({ purpose }));
        for (const { path, text } of losses) {
          expect(isInSchema(path), path.join('.')).toBe(true);
          expect(text).not.toMatch(/\.$/);
        }
        for (const text of Object.values(files)) expect(parse(text)).toBeTypeOf('object');
      }),
      { numRuns: 200 },
    );
  });
});

describe('following', () => {
  const twoRoutes: GatewaySection = {
    pools: { api: { upstreams: ['worker-1'] } },
    routes: [{ path: '/' }, { path: '/api', pool: 'api' }],
  };

  const namesOf = (text: string): string[] =>
    (parse(text) as { resources: Cluster[] }).resources.map(({ name }) => name);

  const stepsOf = (before: GatewaySection, after: GatewaySection): string[] =>
    stepsBetween(filesOf(before), filesOf(after)).map(({ file, text }) =>
      file === 'cds.yaml' ? `${file}: ${namesOf(text).join(' ')}` : file,
    );

  it('does nothing when nothing has changed', () => {
    expect(stepsOf({}, {})).toEqual([]);
  });

  it('touches nothing but the upstreams for a weight', () => {
    const weighted: GatewaySection = { balancer: 'random' };
    expect(stepsOf(weighted, { ...weighted, upstreams: { 'worker-1': { weight: 2 } } })).toEqual([
      'eds-all.yaml',
    ]);
  });

  it('brings clusters before the routes to them', () => {
    expect(stepsOf({}, twoRoutes)).toEqual(['cds.yaml: all pool-api', 'rds.yaml']);
  });

  it('takes clusters away after the routes to them', () => {
    expect(stepsOf(twoRoutes, {})).toEqual(['cds.yaml: all pool-api', 'rds.yaml', 'cds.yaml: all']);
  });

  it('gives every other text another version', () => {
    const versions = [{}, twoRoutes].map((section) => parse(filesOf(section)['rds.yaml'] ?? '').version_info);
    expect(new Set(versions).size).toBe(2);
  });

  it.each([
    ['cds.yaml', 'cluster_manager.cds'],
    ['lds.yaml', 'listener_manager.lds'],
    ['rds.yaml', 'http.ingress.rds.routes'],
    ['eds-pool-api.yaml', 'cluster.pool-api'],
  ])('sees how %s fares in %s', (file, name) => {
    expect(statisticsOf(file)).toBe(name);
  });

  it('reads statistics', () => {
    const text = 'cluster.all.update_success: 3\ncluster_manager.cds.version_text: "1a"\nx: P0(nan)\n';
    expect([...parseStatistics(text)]).toEqual([['cluster.all.update_success', 3]]);
  });

  it('repeats what Envoy’s log said last', () => {
    const log =
      '[w] Filesystem config update rejected: first\n[w] else\n[w] Filesystem config update failure: Unable to parse\n';
    expect(refusalIn(log)).toBe('Unable to parse');
    expect(refusalIn('')).toBe('it does not say why');
  });
});

describe('evidence in Envoy’s log', () => {
  const textOf = (fields: Record<string, unknown>): string | undefined => {
    const line = JSON.stringify({ ray: '0123456789abcdef', ...fields });
    return envoy.readEvidence(() => `${line}\n{"ray":"01`, new Set(['0123456789abcdef']))[0]?.text;
  };

  it.each([
    [
      {
        status: 503,
        flags: 'UF,URX',
        details: 'upstream_reset_before_response_started{connection_failure}',
        upstream: '10.0.0.1:80',
        failure: 'delayed connect error: 111',
        attempts: 2,
      },
      '503: the connection to the upstream failed (UF); no attempt is left (URX), upstream_reset_before_response_started{connection_failure}, delayed connect error: 111, upstream 10.0.0.1:80, 2 attempts',
    ],
    [
      {
        status: 503,
        flags: '-',
        details: 'via_upstream',
        upstream: '10.0.0.1:80',
        failure: '-',
        attempts: 1,
      },
      '503: the upstream’s own answer, passed on, upstream 10.0.0.1:80',
    ],
    [
      { status: 403, flags: '-', details: 'rbac_access_denied_matched_policy[x]' },
      '403: refused by a rule, rbac_access_denied_matched_policy[x]',
    ],
    [{ status: 503, flags: 'XX' }, '503: a flag of a newer Envoy (XX)'],
    [{ status: '-', flags: 'DC', details: '-' }, '0: the client left (DC)'],
  ])('explains %j', (fields, expected) => {
    expect(textOf(fields)).toBe(expected);
  });

  it('has words for every flag', () => {
    for (const [flag, meaning] of Object.entries(FLAGS))
      expect(textOf({ status: 500, flags: flag })).toContain(meaning);
  });
});
