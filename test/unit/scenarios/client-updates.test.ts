/**
 * Updates of clients on a virtual clock: what is in force when, what becomes of requests that are under way, and how a
 * mistake in such an entry is told.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, EventStream } from '../../../src/core/events.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { AddressBook } from '../../../src/scenarios/clients/addresses.js';
import {
  type BehaviourSection,
  type ClientBehaviour,
  resolveBehaviour,
} from '../../../src/scenarios/clients/behaviour.js';
import { resolveClasses } from '../../../src/scenarios/clients/classes.js';
import type { RequestId, RequestRecord } from '../../../src/scenarios/clients/clients.js';
import { ClientCrowd } from '../../../src/scenarios/clients/crowd.js';
import { ClientUpdates } from '../../../src/scenarios/clients/updates.js';
import { parseByHand } from '../../../src/scenarios/control/by-hand.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { eventText } from '../../../src/scenarios/report/event-text.js';
import { tellVariant } from '../../../src/scenarios/report/story.js';
import type { ClientUpdate } from '../../../src/scenarios/timeline/clients.js';
import { resultEvent, variantResult } from '../../support/records.js';
import { expectMistake, MINIMAL } from '../../support/scenario-text.js';

const classNames = ['web', 'ios'] as const;

const CLASSES = resolveClasses({
  retry: { attempts: 2 },
  classes: { web: { share: '50%' }, ios: { share: '50%', retry: { attempts: 4, backoff: 'exponential' } } },
});

const update = (changes: BehaviourSection, fields: Partial<ClientUpdate> = {}): ClientUpdate => ({
  classes: [],
  changes,
  forMs: null,
  ...fields,
});

/** Updates of two classes, and what their clients were told last. */
const startUpdates = (classes = CLASSES) => {
  const clock = new VirtualClock();
  const events: Event[] = [];
  const stream = new EventStream(() => clock.nowMs());
  stream.subscribe((event) => events.push(event));
  let told: readonly ClientBehaviour[] = classes.map(({ behaviour }) => behaviour);
  const updates = new ClientUpdates({
    classes,
    clock,
    emit: stream.emit,
    send: (behaviours) => {
      told = behaviours;
    },
  });
  return { clock, updates, events, told: () => told };
};

describe('an update', () => {
  it('is laid over what clients do, key by key, and holds to the end of the run', () => {
    const { clock, updates, told } = startUpdates();
    updates.begin(update({ retry: { attempts: 1 } }));
    updates.begin(update({ patience: '3s' }, { classes: ['web'] }));
    clock.advance(1_000_000);
    expect(told()).toMatchObject([
      { attempts: 1, backoff: 'none', patienceMs: 3_000 },
      { attempts: 1, backoff: 'exponential', patienceMs: 10_000 },
    ]);
  });

  it('that lasts for some time ends then, and leaves what began after it', () => {
    const { clock, updates, told, events } = startUpdates();
    updates.begin(update({ retry: { attempts: 9, jitter: 'full' } }, { classes: ['ios'], forMs: 500 }));
    clock.advance(200);
    updates.begin(update({ retry: { attempts: 3 } }));
    expect(told()).toMatchObject([{ attempts: 3 }, { attempts: 3, jitter: 'full' }]);
    clock.advance(300);
    expect(told()).toMatchObject([{ attempts: 3 }, { attempts: 3, jitter: 'none' }]);
    expect(events).toEqual([
      {
        ...{ type: 'clients.updated', atMs: 0, classes: ['ios'], forMs: 500 },
        changes: { retry: { attempts: 9, jitter: 'full' } },
      },
      {
        ...{ type: 'clients.updated', atMs: 200, classes: [], forMs: null },
        changes: { retry: { attempts: 3 } },
      },
      {
        ...{ type: 'clients.reverted', atMs: 500, classes: ['ios'] },
        changes: { retry: { attempts: 9, jitter: 'full' } },
      },
    ]);
  });

  it('that is given twice ends twice', () => {
    const { clock, updates, told, events } = startUpdates();
    const twice = update({ retry: { attempts: 7 } }, { forMs: 100 });
    updates.begin(twice);
    clock.advance(60);
    updates.begin(twice);
    clock.advance(60);
    expect(told()[0]!.attempts).toBe(7);
    clock.advance(60);
    expect(told()[0]!.attempts).toBe(2);
    expect(events.map(({ type }) => type)).toEqual([
      'clients.updated',
      'clients.updated',
      'clients.reverted',
      'clients.reverted',
    ]);
  });

  it('does not end any more when the run has', () => {
    const { clock, updates, events } = startUpdates();
    updates.begin(update({ retry: { attempts: 7 } }, { forMs: 100 }));
    updates.stop();
    clock.advance(1_000);
    expect(events).toHaveLength(1);
  });
});

const duration = fc.constantFrom('0s', '70ms', '2s', '90s');
const section: fc.Arbitrary<BehaviourSection> = fc.record(
  {
    patience: duration,
    retry: fc.record(
      {
        attempts: fc.integer({ min: 1, max: 9 }),
        backoff: fc.constantFrom('none' as const, 'constant' as const, 'exponential' as const),
        delay: duration,
        maxDelay: duration,
        jitter: fc.constantFrom('none' as const, 'full' as const),
        retryAfter: fc.constantFrom('ignore' as const, 'honour' as const),
        budget: fc.record(
          { tokens: fc.integer({ min: 1, max: 9 }), refund: fc.constantFrom('0%', '25%') },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

describe('whatever updates there are', () => {
  it('a section laid over a resolved one is both sections laid over each other', () => {
    fc.assert(
      fc.property(section, section, (below, above) => {
        const budget = { ...below.retry?.budget, ...above.retry?.budget };
        const hasBudget = (below.retry?.budget ?? above.retry?.budget) !== undefined;
        const both = {
          ...below,
          ...above,
          retry: { ...below.retry, ...above.retry, ...(hasBudget && { budget }) },
        };
        expect(resolveBehaviour(above, resolveBehaviour(below))).toEqual(resolveBehaviour(both));
      }),
    );
  });

  it('clients do at every moment what those in force say, and in the end what they did at first', () => {
    const entry = fc.record({
      afterMs: fc.integer({ min: 0, max: 300 }),
      forMs: fc.integer({ min: 1, max: 500 }),
      changes: section,
      classes: fc.constantFrom([], ['web'], ['ios'], ['web', 'ios']),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const { clock, updates, told } = startUpdates();
        const begun: { readonly one: ClientUpdate; readonly untilMs: number }[] = [];
        const expectInForce = (): void => {
          const inForce = begun.filter(({ untilMs }) => untilMs > clock.nowMs());
          const expected = CLASSES.map(({ name, behaviour }) =>
            inForce
              .filter(({ one }) => one.classes.length === 0 || one.classes.includes(name))
              .reduce((below, { one }) => resolveBehaviour(one.changes, below), behaviour),
          );
          expect(told()).toEqual(expected);
        };
        for (const { afterMs, ...one } of entries) {
          clock.advance(afterMs);
          expectInForce();
          updates.begin(one);
          begun.push({ one, untilMs: clock.nowMs() + one.forMs });
          expectInForce();
        }
        clock.advance(1_000);
        expect(told()).toEqual(CLASSES.map(({ behaviour }) => behaviour));
      }),
    );
  });
});

interface Try {
  readonly id: RequestId;
  readonly atMs: number;
}

/** A crowd whose every try is answered after 10 ms, with 503 unless said otherwise. */
const startCrowd = (clients: BehaviourSection, answerAfterMs = 10) => {
  const clock = new VirtualClock();
  const classes = resolveClasses(clients);
  const tries: Try[] = [];
  const records: RequestRecord[] = [];
  const server = { status: 503 };
  const crowd = new ClientCrowd({
    ...{ classes, clock, book: new AddressBook(), random: new Random(5) },
    send: (_one, _address, id, onAnswer) => {
      tries.push({ id, atMs: clock.nowMs() });
      const timer = clock.after(answerAfterMs, () =>
        onAnswer({ status: server.status, cause: '', rayId: '' }),
      );
      return { abort: () => timer.cancel() };
    },
  });
  const begin = crowd.openLoop(0);
  return {
    ...{ clock, tries, records, server },
    ask: (id: RequestId) => begin(id, clock.nowMs(), (record) => records.push(record)),
    change: (changes: BehaviourSection) =>
      crowd.update(classes.map(({ behaviour }) => resolveBehaviour(changes, behaviour))),
  };
};

describe('clients that are updated', () => {
  const STORM: BehaviourSection = {
    patience: '5s',
    retry: { attempts: 100, backoff: 'constant', delay: '90ms' },
  };

  it('end a storm of retries: what is in its wait is sent once more, and no more than that', () => {
    const { clock, tries, records, ask, change } = startCrowd(STORM);
    for (let id = 0; id < 20; id++) ask(id);
    clock.advance(450);
    expect(tries).toHaveLength(20 * 5);
    expect(records).toHaveLength(0);
    change({ retry: { attempts: 1 } });
    clock.advance(10_000);
    expect(tries).toHaveLength(20 * 6);
    expect(records).toHaveLength(20);
    ask('new');
    clock.advance(10_000);
    expect(tries.filter(({ id }) => id === 'new')).toHaveLength(1);
  });

  it('begin one, with the requests whose answer is still to come', () => {
    const { clock, tries, ask, change } = startCrowd({ retry: { attempts: 1 } });
    ask('under way');
    clock.advance(5);
    change({ retry: { attempts: 3, backoff: 'constant', delay: '20ms' } });
    clock.advance(1_000);
    expect(tries.map(({ atMs }) => atMs)).toEqual([0, 30, 60]);
  });

  it('wait for a request as long as they would have when it began', () => {
    const { clock, records, ask, change } = startCrowd({ patience: '1s' }, 60_000);
    ask('before');
    clock.advance(100);
    change({ patience: '200ms' });
    ask('after');
    clock.advance(60_000);
    expect(records.map(({ id, endMs }) => [id, endMs])).toEqual([
      ['after', 300],
      ['before', 1_000],
    ]);
  });

  it('do not come back sooner than Retry-After asks because of a shorter patience', () => {
    const clock = new VirtualClock();
    const classes = resolveClasses({ patience: '60s', retry: { attempts: 2, retryAfter: 'honour' } });
    const sent: number[] = [];
    const crowd = new ClientCrowd({
      ...{ classes, clock, book: new AddressBook(), random: new Random(5) },
      send: (_one, _address, _id, onAnswer) => {
        sent.push(clock.nowMs());
        clock.after(10, () => onAnswer({ status: 503, cause: '', rayId: '' }, '10'));
        return { abort: () => {} };
      },
    });
    crowd.openLoop(0)('one', 0, () => {});
    crowd.update([resolveBehaviour({ patience: '100ms' }, classes[0]!.behaviour)]);
    clock.advance(60_000);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toBeGreaterThanOrEqual(10_010);
  });

  it('begin with a new token bucket where the update is about it, and keep theirs where it is not', () => {
    const { clock, tries, ask, change } = startCrowd({ retry: { attempts: 2, budget: { tokens: 3 } } });
    const triesOf = (requests: number): number => {
      const before = tries.length;
      for (let id = 0; id < requests; id++) ask(id);
      clock.advance(1_000);
      return tries.length - before;
    };
    expect(triesOf(10)).toBe(10 + 3);
    change({ patience: '2s' });
    expect(triesOf(10)).toBe(10);
    change({ retry: { budget: { tokens: 5 } } });
    expect(triesOf(10)).toBe(10 + 5);
  });

  it('give no answer to a bucket that did not begin the try', () => {
    const { clock, tries, server, ask, change } = startCrowd({
      retry: { attempts: 2, backoff: 'constant', delay: '50ms', budget: { tokens: 1 } },
    });
    ask('retried');
    clock.advance(20);
    // It is in its wait, on a token of the first bucket. The second is empty before it is answered.
    change({ retry: { budget: { tokens: 2, refund: '100%' } } });
    ask('a');
    ask('b');
    clock.advance(30);
    server.status = 200;
    clock.advance(20);
    server.status = 503;
    expect(tries.filter(({ id }) => id === 'retried')).toHaveLength(2);
    clock.advance(1_000);
    const before = tries.length;
    ask('c');
    clock.advance(1_000);
    expect(tries.length - before).toBe(1);
  });

  it('are those of their class alone, users of a population too', () => {
    const clock = new VirtualClock();
    const tries: string[] = [];
    const crowd = new ClientCrowd({
      ...{ classes: CLASSES, clock, book: new AddressBook(), random: new Random(5) },
      send: (one, _address, _id, onAnswer) => {
        tries.push(one.name);
        const timer = clock.after(1, () => onAnswer({ status: 503, cause: '', rayId: '' }));
        return { abort: () => timer.cancel() };
      },
    });
    const users = classNames.map((_name, index) => crowd.users(index, 1, 0)[0]!);
    const [web, ios] = CLASSES;
    crowd.update([web!.behaviour, resolveBehaviour({ retry: { attempts: 1 } }, ios!.behaviour)]);
    for (const ask of users) ask('x', 0, () => {});
    clock.advance(60_000);
    expect(tries.sort()).toEqual(['ios', 'web', 'web']);
  });
});

const SCENARIO = `${MINIMAL}clients:
  patience: 5s
  classes: { web: { share: 40% }, ios: { share: 35% }, android: { share: 25% } }
`;

const entry = (keys: string, text = SCENARIO): string => `${text}timeline:\n  - { at: 1s, ${keys} }\n`;

const actionOf = (text: string): unknown => parseScenario(text, 'x.yaml').variants[0]!.timeline[0]!.action;

describe('an entry `update-clients`', () => {
  const changes = { retry: { attempts: 1 } };

  it.each([
    ['all classes', 'update-clients: { retry: { attempts: 1 } }', ['web', 'ios', 'android'], null],
    [
      'all classes by that word',
      'update-clients: { retry: { attempts: 1 } }, on: all',
      ['web', 'ios', 'android'],
      null,
    ],
    ['one of them', 'update-clients: { retry: { attempts: 1 } }, on: ios, for: 2s', ['ios'], 2_000],
    [
      'two of them',
      'update-clients: { retry: { attempts: 1 } }, on: [android, web, web]',
      ['web', 'android'],
      null,
    ],
  ])('is about %s', (_what, keys, classes, forMs) => {
    expect(actionOf(entry(keys))).toEqual({ type: 'update-clients', update: { classes, changes, forMs } });
  });

  it.each(['', ', on: all'])('is about all clients where there are no classes%s', (on) => {
    expect(actionOf(entry(`update-clients: { patience: 2s }${on}`, MINIMAL))).toEqual({
      type: 'update-clients',
      update: { classes: [], changes: { patience: '2s' }, forMs: null },
    });
  });

  it.each([
    [
      'nothing in it',
      entry('update-clients: ▸{}'),
      'timeline[0].update-clients',
      'changes nothing; give `retry`, `patience`, or both',
    ],
    [
      'nothing about retries',
      entry('update-clients: { retry: ▸{} }'),
      'timeline[0].update-clients.retry',
      'changes nothing; give `attempts: 1` for no retries',
    ],
    [
      'a class that there is not',
      entry('update-clients: { patience: 2s }, on: [ios, ▸ipad]'),
      'timeline[0].on[1]',
      'there is no class ipad; there are web, ios, android',
    ],
    [
      'a class where there are none',
      entry('update-clients: { patience: 2s }, on: ▸ios', MINIMAL),
      'timeline[0].on',
      'all clients are alike here: leave `on` out, or name classes under `clients.classes`',
    ],
    [
      'a time without a unit',
      entry('update-clients: { patience: ▸2 }'),
      'timeline[0].update-clients.patience',
      'write 2ms or 2s',
    ],
    [
      'no try at all',
      entry('update-clients: { retry: { attempts: ▸0 } }'),
      'timeline[0].update-clients.retry.attempts',
      'must be >= 1, got 0',
    ],
    [
      'a time that no timer keeps',
      entry('update-clients: { retry: { delay: ▸600h } }'),
      'timeline[0].update-clients.retry.delay',
      'the longest time that can be kept',
    ],
    [
      'what an update does not change',
      entry('update-clients: { ▸path: /new }'),
      'timeline[0].update-clients.path',
      'unknown key; known here: patience, retry',
    ],
    [
      'another action’s key',
      entry('update-clients: { patience: 2s }, stream: ▸upstream'),
      'timeline[0].stream',
      'stream means nothing beside update-clients',
    ],
  ])('with %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });

  it('can be given by hand, and is checked the same way', () => {
    const { scope } = parseScenario(SCENARIO, 'x.yaml').variants[0]!;
    const order = { 'update-clients': changes, on: 'web', for: '1s' };
    expect(parseByHand(order, scope).action).toEqual({
      type: 'update-clients',
      update: { classes: ['web'], changes, forMs: 1_000 },
    });
    expect(() => parseByHand({ ...order, on: 'ipad' }, scope)).toThrow(
      'on: there is no class ipad; there are web, ios, android',
    );
    expect(() => parseByHand({ 'update-clients': { retry: {} } }, scope)).toThrow(
      'update-clients.retry: changes nothing',
    );
  });
});

describe('events of updates', () => {
  const fields = { changes: { patience: '2s', retry: { attempts: 3, budget: { tokens: 5 } } } };
  const updated = { ...fields, classes: ['web', 'ios'], forMs: 1_500 };
  const said = 'patience 2s, retry (attempts 3, budget (tokens 5))';

  it('are lines of the progress', () => {
    expect(eventText({ type: 'clients.updated', atMs: 0, ...updated })).toBe(
      `the clients of web, ios updated: ${said} for 1.5s`,
    );
    expect(eventText({ type: 'clients.reverted', atMs: 0, ...fields, classes: [] })).toBe(
      `all clients as before: no more ${said}`,
    );
  });

  it('are sentences of the story', () => {
    const events = [
      resultEvent(1, 'clients.updated', updated),
      resultEvent(2.5, 'clients.reverted', { ...fields, classes: ['web', 'ios'] }),
    ];
    expect(tellVariant(variantResult({ events })).map(({ text }) => text)).toEqual([
      `the clients of web, ios behave otherwise from now on: ${said} for 1.5s`,
      `the clients of web, ios behave as before: no more ${said}`,
    ]);
  });
});
