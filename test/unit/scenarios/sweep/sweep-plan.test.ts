/** A sweep before it runs: what is measured, and what is refused. */
import { describe, expect, it } from 'vitest';
import { DocumentError } from '../../../../src/core/document/document.js';
import { UserError } from '../../../../src/core/errors.js';
import { parseOverride, parseScenario } from '../../../../src/scenarios/parse.js';
import { sourceOf } from '../../../../src/scenarios/sweep/sweep-plan.js';
import { planned, SWEPT } from '../../../support/sweeps.js';

const problemsOf = (vary: readonly string[], ...set: string[]): string => {
  try {
    planned(vary, { overrides: set.map(parseOverride) });
  } catch (error) {
    if (error instanceof DocumentError) return error.message;
    throw error;
  }
  return '';
};

describe('a plan', () => {
  it('measures availability in the window after, or in the whole run where there is none', () => {
    expect(planned(['load.scale=1']).metrics.map(({ text }) => text)).toEqual(['availability[after]']);
    const text = SWEPT.replace(/windows:.*/, '');
    expect(planned(['load.scale=1'], { text }).metrics.map((one) => one.text)).toEqual(['availability']);
  });

  it('begins with the seed of the file', () => {
    expect(planned(['load.scale=1']).seeds).toEqual([7, 8]);
  });

  it('gives every run its values, its seed, and what is set in all', () => {
    const plan = planned(['load.scale=0.5,1', 'timeline.0.for=100ms,200ms'], {
      overrides: [parseOverride('fleet.slots=4')],
    });
    const { text, file, options } = sourceOf(plan, plan.runs.at(-1)!);
    const [variant] = parseScenario(text, file, options).variants;
    expect(variant).toMatchObject({ seed: 8, fleet: { slots: 4 }, load: { stages: [{ fromRps: 100 }] } });
    expect(variant!.timeline[0]!.action).toMatchObject({ injection: { forMs: 200 } });
  });

  it('knows the hidden capacity at each point', () => {
    const plan = planned(['load.scale=0.4,0.6']);
    const offered = [0.4, 0.6].map((scale) => plan.hiddenAt('default', [scale]));
    expect(offered).toMatchObject([
      { capacityRps: 100, amplification: 2, offeredRps: 40 },
      { capacityRps: 100, amplification: 2, offeredRps: 60 },
    ]);
  });
});

describe('a plan is refused', () => {
  it.each([
    ['availability[nowhere]', 'there is no window "nowhere"; there are after'],
    ['speed', 'there is no metric "speed"'],
    ['availability > 99%', '">" is too much'],
    ['other.availability', 'there is no variant "other"'],
    ['99%', 'names no metric'],
  ])('for a metric such as %s', (metric, says) => {
    expect(() => planned(['load.scale=1'], { metrics: [metric] })).toThrow(UserError);
    expect(() => planned(['load.scale=1'], { metrics: [metric] })).toThrow(says);
  });

  it('for a metric that is there twice', () => {
    expect(() => planned(['load.scale=1'], { metrics: ['goodput', 'goodput'] })).toThrow('twice');
  });

  it('for values that the scenario does not take, each told of once, with where it is', () => {
    const lines = problemsOf(['load.scale=0,1', 'fleet.slots=1,x']).split('\n');
    expect(lines).toEqual([
      expect.stringMatching(
        /^--vary load\.scale: must be > 0, got 0 .* \(at load\.scale=0, fleet\.slots=1\)$/,
      ),
      expect.stringMatching(
        /^--vary fleet\.slots: must be a whole number, got "x" .* \(at load\.scale=0, fleet\.slots=x\)$/,
      ),
    ]);
  });

  it('for a value in a list that it does not take', () => {
    expect(problemsOf(['timeline.0.for=1s,soon'])).toContain('--vary timeline[0].for: expected a duration');
  });

  it('for what is set wrongly in all runs', () => {
    expect(problemsOf(['load.scale=1'], 'fleet.slots=x')).toContain('--set fleet.slots');
  });

  it('for what has no model in virtual time', () => {
    const text = `${SWEPT}tls: { on: true }\n`;
    expect(() => planned(['load.scale=1'], { text })).toThrow(DocumentError);
  });

  it('for a place that a list does not have', () => {
    expect(() => planned(['timeline.3.for=1s,2s'])).toThrow(
      'timeline.3.for: there is 1 entry in timeline, counted from 0',
    );
  });
});
