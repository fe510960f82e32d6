/** Mistakes in the fleet's mechanisms and in deploys: each with its path, its place, and how to mend it. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { expectMistake, HERE, MINIMAL } from '../../support/scenario-text.js';

const fleet = (...keys: readonly string[]): string =>
  MINIMAL.replace('workers: 2', ['workers: 2', ...keys].join('\n  '));
const timeline = (entry: string, text = MINIMAL): string => `${text}timeline:\n  - { at: 1s, ${entry} }\n`;
const deploy = (keys: string): string => timeline(`deploy: { version: 2, ${keys} }`);

describe(`a mistake about the fleet, at ${HERE},`, () => {
  it.each([
    [
      'fewer places than workers',
      fleet('maxWorkers: ▸1'),
      'fleet.maxWorkers',
      'is 1, and there are 2 workers from the start; give 2 or more',
    ],
    ['a watchdog that is too quick', fleet('watchdog: ▸100ms'), 'fleet.watchdog', 'must be at least 200ms'],
    ['a watchdog without a unit', fleet('watchdog: ▸1'), 'fleet.watchdog', 'write 1ms or 1s'],
    ['recycling above the limit', fleet('recycle: { at: ▸120% }'), 'fleet.recycle.at', 'at most 100%'],
    ['recycling of empty heaps', fleet('recycle: { at: ▸0% }'), 'fleet.recycle.at', 'above 0%'],
    [
      'an unknown kind of probe',
      fleet('liveness: { type: ▸tcp }'),
      'fleet.liveness.type',
      'expected one of http, deep, got "tcp"',
    ],
    [
      'a quarantine before the first death',
      fleet('quarantine: { after: ▸0 }'),
      'fleet.quarantine.after',
      'must be >= 1, got 0',
    ],
    [
      'an autoscaler beyond the places',
      fleet('maxWorkers: 4', 'autoscale: { max: ▸6 }'),
      'fleet.autoscale.max',
      'is 6, and `maxWorkers` is 4; raise `maxWorkers`',
    ],
    [
      'a least above the most',
      fleet('autoscale: { min: ▸6, max: 4 }'),
      'fleet.autoscale.min',
      '`min` may not be above `max`',
    ],
    [
      'a most below the workers there are',
      fleet('autoscale: { max: ▸1 }'),
      'fleet.autoscale.max',
      'the least is 2 and the most 1',
    ],
    ['a target of nothing', fleet('autoscale: { target: ▸0% }'), 'fleet.autoscale.target', 'above 0%'],
    [
      'a reader of the config who is unknown',
      fleet('clusters: { chat: [worker-1] }', 'configReaders: [chat, ▸worker-9]'),
      'fleet.configReaders[1]',
      'there is no worker-9; there are worker-1, worker-2',
    ],
    [
      'a canary of all who read the config',
      timeline(
        'push-config: { downstream: { service: s, endpoints: [{ name: a, weight: 1 }] } }, strategy: canary, canary: ▸{ readers: 1 }',
        fleet('configReaders: [worker-1]'),
      ),
      'timeline[0].canary',
      'a canary of all 1 workers is none; give fewer readers',
    ],
    [
      'a cluster of somebody unknown',
      fleet('clusters: { a: [worker-1, ▸worker-3] }'),
      'fleet.clusters.a[1]',
      'there is no worker-3; there are worker-1, worker-2',
    ],
    [
      'a target that is neither worker nor cluster',
      timeline('inject: hang, on: ▸b', fleet('clusters: { a: [worker-1] }')),
      'timeline[0].on',
      'there is no b; there are worker-1, worker-2, a',
    ],
    ['no interval', fleet('autoscale: { interval: ▸0s }'), 'fleet.autoscale.interval', 'above 0s'],
    [
      'a season that nobody foresees',
      fleet('autoscale: { season: ▸1m }'),
      'fleet.autoscale.season',
      'season means nothing to reactive; it belongs to predictive',
    ],
    [
      'a season of one value',
      fleet('autoscale: { strategy: predictive, interval: 2s, season: ▸3s }'),
      'fleet.autoscale.season',
      'must be at least 4s: an interval is 2s, and one value is no season; got 3s',
    ],
    [
      'a season that ends within an interval',
      fleet('autoscale: { strategy: predictive, interval: 3s, season: ▸10s }'),
      'fleet.autoscale.season',
      'must be a whole number of intervals of 3s, such as 9s or 12s; got 10s',
    ],
    [
      'a season of too many intervals',
      fleet('autoscale: { strategy: predictive, interval: 1ms, season: ▸2m }'),
      'fleet.autoscale.season',
      'must be at most 1m26s, which is 86400 intervals of 1ms; a longer season needs a longer `interval`',
    ],
    [
      'a season without a unit',
      fleet('autoscale: { strategy: predictive, season: ▸20 }'),
      'fleet.autoscale.season',
      'write 20ms or 20s',
    ],
    [
      'an unknown strategy',
      fleet('autoscale: { strategy: ▸clever }'),
      'fleet.autoscale.strategy',
      'expected one of reactive, predictive, got "clever"',
    ],
    [
      'scaling beyond the places',
      timeline('scale: ▸3'),
      'timeline[0].scale',
      'there are places for 2 workers; give the fleet `maxWorkers: 3`',
    ],
    [
      'a deploy of the first version',
      timeline('deploy: { version: ▸1 }'),
      'timeline[0].deploy.version',
      'must be >= 2, got 1',
    ],
    [
      'green workers without places',
      deploy('strategy: ▸blue-green'),
      'timeline[0].deploy.strategy',
      'blue-green needs a place for each worker twice; give the fleet `maxWorkers: 4`',
    ],
    [
      'a canary of one',
      deploy('strategy: ▸canary').replace('workers: 2', 'workers: 1'),
      'timeline[0].deploy.strategy',
      'there is only one worker',
    ],
    [
      'a drain of a big bang',
      deploy('strategy: big-bang, drain: ▸1s'),
      'timeline[0].deploy.drain',
      'drain means nothing to big-bang; it belongs to rolling and canary',
    ],
    [
      'a watch without a canary',
      deploy('watch: ▸1s'),
      'timeline[0].deploy.watch',
      'watch means nothing to rolling; it belongs to canary',
    ],
    [
      'a fault that no version has by birth',
      deploy('changes: { faults: [{ fault: ▸crash }] }'),
      'timeline[0].deploy.changes.faults[0].fault',
      'crash is nothing that a version has by birth; inject it instead',
    ],
    [
      'a key that the fault does not know',
      deploy('changes: { faults: [{ fault: hang, factor: ▸2 }] }'),
      'timeline[0].deploy.changes.faults[0].factor',
      'factor means nothing to hang',
    ],
    [
      'a fault without what it needs',
      deploy('changes: { faults: [{ fault: ▸leak }] }'),
      'timeline[0].deploy.changes.faults[0].fault',
      'needs `perRequest` or `perSecond`',
    ],
    [
      'a heap without room',
      deploy('changes: { memory: { heapLimit: ▸8MiB } }'),
      'timeline[0].deploy.changes.memory.heapLimit',
      'at least 24MiB',
    ],
    [
      'two actions at once',
      `${MINIMAL}timeline:\n  - ▸{ at: 1s, scale: 2, rollback-deploy: {} }\n`,
      'timeline[0]',
      'found rollback-deploy and scale',
    ],
    [
      'a strategy of a config beside a deploy',
      timeline('rollback-deploy: {}, strategy: ▸rolling'),
      'timeline[0].strategy',
      'strategy means nothing beside rollback-deploy',
    ],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });
});

describe('a fleet with all its mechanisms', () => {
  const text = fleet(
    'bootDelay: 1500ms',
    'liveness: { type: deep, interval: 500ms, timeout: 400ms, failures: 2 }',
    'readiness: {}',
    'watchdog: 1s',
    'recycle: { at: 60% }',
    'quarantine: {}',
    'autoscale: { max: 6, strategy: predictive, season: 200ms, interval: 100ms, target: 80%, stabilisation: { up: 3s } }',
  );

  it('is what it says, with its defaults', () => {
    const { fleet: config } = parseScenario(text, 'test.yaml').variants[0]!;
    expect(config).toMatchObject({
      workers: 2,
      maxWorkers: 6,
      bootDelayMs: 1_500,
      liveness: { path: '/healthz/deep', intervalMs: 500, timeoutMs: 400, failures: 2 },
      readiness: { path: '/readyz', intervalMs: 1_000, timeoutMs: 1_000, failures: 3 },
      watchdogMs: 1_000,
      recycle: { atRatio: 0.6, drainMs: 1_000, pauseMs: 500 },
      quarantine: { after: 2, forMs: 60_000 },
      autoscale: {
        ...{ min: 2, max: 6, strategy: 'predictive', seasonMs: 200, targetRatio: 0.8, intervalMs: 100 },
        ...{ step: null, upMs: 3_000, downMs: 30_000, drainMs: 5_000 },
      },
    });
  });

  it('takes a cluster for its workers', () => {
    const clusters = fleet('clusters: { a: [worker-1], both: [worker-2, worker-1] }');
    const entry = timeline('inject: hang, on: [a, both]', clusters);
    expect(parseScenario(entry, 'test.yaml').variants[0]!.timeline).toMatchObject([
      { action: { workers: ['worker-1', 'worker-2'] } },
    ]);
  });

  it('has none of them unless it says so', () => {
    const { fleet: config } = parseScenario(MINIMAL, 'test.yaml').variants[0]!;
    expect(config).toMatchObject({
      ...{ maxWorkers: 2, bootDelayMs: 0, liveness: null, readiness: null },
      ...{ watchdogMs: null, recycle: null, quarantine: null, autoscale: null },
    });
  });

  it('takes faults on workers that are yet to come', () => {
    const variant = parseScenario(timeline('inject: leak, on: worker-6, perSecond: 1MiB', text), 'test.yaml')
      .variants[0]!;
    expect(variant.timeline).toMatchObject([{ action: { workers: ['worker-6'] } }]);
  });

  it('is deployed to with what differs', () => {
    const { variants } = parseScenario(
      deploy(
        'drain: 1s, boot: 2s, changes: { serviceTime: { mean: 150ms }, faults: [{ fault: cold-start, factor: 3 }] }',
      ),
      'test.yaml',
    );
    expect(variants[0]!.timeline[0]!.action).toEqual({
      type: 'deploy',
      deployment: {
        ...{ version: 2, strategy: 'rolling', drainMs: 1_000, bootMs: 2_000 },
        ...{ warmUpRequests: 0, watchMs: 3_000, slowdown: 1.5 },
        changes: {
          serviceTime: { meanMs: 150 },
          faults: [{ fault: 'cold-start', options: { factor: 3, requests: 200 } }],
        },
      },
    });
  });
});
