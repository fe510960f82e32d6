/** What a live page shows, from what it was told: by table, and over any order in which a stream may tell it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedEvent, FeedMessage, Tick, VariantBegin } from '../../../src/scenarios/live/feed.js';
import type { VariantResult } from '../../../src/scenarios/result.js';
import {
  INITIAL,
  KEPT_S,
  type LabState,
  MAX_EVENTS,
  MAX_TICKS,
  reduce,
} from '../../../src/web/app/lab/state.js';

const begin = (variant = 'lab', options: Partial<VariantBegin> = {}): VariantBegin => ({
  type: 'begin',
  mode: 'lab',
  engine: 'real',
  scenario: { name: 'lab', title: 'The lab', story: '' },
  variant,
  variants: ['one', 'two'],
  durationS: null,
  windows: [],
  statusPage: null,
  topology: {
    classes: [],
    edge: false,
    gateways: ['gateway-1'],
    target: 'gateway',
    workers: [],
    links: false,
    dependencies: [],
  },
  ...options,
});

const tick = (t: number): Tick => ({
  type: 'tick',
  t,
  spanMs: 250,
  offered: 1,
  ok: 1,
  status: { '200': 1 },
  cause: {},
  latencyMs: null,
  amplification: null,
  gatewayQueued: null,
  gateways: [],
  workers: [],
  dependencies: [],
  atWork: [],
});

const event = (t: number, text = 'leak injected'): FeedEvent => ({
  t,
  eventType: 'fault.injected',
  text,
  fields: {},
});
const happened = (...events: FeedEvent[]): FeedMessage => ({ type: 'happened', events });
const measured = (name: string): FeedMessage => ({ type: 'measured', result: { name } as VariantResult });
const told = (...messages: FeedMessage[]): LabState => messages.reduce(reduce, INITIAL);
const times = ({ ticks }: LabState): number[] => ticks.map(({ t }) => t);

const run = (variant: string): VariantBegin =>
  begin(variant, { mode: 'run', scenario: { name: 'crowd', title: 'A crowd', story: '' } });

describe('the state of a live page', () => {
  it.each<[string, FeedMessage[], Partial<LabState>]>([
    ['nothing was told', [], { phase: 'waiting', ticks: [] }],
    ['a tick before any begin', [tick(1)], { phase: 'waiting', ticks: [] }],
    ['nothing runs', [{ type: 'idle' }], { phase: 'idle', begin: null }],
    ['it runs', [begin(), tick(1)], { phase: 'running', ticks: [tick(1)] }],
    [
      'it came to nothing',
      [begin(), { type: 'end', result: null, report: null, reason: 'no port', final: false }],
      { phase: 'ended', reason: 'no port' },
    ],
    [
      'a message of a newer server',
      [begin(), { type: 'weather' } as unknown as FeedMessage],
      { phase: 'running' },
    ],
    ['variants that are over', [run('one'), measured('one'), run('two')], { measured: [{ name: 'one' }] }],
    [
      'a variant is told of twice',
      [run('one'), measured('one'), measured('one')],
      { measured: [{ name: 'one' }] },
    ],
    [
      'the run is told from its start again',
      [run('one'), measured('one'), run('two'), run('one')],
      { measured: [] },
    ],
    ['another run', [run('one'), measured('one'), begin()], { measured: [] }],
  ])('when %s', (_name, messages, expected) => {
    expect(told(...messages)).toMatchObject(expected);
  });

  it('begins its curves and events over with every begin', () => {
    const state = told(begin(), tick(1), happened(event(1)), begin(), tick(0.25));
    expect(times(state)).toEqual([0.25]);
    expect(state.events).toEqual([]);
  });

  it('keeps the result of the last run while the lab runs again', () => {
    const result = { version: 1 } as never;
    const state = told(run('one'), { type: 'end', result, report: '', reason: null, final: false }, begin());
    expect(state).toMatchObject({ phase: 'running', result });
  });

  it('keeps two events that are alike when they come in one message', () => {
    expect(told(begin(), happened(event(2), event(2))).events).toHaveLength(2);
  });

  it('keeps five minutes, of ticks that come in time', () => {
    const all = Array.from({ length: 2_000 }, (_, index) => tick(index / 4));
    const kept = times(told(begin(), ...all));
    expect(kept.at(-1)).toBe(1_999 / 4);
    expect(kept.length).toBeLessThanOrEqual(MAX_TICKS);
    expect(kept[0]).toBeGreaterThanOrEqual(1_999 / 4 - KEPT_S);
  });
});

const arbitraryTimes = fc.array(
  fc.integer({ min: -40, max: 8_000 }).map((quarter) => quarter / 4),
  { maxLength: 60 },
);
const arbitraryMessages: fc.Arbitrary<FeedMessage[]> = fc.array(
  fc.oneof(
    fc.integer({ min: -4, max: 8_000 }).map((quarter) => tick(quarter / 4)),
    fc
      .array(
        fc.integer({ min: 0, max: 50 }).map((t) => event(t)),
        { maxLength: 40 },
      )
      .map((events) => happened(...events)),
    fc.constantFrom<FeedMessage>(begin(), run('one'), run('two'), { type: 'idle' }, measured('one'), {
      type: 'end',
      result: null,
      report: null,
      reason: null,
      final: false,
    }),
  ),
  { maxLength: 120 },
);

describe('over any stream', () => {
  it('times ascend, memory is bounded, and events have numbers of their own', () => {
    fc.assert(
      fc.property(arbitraryMessages, (messages) => {
        let state = INITIAL;
        for (const message of messages) {
          state = reduce(state, message);
          const at = times(state);
          expect(at.every((t, index) => index === 0 || at[index - 1]! < t)).toBe(true);
          expect(at.length).toBeLessThanOrEqual(MAX_TICKS);
          expect(at.length === 0 || at.at(-1)! - at[0]! <= KEPT_S).toBe(true);
          expect(state.events.length).toBeLessThanOrEqual(MAX_EVENTS);
          expect(new Set(state.events.map(({ id }) => id)).size).toBe(state.events.length);
          expect(state.phase === 'running').toBe(state.phase === 'running' && state.begin !== null);
        }
      }),
    );
  });

  it('a reconnect that tells everything again comes to the same', () => {
    fc.assert(
      fc.property(arbitraryTimes, fc.nat({ max: 60 }), (someTimes, at) => {
        const messages: FeedMessage[] = [...new Set(someTimes)]
          .sort((one, other) => one - other)
          .flatMap((t) => [tick(t), happened(event(t, `at ${t}`))]);
        const whole = told(begin(), ...messages);
        const broken = [begin(), ...messages.slice(0, at), begin(), ...messages].reduce(reduce, INITIAL);
        expect(broken).toEqual(whole);
      }),
    );
  });

  it('a reconnect that goes on a little earlier comes to the same', () => {
    fc.assert(
      fc.property(arbitraryTimes, fc.nat({ max: 60 }), fc.nat({ max: 10 }), (someTimes, at, back) => {
        const messages: FeedMessage[] = [...new Set(someTimes)]
          .sort((one, other) => one - other)
          .flatMap((t) => [tick(t), happened(event(t, `at ${t}`))]);
        const whole = told(begin(), ...messages);
        const again = told(begin(), ...messages.slice(0, at), ...messages.slice(Math.max(0, at - back)));
        expect(again).toEqual(whole);
      }),
    );
  });
});
