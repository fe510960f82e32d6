/** Values of metrics that are about alerts and the incident. */
import { INCIDENT_STATES } from '../incident/status.js';
import { RULE_NAMES, RULES_OF_WORKERS } from '../monitoring/rules.js';
import type { VariantResult } from '../result.js';
import { oneOf, optional, type RunMetric } from './metric.js';

/** When a client first got an error of a server, or no answer, at whichever try; infinity: never. */
const firstServerErrorMs = ({ firstStatusMs }: VariantResult): number =>
  Math.min(
    Number.POSITIVE_INFINITY,
    ...Object.entries(firstStatusMs).flatMap(([status, ms]) => (/^(5\d\d|none)$/.test(status) ? [ms] : [])),
  );

/** @param rule empty: every one. */
const alertsOf = ({ alerts }: VariantResult, rule: string): VariantResult['alerts'] =>
  alerts.filter((alert) => rule === '' || alert.rule === rule);

const alertCount = (variant: VariantResult, rule: string): number => alertsOf(variant, rule).length;

/** When it was first raised; infinity: never. */
const alertedMs = (variant: VariantResult, rule: string): number =>
  alertsOf(variant, rule)[0]?.raisedMs ?? Number.POSITIVE_INFINITY;

/** How long before the first error it was raised; infinity: there was no error; `NaN`: there was no alert. */
const leadMs = (variant: VariantResult, rule: string): number => {
  const raisedMs = alertedMs(variant, rule);
  return Number.isFinite(raisedMs) ? firstServerErrorMs(variant) - raisedMs : Number.NaN;
};

/** From the onset to the first alert; 0 where that was before it; infinity: nobody noticed; `NaN`: there was nothing to. */
const mttdMs = ({ incident }: VariantResult): number => {
  if (incident === null) return Number.NaN;
  return Math.max(0, (incident.detectedMs ?? Number.POSITIVE_INFINITY) - incident.onsetMs);
};

/** From the onset to the moment at which the cause was suspected most; `NaN`: nobody says what the cause was. */
const mttiMs = ({ incident }: VariantResult): number => {
  if (incident === null || incident.cause === null) return Number.NaN;
  return (incident.identifiedMs ?? Number.POSITIVE_INFINITY) - incident.onsetMs;
};

/** From the onset to the end of it for most, or for all; 0: there was none. */
const untilGoodMs = ({ incident }: VariantResult, key: 'mitigatedMs' | 'recoveredMs'): number =>
  incident === null ? 0 : (incident[key] ?? Number.POSITIVE_INFINITY) - incident.onsetMs;

/** How often users were hurt again after it had been over; `NaN`: there was no incident. */
const reopened = ({ incident }: VariantResult): number => incident?.again.length ?? Number.NaN;

/** How much later a status page said what was measured before; `NaN`: one of the two is missing. */
const commsLagMs = ({ incident }: VariantResult, state: string): number => {
  const row = incident?.timeline.find((one) => one.state === state);
  return (row?.publishedMs ?? Number.NaN) - (row?.measuredMs ?? Number.NaN);
};

/** Whether a rule looks at what workers tell of themselves. */
const isOfWorkers = (rule: string): boolean => RULES_OF_WORKERS.some((name) => name === rule);

export const INCIDENT_METRICS: readonly RunMetric[] = [
  {
    ...optional('alerts', RULE_NAMES),
    kind: 'count',
    windowed: false,
    example: 'alerts',
    meaning: 'alerts that were raised; with a rule behind a dot, those of the rule',
    needsWorkers: isOfWorkers,
    value: alertCount,
  },
  {
    ...oneOf('alerted', RULE_NAMES),
    kind: 'duration',
    windowed: false,
    example: 'alerted.fast-burn',
    meaning: 'when an alert of this rule was first raised, from the start of the load',
    needsWorkers: isOfWorkers,
    value: alertedMs,
  },
  {
    ...optional('lead', RULE_NAMES),
    kind: 'duration',
    windowed: false,
    example: 'lead.heap-slope',
    meaning:
      'how long before the first error that a client got (a status of 500 and above, or no answer) the first alert was raised; with a rule behind a dot, of the rule',
    needsWorkers: isOfWorkers,
    value: leadMs,
  },
  {
    pattern: /^mttd$/,
    kind: 'duration',
    windowed: false,
    example: 'mttd',
    meaning:
      'time to detect: from the onset, when users were first hurt, to the first alert; 0 where that came before',
    value: mttdMs,
  },
  {
    pattern: /^mtti$/,
    kind: 'duration',
    windowed: false,
    example: 'mtti',
    meaning: 'time to identify: from the onset to when the change that was the cause was suspected most',
    value: mttiMs,
  },
  {
    pattern: /^mttm$/,
    kind: 'duration',
    windowed: false,
    example: 'mttm',
    meaning: 'time to mitigate: from the onset to when service was good for most, at 95 % for 2 s',
    value: (variant) => untilGoodMs(variant, 'mitigatedMs'),
  },
  {
    pattern: /^mttr$/,
    kind: 'duration',
    windowed: false,
    example: 'mttr',
    meaning: 'time to recover: from the onset to when service was good again, at 99 % for 3 s',
    value: (variant) => untilGoodMs(variant, 'recoveredMs'),
  },
  {
    pattern: /^reopened$/,
    kind: 'count',
    windowed: false,
    example: 'reopened',
    meaning:
      'how often the incident was opened again: users were hurt again after service had been good for 3 s',
    value: reopened,
  },
  {
    ...oneOf('comms-lag', INCIDENT_STATES),
    kind: 'duration',
    windowed: false,
    example: 'comms-lag.investigating',
    meaning: 'how much later the status page of the scenario said this state than it was measured',
    value: commsLagMs,
  },
];
