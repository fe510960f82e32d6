/** A result as one HTML file: it loads nothing, and is small enough to be sent by mail. */
import { deflateRawSync } from 'node:zlib';
import type { Result } from '../scenarios/result.js';
import type { ReportData } from './app/report/report-data.js';
import { pageTitle, renderPage } from './page.js';
import { fallbackOf } from './report/fallback.js';
import { makeReport, type ReportLimits } from './report/make-report.js';

/** What mail and chat take without asking; a megabyte of the decimal kind. */
export const MAX_PAGE_BYTES = 1_000_000;

/** Tried in turn until the page is small enough: first curves lose points, then requests are left out. */
const LIMITS: readonly ReportLimits[] = [
  { maxPoints: 1_200, maxRequests: 200 },
  { maxPoints: 400, maxRequests: 200 },
  { maxPoints: 400, maxRequests: 60 },
  { maxPoints: 240, maxRequests: 20 },
  { maxPoints: 120, maxRequests: 5 },
];

/** Base64 of raw DEFLATE: a quarter of the text or less, and any browser unpacks it without help. */
const pack = (report: ReportData): string =>
  deflateRawSync(JSON.stringify(report), { level: 9 }).toString('base64');

const pageOf = (result: Result, limits: ReportLimits): string => {
  const report = makeReport(result, limits);
  return renderPage({
    title: pageTitle(report.title),
    source: { kind: 'result', packed: pack(report) },
    fallback: fallbackOf(report),
  });
};

/** What a live page shows of a result when the run is over; as long as it is, for it stands in no file. */
export const packReport = (result: Result): string =>
  pack(makeReport(result, { maxPoints: 1_200, maxRequests: 200 }));

/** @throws when the page's app was not built: `npm run build`. */
export const renderHtml = (result: Result): string => {
  let page = '';
  for (const limits of LIMITS) {
    page = pageOf(result, limits);
    if (Buffer.byteLength(page) <= MAX_PAGE_BYTES) break;
  }
  return page;
};
