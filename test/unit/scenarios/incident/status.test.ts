/** The states of an incident: forward only, and each with its rule. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTransitions, joinClocks } from '../../../../src/scenarios/incident/incident-timeline.js';
import {
  canFollow,
  INCIDENT_STATES,
  type IncidentState,
  IncidentStatus,
  MONITORING_MS,
  type Situation,
  STABILITY_MS,
} from '../../../../src/scenarios/incident/status.js';
import { TICK_MS } from '../../../../src/scenarios/monitoring/ticks.js';

const CALM: Omit<Situation, 'nowMs'> = {
  isHealthy: true,
  hurtSinceMs: null,
  isAlerted: false,
  isBurning: false,
  isIdentified: false,
};
const HURT = { isHealthy: false, hurtSinceMs: 0, isAlerted: true, isBurning: true };
const OVER = { isHealthy: true, hurtSinceMs: 0, isAlerted: true, isBurning: false };

/** What holds from each second on. */
const stepsOf = (...phases: readonly (readonly [fromS: number, fields: Partial<Situation>])[]) => {
  const status = new IncidentStatus();
  for (let nowMs = TICK_MS; nowMs <= 30_000; nowMs += TICK_MS) {
    const fields = phases.findLast(([fromS]) => nowMs >= fromS * 1_000)?.[1] ?? {};
    status.observe({ ...CALM, ...fields, nowMs });
  }
  status.end(30_000);
  return status.transitions.map(({ atMs, state }) => `${atMs / 1_000} ${state}`);
};

describe('the state of an incident', () => {
  it('goes from the alert to the postmortem', () => {
    expect(stepsOf([5, HURT], [7, { ...HURT, isIdentified: true }], [10, OVER])).toEqual([
      '5 investigating',
      '7 identified',
      `${10 + MONITORING_MS / 1_000} monitoring`,
      `${10 + (MONITORING_MS + STABILITY_MS) / 1_000} resolved`,
      '30 postmortem',
    ]);
  });

  it('is none without an alert, and not over before users were hurt', () => {
    expect(stepsOf([5, { ...HURT, isAlerted: false }], [10, { ...OVER, isAlerted: false }])).toEqual([]);
    const warned = { isAlerted: true };
    expect(stepsOf([3, warned], [8, HURT], [9, OVER]).slice(0, 2)).toEqual([
      '3 investigating',
      '10 monitoring',
    ]);
  });

  it('does not go back from monitoring when it gets worse again, but is resolved later', () => {
    const steps = stepsOf([5, HURT], [10, OVER], [12, { ...OVER, isHealthy: false }], [13, OVER]);
    expect(steps).toEqual(['5 investigating', '11 monitoring', '17 resolved', '30 postmortem']);
  });

  it('is not resolved while the burn rate is too high', () => {
    const steps = stepsOf([5, HURT], [10, { ...OVER, isBurning: true }], [20, OVER]);
    expect(steps).toEqual(['5 investigating', '11 monitoring', '20 resolved', '30 postmortem']);
  });

  it('is not better because service was healthy until just now, by the last second', () => {
    const warned = { isAlerted: true };
    const atOnset = { ...warned, hurtSinceMs: 5_000 };
    expect(stepsOf([3, warned], [5, atOnset], [5.3, { ...HURT, ...atOnset }], [7, OVER])).toEqual([
      '3 investigating',
      '8 monitoring',
      '11 resolved',
      '30 postmortem',
    ]);
  });

  it('is identified at once where the cause is known by then, and before it gets better', () => {
    expect(stepsOf([5, { ...HURT, isIdentified: true }], [6, OVER]).slice(0, 2)).toEqual([
      '5 investigating',
      '5 identified',
    ]);
    // The alert comes when service has been good for long enough already.
    const late = { ...OVER, isAlerted: false };
    expect(
      stepsOf([2, { ...HURT, isAlerted: false }], [3, late], [5, { ...OVER, isIdentified: true }]).slice(
        0,
        3,
      ),
    ).toEqual(['5 investigating', '5 identified', '5.1 monitoring']);
  });

  it('is opened again by an alert after it was resolved', () => {
    const steps = stepsOf([5, HURT], [6, OVER], [15, HURT]);
    expect(steps).toEqual(['5 investigating', '7 monitoring', '10 resolved', '15 investigating']);
  });

  it('goes forward only, except to be opened again, whatever happens', () => {
    const situation = fc.record({
      isHealthy: fc.boolean(),
      hurtSinceMs: fc.option(fc.constant(0)),
      isAlerted: fc.boolean(),
      isBurning: fc.boolean(),
      isIdentified: fc.boolean(),
      holdsTicks: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(fc.array(situation, { maxLength: 20 }), (all) => {
        const status = new IncidentStatus();
        let nowMs = 0;
        for (const { holdsTicks, ...one } of all) {
          for (let tick = 0; tick < holdsTicks; tick++) {
            nowMs += TICK_MS;
            status.observe({ ...one, nowMs });
          }
        }
        status.end(nowMs);
        const states = status.transitions.map(({ state }) => state);
        for (const [index, state] of states.entries()) {
          if (index > 0) expect(canFollow(states[index - 1]!, state)).toBe(true);
        }
      }),
    );
  });
});

describe('the measured clock', () => {
  it('is that of the requests and the alerts', () => {
    const ticks = Array.from({ length: 20_000 / TICK_MS }, (_, index) => ({
      nowMs: (index + 1) * TICK_MS,
      ended: 20,
      failed: index >= 50 && index < 90 ? 20 : 0,
    }));
    const alerts = [{ rule: 'fast-burn', raisedMs: 5_300, clearedMs: 9_400, reason: '' } as const];
    expect(
      findTransitions({ ticks, alerts, onsetsMs: [5_100], alertedMs: 5_300, identifiedMs: 6_000 }),
    ).toEqual([
      { atMs: 5_300, state: 'investigating' },
      { atMs: 6_000, state: 'identified' },
      // Nine seconds, until the last second is good, and then the second that it has to stay so.
      { atMs: 11_000, state: 'monitoring' },
      { atMs: 14_000, state: 'resolved' },
      { atMs: 20_000, state: 'postmortem' },
    ]);
  });
});

describe('both clocks', () => {
  const at = (atMs: number, state: IncidentState) => ({ atMs, state });

  it('stand beside each other, state by state', () => {
    const measured = [at(5_000, 'investigating'), at(9_000, 'monitoring'), at(12_000, 'resolved')];
    const published = [
      at(8_000, 'investigating'),
      at(22_000, 'identified'),
      at(60_000, 'monitoring'),
      at(90_000, 'resolved'),
    ];
    expect(joinClocks(measured, published)).toEqual([
      { state: 'investigating', measuredMs: 5_000, publishedMs: 8_000 },
      { state: 'identified', measuredMs: null, publishedMs: 22_000 },
      { state: 'monitoring', measuredMs: 9_000, publishedMs: 60_000 },
      { state: 'resolved', measuredMs: 12_000, publishedMs: 90_000 },
    ]);
  });

  it('are one where nothing was published, or nothing was measured', () => {
    expect(joinClocks([at(1, 'investigating')], [])).toEqual([
      { state: 'investigating', measuredMs: 1, publishedMs: null },
    ]);
    expect(joinClocks([], [at(1, 'investigating')])).toEqual([
      { state: 'investigating', measuredMs: null, publishedMs: 1 },
    ]);
  });

  it('have every time once', () => {
    const list = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 100 }), state: fc.constantFrom(...INCIDENT_STATES) }),
    );
    fc.assert(
      fc.property(list, list, (measured, published) => {
        const rows = joinClocks(measured, published);
        const times = (key: 'measuredMs' | 'publishedMs') =>
          rows.flatMap((row) => (row[key] === null ? [] : [`${row.state} ${row[key]}`])).sort();
        const given = (all: typeof measured) => all.map(({ state, atMs }) => `${state} ${atMs}`).sort();
        expect(times('measuredMs')).toEqual(given(measured));
        expect(times('publishedMs')).toEqual(given(published));
      }),
    );
  });
});
