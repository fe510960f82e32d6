/**
 * Mistakes in a scenario: each is reported with its path, its line and column, and how to mend it; all at
 * once.
 */
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../src/core/document/document.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { expectMistake, HERE, MINIMAL, problemsOf } from '../../support/scenario-text.js';

const replaced = (old: string, by: string): string => {
  if (!MINIMAL.includes(old)) throw new Error(`the shortest scenario has no "${old}"`);
  return MINIMAL.replace(old, by);
};
const added = (sections: string): string => `${MINIMAL}${sections}\n`;
const fleet = (keys: string): string => replaced('workers: 2', `workers: 2\n  ${keys}`);
const timeline = (...entries: string[]): string =>
  added(['timeline:', ...entries.map((entry) => `  - ${entry}`)].join('\n'));
const push = (endpoints: string): string =>
  timeline(`{ at: 1s, push-config: ▸{ downstream: { service: s, endpoints: [${endpoints}] } } }`);

describe(`a mistake in the form of a scenario, at ${HERE},`, () => {
  it.each([
    ['a bracket without its other half', added('gateway: ▸]'), '', 'Unexpected flow-seq-end'],
    ['a map on the line of a key', added('story: ▸a: b'), '', 'Nested mappings are not allowed'],
    ['a key named twice', added('▸title: again'), '', '`title` is there already'],
    ['an alias of itself', added('story: &a [▸*a]'), '', 'is a part of what &a names'],
    ['a key that is a map', added('story: { ▸{ a: b }: c }'), '', 'a key has to be a text'],
    [
      'a hundred and one aliases',
      added(`story: [&a x, ${'*a, '.repeat(100)}▸*a]`),
      '',
      'more than 100 aliases',
    ],
    ['an alias of nothing', added('story: ▸*nowhere'), '', 'nowhere'],
    ['an unknown key', added('▸fleat: {}'), 'fleat', 'unknown key; known here: version, name, title'],
    ['an unknown key further in', fleet('▸slot: 4'), 'fleet.slot', 'unknown key; known here: workers, slots'],
    [
      'an unknown key in a list',
      replaced('for: 4s', '▸four: 4s, for: 4s'),
      'load.stages[0].four',
      'unknown key; known here: rate, to, for',
    ],
    ['a duration without a unit', replaced('for: 4s', 'for: ▸8'), 'load.stages[0].for', 'write 8ms or 8s'],
    ['a rate without a unit', replaced('10/s', '▸200'), 'load.stages[0].rate', 'write 200/s'],
    [
      'a size without a unit',
      fleet('memory: { heapLimit: ▸64 }'),
      'fleet.memory.heapLimit',
      'write 64MiB or 64KiB',
    ],
    [
      'a unit of another kind',
      replaced('for: 4s', 'for: ▸4MiB'),
      'load.stages[0].for',
      'expected a duration such as 300ms, 2s or 1m30s, got "4MiB"',
    ],
    [
      'a wait longer than a timer keeps',
      fleet('restart: { delay: ▸600h }'),
      'fleet.restart.delay',
      'is 600h; the longest time that can be kept is 576h',
    ],
    [
      'a stage longer than a timer keeps',
      replaced('for: 4s', 'for: ▸577h'),
      'load.stages[0].for',
      'is 577h; the longest time that can be kept is 576h',
    ],
    [
      'a word that is not one of those allowed',
      fleet('abandoned: ▸forget'),
      'fleet.abandoned',
      'expected one of finish, cancel, interrupt, got "forget"',
    ],
    [
      'a fault that there is not',
      timeline('{ at: 1s, inject: ▸leek, on: worker-1 }'),
      'timeline[0].inject',
      'expected one of leak, gc-pressure, queue-memory, crash,',
    ],
    [
      'a parameter that there is not',
      timeline('{ at: 1s, inject: leak, on: worker-1, ▸perrequest: 2MiB }'),
      'timeline[0].perrequest',
      'unknown key; known here: at, note,',
    ],
    [
      'a parameter without a unit',
      timeline('{ at: 1s, inject: leak, on: worker-1, perRequest: ▸200 }'),
      'timeline[0].perRequest',
      'write 200MiB or 200KiB',
    ],
    [
      'a factor that makes nothing slower',
      timeline('{ at: 1s, inject: slow, on: worker-1, factor: ▸1 }'),
      'timeline[0].factor',
      'must be > 1, got 1',
    ],
    [
      'a status that is no error',
      timeline('{ at: 1s, inject: errors, on: worker-1, statuses: [500, ▸200] }'),
      'timeline[0].statuses[1]',
      'must be >= 400, got 200',
    ],
    [
      'a way to die that there is not',
      timeline('{ at: 1s, inject: crash, on: worker-1, how: ▸politely }'),
      'timeline[0].how',
      'expected one of throw, exit, kill, abort, got "politely"',
    ],
    ['fewer files than Node itself needs', fleet('openFiles: ▸8'), 'fleet.openFiles', 'must be >= 64, got 8'],
    [
      'a number below its least',
      replaced('workers: 2', 'workers: ▸0'),
      'fleet.workers',
      'must be >= 1, got 0',
    ],
    ['an empty list of stages', replaced('\n    - { rate: 10/s, for: 4s }', ' ▸[]'), 'load.stages', 'got []'],
    ['a missing section key', replaced('  workers: 2', '  ▸slots: 2'), 'fleet', 'missing `workers`'],
    ['a missing section', `▸${replaced('title: A small one\n', '')}`, '', 'missing `title`'],
    ['another version', replaced('version: 1', 'version: ▸2'), 'version', 'got 2'],
    ['a name with a space', replaced('name: small', 'name: ▸a small one'), 'name', 'got "a small one"'],
    ['a window that is no span', added('windows: { outage: ▸5s }'), 'windows.outage', 'got "5s"'],
    ['an empty file', '▸', '', 'the file is empty; badgateway init writes one'],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });
});

describe(`a mistake in the sense of a scenario, at ${HERE},`, () => {
  it.each([
    [
      'a heap limit below what Node needs',
      fleet('memory: { heapLimit: ▸16MiB }'),
      'fleet.memory.heapLimit',
      'at least 24MiB, or V8 has no room to serve in; got 16MiB',
    ],
    [
      'a first config in which no endpoint has a weight',
      fleet('config: ▸{ downstream: { service: s, endpoints: [{ name: a, weight: 0 }] } }'),
      'fleet.config',
      'every endpoint has weight 0',
    ],
    [
      'a pushed config in which no endpoint has a weight',
      push('{ name: a, weight: 0 }, { name: b, weight: 0 }'),
      'timeline[0].push-config',
      'every endpoint has weight 0',
    ],
    [
      'a pushed config that names an endpoint twice',
      push('{ name: a, weight: 1 }, { name: a, weight: 2 }'),
      'timeline[0].push-config',
      'endpoint a is named twice',
    ],
    [
      'a window that ends after the load',
      added('windows: { outage: ▸1s..9s }'),
      'windows.outage',
      'ends after the load does, at 4s',
    ],
    [
      'a window the wrong way round',
      added('windows: { outage: ▸3s..1s }'),
      'windows.outage',
      'ends before it begins: 3s..1s',
    ],
    [
      'a window of no length',
      added('windows: { outage: ▸2s..2s }'),
      'windows.outage',
      'ends before it begins',
    ],
    [
      'a window that begins within another and ends after it',
      added('windows: { outage: 1s..3s, after: ▸2s..4s }'),
      'windows.after',
      'overlaps outage, which ends at 3s: begin there, or end there; this begins at 2s',
    ],
    ['a window with three ends', added('windows: { outage: ▸1s..2s..3s }'), 'windows.outage', '1s..2s..3s'],
    ['a window without units', added('windows: { outage: ▸1..2s }'), 'windows.outage', 'write 1ms or 1s'],
    [
      'an entry of the timeline without an action',
      timeline('{ at: 1s, note: fine }', '▸{ at: 2s }'),
      'timeline[1]',
      'beside `at`, found none',
    ],
    [
      'an entry with two actions',
      timeline('▸{ at: 1s, note: a, rollback-config: {} }'),
      'timeline[0]',
      'found note and rollback-config',
    ],
    [
      'an entry after the load',
      timeline('{ at: ▸5s, note: a }'),
      'timeline[0].at',
      'after the load ends, at 4s',
    ],
    [
      'a worker beside a note',
      timeline('{ at: 1s, note: a, on: ▸worker-1 }'),
      'timeline[0].on',
      'on means nothing beside note; it belongs to inject and heal',
    ],
    [
      'a strategy beside a fault',
      timeline('{ at: 1s, inject: event-loop-block, on: worker-1, for: 1s, strategy: ▸rolling }'),
      'timeline[0].strategy',
      'it belongs to push-config and rollback-config',
    ],
    [
      'a worker that there is not',
      timeline('{ at: 1s, inject: event-loop-block, on: ▸worker-3, for: 1s }'),
      'timeline[0].on',
      'there is no worker-3; there are worker-1, worker-2',
    ],
    [
      'a fault without a worker',
      timeline('{ at: 1s, inject: ▸event-loop-block, for: 1s }'),
      'timeline[0].inject',
      'needs `on`',
    ],
    [
      'a fault without a length',
      timeline('{ at: 1s, inject: ▸event-loop-block, on: worker-1 }'),
      'timeline[0].inject',
      'needs `for`',
    ],
    [
      'a worker in a list that there is not',
      timeline('{ at: 1s, inject: hang, on: [worker-1, ▸worker-7] }'),
      'timeline[0].on[1]',
      'there is no worker-7; there are worker-1, worker-2',
    ],
    [
      'a length of what is over when it has begun',
      timeline('{ at: 1s, inject: crash, on: worker-1, for: ▸2s }'),
      'timeline[0].for',
      'means nothing to crash, which is over when it has begun',
    ],
    [
      'a length longer than a timer keeps',
      timeline('{ at: 1s, inject: hang, on: worker-1, for: ▸600h }'),
      'timeline[0].for',
      'is 600h; the longest time that can be kept is 576h',
    ],
    [
      'a parameter of another fault',
      timeline('{ at: 1s, inject: slow, on: worker-1, perRequest: ▸2MiB }'),
      'timeline[0].perRequest',
      'perRequest means nothing to slow; it takes factor, share, requests',
    ],
    [
      'a parameter of a fault that takes none',
      timeline('{ at: 1s, inject: stop, on: worker-1, factor: ▸2 }'),
      'timeline[0].factor',
      'factor means nothing to stop; it takes nothing',
    ],
    [
      'a parameter beside a note',
      timeline('{ at: 1s, note: a, factor: ▸2 }'),
      'timeline[0].factor',
      'factor means nothing beside note; it belongs to inject',
    ],
    [
      'a leak of nothing in particular',
      timeline('{ at: 1s, inject: ▸leak, on: worker-1 }'),
      'timeline[0].inject',
      'leak needs `perRequest` or `perSecond`, such as `perRequest: 200KiB`',
    ],
    [
      'a share of more than all',
      timeline('{ at: 1s, inject: hang, on: worker-1, share: ▸150% }'),
      'timeline[0].share',
      'must be above 0% and at most 100%, got 150%',
    ],
    [
      'a size of nothing',
      timeline('{ at: 1s, inject: queue-memory, on: worker-1, perRequest: ▸0KiB }'),
      'timeline[0].perRequest',
      'must be at least 1B, got 0KiB',
    ],
    [
      'a healing without a worker',
      timeline('{ at: 1s, heal: ▸slow }'),
      'timeline[0].heal',
      'needs `on`, the worker it goes to',
    ],
    [
      'a healing of nobody',
      timeline('{ at: 1s, heal: all, on: ▸worker-3 }'),
      'timeline[0].on',
      'there is no worker-3',
    ],
    [
      'a healing of what cannot be reached',
      timeline('{ at: 1s, heal: ▸event-loop-block, on: worker-1 }'),
      'timeline[0].heal',
      'cannot be healed before its time',
    ],
    [
      'a healing of what is over',
      timeline('{ at: 1s, heal: ▸crash, on: worker-1 }'),
      'timeline[0].heal',
      'crash is over when it has begun',
    ],
    [
      'a fault that is injected and healed at once',
      timeline('▸{ at: 1s, inject: slow, heal: slow, on: worker-1 }'),
      'timeline[0]',
      'found inject and heal',
    ],
    [
      'options of a canary without one',
      timeline('{ at: 1s, rollback-config: {}, strategy: rolling, canary: ▸{ readers: 1 } }'),
      'timeline[0].canary',
      'means nothing without `strategy: canary`',
    ],
    [
      'stages for workers',
      timeline(
        '{ at: 1s, push-config: { downstream: { service: s, endpoints: [{ name: a, weight: 1 }] } }, strategy: ▸staged }',
      ),
      'timeline[0].strategy',
      'staged does not go to workers; use all-at-once or rolling or canary',
    ],
    [
      'a canary for the gateway',
      timeline('{ at: 1s, push-config: { retry: {} }, to: gateway, strategy: ▸canary }'),
      'timeline[0].strategy',
      'canary does not go to gateway; use all-at-once or staged',
    ],
    [
      'stages without the strategy',
      timeline('{ at: 1s, push-config: { retry: {} }, to: gateway, staged: ▸{} }'),
      'timeline[0].staged',
      'means nothing without `strategy: staged`',
    ],
    [
      'stages that shrink',
      timeline(
        '{ at: 1s, push-config: { retry: {} }, to: gateway, strategy: staged, staged: { stages: [{ share: 50%, bake: 1s }, { share: ▸5%, bake: 1s }] } }',
      ),
      'timeline[0].staged.stages[1].share',
      'a share only grows',
    ],
    [
      'a pushed change of the listener',
      timeline('{ at: 1s, push-config: { listener: ▸{ maxBody: 1MiB } }, to: gateway }'),
      'timeline[0].push-config.listener',
      'cannot change while the gateway runs',
    ],
    [
      'an unknown key of the gateway in a push',
      timeline('{ at: 1s, push-config: { retry: { ▸attemps: 3 } }, to: gateway }'),
      'timeline[0].push-config.retry.attemps',
      'unknown key; known here: attempts, on,',
    ],
    [
      'an unknown key of a worker’s config in a push',
      timeline(
        '{ at: 1s, push-config: { ▸retry: {}, downstream: { service: s, endpoints: [{ name: a, weight: 1 }] } } }',
      ),
      'timeline[0].push-config.retry',
      'unknown key; known here: downstream',
    ],
    [
      'a pushed config that contradicts itself together with the variant’s',
      added(
        'gateway: { concurrency: { limit: 4 } }\ntimeline:\n  - { at: 1s, push-config: { concurrency: { adaptive: ▸{ algorithm: vegas } } }, to: gateway }',
      ),
      'timeline[0].push-config.concurrency.adaptive',
      'means nothing beside `limit`',
    ],
    [
      'a rollback of the gateway in steps',
      timeline('{ at: 1s, rollback-config: {}, to: gateway, strategy: ▸rolling }'),
      'timeline[0].strategy',
      'rolling does not go to gateway',
    ],
    [
      'somebody who gets a note',
      timeline('{ at: 1s, note: a, to: ▸gateway }'),
      'timeline[0].to',
      'to means nothing beside note; it belongs to push-config and rollback-config',
    ],
    [
      'thresholds for a variant that there is not',
      added('thresholds:\n  default: []\n  ▸other: []'),
      'thresholds.other',
      'there is no variant "other"; there are default',
    ],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });
});

it('windows that touch, and one within another, are no mistake', () => {
  const windows = 'windows: { baseline: 0s..1s, outage: 1s..4s, first: 1s..2s, last: 3s..4s, all: 0s..4s }';
  expect(problemsOf(added(windows))).toEqual([]);
});

describe('a mistake inside the text of a threshold', () => {
  it.each([
    ['in double quotes', added('thresholds:\n  default:\n    - "availability > ▸99"')],
    ['in single quotes', added("thresholds:\n  default:\n    - 'availability > ▸99'")],
    ['without quotes', added('thresholds:\n  default:\n    - availability > ▸99')],
    ['without quotes in a flow list', added('thresholds: { default: [availability > ▸99] }')],
  ])('is pointed at, %s', (_name, marked) => {
    expectMistake(marked, 'thresholds.default[0]', 'must be a share such as 99%');
  });
});

describe(`a mistake in a variant, at ${HERE},`, () => {
  const variants = (lines: string): string => added(`variants:\n  first: {}\n  second:\n${lines}`);

  it.each([
    [
      'of form',
      variants('    load:\n      stages:\n        - { rate: ▸5, for: 2s }'),
      'variants.second.load.stages[0].rate',
      'write 5/s',
    ],
    ['of an unknown key', variants('    ▸gatway: {}'), 'variants.second.gatway', 'unknown key'],
    [
      'of sense',
      variants('    fleet: { memory: { heapLimit: ▸8MiB } }'),
      'variants.second.fleet.memory.heapLimit',
      'at least 24MiB',
    ],
    [
      'in its timeline',
      variants('    timeline:\n      - { at: 1s, inject: event-loop-block, on: ▸worker-9, for: 1s }'),
      'variants.second.timeline[0].on',
      'there is no worker-9',
    ],
    [
      'in its thresholds',
      variants('    thresholds:\n      second:\n        - "availability > ▸5s"'),
      'variants.second.thresholds.second[0]',
      'must be a share such as 99%',
    ],
  ])('%s is told at its own line', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });

  it('that all of them take from the base is told once, at the base', () => {
    expectMistake(
      `${fleet('memory: { heapLimit: ▸8MiB }')}variants: { first: {}, second: {} }\n`,
      'fleet.memory.heapLimit',
      'at least 24MiB',
    );
  });
});

describe('several mistakes', () => {
  it('of form are all told', () => {
    const text = added('fleat: {}')
      .replace('10/s', '10')
      .replace('workers: 2', 'workers: 0')
      .replace('4s', '4');
    const paths = problemsOf(text).map(({ path }) => path);
    expect(paths.sort()).toEqual(['fleat', 'fleet.workers', 'load.stages[0].for', 'load.stages[0].rate']);
  });

  it('of sense are all told', () => {
    const text = added(`windows: { a: 1s..9s, b: 3s..1s }
timeline:
  - { at: 9s }
  - { at: 1s, inject: event-loop-block }
thresholds: { default: ["availability > 5s", "nonsense > 1"] }`);
    const paths = problemsOf(text).map(({ path }) => path);
    expect(paths.sort()).toEqual([
      'thresholds.default[0]',
      'thresholds.default[1]',
      'timeline[0]',
      'timeline[0].at',
      'timeline[1].inject',
      'timeline[1].inject',
      'windows.a',
      'windows.b',
    ]);
  });

  it('make one error, a line each, with the name of the file', () => {
    const text = replaced('10/s', '10').replace('workers: 2', 'workers: 0');
    let caught: unknown;
    try {
      parseScenario(text, 'mine.yaml');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(DocumentError);
    const { reason, message } = caught as DocumentError;
    expect(reason).toBe('invalidScenario');
    expect(message.split('\n').sort()).toEqual([
      expect.stringMatching(/^mine\.yaml:5:12: fleet\.workers: must be >= 1, got 0/),
      expect.stringMatching(/^mine\.yaml:8:15: load\.stages\[0\]\.rate: expected a rate/),
    ]);
  });
});
