/** A result as one file: what is packed comes out again, and it stays small whatever the result. */
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ReportData } from '../../../src/web/app/report/report-data.js';
import { pageTitle } from '../../../src/web/page.js';
import { MAX_PAGE_BYTES, renderHtml } from '../../../src/web/report.js';
import { HOSTILE, hostileResult } from '../../support/hostile-result.js';
import { htmlProblems } from '../../support/html.js';
import { result, seriesPoint, variantResult } from '../../support/records.js';

const packedIn = (page: string): ReportData => {
  const [, json] = /<script type="application\/json" id="source">(.*?)<\/script>/.exec(page)!;
  const { packed } = JSON.parse(json!) as { readonly packed: string };
  return JSON.parse(inflateRawSync(Buffer.from(packed, 'base64')).toString()) as ReportData;
};

describe('the page of a result', () => {
  it('holds what it shows, whatever stands in it', () => {
    const page = renderHtml(hostileResult());
    expect(packedIn(page)).toMatchObject({ title: HOSTILE, verdict: 'inconclusive', isPartial: true });
    expect(page).not.toContain(HOSTILE);
    expect(page).toContain('&lt;/script&gt;');
  });

  it('allows nothing but what stands in it', () => {
    expect(renderHtml(hostileResult())).toContain("default-src 'none'; script-src 'unsafe-inline'");
  });

  it('stays below a megabyte, and says what it left out', () => {
    // Numbers without rhyme, so that they cannot be packed well.
    const odd = (index: number): number => (index * 7_919 * 104_729) % 65_537;
    const workers = Array.from({ length: 16 }, (_, index) => `worker-${index + 1}`);
    const series = Array.from({ length: 2_400 }, (_, index) => ({
      ...seriesPoint([], {
        t: index / 4,
        offered: odd(index),
        status: { '200': odd(index + 1), '502': odd(index + 2) },
      }),
      workers: workers.map((worker, at) => ({
        worker,
        heapBytes: odd(index * at) * 1_001,
        busy: odd(index + at),
        queued: odd(index * 3 + at),
      })),
    }));
    const variants = Array.from({ length: 6 }, (_, index) =>
      variantResult({ name: `v${index}`, durationMs: 600_000, series }),
    );
    const page = renderHtml(result(variants));
    expect(Buffer.byteLength(page)).toBeLessThan(MAX_PAGE_BYTES);
    expect(packedIn(page).thinned).toContainEqual(
      expect.stringMatching(/^v5: each point of a curve is \d+ buckets/),
    );
  });

  it('tells of a run of which nothing was measured, or could be', async () => {
    const skippedVariants = [{ name: 'reload', target: 'caddy', reasons: ['no such thing'], thresholds: [] }];
    const skipped = renderHtml(result([], { verdict: 'skipped', skippedVariants }));
    expect(skipped).toContain('SKIPPED');
    expect(skipped).toContain('no such thing');
    expect(await htmlProblems(skipped)).toEqual([]);
    expect(await htmlProblems(renderHtml(result([])))).toEqual([]);
  });

  it('has a name that a tab can show', () => {
    expect(pageTitle('A small one')).toBe('A small one · badgateway');
    expect(pageTitle('x'.repeat(100))).toHaveLength(70);
  });
});
