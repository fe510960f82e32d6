/** What a status page makes of what it is told: states, incidents, and that it knows when it knows nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canFollow } from '../../../../src/scenarios/incident/status.js';
import { STALE_MS } from '../../../../src/scenarios/status-page/board.js';
import type { Incident } from '../../../../src/scenarios/status-page/incident-log.js';
import { gateway, START_MS, ToldBoard } from '../../../support/status-page.js';

const stateOf = (told: ToldBoard, id = 'clients') => told.view.components.find((one) => one.id === id)?.state;

const statesOf = ({ updates }: Incident): string[] => updates.map(({ state }) => state);

describe('the clients of a status page', () => {
  it.each([
    [0, 'operational'],
    [0.1, 'partial_outage'],
    [0.6, 'major_outage'],
    [1, 'major_outage'],
  ])('are, where %s of their requests fail, %s', (failedRatio, state) => {
    expect(stateOf(new ToldBoard().tell({ seconds: 4, failedRatio }))).toBe(state);
  });

  it('are unknown as long as no request ends', () => {
    expect(stateOf(new ToldBoard().tell({ seconds: 4, rps: 0 }))).toBe('unknown');
  });
});

describe('an incident', () => {
  const DOWN = { seconds: 5, failedRatio: 1, components: [gateway('major_outage', 'is not running')] };

  it('is opened by an alert, led through its states, and over when it does not come back', () => {
    const told = new ToldBoard().tell({ seconds: 5 });
    expect(told.view.incidents).toEqual([]);
    told.tell(DOWN).tell({ ...DOWN, seconds: 1, identified: 'gateway-1 is not running' });
    const [open] = told.view.incidents;
    expect(open).toMatchObject({ title: 'The gateway is down', impact: 'critical', over: false });
    expect(statesOf(open!)).toEqual(['investigating', 'identified']);
    expect(open!.updates[1]!.text).toContain('gateway-1 is not running');
    // The first tick of failures is the beginning.
    expect(open!.startedMs).toBe(START_MS + 5_100);
    expect(open!.updates[0]!.measuredMs).toBeGreaterThanOrEqual(open!.startedMs);
    told.tell({ seconds: 10 });
    expect(statesOf(told.view.incidents[0]!)).toEqual([
      'investigating',
      'identified',
      'monitoring',
      'resolved',
    ]);
    told.tell({ seconds: 10 });
    const [over] = told.view.incidents;
    expect(statesOf(over!).at(-1)).toBe('postmortem');
    expect(over).toMatchObject({ over: true, failed: 600, components: ['Requests of clients', 'Gateway'] });
    expect(over!.recoveredMs! - over!.startedMs).toBeGreaterThan(5_900);
    expect(over!.recoveredMs! - over!.startedMs).toBeLessThan(7_100);
  });

  it('that comes back soon is opened again, and one that comes later is another', () => {
    const flapping = new ToldBoard().tell({ seconds: 5 }).tell(DOWN).tell({ seconds: 9 }).tell(DOWN);
    expect(flapping.view.incidents).toHaveLength(1);
    expect(statesOf(flapping.view.incidents[0]!)).toEqual([
      ...['investigating', 'monitoring', 'resolved'],
      'investigating',
    ]);
    expect(flapping.view.incidents[0]!.updates.at(-1)!.text).toContain('again');
    expect(flapping.view.incidents[0]!.recoveredMs).toBeNull();
    const later = new ToldBoard().tell({ seconds: 5 }).tell(DOWN).tell({ seconds: 30 }).tell(DOWN);
    expect(later.view.incidents.map(({ state }) => state)).toEqual(['investigating', 'postmortem']);
  });

  it('that goes on when the run ends is not said to be resolved', () => {
    const told = new ToldBoard().tell({ seconds: 5 }).tell(DOWN).end();
    expect(told.view.incidents[0]).toMatchObject({ state: 'investigating', over: true });
    expect(told.view.incidents[0]!.updates.at(-1)!.text).toContain('before service was good again');
    expect(told.view.phase).toBe('over');
  });

  it('that is resolved when the run ends has its postmortem', () => {
    const told = new ToldBoard().tell({ seconds: 5 }).tell(DOWN).tell({ seconds: 9 }).end();
    expect(statesOf(told.view.incidents[0]!).at(-1)).toBe('postmortem');
  });

  it('needs more than a few failures', () => {
    expect(
      new ToldBoard().tell({ seconds: 20, rps: 10, failedRatio: 0.1 }).view.incidents.length,
    ).toBeLessThan(2);
    expect(new ToldBoard().tell({ seconds: 20 }).view.incidents).toEqual([]);
  });

  it('goes forward only, whatever happens, and its times too', () => {
    const span = fc.record({
      seconds: fc.integer({ min: 1, max: 8 }),
      rps: fc.constantFrom(0, 20, 100),
      failedRatio: fc.constantFrom(0, 0.02, 0.5, 1),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 10 }), (spans) => {
        const told = new ToldBoard();
        for (const one of spans) told.tell(one);
        for (const incident of told.end().view.incidents) {
          const { updates } = incident;
          for (const [index, { state, measuredMs, publishedMs }] of updates.slice(1).entries()) {
            const before = updates[index]!;
            // The end of the run is told without a change of state.
            expect(canFollow(before.state, state) || before.state === state).toBe(true);
            expect(measuredMs).toBeGreaterThanOrEqual(before.measuredMs);
            expect(publishedMs).toBeGreaterThanOrEqual(measuredMs);
          }
          expect(incident.failed).toBeLessThanOrEqual(incident.ended);
          expect(incident.over).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a feed that falls silent', () => {
  it('makes everything unknown, says what was last, and counts no time of it', () => {
    const told = new ToldBoard().tell({ seconds: 5 });
    const { board, nowMs } = told;
    expect(board.view(nowMs + STALE_MS)).toMatchObject({ stale: false, state: 'operational' });
    const silent = board.view(nowMs + STALE_MS + 1);
    expect(silent).toMatchObject({ stale: true, state: 'unknown', updatedMs: nowMs });
    expect(silent.components.map(({ state, lastState }) => [state, lastState])).toEqual([
      ['unknown', 'operational'],
      ['unknown', 'operational'],
    ]);
    told.nowMs += 20_000;
    const known = told
      .tell({ seconds: 1 })
      .view.components[1]!.bars.reduce((sum, bar) => sum + bar.knownMs, 0);
    expect(known).toBeLessThanOrEqual(5_000 + STALE_MS + 1_000);
  });

  it('is no more silent when there is news again, and knows nothing when nothing runs', () => {
    const told = new ToldBoard().tell({ seconds: 5 });
    told.nowMs += 10_000;
    expect(told.view.stale).toBe(true);
    expect(told.tell({ seconds: 1 }).view).toMatchObject({ stale: false, state: 'operational' });
    expect(told.end().view).toMatchObject({ phase: 'over', stale: false, state: 'unknown' });
  });
});

describe('reports', () => {
  const report = (told: ToldBoard, number: number) =>
    told.board.report({ rayId: number.toString(16).padStart(16, '0'), note: '', atMs: told.nowMs });

  it('are counted with the incident that is open, or that is opened soon, each Ray ID once', () => {
    const told = new ToldBoard().tell({ seconds: 5 });
    expect([report(told, 1), report(told, 1), report(told, 2)]).toEqual([true, false, true]);
    expect(told.view.unassignedReports).toBe(2);
    told.tell({ seconds: 2, failedRatio: 1 });
    for (let number = 3; number <= 40; number++) report(told, number);
    const { incidents, unassignedReports } = told.view;
    expect(unassignedReports).toBe(0);
    expect(incidents[0]!.reportCount).toBe(40);
    expect(incidents[0]!.reports).toHaveLength(20);
    expect(incidents[0]!.reports[0]!.rayId).toBe('0000000000000028');
  });

  it('of long before belong to nothing', () => {
    const told = new ToldBoard().tell({ seconds: 5 });
    report(told, 1);
    told.tell({ seconds: 40 }).tell({ seconds: 2, failedRatio: 1 });
    expect(told.view).toMatchObject({ unassignedReports: 1, incidents: [{ reportCount: 0 }] });
  });
});
