/** Scenarios that are in order: the bundled one, the shortest there can be, and what is filled in. */
import { describe, expect, it } from 'vitest';
import { libraryNames, readLibrary } from '../../../src/scenarios/library.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { DEFAULT_SEED } from '../../../src/scenarios/scenario.js';
import { MINIMAL } from '../../support/scenario-text.js';

describe('the bundled scenarios', () => {
  it('are there', () => {
    expect(libraryNames()).toContain('chatgpt-2024-11-08');
  });

  it.each(libraryNames())('%s is in order and called what its file is called', (name) => {
    const scenario = parseScenario(readLibrary(name), `${name}.yaml`);
    expect(scenario.name).toBe(name);
    expect(scenario.variants.length).toBeGreaterThan(0);
    for (const variant of scenario.variants) expect(variant.thresholds.length).toBeGreaterThan(0);
  });

  it('chatgpt-2024-11-08 has its three rollbacks, each with a timeline of its own', () => {
    const { variants } = parseScenario(readLibrary('chatgpt-2024-11-08'), 'chatgpt.yaml');
    const timelineOf = (name: string) => variants.find((variant) => variant.name === name)!.timeline;
    const actionsOf = (name: string) => timelineOf(name).map(({ action }) => action.type);
    expect(actionsOf('as-it-happened')).toEqual([
      'push-config',
      'rollback-config',
      'lock-config',
      'push-config',
    ]);
    expect(actionsOf('fast-rollback')).toEqual(['push-config', 'rollback-config']);
    expect(actionsOf('canary')).toEqual(['push-config']);
    expect(timelineOf('canary')[0]!.action).toMatchObject({
      strategy: { name: 'canary', readers: 1, bakeMs: 5_000, maxExits: 0, maxHeapRatio: 0.8 },
    });
  });
});

describe('the shortest scenario', () => {
  const scenario = parseScenario(MINIMAL, 'small.yaml');

  it('is one variant with the defaults filled in', () => {
    expect(scenario).toMatchObject({
      name: 'small',
      title: 'A small one',
      story: '',
      reproduces: [],
      seed: DEFAULT_SEED,
      minBaselineAvailability: 0.99,
    });
    expect(scenario.variants).toHaveLength(1);
    expect(scenario.variants[0]).toMatchObject({
      name: 'default',
      seed: DEFAULT_SEED,
      durationMs: 4_000,
      settleMs: 200,
      timeline: [],
      windows: [],
      thresholds: [],
      scope: expect.objectContaining({ running: 2 }),
      fleet: { workers: 2, slots: 8, heapLimitBytes: 64 * 1024 ** 2 },
    });
  });

  it('may have thresholds for the variant that it does not name', () => {
    const text = `${MINIMAL}thresholds: { default: [crashes == 0] }\n`;
    const [variant] = parseScenario(text, 'small.yaml').variants;
    expect(variant!.thresholds.map((threshold) => threshold.text)).toEqual(['crashes == 0']);
  });
});

describe('a timeline', () => {
  const timelineOf = (entries: string) =>
    parseScenario(`${MINIMAL}timeline:\n${entries}`, 'small.yaml').variants[0]!.timeline;

  it('is put in order of time', () => {
    const timeline = timelineOf(
      '  - { at: 3s, note: c }\n  - { at: 0s, note: a }\n  - { at: 4s, note: d }\n',
    );
    expect(timeline.map(({ atMs }) => atMs)).toEqual([0, 3_000, 4_000]);
  });

  it('holds every kind of action', () => {
    const timeline = timelineOf(`
  - { at: 1s, note: look }
  - { at: 1s, inject: event-loop-block, on: worker-2, for: 500ms }
  - at: 1s
    push-config: { downstream: { service: store, endpoints: [{ name: a, weight: 1 }] } }
    strategy: rolling
    rolling: { interval: 300ms }
  - { at: 1s, rollback-config: {} }
  - { at: 2s, lock-config: { reason: look first } }
  - at: 2s
    push-config: { downstream: { service: store, endpoints: [{ name: a, weight: 1 }] } }
    breakGlass: it burns
  - { at: 3s, unlock-config: {} }
`);
    expect(timeline.map(({ action }) => action)).toEqual([
      { type: 'note', text: 'look' },
      {
        type: 'inject',
        workers: ['worker-2'],
        injection: { fault: 'event-loop-block', options: { work: 'loop' }, forMs: 500 },
      },
      {
        type: 'push-config',
        config: { downstream: { service: 'store', endpoints: [{ name: 'a', weight: 1 }] } },
        strategy: { name: 'rolling', intervalMs: 300 },
        breakGlass: '',
      },
      { type: 'rollback-config', strategy: { name: 'all-at-once' } },
      { type: 'lock-config', reason: 'look first' },
      {
        type: 'push-config',
        config: { downstream: { service: 'store', endpoints: [{ name: 'a', weight: 1 }] } },
        strategy: { name: 'all-at-once' },
        breakGlass: 'it burns',
      },
      { type: 'unlock-config' },
    ]);
  });

  it('injects into one worker, several or all, with what is given and what is not, and heals', () => {
    const timeline = timelineOf(`
  - { at: 1s, inject: leak, on: [worker-2, worker-1], perRequest: 200KiB, for: 2s }
  - { at: 1s, inject: slow, on: all, factor: 66, share: 1% }
  - { at: 1s, inject: errors, on: worker-1, statuses: [500, 503], requests: 9 }
  - { at: 2s, heal: slow, on: worker-1 }
  - { at: 3s, heal: all, on: all }
`);
    const both = ['worker-1', 'worker-2'];
    expect(timeline.map(({ action }) => action)).toEqual([
      {
        type: 'inject',
        workers: ['worker-2', 'worker-1'],
        injection: {
          fault: 'leak',
          options: {
            perRequest: 204_800,
            perSecond: null,
            memory: 'heap',
            memoryLimit: 256 * 1024 ** 2,
            share: 1,
            requests: null,
          },
          forMs: 2_000,
        },
      },
      {
        type: 'inject',
        workers: both,
        injection: { fault: 'slow', options: { factor: 66, share: 0.01, requests: null }, forMs: null },
      },
      {
        type: 'inject',
        workers: ['worker-1'],
        injection: {
          fault: 'errors',
          options: { statuses: [500, 503], share: 1, requests: 9, path: null },
          forMs: null,
        },
      },
      { type: 'heal', workers: ['worker-1'], fault: 'slow' },
      { type: 'heal', workers: both, fault: null },
    ]);
  });

  it('lays what goes to the gateway over the variant’s own section, and keeps how it goes out', () => {
    const { variants } = parseScenario(
      `${MINIMAL}gateway: { timeouts: { attempt: 2s, request: 9s }, retry: {} }
timeline:
  - at: 1s
    push-config: { timeouts: { attempt: 5ms } }
    to: gateway
    strategy: staged
    staged: { stages: [{ share: 20%, bake: 2s }] }
  - { at: 2s, push-config: { cache: {} }, to: gateway, breakGlass: it burns }
  - { at: 3s, rollback-config: {}, to: gateway }
variants:
  plain: {}
  patient: { gateway: { timeouts: { request: 20s } } }
`,
      'small.yaml',
    );
    const actionsOf = (name: string) =>
      variants.find((variant) => variant.name === name)!.timeline.map(({ action }) => action);
    expect(actionsOf('plain')).toEqual([
      {
        type: 'push-gateway-config',
        config: { timeouts: { attempt: '5ms', request: '9s' }, retry: {} },
        strategy: { strategy: 'staged', staged: { stages: [{ share: '20%', bake: '2s' }] } },
        breakGlass: '',
        to: 'gateway',
        approved: true,
      },
      {
        type: 'push-gateway-config',
        config: { timeouts: { attempt: '2s', request: '9s' }, retry: {}, cache: {} },
        strategy: {},
        breakGlass: 'it burns',
        to: 'gateway',
        approved: true,
      },
      { type: 'rollback-gateway-config', to: 'gateway' },
    ]);
    expect(actionsOf('patient')[0]).toMatchObject({
      config: { timeouts: { attempt: '5ms', request: '20s' }, retry: {} },
    });
  });
});

describe('windows', () => {
  it('are spans in milliseconds of the run, up to its very end', () => {
    const text = `${MINIMAL}windows: { baseline: 0s..1500ms, rest: 1.5s..4s }\n`;
    expect(parseScenario(text, 'small.yaml').variants[0]!.windows).toEqual([
      { name: 'baseline', fromMs: 0, toMs: 1_500 },
      { name: 'rest', fromMs: 1_500, toMs: 4_000 },
    ]);
  });
});
