/** A run as it looks to somebody who stands in the middle of it: nothing that comes later. */
import type { VariantResult } from '../result.js';

/** @param nowMs milliseconds of the run. What counts windows and the whole run is left as it is, and not to be shown. */
export const untilNow = (result: VariantResult, nowMs: number): VariantResult => ({
  ...result,
  durationMs: nowMs,
  series: result.series.filter(({ t }) => t * 1_000 < nowMs),
  events: result.events.filter(({ t }) => t * 1_000 <= nowMs),
  requests: result.requests.filter(({ endMs }) => endMs <= nowMs),
  alerts: result.alerts.filter(({ raisedMs }) => raisedMs <= nowMs),
});
