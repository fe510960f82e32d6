/** What a tick is made of: counts by end, workers as several see them, and events as lines. */
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../src/core/events.js';
import type { RequestRecord } from '../../../../src/scenarios/clients/clients.js';
import { eventLines, MAX_LINES } from '../../../../src/scenarios/live/event-lines.js';
import { TickCounts } from '../../../../src/scenarios/live/tick-counts.js';
import { queuedTogether, upstreamsTogether } from '../../../../src/scenarios/live/upstream-views.js';

const record = (status: number, ms: number, tries = 1): RequestRecord => {
  const ok = status >= 200 && status < 400;
  const cause = ok ? '' : 'connection_refused';
  const attempt = { status, cause, rayId: '', startMs: 0, endMs: ms };
  return {
    ...{ id: 1, arrivalMs: 0, lateMs: 0, endMs: ms, ok, status, cause },
    attempts: new Array(tries).fill(attempt),
  };
};

describe('the counts of a tick', () => {
  it('are of what ended since the one before', () => {
    const counts = new TickCounts();
    counts.record(record(200, 10));
    counts.record(record(502, 20, 3));
    counts.record(record(0, 30));
    expect(counts.take(5)).toEqual({
      ...{ offered: 5, ok: 1, status: { 200: 1, 502: 1, none: 1 }, cause: { connection_refused: 2 } },
      latencyMs: { p50: expect.closeTo(10, 0), p95: expect.closeTo(20, 0), p99: expect.closeTo(20, 0) },
      amplification: 1.67,
    });
    expect(counts.take(7)).toEqual({
      ...{ offered: 2, ok: 0, status: {}, cause: {}, latencyMs: null, amplification: null },
    });
  });

  it('have the retries of gateways in the amplification', () => {
    const counts = new TickCounts();
    counts.record(record(200, 10));
    const retried = {
      atMs: 0,
      type: 'attempt.retried',
      rayId: '',
      attempt: 2,
      cause: '',
      waitMs: 0,
    } as const;
    counts.event(retried);
    counts.event({ atMs: 0, type: 'run.noted', text: '' });
    expect(counts.take(1).amplification).toBe(2);
  });
});

const view = (over: object) => ({
  ...{ id: 'worker-1', healthy: true, ejected: false, inFlight: 1, queued: 0, circuit: null },
  ...over,
});

describe('an upstream as several gateways see it', () => {
  it.each([
    ['one', [[view({})]], { healthy: true, ejected: false, circuit: null, inFlight: 1, queued: 0 }],
    [
      'two that differ: the worst',
      [
        [view({ circuit: 'closed' })],
        [view({ healthy: false, ejected: true, circuit: 'half-open', queued: 4 })],
      ],
      { healthy: false, ejected: true, circuit: 'half-open', inFlight: 2, queued: 4 },
    ],
    [
      'processes that differ: the worst',
      [[view({ circuit: { 1: 'closed', 2: 'open', 3: null } })]],
      { healthy: true, ejected: false, circuit: 'open', inFlight: 1, queued: 0 },
    ],
    [
      'somebody who does not say',
      [[view({ healthy: null, inFlight: null, queued: null })]],
      { healthy: null, ejected: false, circuit: null, inFlight: null, queued: null },
    ],
  ])('of %s', (_what, views, expected) => {
    const together = upstreamsTogether(views as never);
    expect(together.get('worker-1')).toEqual(expected);
    expect(queuedTogether(together)).toBe(expected.queued);
  });

  it('is nobody’s to tell where nobody answers', () => {
    expect(queuedTogether(upstreamsTogether([]))).toBeNull();
  });
});

describe('the lines of events', () => {
  const noted = (atMs: number): Event => ({ atMs, type: 'run.noted', text: `note ${atMs}` });

  it('have the seconds of the run, their text and their fields; events that come with requests have none', () => {
    const events: Event[] = [
      noted(900),
      { atMs: 1_500, type: 'attempt.failed', rayId: '', upstream: 'worker-1', cause: 'x', afterMs: 1 },
      { atMs: 2_250, type: 'worker.started', worker: 'worker-1', pid: 1, configVersion: 1 },
    ];
    expect(eventLines(events, 1_000)).toEqual([
      { t: -0.1, eventType: 'run.noted', text: 'note 900', fields: { text: 'note 900' } },
      {
        ...{ t: 1.25, eventType: 'worker.started', text: 'worker-1 serves' },
        fields: { worker: 'worker-1', pid: 1, configVersion: 1 },
      },
    ]);
  });

  it('are so many at most, and say how many are left out', () => {
    const lines = eventLines(
      Array.from({ length: MAX_LINES + 3 }, (_, index) => noted(index)),
      0,
    );
    expect(lines).toHaveLength(MAX_LINES + 1);
    expect(lines.at(-1)?.text).toBe('and 3 more events');
  });
});
