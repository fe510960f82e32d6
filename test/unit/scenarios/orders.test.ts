/** Orders that go the clients' way, on a virtual clock: how often they are sent, when they are carried out, and how they end. */
import { describe, expect, it } from 'vitest';
import { type Event, EventStream } from '../../../src/core/events.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { Answer, OnAnswer } from '../../../src/scenarios/clients/clients.js';
import { parseByHand } from '../../../src/scenarios/control/by-hand.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { eventText } from '../../../src/scenarios/report/event-text.js';
import { tellVariant } from '../../../src/scenarios/report/story.js';
import { Orders } from '../../../src/scenarios/timeline/orders.js';
import { resolveThrough, type Through } from '../../../src/scenarios/timeline/through.js';
import { resultEvent, variantResult } from '../../support/records.js';
import { expectMistake, HERE, MINIMAL } from '../../support/scenario-text.js';

const THROUGH = resolveThrough({ patience: '2s', again: '500ms' });

const GOOD: Answer = { status: 200, cause: '', rayId: 'r' };
const LATE: Answer = { status: 504, cause: 'response_timeout', rayId: 'r' };

/** @param answers what each try gets after 100 ms, in turn; `null`: nothing. */
const start = (answers: readonly (Answer | null)[], through: Through = THROUGH) => {
  const clock = new VirtualClock();
  const events: Event[] = [];
  const stream = new EventStream(() => clock.nowMs());
  stream.subscribe((event) => events.push(event));
  const sentAtMs: number[] = [];
  const carriedOutAtMs: number[] = [];
  let abandoned = 0;
  const send = (_asked: unknown, onAnswer: OnAnswer): { abort(): void } => {
    const answer = answers[sentAtMs.length] ?? null;
    sentAtMs.push(clock.nowMs());
    const timer = answer === null ? null : clock.after(100, () => onAnswer(answer));
    return {
      abort: () => {
        timer?.cancel();
        abandoned++;
      },
    };
  };
  const orders = new Orders({ clock, emit: stream.emit, send });
  orders.send('roll the config back', through, () => carriedOutAtMs.push(clock.nowMs()));
  return { clock, events, orders, sentAtMs, carriedOutAtMs, abandoned: () => abandoned };
};

describe('an order through the gateways', () => {
  it('is carried out when it is answered, and not before', () => {
    const { clock, sentAtMs, carriedOutAtMs, events } = start([GOOD]);
    expect(carriedOutAtMs).toEqual([]);
    clock.advance(10_000);
    expect({ sentAtMs, carriedOutAtMs }).toEqual({ sentAtMs: [0], carriedOutAtMs: [100] });
    expect(events).toEqual([
      { atMs: 100, type: 'order.accepted', order: 'roll the config back', tries: 1, afterMs: 100 },
    ]);
  });

  it('is sent again after an error, after the pause, until it is answered, and no more then', () => {
    const { clock, sentAtMs, carriedOutAtMs, events } = start([LATE, LATE, GOOD, GOOD]);
    clock.advance(60_000);
    expect(sentAtMs).toEqual([0, 600, 1_200]);
    expect(carriedOutAtMs).toEqual([1_300]);
    expect(events.map(({ type }) => type)).toEqual(['order.failed', 'order.failed', 'order.accepted']);
    expect(events[1]).toMatchObject({ tries: 2, afterMs: 700, status: 504, cause: 'response_timeout' });
  });

  it('is taken back when its patience is over, and counts as no answer', () => {
    const { clock, sentAtMs, events, abandoned } = start([null, GOOD]);
    clock.advance(60_000);
    expect(sentAtMs).toEqual([0, 2_500]);
    expect(abandoned()).toBe(1);
    expect(events[0]).toMatchObject({ atMs: 2_000, type: 'order.failed', status: 0, cause: 'no_answer' });
  });

  it.each([
    ['while it waits for its answer', 50],
    ['in the pause', 300],
  ])('is given up with the run, %s', (_when, stopAtMs) => {
    const { clock, orders, sentAtMs, carriedOutAtMs } = start([LATE, GOOD]);
    clock.advance(stopAtMs);
    orders.stop();
    clock.advance(60_000);
    expect({ sent: sentAtMs.length, carriedOutAtMs }).toEqual({ sent: 1, carriedOutAtMs: [] });
  });

  it('is not sent at all once the run is being stopped', () => {
    const { clock, orders, sentAtMs, carriedOutAtMs, events } = start([GOOD, GOOD]);
    clock.advance(1_000);
    orders.stop();
    orders.send('roll the config back', THROUGH, () => carriedOutAtMs.push(clock.nowMs()));
    clock.advance(60_000);
    expect({ sent: sentAtMs.length, carriedOutAtMs, events: events.length }).toEqual({
      sent: 1,
      carriedOutAtMs: [100],
      events: 1,
    });
  });

  it('has defaults', () => {
    expect(resolveThrough({})).toMatchObject({
      asked: { method: 'POST', path: '/admin', headers: [], keepAlive: true, bodyBytes: 0 },
      patienceMs: 5_000,
      againMs: 1_000,
    });
  });
});

describe('in a timeline', () => {
  const timeline = (entry: string): string => `${MINIMAL}timeline:\n  - ${entry}\n`;

  it('what is ordered may go through, and what happens may not', () => {
    const { variants } = parseScenario(timeline('{ at: 1s, scale: 1, through: { path: /x } }'), 'x.yaml');
    expect(variants[0]!.timeline[0]!.through?.asked.path).toBe('/x');
    expectMistake(
      timeline(`{ at: 1s, inject: slow, on: worker-1, through: ${HERE}{} }`),
      'timeline[0].through',
      'through means nothing beside inject; it belongs to push-config',
    );
  });

  it('a pause too short is a mistake', () => {
    expectMistake(
      timeline(`{ at: 1s, lock-config: { reason: x }, through: { again: ${HERE}5ms } }`),
      'timeline[0].through.again',
      'expected at least 100ms',
    );
  });

  it('the same by hand', () => {
    const { variants } = parseScenario(MINIMAL, 'x.yaml');
    const entry = parseByHand({ 'unlock-config': {}, through: { again: '2s' } }, variants[0]!.scope);
    expect(entry).toMatchObject({ action: { type: 'unlock-config' }, through: { againMs: 2_000 } });
  });
});

describe('told', () => {
  const failed = { order: 'roll the config back', tries: 2, afterMs: 3_000, status: 504, cause: 'deadline' };
  const accepted = { order: 'roll the config back', tries: 3, afterMs: 4_000 };

  it('as progress', () => {
    expect(eventText({ atMs: 0, type: 'order.failed', ...failed })).toBe(
      'the order to roll the config back does not get through: 504 deadline (try 2)',
    );
    expect(eventText({ atMs: 0, type: 'order.failed', ...failed, status: 0, cause: 'no_answer' })).toContain(
      ': no_answer (try 2)',
    );
    expect(eventText({ atMs: 0, type: 'order.accepted', ...accepted })).toBe(
      'the order to roll the config back arrives after 4s (try 3)',
    );
  });

  it('in the story', () => {
    const events = [resultEvent(3, 'order.failed', failed), resultEvent(4, 'order.accepted', accepted)];
    const told = tellVariant(variantResult({ events }))
      .map(({ text }) => text)
      .join('\n');
    expect(told).toContain('does not get through (try 2): 504 deadline');
    expect(told).toContain('gets through, after 4s and 3 tries');
  });

  it('in the story once for its tries in vain, and how many more there were until when', () => {
    const again = (t: number, tries: number) => resultEvent(t, 'order.failed', { ...failed, tries });
    const story = (events: ReturnType<typeof resultEvent>[]) =>
      tellVariant(variantResult({ events })).map(({ t, text }) => `${t} ${text}`);
    const first = '3 the order to roll the config back does not get through (try 1): 504 deadline';
    const tries = [again(3, 1), again(5, 2), again(7, 3)];
    expect(story(tries.slice(0, 1))).toEqual([first]);
    expect(story(tries.slice(0, 2))).toEqual([
      first,
      '5 the order to roll the config back is tried once more in vain',
    ]);
    expect(story(tries)).toEqual([
      first,
      '7 the last of 2 more tries in vain of the order to roll the config back',
    ]);
    const arrived = resultEvent(9, 'order.accepted', { ...accepted, tries: 4, afterMs: 6_000 });
    expect(story([...tries, arrived, again(12, 1)])).toEqual([
      first,
      '9 the order to roll the config back gets through, after 6s and 4 tries',
      '12 the order to roll the config back does not get through (try 1): 504 deadline',
    ]);
  });
});
