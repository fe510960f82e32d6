/** The file that a sweep goes on from. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SweepState } from '../../../../src/scenarios/sweep/sweep-state.js';
import { measuredBy, planned, SWEPT } from '../../../support/sweeps.js';

const newFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state.jsonl');
};

const plan = planned(['load.scale=0.5,1']);
const runs = measuredBy(plan, ({ seed }) => ({ values: [seed / 10, 'never', null], recovered: seed === 7 }));

const filled = (count = runs.length): string => {
  const file = newFile();
  const state = new SweepState(file, plan);
  for (const run of runs.slice(0, count)) state.add(run);
  return file;
};

describe('the state of a sweep', () => {
  it('comes back as it was', () => {
    expect(new SweepState(filled(), plan).of(plan.runs)).toEqual(runs);
  });

  it('goes on behind a line that was cut off, which is measured again', () => {
    const file = filled(2);
    const whole = readFileSync(file, 'utf8');
    for (let cut = 1; cut < whole.trimEnd().split('\n').at(-1)!.length; cut++) {
      writeFileSync(file, whole.slice(0, -cut));
      const state = new SweepState(file, plan);
      expect(state.of(plan.runs)).toEqual(runs.slice(0, 1));
      state.add(runs[1]!);
      expect(readFileSync(file, 'utf8')).toBe(whole);
    }
  });

  it('is of use to a sweep with more values, variants or seeds', () => {
    const more = planned(['load.scale=0.5..1/0.25'], { seeds: () => [7, 8, 9] });
    const state = new SweepState(filled(), more);
    expect(more.runs.filter((run) => !state.has(run))).toHaveLength(5);
  });

  it('is in memory alone where no file is named', () => {
    const state = new SweepState(null, plan);
    state.add(runs[0]!);
    expect(state.of(plan.runs)).toEqual([runs[0]]);
  });

  it.each([
    [
      'another scenario',
      planned(['load.scale=0.5,1'], { text: SWEPT.replace('slots: 1', 'slots: 2') }),
      'scenario was another',
    ],
    ['another parameter', planned(['fleet.slots=1,2']), 'varies other parameters'],
    ['another metric', planned(['load.scale=0.5,1'], { metrics: ['goodput'] }), 'measures other metrics'],
    [
      'another --set',
      planned(['load.scale=0.5,1'], { overrides: [{ path: ['fleet', 'slots'], value: 2 }] }),
      'another --set',
    ],
  ])('of %s is refused', (_what, other, says) => {
    const file = filled();
    expect(() => new SweepState(file, other)).toThrow(says);
  });

  it('that is none is refused, and left as it is', () => {
    for (const text of ['{"version":1}\n', 'a,b\n1,2\n', '\n\nx\n']) {
      const file = newFile();
      writeFileSync(file, text);
      expect(() => new SweepState(file, plan)).toThrow('is not the file of a sweep');
      expect(readFileSync(file, 'utf8')).toBe(text);
    }
  });

  it('with a line that is no run is refused, and the line is named', () => {
    const file = filled(1);
    appendFileSync(file, 'what?\n');
    expect(() => new SweepState(file, plan)).toThrow('line 3 is no run');
  });
});
