/** The section `incident` of a scenario file: what an outage costs, and how its clock relates to that of the run. */
import type { Finding } from '../core/document/schema-problems.js';
import { Duration, Optional, Rate, Section, type Static } from '../core/schema.js';
import { parseDurationMs, parseDurationMsOr, parseRateRps } from '../core/units.js';

/**
 * What an outage for everybody costs, in US dollars a minute, unless a scenario says otherwise: the much quoted average
 * for downtime, an estimate over all trades and sizes. Where a better figure is known, it belongs in the scenario.
 */
const DEFAULT_DOWNTIME_COST = '5600/m';

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
}

/** Every variant of a scenario that says nothing has this. */
export const resolveIncident = ({
  downtimeCost = DEFAULT_DOWNTIME_COST,
  minute,
}: IncidentSection = {}): IncidentPlan => ({
  costPerMinute: parseRateRps(downtimeCost) * SECONDS_IN_MINUTE,
  minuteMs: parseDurationMsOr(minute, MINUTE_MS),
});

/** @param section right by its schema; paths from its top. */
export const findIncidentProblems = ({ minute }: IncidentSection = {}): Finding[] =>
  minute !== undefined && parseDurationMs(minute) === 0
    ? [{ path: ['minute'], message: 'expected a duration above 0, such as 1s' }]
    : [];
