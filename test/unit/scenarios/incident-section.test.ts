/** The section `incident` of a scenario: what it comes to, and mistakes in it. */
import { describe, expect, it } from 'vitest';
import { metricValue, WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { variantResult, windowResult } from '../../support/records.js';
import { expectMistake, HERE, MINIMAL } from '../../support/scenario-text.js';

const incident = (keys: string): string => `${MINIMAL}incident: { ${keys} }\n`;
const noteAt = (at: string): string => `timeline: [{ at: ${at}, note: here }]\n`;
const planOf = (text: string) => parseScenario(text, 'test').variants[0]!.incident;

describe('an incident', () => {
  it('costs what is quoted, at the clock of the run, unless a scenario says otherwise', () => {
    expect(planOf(MINIMAL)).toEqual({
      costPerMinute: 5_600,
      minuteMs: 60_000,
      sloRatio: expect.closeTo(0.999, 12),
      hourMs: 5_000,
      causeMs: null,
      clock: null,
      published: [],
    });
    expect(planOf(incident('downtimeCost: 3600/h, minute: 1s'))).toMatchObject({
      costPerMinute: 60,
      minuteMs: 1_000,
    });
  });

  it('has a time of day, and what was said of it when', () => {
    const published = '[{ at: 2s, state: investigating }, { at: 90m, state: resolved }]';
    expect(
      planOf(
        `${incident(`cause: 1s, clock: { at: 1s, reads: '16:06' }, published: ${published}`)}${noteAt('1s')}`,
      ),
    ).toMatchObject({
      causeMs: 1_000,
      clock: { atMs: 1_000, minuteOfDay: 966 },
      published: [
        { atMs: 2_000, state: 'investigating' },
        { atMs: 5_400_000, state: 'resolved' },
      ],
    });
  });
});

describe('the cause of an incident', () => {
  const stages = (text: string): string =>
    `${MINIMAL.replace('{ rate: 10/s, for: 4s }', text)}incident: { cause: 3s }\n`;
  const causeOf = (text: string) => planOf(text).causeMs;

  it('is an entry of any variant, within a second, or where the load changes', () => {
    expect(causeOf(`${incident('cause: 3s')}${noteAt('2s')}`)).toBe(3_000);
    const variants = `variants: { healthy: { timeline: [] }, bad: { timeline: [{ at: 3s, note: x }] } }\n`;
    expect(causeOf(`${incident('cause: 3s')}${variants}`)).toBe(3_000);
    expect(causeOf(stages('{ rate: 10/s, for: 3s }\n    - { rate: 30/s, for: 3s }'))).toBe(3_000);
    expect(causeOf(stages('{ rate: 10/s, to: 40/s, for: 9s }'))).toBe(3_000);
  });
});

describe(`a mistake about an incident, at ${HERE},`, () => {
  it.each([
    ['a cost of no time', incident('downtimeCost: ▸5600'), 'incident.downtimeCost', 'write 5600/s'],
    ['a minute that is no time', incident('minute: ▸0s'), 'incident.minute', 'above 0, such as 1s'],
    ['an hour that is no time', incident('hour: ▸0s'), 'incident.hour', 'above 0, such as 1s'],
    [
      'an objective that no failure could miss',
      incident('slo: ▸90%'),
      'incident.slo',
      'can never exceed 14.4; raise the objective above 93.06%',
    ],
    ['a cause after the end', incident('cause: ▸20m'), 'incident.cause', 'is after the load ends'],
    [
      'a cause where nothing happens',
      `${incident('cause: ▸3s')}${noteAt('1900ms')}`,
      'incident.cause',
      'nothing in the timeline or the load changes within 1s of it; the nearest: 1.9s',
    ],
    ['a cause of nothing', incident('cause: ▸1s'), 'incident.cause', 'nothing happens at all'],
    ['no time of day', incident("clock: { at: 1s, reads: ▸'24:00' }"), 'incident.clock.reads', '24:00'],
    [
      'a state that is none',
      incident('published: [{ at: 1s, state: ▸fixed }]'),
      'incident.published[0].state',
      'expected one of investigating, identified, monitoring, resolved, postmortem',
    ],
    [
      'an update before the one above it',
      incident('published: [{ at: 2s, state: investigating }, { at: ▸1s, state: resolved }]'),
      'incident.published[1].at',
      'is before the update above it',
    ],
    [
      'a state that goes back',
      incident('published: [{ at: 1s, state: monitoring }, { at: 2s, state: ▸identified }]'),
      'incident.published[1].state',
      'cannot follow monitoring: states go forward only, and from resolved to investigating',
    ],
    ['a minute without a unit', incident('minute: ▸600'), 'incident.minute', 'write 600ms'],
  ])('%s', (_name, text, path, message) => {
    expectMistake(text, path, message);
  });
});

describe('the cost of an outage', () => {
  const of = (availability: number | null, minuteMs: number): number =>
    metricValue(
      variantResult({
        windows: { [WHOLE_RUN]: windowResult({ availability, fromMs: 5_000, toMs: 40_000 }) },
        downtime: { costPerMinute: 5_600, minuteMs, clock: null },
      }),
      'cost',
      '',
    );

  it('is the share that failed, times the minutes of the incident, times what a minute costs', () => {
    expect(of(0, 1_000)).toBe(196_000);
    expect(of(0.75, 1_000)).toBe(49_000);
    expect(of(0, 60_000)).toBeCloseTo(3_266.67, 2);
    expect(of(1, 1_000)).toBe(0);
  });

  it('has no value where nobody asked for anything', () => {
    expect(of(null, 1_000)).toBeNaN();
  });
});
