/** The incident of a variant as rows: both clocks beside each other, with what users felt between the states. */
import { describe, expect, it } from 'vitest';
import { hurtAgain, incidentRows, suspectsText } from '../../../../src/scenarios/incident/incident-rows.js';
import type { VariantResult } from '../../../../src/scenarios/result.js';
import { variantResult } from '../../../support/records.js';

const incident: NonNullable<VariantResult['incident']> = {
  onsetMs: 5_000,
  detectedMs: 4_600,
  detectedBy: 'heap-slope',
  cause: 'config <2>',
  identifiedMs: 5_000,
  mitigatedMs: 19_600,
  recoveredMs: null,
  again: [],
  timeline: [
    { state: 'investigating', measuredMs: 4_600, publishedMs: 8_200 },
    { state: 'monitoring', measuredMs: 20_600, publishedMs: 46_600 },
    { state: 'resolved', measuredMs: null, publishedMs: 5_972_800 },
  ],
  suspects: [
    { atMs: 4_000, what: 'config <2>', fit: 1, score: 0.871, isCause: true },
    { atMs: 1_000, what: 'load', fit: 1, score: 0.5, isCause: false },
  ],
};
const clock = { atMs: 4_000, minuteOfDay: 16 * 60 + 6 };
const downtime = { costPerMinute: 5_600, minuteMs: 600, clock };
const told = variantResult({ name: 'told', durationMs: 31_000, incident, downtime });

describe('the rows of an incident', () => {
  it('are in order of time, by the clock of the incident', () => {
    expect(incidentRows(told)).toEqual([
      ['incident, told', 'measured', 'published', 'later by'],
      ['Investigating', '16:07 (4.6s)', '16:13 (8.2s)', '6m'],
      ['users are hurt', '16:07 (5s)', '–', '–'],
      // The cause was known when service was not bad enough yet for somebody to say so.
      ['the cause is known', '16:07 (5s)', '–', '–'],
      ['good again for most', '16:32 (19.6s)', '–', '–'],
      ['Monitoring', '16:33 (20.6s)', '17:17', '43m20s'],
      ['Resolved', '–', '+7d 13:54', '–'],
    ]);
  });

  it('have no second clock where nothing was published, and the time of the run where there is no other', () => {
    const timeline = incident.timeline.slice(0, 2).map((row) => ({ ...row, publishedMs: null }));
    const own = variantResult({
      incident: { ...incident, timeline },
      downtime: { ...downtime, clock: null },
    });
    expect(incidentRows(own).slice(0, 3)).toEqual([
      ['incident, default', 'measured'],
      ['Investigating', '4.6s'],
      ['users are hurt', '5s'],
    ]);
  });

  it('have every time that users were hurt', () => {
    const again = [{ onsetMs: 25_000, mitigatedMs: 26_000, recoveredMs: 27_000 }];
    const rows = incidentRows(
      variantResult({
        incident: { ...incident, identifiedMs: null, recoveredMs: 19_700, again, timeline: [] },
        downtime: { ...downtime, clock: null },
      }),
    );
    expect(rows.slice(1)).toEqual([
      ['users are hurt', '5s'],
      ['good again for most', '19.6s'],
      ['good again for all', '19.7s'],
      ['users are hurt again', '25s'],
      ['good again for most', '26s'],
      ['good again for all', '27s'],
    ]);
  });

  it('are none where users were not hurt', () => {
    expect(incidentRows(variantResult())).toEqual([]);
    expect(suspectsText(variantResult())).toBe('');
  });

  it('come with who is suspected', () => {
    expect(suspectsText(told)).toBe('suspects: config <2> at 4s (0.87, the cause); load at 1s (0.50)');
  });
});

describe('who is hurt again and again', () => {
  const span = (index: number) => ({ onsetMs: index * 1_000, mitigatedMs: null, recoveredMs: null });

  it.each([
    [0, 0],
    [4, 4],
    [5, 4],
    [900, 4],
  ])('is told of in a few rows: of %d, %d', (times, rows) => {
    const again = Array.from({ length: times }, (_, index) => span(index));
    const told = hurtAgain({ again });
    expect(told).toHaveLength(rows);
    expect(told.at(-1)?.onsetMs).toBe(again.at(-1)?.onsetMs);
    if (times > rows) expect(told.at(-1)!.text).toBe(`users are hurt again, for the last of ${times} times`);
  });
});
