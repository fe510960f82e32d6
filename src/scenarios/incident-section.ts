/**
 * The section `incident` of a scenario file: what an outage costs, how its clock relates to that of the run, and when somebody is
 * alerted.
 */
import type { Finding } from '../core/document/schema-problems.js';
import { Duration, Optional, Percent, Rate, Section, type Static } from '../core/schema.js';
import { parseDurationMs, parseDurationMsOr, parseRateRps, parseRatio } from '../core/units.js';
import { findUnreachable, WORKBOOK_WINDOWS } from '../delivery/burn-rate.js';

/**
 * What an outage for everybody costs, in US dollars a minute, unless a scenario says otherwise: the much quoted average
 * for downtime, an estimate over all trades and sizes. Where a better figure is known, it belongs in the scenario.
 */
const DEFAULT_DOWNTIME_COST = '5600/m';

/** Three nines: what a run in which nothing is wrong has to reach, and what hosted gateways promise. */
const DEFAULT_SLO = '99.9%';

/** As for staged rollouts: 30 days are an hour, the long windows 5 s and 30 s, and a run of tens of seconds fills both. */
const DEFAULT_HOUR = '5s';

const MINUTE_MS = 60_000;
const SECONDS_IN_MINUTE = 60;

export const IncidentSchema = Section(
  {
    downtimeCost: Optional(
      Rate(`US dollars that an outage for everybody costs; default ${DEFAULT_DOWNTIME_COST}.`),
    ),
    minute: Optional(
      Duration(
        'What a minute of the incident is in this run, where its clock is compressed; default 1m: it is not.',
      ),
    ),
    slo: Optional(
      Percent(`Share of the requests that are to be good, for the burn-rate alerts; default ${DEFAULT_SLO}.`),
    ),
    hour: Optional(
      Duration(`What an hour of the burn-rate alerts' windows is in this run; default ${DEFAULT_HOUR}.`),
    ),
  },
  'What is reckoned of an outage: docs/incidents.md.',
);

type IncidentSection = Static<typeof IncidentSchema>;

/** What there is to know of an incident beforehand. */
export interface IncidentPlan {
  /** US dollars. */
  readonly costPerMinute: number;
  /** What a minute of the incident is in the run. */
  readonly minuteMs: number;
  /** Share of the requests that are to be good. */
  readonly sloRatio: number;
  /** What an hour of the burn rate's windows is in the run. */
  readonly hourMs: number;
}

/** Every variant of a scenario that says nothing has this. */
export const resolveIncident = ({
  downtimeCost = DEFAULT_DOWNTIME_COST,
  minute,
  slo = DEFAULT_SLO,
  hour = DEFAULT_HOUR,
}: IncidentSection = {}): IncidentPlan => ({
  costPerMinute: parseRateRps(downtimeCost) * SECONDS_IN_MINUTE,
  minuteMs: parseDurationMsOr(minute, MINUTE_MS),
  sloRatio: parseRatio(slo),
  hourMs: parseDurationMs(hour),
});

/** @param section right by its schema; paths from its top. */
export const findIncidentProblems = (section: IncidentSection = {}): Finding[] => {
  const findings = (['minute', 'hour'] as const).flatMap((key): Finding[] => {
    const text = section[key];
    return text !== undefined && parseDurationMs(text) === 0
      ? [{ path: [key], message: 'expected a duration above 0, such as 1s' }]
      : [];
  });
  const problem = findUnreachable(resolveIncident(section).sloRatio, WORKBOOK_WINDOWS);
  if (problem !== null) findings.push({ path: ['slo'], message: problem });
  return findings;
};
