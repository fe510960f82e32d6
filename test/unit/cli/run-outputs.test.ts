/** What a run writes for CI: a JUnit case for each threshold, with what was observed, expected, and where it is written. */
import { describe, expect, it } from 'vitest';
import { failuresOf, renderRunJunit } from '../../../src/cli/run-outputs.js';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { summarizeReplications } from '../../../src/scenarios/replications/replications.js';
import { causalSentence } from '../../../src/scenarios/report/cascade.js';
import type { Result } from '../../../src/scenarios/result.js';
import { type Element, junitProblems, parseXml } from '../../support/junit-schema.js';
import { result, threshold, variantResult, windowResult } from '../../support/records.js';

const failing = threshold({
  expression: 'availability[outage] > 99%',
  observed: 0.2,
  observedText: '20%',
  pass: false,
});
const windows = { outage: windowResult({ availability: 0.2 }), [WHOLE_RUN]: windowResult() };
const bad = variantResult({
  name: 'as-it-happened',
  verdict: 'fail',
  reasons: ['availability[outage] > 99%: observed 20%, expected > 99%'],
  windows,
  thresholds: [failing, threshold({ expression: 'crashes == 0' })],
});
const good = variantResult({
  name: 'canary',
  windows: { ...windows, outage: windowResult() },
  thresholds: [threshold({ expression: 'crashes == 0' })],
  skippedThresholds: [
    { expression: 'crashes < fast-rollback.crashes', reason: 'variant fast-rollback was not run' },
  ],
});

/** Every threshold is on line 7. */
const placeOf = () => ({ file: 'small.yaml', line: 7, column: 3 });

const suitesOf = (one: Result): readonly Element[] => {
  const xml = renderRunJunit({ result: one, placeOf });
  expect(junitProblems(xml)).toEqual([]);
  return parseXml(xml).children;
};

const casesOf = (suite: Element): [name: string, became: string][] =>
  suite.children
    .filter(({ name }) => name === 'testcase')
    .map(({ attributes, children }) => [attributes.name!, children[0]?.name ?? 'passed']);

describe('the JUnit file of a run', () => {
  it('has a suite for each variant and a case for each threshold', () => {
    const [first, second] = suitesOf(result([bad, good], { verdict: 'fail' }));
    expect(first!.attributes).toMatchObject({
      name: 'small / as-it-happened',
      package: 'small.as-it-happened',
    });
    expect(casesOf(first!)).toEqual([
      ['availability[outage] > 99%', 'failure'],
      ['crashes == 0', 'passed'],
    ]);
    expect(casesOf(second!)).toEqual([
      ['crashes == 0', 'passed'],
      ['crashes < fast-rollback.crashes', 'skipped'],
    ]);
  });

  it('says of a failure what was observed and expected, what came of it, and where it is written', () => {
    const [first] = suitesOf(result([bad, good], { verdict: 'fail' }));
    const [failure] = first!.children.find(({ name }) => name === 'testcase')!.children;
    expect(failure!.attributes.message).toBe('observed 20%, expected > 99%');
    const [, sentence, place] = failure!.text.split('\n');
    expect(sentence).toBe(causalSentence({ variants: [bad, good] }));
    expect(place).toBe('small.yaml:7:3');
  });

  it('has an error, and judges no threshold, where the machine spoiled the run', () => {
    const spoilt = { ...bad, verdict: 'inconclusive' as const, reasons: ['the load generator starved'] };
    const [suite] = suitesOf(result([spoilt], { verdict: 'inconclusive' }));
    expect(casesOf(suite!)).toEqual([
      ['the run', 'error'],
      ['availability[outage] > 99%', 'skipped'],
      ['crashes == 0', 'skipped'],
    ]);
  });

  it('has a case even without thresholds, and without anything measured', () => {
    const [suite] = suitesOf(result([variantResult()]));
    expect(casesOf(suite!)).toEqual([['the run', 'passed']]);
    const [nothing] = suitesOf(result([]));
    expect(casesOf(nothing!)).toEqual([['the run', 'error']]);
  });

  it('fails a threshold that did not hold with every seed, and names the seeds', () => {
    const held = { ...bad, verdict: 'pass' as const, reasons: [], thresholds: [{ ...failing, pass: true }] };
    const failed = { ...bad, thresholds: [failing] };
    const replications = summarizeReplications([
      { seed: 42, variants: [held] },
      { seed: 43, variants: [failed] },
    ]);
    const [suite] = suitesOf(result([held], { verdict: 'fail', replications }));
    expect(casesOf(suite!)).toEqual([['availability[outage] > 99%', 'failure']]);
    expect(
      failuresOf(result([held], { verdict: 'fail', replications }))[0]!
        .text.split('\n')
        .slice(0, 2),
    ).toEqual([
      'held in 1 of 2 replications',
      'seed 43, as-it-happened: availability[outage] > 99%: observed 20%, expected > 99%',
    ]);
  });

  it('has an error for seeds that were spoilt, beside what the others showed', () => {
    const spoilt = { ...bad, verdict: 'inconclusive' as const, reasons: ['the workers starved'] };
    const replications = summarizeReplications([
      { seed: 42, variants: [bad] },
      { seed: 43, variants: [spoilt] },
    ]);
    const [suite] = suitesOf(result([bad], { verdict: 'inconclusive', replications }));
    expect(casesOf(suite!)).toEqual([
      ['the run', 'error'],
      ['availability[outage] > 99%', 'failure'],
      ['crashes == 0', 'passed'],
    ]);
  });
});
