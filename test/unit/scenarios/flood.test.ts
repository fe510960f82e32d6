/** Floods on a virtual clock: their rate, their bounds, and that nothing of them is left when they end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { OnAnswer } from '../../../src/scenarios/clients/clients.js';
import { Flood, type FloodPlan } from '../../../src/scenarios/clients/flood.js';
import { FloodLoad } from '../../../src/scenarios/clients/flood-load.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { MINIMAL, problemsOf, unmark } from '../../support/scenario-text.js';

const plan = (fields: Partial<FloodPlan> = {}): FloodPlan => ({
  ...{ method: 'GET', path: '/expensive', headers: [], keepAlive: true, bodyBytes: 0 },
  atMs: 1_000,
  durationMs: 2_000,
  rateRps: 500,
  identities: 4,
  maxConnections: 1_000,
  maxRequests: 100_000,
  ...fields,
});

describe('a flood', () => {
  it('keeps its rate and takes its identities in turn', () => {
    const flood = new Flood(plan());
    expect(flood.due(1)).toEqual([]);
    expect(flood.due(10)).toEqual([0, 1, 2, 3, 0]);
    expect(flood.due(14)).toEqual([1, 2]);
    expect(flood.counts).toEqual({ sent: 7, skipped: 0, ok: 0, status: {} });
  });

  it('has as many in flight as it has connections, shared out among the identities, and skips the rest', () => {
    const flood = new Flood(plan({ maxConnections: 9 }));
    const first = flood.due(50);
    expect(first).toHaveLength(8);
    flood.ended(first[0]!, 200);
    flood.ended(first[1]!, 503);
    expect(flood.due(66)).toHaveLength(2);
    expect(flood.counts).toMatchObject({ sent: 10, skipped: 33 - 10, ok: 1, status: { 200: 1, 503: 1 } });
  });

  it('sends no more than its requests', () => {
    const flood = new Flood(plan({ maxRequests: 30 }));
    let sent = 0;
    for (let ms = 10; ms <= 2_000; ms += 10) sent += flood.due(ms).length;
    expect(sent).toBe(30);
    expect(flood.counts).toMatchObject({ sent: 30, skipped: 970 });
  });

  it('ends with its length, whenever it is asked', () => {
    const flood = new Flood(plan({ durationMs: 100 }));
    expect(flood.due(150)).toHaveLength(25);
    expect(flood.due(10_000)).toEqual([]);
  });

  it('does not make up for a stall of the machine', () => {
    const flood = new Flood(plan());
    flood.due(10);
    expect(flood.due(1_010).length).toBe(50);
    expect(flood.counts).toMatchObject({ sent: 55, skipped: 450 });
  });

  it('keeps to its bounds, whatever is answered and whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.record({
          rateRps: fc.integer({ min: 1, max: 5_000 }),
          durationMs: fc.integer({ min: 1, max: 5_000 }),
          identities: fc.integer({ min: 1, max: 20 }),
          connections: fc.integer({ min: 1, max: 10 }),
          maxRequests: fc.integer({ min: 1, max: 2_000 }),
        }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40 })), {
          maxLength: 60,
        }),
        ({ connections, ...fields }, steps) => {
          const whole = plan({ ...fields, maxConnections: connections * fields.identities });
          const flood = new Flood(whole);
          const inFlight: number[] = [];
          let elapsedMs = 0;
          for (const [afterMs, answers] of steps) {
            elapsedMs += afterMs;
            inFlight.push(...flood.due(elapsedMs));
            for (const identity of new Set(inFlight)) {
              expect(inFlight.filter((one) => one === identity).length).toBeLessThanOrEqual(connections);
            }
            for (const identity of inFlight.splice(0, answers)) flood.ended(identity, 200);
          }
          const { sent, skipped } = flood.counts;
          expect(inFlight.length).toBeLessThanOrEqual(whole.maxConnections);
          expect(sent).toBeLessThanOrEqual(whole.maxRequests);
          expect(sent + skipped).toBe(
            Math.floor((Math.min(elapsedMs, whole.durationMs) / 1000) * whole.rateRps),
          );
        },
      ),
    );
  });
});

/** A flood against a server that answers after `answerMs`; `null`: never. */
const enact = (fields: Partial<FloodPlan>, answerMs: number | null) => {
  const clock = new VirtualClock(50_000);
  const random = new Random(1);
  const inFlight = new Set<object>();
  const sentMs: number[] = [];
  let aborted = 0;
  let over = 0;
  const load = new FloodLoad({
    ...{ plan: plan(fields), clock, startMs: 50_000 + plan(fields).atMs, label: 'flood-' },
    send: (_identity, _id, onAnswer: OnAnswer) => {
      sentMs.push(clock.nowMs() - 50_000);
      const request = {
        abort: () => {
          aborted++;
          inFlight.delete(request);
        },
      };
      inFlight.add(request);
      if (answerMs !== null) {
        clock.after(answerMs * random.next() * 2, () => {
          if (inFlight.delete(request)) onAnswer({ status: 200, cause: '', rayId: '' });
        });
      }
      return request;
    },
    onOver: () => {
      over++;
    },
  });
  return { clock, load, look: () => ({ sentMs, aborted, over, inFlight: inFlight.size }) };
};

describe('a flood that is enacted', () => {
  it('begins and ends on time', () => {
    const { clock, load, look } = enact({}, 10);
    clock.advance(10_000);
    const { sentMs, over, inFlight } = look();
    expect(sentMs[0]).toBeGreaterThanOrEqual(1_000);
    expect(sentMs[0]).toBeLessThanOrEqual(1_010);
    expect(sentMs.at(-1)).toBeLessThanOrEqual(3_000);
    // What is due after the last step is not sent, only to be taken back.
    expect(sentMs.length).toBeGreaterThan(990);
    expect(sentMs.length).toBeLessThanOrEqual(1_000);
    expect(over).toBe(1);
    expect(inFlight).toBe(0);
    expect(load.over).toBe(true);
  });

  it('takes back everything that is in flight when it ends', () => {
    const { clock, look } = enact({ maxConnections: 40 }, null);
    clock.advance(10_000);
    expect(look()).toMatchObject({ aborted: 40, over: 1, inFlight: 0 });
    expect(look().sentMs).toHaveLength(40);
  });

  it('may be stopped before, in the middle and after; twice is once', () => {
    for (const afterMs of [500, 2_000, 5_000]) {
      const { clock, load, look } = enact({}, null);
      clock.advance(afterMs);
      load.stop();
      load.stop();
      const { length } = look().sentMs;
      clock.advance(60_000);
      expect(look()).toMatchObject({ over: 1, inFlight: 0 });
      expect(look().sentMs).toHaveLength(length);
    }
  });
});

describe('flood in a timeline', () => {
  const timeline = (entry: string): string => `${MINIMAL}timeline:\n  - ${entry}\n`;

  it('has its defaults filled in, and ends with the load', () => {
    const [variant] = parseScenario(timeline('{ at: 1s, flood: { rate: 200/s, for: 16s } }'), 'x').variants;
    const whole = { atMs: 1_000, rateRps: 200, identities: 20, maxConnections: 1_000, maxRequests: 100_000 };
    expect(variant!.timeline[0]!.action).toMatchObject({
      type: 'flood',
      plan: { ...whole, durationMs: 16_000 },
    });
    expect(variant!.floods).toMatchObject([{ ...whole, method: 'GET', path: '/', durationMs: 3_000 }]);
  });

  it.each([
    [
      'a rate above what one generator can',
      '{ at: 1s, flood: { rate: ▸6000/s, for: 1s } }',
      'rate',
      'at most 5000/s',
    ],
    ['a rate of nothing', '{ at: 1s, flood: { rate: ▸0/s, for: 1s } }', 'rate', 'a flood of 0/s is none'],
    [
      'more connections than files',
      '{ at: 1s, flood: { rate: 10/s, for: 1s, connections: ▸3000 } }',
      'connections',
      'at most 2000',
    ],
    [
      'fewer connections than identities',
      '{ at: 1s, flood: { rate: 10/s, for: 1s, connections: ▸5 } }',
      'connections',
      '20 identities need a connection each',
    ],
    [
      'a header that the load sets',
      '{ at: 1s, flood: { rate: 10/s, for: 1s, headers: { ▸x-tier: premium } } }',
      'headers.x-tier',
      'x-tier is set by the load itself',
    ],
    [
      'an unknown key',
      '{ at: 1s, flood: { rate: 10/s, ▸fore: 1s, for: 1s } }',
      'fore',
      'unknown key; known here: rate',
    ],
  ])('with %s is told where', (_name, entry, key, message) => {
    const { text, line, column } = unmark(timeline(entry));
    const path = `timeline[0].flood.${key}`;
    expect(problemsOf(text)).toMatchObject([
      { path, line, column, message: expect.stringContaining(message) },
    ]);
  });

  it('takes no more addresses than there are, with those of the clients', () => {
    const text = `${timeline('{ at: 1s, flood: { rate: 10/s, for: 1s, identities: 60 } }')}clients: { identities: 200 }\n`;
    expect(problemsOf(text)).toMatchObject([
      { path: 'timeline[0].flood', message: expect.stringContaining('(200 of clients and 60 of floods)') },
    ]);
  });

  it('is the only action of its entry', () => {
    const text = timeline('{ at: 1s, note: now, flood: { rate: 10/s, for: 1s } }');
    expect(problemsOf(text)).toMatchObject([{ message: expect.stringContaining('found note and flood') }]);
  });
});
