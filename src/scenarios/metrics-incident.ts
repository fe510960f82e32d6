/** Values of metrics that are about alerts. */
import type { VariantResult } from './result.js';

/** When a client first got an error of a server, or no answer, at whichever try; infinity: never. */
const firstServerErrorMs = ({ firstStatusMs }: VariantResult): number =>
  Math.min(
    Number.POSITIVE_INFINITY,
    ...Object.entries(firstStatusMs).flatMap(([status, ms]) => (/^(5\d\d|none)$/.test(status) ? [ms] : [])),
  );

/** @param rule empty: every one. */
const alertsOf = ({ alerts }: VariantResult, rule: string): VariantResult['alerts'] =>
  alerts.filter((alert) => rule === '' || alert.rule === rule);

export const alertCount = (variant: VariantResult, rule: string): number => alertsOf(variant, rule).length;

/** When it was first raised; infinity: never. */
export const alertedMs = (variant: VariantResult, rule: string): number =>
  alertsOf(variant, rule)[0]?.raisedMs ?? Number.POSITIVE_INFINITY;

/** How long before the first error it was raised; infinity: there was no error; `NaN`: there was no alert. */
export const leadMs = (variant: VariantResult, rule: string): number => {
  const raisedMs = alertedMs(variant, rule);
  return Number.isFinite(raisedMs) ? firstServerErrorMs(variant) - raisedMs : Number.NaN;
};
