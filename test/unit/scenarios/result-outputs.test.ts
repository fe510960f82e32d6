/** A result as Markdown and as CSV. */
import { describe, expect, it } from 'vitest';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { summarizeReplications } from '../../../src/scenarios/replications/replications.js';
import { renderMarkdown } from '../../../src/scenarios/report/markdown.js';
import { renderSeriesCsv } from '../../../src/scenarios/report/series-csv.js';
import type { VariantResult } from '../../../src/scenarios/result.js';
import { result, seriesPoint, threshold, variantResult, windowResult } from '../../support/records.js';

const bad = variantResult({
  name: 'as-it-happened',
  verdict: 'fail',
  reasons: ['availability[outage] > 99%: observed 20%, expected > 99%'],
  windows: { outage: windowResult({ availability: 0.2 }), [WHOLE_RUN]: windowResult() },
  thresholds: [
    threshold({ expression: 'availability[outage] > 99%', observedText: '20%', pass: false }),
    threshold({ expression: 'crashes == 0', observedText: '0', expectedText: '0' }),
  ],
  skippedThresholds: [{ expression: 'crashes < canary.crashes', reason: 'variant canary was not run' }],
});
const good = variantResult({
  name: 'canary',
  windows: { outage: windowResult(), [WHOLE_RUN]: windowResult() },
});

describe('a result as Markdown', () => {
  const text = renderMarkdown(result([bad, good], { verdict: 'fail' }));

  it('begins with the verdict and the reasons', () => {
    expect(text).toMatch(/^### FAIL: A small one\n\n- as-it-happened: availability\\\[outage\\\] \\> 99%/);
  });

  it('says what made the difference', () => {
    expect(text).toContain(
      '\n\nWhere as-it-happened served 20% in the outage, canary (100%) prevented it.\n\n',
    );
  });

  it('has the variants beside each other', () => {
    expect(text).toContain('|  | as-it-happened | canary |\n|---|---:|---:|\n');
    expect(text).toContain('| availability, outage | 20% | 100% |');
  });

  it('has every threshold, with what was observed and expected', () => {
    expect(text).toContain(
      '| **fail** | as-it-happened | `availability[outage] > 99%` | observed 20%, expected > 99% |',
    );
    expect(text).toContain('| pass | as-it-happened | `crashes == 0` | observed 0, expected == 0 |');
    expect(text).toContain(
      '| skipped | as-it-happened | `crashes < canary.crashes` | variant canary was not run |',
    );
  });

  it('judges no threshold of a run that was spoilt', () => {
    const spoilt = { ...bad, verdict: 'inconclusive' as const, reasons: ['the workers starved'] };
    const told = renderMarkdown(result([spoilt], { verdict: 'inconclusive' }));
    expect(told).toContain('| inconclusive | as-it-happened | `crashes == 0` |');
  });

  it('says how often thresholds held with several seeds', () => {
    const held: VariantResult = { ...bad, verdict: 'pass', reasons: [] };
    const replications = summarizeReplications([
      { seed: 42, variants: [bad] },
      { seed: 43, variants: [held] },
    ]);
    const told = renderMarkdown(result([bad], { verdict: 'fail', replications }));
    expect(told).toContain('| **fail** | as-it-happened | `availability[outage] > 99%` | held in 0 of 2 |');
    expect(told).toContain('seeds 42 to 43');
  });

  it.each([
    ['with thresholds', ['crashes == 0'], '| skipped | b | `crashes == 0` | retry: nothing like it |'],
    ['without any', [], '| skipped | b |  | retry: nothing like it |'],
  ])('tells of a variant that its target cannot be, %s', (_what, thresholds, row) => {
    const skippedVariants = [
      { name: 'b', target: 'direct', reasons: ['retry: nothing like it'], thresholds },
    ];
    const told = renderMarkdown(result([], { verdict: 'skipped', skippedVariants }));
    expect(told).toContain(row);
    expect(told).not.toContain('Interrupted');
  });

  it('says that it is of a part of the run', () => {
    expect(renderMarkdown(result([]))).toContain('Interrupted: these are partial results.');
    expect(renderMarkdown(result([{ ...good, partial: true }]))).toContain('Interrupted');
  });

  it('lists the first reasons, and how many more there are', () => {
    const many = { ...bad, reasons: Array.from({ length: 25 }, (_, index) => `reason ${index}`) };
    const told = renderMarkdown(result([many], { verdict: 'fail' }));
    expect(told).toContain('reason 19\n- and 5 more\n');
  });

  it('shows a title as it was written', () => {
    const scenario = { name: 'a', title: 'The *big* <one>', story: '', reproduces: [] };
    expect(renderMarkdown(result([good], { scenario }))).toContain('PASS: The \\*big\\* \\<one\\>\n');
  });
});

describe('a series as CSV', () => {
  const latencyMs = { p50: 1, p95: 2, p99: 3, max: 4.5 };
  const first = seriesPoint(['worker-1'], {
    ...{ offered: 10, ok: 8, tries: 12 },
    status: { '200': 8, none: 2 },
    latencyMs,
  });
  const second = seriesPoint(['worker-1', 'worker-2'], { t: 0.25, offered: 5, status: { '503': 5 } });
  const csv = renderSeriesCsv(
    result([variantResult({ series: [first] }), variantResult({ name: 'two', series: [second] })]),
  );

  it('has a line for each bucket, and the same columns for every variant', () => {
    const rows = csv.split('\r\n').map((line) => line.split(','));
    expect(rows.at(-1)).toEqual(['']);
    expect(rows[0]).toEqual([
      ...['variant', 't_s', 'offered', 'ok', 'tries', 'status_200', 'status_503', 'status_none'],
      ...['latency_p50_ms', 'latency_p95_ms', 'latency_p99_ms', 'latency_max_ms'],
      ...['worker-1_heap_bytes', 'worker-1_busy', 'worker-1_queued'],
      ...['worker-2_heap_bytes', 'worker-2_busy', 'worker-2_queued'],
    ]);
    expect(rows[1]).toEqual('default,0,10,8,12,8,0,2,1,2,3,4.5,,0,0,,,'.split(','));
    expect(rows[2]).toEqual('two,0.25,5,0,,0,5,0,0,0,0,0,,0,0,,0,0'.split(','));
  });
});
