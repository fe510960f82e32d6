/** The report for a terminal: story, table, thresholds with what was observed, and the verdict. */
import { describe, expect, it } from 'vitest';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { type ReportOptions, renderReport } from '../../../src/scenarios/report/report.js';
import type { Result } from '../../../src/scenarios/result.js';
import { makeReport } from '../../../src/web/report/make-report.js';
import {
  result,
  resultEvent,
  seriesPoint,
  threshold,
  variantResult,
  windowResult,
} from '../../support/records.js';

const PLAIN = { color: false, interrupted: false };
const ESCAPE = '\u001b';

const linesOf = (one: Result, options: ReportOptions = PLAIN): string[] =>
  renderReport(one, options).split('\n');

const bad = variantResult({
  name: 'as-it-happened',
  verdict: 'fail',
  reasons: ['availability[outage] > 99%: observed 20%, expected > 99%'],
  windows: {
    baseline: windowResult({ availability: 1 }),
    outage: windowResult({
      availability: 0.2,
      status: { '200': 20, '502': 7, '503': 70, none: 3 },
      latencyMs: { p50: 10, p95: 100, p99: 1_250, max: 2_000 },
      amplification: 1.8,
    }),
    [WHOLE_RUN]: windowResult({ availability: 0.6 }),
  },
  events: [resultEvent(8.2, 'run.noted', { text: 'Investigating' })],
  recoveredMs: 7_500,
  workersLost: 2,
  crashes: 5,
  thresholds: [
    threshold({
      expression: 'availability[outage] > 99%',
      observedText: '20%',
      expectedText: '99%',
      pass: false,
    }),
  ],
});
const good = variantResult({
  name: 'canary',
  series: [
    seriesPoint([], {
      workers: ['worker-1', 'worker-2', 'worker-3'].map((worker) => ({
        worker,
        heapBytes: worker === 'worker-3' ? null : 2 ** 24, // a place that stayed empty
        busy: 0,
        queued: 0,
      })),
    }),
  ],
  windows: {
    baseline: windowResult({ availability: null }),
    outage: windowResult({ availability: 0.995, amplification: null }),
    [WHOLE_RUN]: windowResult(),
  },
  thresholds: [
    threshold({
      expression: 'crashes < as-it-happened.crashes',
      observedText: '0',
      expectedText: '5',
      pass: true,
    }),
  ],
  skippedThresholds: [
    { expression: 'crashes < fast-rollback.crashes', reason: 'variant fast-rollback was not run' },
  ],
});
const both = result([bad, good], { verdict: 'fail' });

describe('a report', () => {
  it('begins with what was run, and with which seed', () => {
    expect(linesOf(both)[1]).toBe('A small one  small, seed 42');
  });

  it('says that it was in virtual time, in the terminal and on the page', () => {
    expect(linesOf({ ...both, engine: 'virtual' })[1]).toBe('A small one  small, seed 42, virtual time');
    const limits = { maxPoints: 10, maxRequests: 10 };
    expect(makeReport({ ...both, engine: 'virtual' }, limits).run).toContain('virtual time');
    expect(makeReport({ ...both, engine: 'real' }, limits).run).toContain('real processes');
  });

  it('tells the story of each variant, with times', () => {
    expect(linesOf(both)).toContain('    8.2s  Investigating');
    expect(linesOf(both)).toContain('    7.5s  service is good again');
  });

  it('has a table with a column for each variant', () => {
    const lines = linesOf(both);
    const first = lines.findIndex((line) => line.startsWith('availability, baseline'));
    expect(lines.slice(first - 1, first + 14)).toEqual([
      '                           as-it-happened      canary',
      'availability, baseline               100%           –',
      'availability, outage                  20%      99.50%',
      'good answers in outage             10.0/s      10.0/s',
      '502 in outage                           7           0',
      '503 in outage                          70           0',
      'no answer in outage                     3           0',
      'p99 in outage                       1.25s         0ms',
      'tries per request                    1.80           –',
      'work for nobody in outage               –           –',
      'workers lost                       2 of 2      0 of 2',
      'deaths                                  5           0',
      'good again                        at 7.5s  not needed',
      'recovery                            never  not needed',
      'cost                                 $373          $0',
    ]);
  });

  it('says under the curve of each variant which errors and alerts there were first', () => {
    const alert = { rule: 'fast-burn', clearedMs: null, reason: '' } as const;
    const alerts = [
      { ...alert, raisedMs: 5_000 },
      { ...alert, raisedMs: 9_000 },
      { ...alert, rule: 'heap-slope' as const, raisedMs: 9_500 },
    ];
    const lines = linesOf(
      result([{ ...bad, alerts, firstStatusMs: { '200': 10, '503': 700, '502': 600 } }, good]),
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        '                first errors: 502 at 600ms, 503 at 700ms',
        '                alerts: fast-burn at 5s, heap-slope at 9.5s',
        '                no errors',
        '                no alerts',
      ]),
    );
  });

  it('has the incident of a variant below the table, with its times in the table', () => {
    const incident = {
      ...{ onsetMs: 5_000, detectedMs: 5_400, detectedBy: null, cause: null, identifiedMs: null },
      ...{ mitigatedMs: 8_000, recoveredMs: null, again: [], suspects: [] },
      timeline: [{ state: 'investigating' as const, measuredMs: 5_400, publishedMs: null }],
    };
    const alerts = [{ rule: 'heap-slope' as const, raisedMs: 3_000, clearedMs: null, reason: 'it grows' }];
    const early = { ...bad, incident, alerts, firstStatusMs: { '502': 5_200 } };
    const lines = linesOf(result([early, good]));
    expect(lines).toEqual(
      expect.arrayContaining([
        'lead of the first alert       2.2s before           –',
        'MTTD                                400ms           –',
        'MTTM                                   3s           –',
        'MTTR                                never           –',
        'incident, as-it-happened  measured',
        'Investigating                 5.4s',
      ]),
    );
    expect(lines.some((line) => line.startsWith('MTTI'))).toBe(false);
  });

  it('is never wider than the terminal, where words can be broken', () => {
    for (const columns of [60, 80, 120]) {
      expect(
        Math.max(...linesOf(both, { ...PLAIN, columns }).map((line) => line.length)),
      ).toBeLessThanOrEqual(columns);
    }
  });

  it('has every threshold with what was observed, and what was expected unless its text says it', () => {
    expect(linesOf(both)).toEqual(
      expect.arrayContaining([
        '  ✗ availability[outage] > 99%  observed 20%',
        '  ✓ crashes < as-it-happened.crashes  observed 0 against 5',
        '  - crashes < fast-rollback.crashes  skipped: variant fast-rollback was not run',
      ]),
    );
  });

  it('compares several variants, and does not compare one with itself', () => {
    expect(linesOf(both)).toContain('What made the difference');
    expect(linesOf(result([bad]))).not.toContain('What made the difference');
  });

  it.each([
    ['pass', 'PASS'],
    ['fail', 'FAIL'],
    ['inconclusive', 'INCONCLUSIVE'],
    ['invalid', 'INVALID'],
  ] as const)('ends with the verdict %s as %s, and its reasons', (verdict, text) => {
    const lines = linesOf(result([bad, good], { verdict }));
    expect(lines.slice(-3)).toEqual([
      text,
      '  as-it-happened: availability[outage] > 99%: observed 20%, expected > 99%',
      '',
    ]);
  });

  it('shows the whole run where there are no windows, and that service never came back', () => {
    const lines = linesOf(result([variantResult({ recoveredMs: null })]));
    expect(lines).toContain('availability, (run)     100%');
    expect(lines).toContain('good again             never');
  });

  it('can be made of variants that have different windows', () => {
    const lines = linesOf(result([bad, variantResult({ name: 'calm' })]));
    expect(lines.find((line) => line.startsWith('availability, outage'))).toMatch(/20% +–$/);
  });

  it('has colours only when they are asked for', () => {
    expect(renderReport(both, PLAIN)).not.toContain(ESCAPE);
    expect(renderReport(both, { ...PLAIN, color: true })).toContain(ESCAPE);
  });
});

describe('a report of an interrupted run', () => {
  const interrupted = { color: false, interrupted: true };

  it('says so instead of judging, and still shows what was measured', () => {
    const lines = linesOf(both, interrupted);
    expect(lines).toContain('INTERRUPTED: these are partial results; thresholds were not judged.');
    expect(lines).not.toContain('Thresholds');
    expect(lines).not.toContain('FAIL');
    expect(lines.some((line) => line.startsWith('availability, outage'))).toBe(true);
  });

  it('says when there is nothing to show', () => {
    expect(renderReport(result([]), interrupted)).toBe('Interrupted before anything was measured.\n');
  });

  it('says what a target lacks that can be none of the variants', () => {
    const reasons = ['timeline.push-config: it takes no config while it runs'];
    const skippedVariants = [{ name: 'reload', target: 'http://127.0.0.1:80', reasons, thresholds: [] }];
    const lines = linesOf(result([], { verdict: 'skipped', skippedVariants }));
    expect(lines).toContain('  - timeline.push-config: it takes no config while it runs');
    expect(lines).toContain('SKIPPED');
    expect(lines.filter((line) => line.startsWith('availability'))).toEqual([]);
  });
});
