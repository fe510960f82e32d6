/** What a page gets that comes late: all that counts, in order, and never more than so much. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Channel } from '../../../../src/scenarios/live/channel.js';
import type { FeedMessage, Tick, VariantBegin } from '../../../../src/scenarios/live/feed.js';
import { History, MAX_HAPPENED, MAX_TICKS } from '../../../../src/scenarios/live/history.js';

const begin = (variant: string, variants = ['a', 'b']): FeedMessage =>
  ({ type: 'begin', variant, variants }) as unknown as VariantBegin;
const tick = (t: number): FeedMessage => ({ type: 'tick', t }) as unknown as Tick;
const happened: FeedMessage = { type: 'happened', events: [] };
const measured = (name: string): FeedMessage =>
  ({ type: 'measured', result: { name } }) as unknown as FeedMessage;
const end: FeedMessage = { type: 'end', result: null, report: null, reason: null, final: false };
const idle: FeedMessage = { type: 'idle' };

const told = (...messages: FeedMessage[]): History => {
  const history = new History();
  for (const [index, message] of messages.entries()) {
    history.add(message, { number: index + 1, text: message.type });
  }
  return history;
};

const textsOf = (history: History): string[] => history.all().map(({ text }) => text);

describe('the history of a feed', () => {
  it.each<[string, FeedMessage[], string[]]>([
    ['all of a variant', [begin('a'), tick(0), happened, tick(1)], ['begin', 'tick', 'happened', 'tick']],
    [
      'results of the variants before, not their course',
      [begin('a'), tick(0), measured('a'), begin('b'), tick(1)],
      ['begin', 'measured', 'begin', 'tick'],
    ],
    [
      'the course of a variant until the next begins',
      [begin('a'), tick(0), measured('a')],
      ['begin', 'tick', 'measured'],
    ],
    [
      'the end alone, which has all results',
      [begin('a'), measured('a'), begin('b'), tick(0), measured('b'), end],
      ['begin', 'end'],
    ],
    ['nothing of the run before', [begin('a'), tick(0), end, begin('a'), tick(1)], ['begin', 'tick']],
    ['nothing where nothing runs', [begin('a'), tick(0), idle], ['idle']],
  ])('keeps %s', (_what, messages, kept) => {
    expect(textsOf(told(...messages))).toEqual(kept);
  });

  it('keeps the newest ticks and events', () => {
    const many = Array.from({ length: MAX_TICKS + 5 }, (_, index) => tick(index));
    const frames = told(begin('a'), ...many).all();
    expect(frames).toHaveLength(1 + MAX_TICKS);
    expect(frames.slice(0, 2).map(({ number }) => number)).toEqual([1, 7]);
    expect(told(begin('a'), ...new Array(MAX_HAPPENED + 1).fill(happened)).all()).toHaveLength(
      1 + MAX_HAPPENED,
    );
  });

  it('says that something is missing only when it is', () => {
    const history = told(begin('a'), ...Array.from({ length: MAX_TICKS + 5 }, (_, index) => tick(index)));
    // The first five ticks, numbers 2 to 6, are gone.
    expect(history.since(5)).toBeNull();
    expect(history.since(6)?.[0]?.number).toBe(7);
    expect(history.since(MAX_TICKS + 6)).toEqual([]);
  });
});

/** A page: what it has, by the rules of the feed. */
const listen = (channel: Channel, lastId?: string) => {
  const page = { text: '', ended: false };
  const leave = channel.join(
    {
      take: (text) => {
        page.text += text;
      },
      end: () => {
        page.ended = true;
      },
    },
    lastId,
  );
  const ids = (): string[] => [...page.text.matchAll(/^id: (.*)$/gm)].map((match) => match[1]!);
  return { page, leave, ids };
};

describe('a channel', () => {
  const messages = fc.array(
    fc.constantFrom(begin('a'), begin('b'), tick(1), happened, measured('a'), end, idle),
    { maxLength: 40 },
  );

  it('gives a page that comes back exactly what it missed of what still counts', () => {
    fc.assert(
      fc.property(messages, messages, (before, after) => {
        const channel = new Channel('x');
        const first = listen(channel);
        for (const message of before) channel.publish(message);
        first.leave();
        for (const message of after) channel.publish(message);
        const last = first.ids().at(-1);
        const again = listen(channel, last);
        const fresh = listen(channel);
        const seen = new Set(first.ids());
        expect(again.ids()).toEqual(fresh.ids().filter((id) => !seen.has(id)));
      }),
    );
  });

  it.each(['y-1', 'x', 'x-', 'x--1', 'x-1-1', 'x-1e3', ''])(
    'tells all to a page that says it has %s, which is of nobody here',
    (lastId) => {
      const channel = new Channel('x');
      channel.publish(begin('a'));
      channel.publish(tick(0));
      expect(listen(channel, lastId).ids()).toEqual(['x-1', 'x-2']);
    },
  );

  it('counts who listens, and ends all', () => {
    const channel = new Channel('x');
    const [one, two] = [listen(channel), listen(channel)];
    expect(channel.listeners).toBe(2);
    one.leave();
    expect(channel.listeners).toBe(1);
    channel.close();
    expect([one.page.ended, two.page.ended, channel.listeners]).toEqual([false, true, 0]);
    expect(listen(channel).page.ended).toBe(true);
  });

  it('writes a message as one event of a stream', () => {
    const channel = new Channel('x');
    channel.publish({
      type: 'happened',
      events: [{ t: 1, eventType: 'run.noted', text: 'a\nb', fields: {} }],
    });
    const { text } = listen(channel).page;
    const [retry, event, rest] = text.split('\n\n');
    expect([retry, rest]).toEqual(['retry: 1000', '']);
    expect(event?.split('\n').map((line) => line.split(':')[0])).toEqual(['event', 'id', 'data']);
  });
});
