/** Scenarios with upstreams of the user's own: what they come to, and what of them is refused, with its place and why. */
import { describe, expect, it } from 'vitest';
import { METRICS, metricValue } from '../../../src/scenarios/metrics/metrics.js';
import { machineProblems } from '../../../src/scenarios/metrics/verdict.js';
import { parseOverride, parseScenario } from '../../../src/scenarios/parse.js';
import { FleetSchema } from '../../../src/upstream/config.js';
import { variantResult } from '../../support/records.js';
import { expectMistake, HERE, problemsOf } from '../../support/scenario-text.js';

const LOAD = 'load: { stages: [{ rate: 10/s, for: 4s }] }\nwindows: { outage: 1s..2s }\n';
const TWO = 'upstreams: [http://127.0.0.1:3000, http://127.0.0.1:3001]';

const scenario = (fleet: string, more = ''): string =>
  `version: 1\nname: mine\ntitle: Mine\nfleet: { ${fleet} }\n${LOAD}${more}\n`;
const withMore = (more: string): string => scenario(TWO, more);
const timeline = (entry: string): string => withMore(`timeline:\n  - { at: 1s, ${entry} }`);
const threshold = (text: string): string => withMore(`thresholds:\n  default:\n    - ${text}`);

const read = (text: string) => parseScenario(text, 'mine.yaml').variants[0]!;

describe('upstreams of one’s own', () => {
  it('stand in the places of workers', () => {
    const { fleet, scope } = read(withMore(''));
    expect(fleet.upstreams).toEqual([
      { scheme: 'http', host: '127.0.0.1', port: 3000 },
      { scheme: 'http', host: '127.0.0.1', port: 3001 },
    ]);
    expect([fleet.workers, fleet.maxWorkers]).toEqual([2, 2]);
    expect(scope.upstreams).toEqual(['worker-1', 'worker-2']);
  });

  it('are no more than connected to by health checks, unless something else is said', () => {
    const typeOf = (gateway: string) => read(withMore(`gateway: { ${gateway} }`)).gateway.healthCheck;
    expect(read(withMore('')).gateway.healthCheck).toMatchObject({ type: 'tcp' });
    expect(typeOf('healthCheck: { interval: 1s }')).toMatchObject({ type: 'tcp', intervalMs: 1_000 });
    expect(typeOf('healthCheck: { path: /well }')).toMatchObject({ type: 'http', path: '/well' });
    expect(typeOf('healthCheck: { type: http }')).toMatchObject({ type: 'http', path: '/healthz' });
    expect(typeOf('healthCheck: off')).toBeNull();
    const [pushed, other] = ['{ retry: {} }', '{ healthCheck: { path: /well } }'].map(
      (config) => read(timeline(`push-config: ${config}, to: gateway`)).timeline[0]!.action,
    );
    expect(pushed).toMatchObject({ config: { retry: {}, healthCheck: { type: 'tcp' } } });
    expect(other).toMatchObject({ config: { healthCheck: { path: '/well' } } });
    expect(typeOf('profile: naive')).toMatchObject({ type: 'http' });
  });

  it('may be named, linked, disturbed on the way, and have gateways that are disturbed', () => {
    const text = scenario(
      `${TWO}, deadPorts: 1, clusters: { a: [worker-1] }`,
      `names: { ttl: 1s }
gateways: 2
gateway: { pools: { api: { upstreams: [worker-1, dead-1] } }, cache: {} }
timeline:
  - { at: 1s, toxic: latency, on: a, attributes: { latency: 100 } }
  - { at: 1s, dns: nxdomain, on: worker-2, for: 1s }
  - { at: 1s, disrupt: kill, on: gateway-1, for: 1s }
  - { at: 1s, push-config: { timeouts: { attempt: 1s } }, to: gateway }
  - { at: 2s, rollback-config: {}, to: gateway }
  - { at: 2s, purge-cache: {} }
  - { at: 2s, update-clients: { patience: 1s } }
  - { at: 2s, note: all is well }
thresholds:
  default: ["availability[outage] > 1%", "first.502 > 1s", "first.circuit.opened > 1s", "blast-radius{class=web} < 1%", alerts.fast-burn == 0, alerts == 0]
clients: { classes: { web: { share: 100% } } }`,
    );
    expect(problemsOf(text)).toEqual([]);
  });

  it('may be others in a variant, and be set from outside', () => {
    const text = withMore('variants:\n  old: {}\n  new: { fleet: { upstreams: ["127.0.0.1:4000"] } }');
    expect(parseScenario(text, 'mine.yaml').variants.map(({ fleet }) => fleet.workers)).toEqual([2, 1]);
    const overrides = [parseOverride('fleet.upstreams=[http://127.0.0.1:5000]')];
    const { variants } = parseScenario(withMore(''), 'mine.yaml', { overrides });
    expect(variants[0]!.fleet.upstreams).toEqual([{ scheme: 'http', host: '127.0.0.1', port: 5000 }]);
  });

  it('may be on other machines only where that is said', () => {
    const text = scenario('upstreams: [http://10.1.2.3:80]');
    expect(problemsOf(text, { remote: true })).toEqual([]);
    expect(problemsOf(text)).toMatchObject([{ path: 'fleet.upstreams[0]', line: 4, column: 22 }]);
  });

  it('speak TLS by the gateway’s section', () => {
    const text = scenario('upstreams: [https://localhost:8443]', 'gateway: { upstreamTls: { ca: ca.pem } }');
    expect(problemsOf(text)).toEqual([]);
  });
});

describe(`beside upstreams of one’s own, at ${HERE},`, () => {
  it.each([
    ['workers', '▸workers: 2', 'there are as many as there are addresses under `upstreams`'],
    ['slots', '▸slots: 4', 'is about workers that badgateway starts'],
    ['serviceTime', '▸serviceTime: { mean: 1ms }', 'is about workers that badgateway starts'],
    ['memory', '▸memory: { heapLimit: 64MiB }', 'is about workers that badgateway starts'],
    ['restart', '▸restart: { delay: 1s }', 'is about workers that badgateway starts'],
    ['autoscale', '▸autoscale: { max: 2 }', 'is about workers that badgateway starts'],
    ['readiness', '▸readiness: {}', 'is about workers that badgateway starts'],
  ])('`%s` is refused', (key, written, message) => {
    expectMistake(scenario(`${TWO}, ${written}`), `fleet.${key}`, message);
  });

  it('every key of the fleet is refused that is about workers', () => {
    const values = {
      workers: '2',
      maxWorkers: '2',
      slots: '2',
      abandoned: 'finish',
      openFiles: '4096',
      processors: '2',
      bootDelay: '1s',
      watchdog: '1s',
      configReaders: '[worker-1]',
      serviceTime: '{ mean: 1ms }',
      recycle: '{ at: 70% }',
      autoscale: '{ max: 2 }',
    };
    const sections = 'memory restart liveness readiness quarantine dependencies'
      .split(' ')
      .map((key): [string, string] => [key, '{}']);
    const config = '{ downstream: { service: a, endpoints: [{ name: b, weight: 1 }] } }';
    const written = [...Object.entries(values), ...sections, ['config', config]];
    const refused = problemsOf(
      scenario(`${TWO}, ${written.map(([key, value]) => `${key}: ${value}`).join(', ')}`),
    ).map(({ path }) => path);
    const others = Object.keys(FleetSchema.properties).filter(
      (key) => !['upstreams', 'deadPorts', 'clusters'].includes(key),
    );
    expect(refused).toEqual(expect.arrayContaining(others.map((key) => `fleet.${key}`)));
  });

  it.each([
    [
      'a fault',
      '▸inject: hang, on: worker-1',
      'timeline[0].inject',
      'what can be done is a `toxic` on their links',
    ],
    ['healing', '▸heal: all, on: worker-1', 'timeline[0].heal', 'the upstreams are your own'],
    ['a deploy', '▸deploy: { version: 2 }', 'timeline[0].deploy', 'replaces workers'],
    ['its rollback', '▸rollback-deploy: {}', 'timeline[0].rollback-deploy', 'replaces workers'],
    ['scaling', '▸scale: 1', 'timeline[0].scale', 'starts and ends workers'],
    [
      'a dependency’s fault',
      '▸disturb: slow, on: db',
      'timeline[0].disturb',
      'what badgateway’s workers call',
    ],
    ['its end', '▸recover: all, on: db', 'timeline[0].recover', 'what badgateway’s workers call'],
    [
      'config for workers',
      '▸push-config: { retry: {} }',
      'timeline[0].push-config',
      'what goes to the gateway says `to: gateway`',
    ],
    ['a rollback of it', '▸rollback-config: {}', 'timeline[0].rollback-config', 'says `to: gateway`'],
    ['its lock', '▸lock-config: { reason: x }', 'timeline[0].lock-config', 'take it out'],
    ['its unlocking', '▸unlock-config: {}', 'timeline[0].unlock-config', 'take it out'],
  ])('%s is refused', (_what, entry, path, message) => {
    expectMistake(timeline(entry), path, message);
  });

  it.each([
    'crashes == 0',
    'workers-lost == 0',
    'worker-seconds < 5',
    'heap-at-death > 1%',
    'wasted[outage] < 1%',
    'blast-radius < 1%',
    'first.worker.exited > 1s',
    'first.deploy.began > 1s',
    'alerts.heap-slope == 0',
    'alerted.queue-growth > 1s',
    'lead.traffic-drop > 1s',
  ])('`%s` is refused', (text) => {
    const [metric] = /^[a-z.-]+/.exec(text)!;
    expectMistake(
      threshold(`${HERE}${text}`),
      'thresholds.default[0]',
      `${metric} is told by workers that badgateway starts`,
    );
  });

  it('a metric is found wherever it stands in a threshold', () => {
    expectMistake(
      threshold('requests > 2 * ▸crashes'),
      'thresholds.default[0]',
      'crashes is told by workers',
    );
  });

  it('what needs workers has no value', () => {
    const own = { ...variantResult(), upstreams: [{ worker: 'worker-1', address: '127.0.0.1:1' }] };
    expect(metricValue(own, 'crashes', '')).toBeNaN();
    expect(metricValue(own, 'requests', '')).not.toBeNaN();
    expect(METRICS.filter(({ needsWorkers }) => needsWorkers !== undefined)).toHaveLength(11);
  });

  it('nobody says that workers starved', () => {
    expect(machineProblems({ lateSends: 0, gatewayStallMs: 0 })).toEqual([]);
  });
});

describe(`an address, at ${HERE},`, () => {
  const NO_TLS = 'give `gateway` the section `upstreamTls: {}`';
  it.each([
    ['with a path', '▸http://127.0.0.1:3000/api', '', 'an upstream has no path of its own'],
    ['of another protocol', '▸redis://127.0.0.1:6379', '', 'the gateway speaks http to upstreams, not redis'],
    ['without a port', '▸127.0.0.1', '', 'it has no port; write http://127.0.0.1:3000'],
    ['on another machine', '▸http://192.0.2.1:80', '', '192.0.2.1:80 is not this machine'],
    ['that is there twice', '127.0.0.1:3000, ▸http://127.0.0.1:3000', '', 'is the same as worker-1'],
    ['of https without TLS', '▸https://127.0.0.1:3000', '', NO_TLS],
    ['of http with TLS', '▸http://127.0.0.1:3000', 'gateway: { upstreamTls: {} }', 'write https'],
    ['that is none, named', '▸http://localhost:3000', 'names: { ttl: 1s }', 'leads to an IPv4 address'],
  ])('%s is refused', (_what, addresses, more, message) => {
    const index = addresses.slice(0, addresses.indexOf(HERE)).split(',').length - 1;
    expectMistake(scenario(`upstreams: [${addresses}]`, more), `fleet.upstreams[${index}]`, message);
  });

  it.each([
    ['names', 'names: { ttl: 1s }', 'renames the upstreams'],
    ['links', 'links: {}', 'links stand before the upstreams'],
  ])('behind %s needs the name that its certificate is for', (_what, section, message) => {
    const text = (tls: string): string =>
      scenario('upstreams: [https://127.0.0.2:3000]', `${section}\ngateway: { ▸upstreamTls: ${tls} }`);
    expectMistake(text('{}'), 'gateway.upstreamTls', message);
    expect(problemsOf(text('{ name: api.internal }').replace(HERE, ''))).toEqual([]);
  });

  it('is refused by the virtual engine, where it is written', () => {
    expect(problemsOf(withMore(''), { engine: 'virtual' })).toEqual([
      {
        path: 'fleet.upstreams',
        line: 4,
        column: 10,
        message: expect.stringContaining('run it with --engine real'),
      },
    ]);
  });

  it.each([
    ['an empty list', 'upstreams: ▸[]', 'fleet.upstreams', 'must have at least 1 entry'],
    ['a text', 'upstreams: ▸http://127.0.0.1:3000', 'fleet.upstreams', 'must be a list'],
    ['neither workers nor upstreams', 'deadPorts: 1', 'fleet', 'or `upstreams`'],
  ])('%s is refused', (_what, fleet, path, message) => {
    const text = fleet.includes(HERE) ? scenario(fleet) : scenario(fleet).replace('{ dead', `${HERE}{ dead`);
    expectMistake(text, path, message);
  });
});
