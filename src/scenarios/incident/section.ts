/**
 * The section `incident` of a scenario file: what an outage costs, how its clock relates to that of the run, and when somebody is
 * alerted.
 */
import type { Finding } from '../../core/document/schema-problems.js';
import { Duration, OneOf, Optional, Percent, Rate, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseDurationMsOr, parseRateRps, parseRatio } from '../../core/units.js';
import { findUnreachable, WORKBOOK_WINDOWS } from '../../delivery/burn-rate.js';
import { canFollow, INCIDENT_STATES, type Transition } from './status.js';

/**
 * What an outage for everybody costs, in US dollars a minute, unless a scenario says otherwise: the much quoted average
 * for downtime, an estimate over all trades and sizes. Where a better figure is known, it belongs in the scenario.
 */
const DEFAULT_DOWNTIME_COST = '5600/m';

const CLOCK_PATTERN = '^([01][0-9]|2[0-3]):[0-5][0-9]$';

/** Three nines: what a run in which nothing is wrong has to reach, and what hosted gateways promise. */
const DEFAULT_SLO = '99.9%';

/** As for staged rollouts: 30 days are an hour, the long windows 5 s and 30 s, and a run of tens of seconds fills both. */
const DEFAULT_HOUR = '5s';

/**
 * How far from the moment that a scenario names the change may be that it means: pushes take a few milliseconds, and when the
 * load began to grow is an estimate.
 */
export const CAUSE_SLACK_MS = 1_000;

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
    cause: Optional(
      Duration(
        'When the change was made that caused the incident, or the load grew; from then on it can be suspected rightly.',
      ),
    ),
    clock: Optional(
      Section(
        {
          at: Duration('A moment of the run…'),
          reads: Type.String({
            pattern: CLOCK_PATTERN,
            description: '…and the time of day that it stands for.',
          }),
        },
        'The time of day of the incident.',
      ),
    ),
    published: Optional(
      Type.Array(
        Section(
          {
            at: Duration('By the clock of the run; it may be after its end.'),
            state: OneOf(INCIDENT_STATES, 'What was said.'),
          },
          'One update.',
        ),
        { description: 'What a status page said of the incident, in order.' },
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
  /** Share of the requests that are to be good. */
  readonly sloRatio: number;
  /** What an hour of the burn rate's windows is in the run. */
  readonly hourMs: number;
  /** When the change was made that caused it, milliseconds of the run; `null`: no change did, or nobody says which. */
  readonly causeMs: number | null;
  /** A moment of the run and the minute of the day that it stands for; `null`: the incident has no time of day. */
  readonly clock: { readonly atMs: number; readonly minuteOfDay: number } | null;
  /** What a status page said, in order. */
  readonly published: readonly Transition[];
}

const MINUTES_IN_HOUR = 60;

const resolveClock = ({ at, reads }: NonNullable<IncidentSection['clock']>): IncidentPlan['clock'] => {
  const [hours, minutes] = reads.split(':').map(Number);
  return { atMs: parseDurationMs(at), minuteOfDay: hours! * MINUTES_IN_HOUR + minutes! };
};

/** Every variant of a scenario that says nothing has this. */
export const resolveIncident = ({
  downtimeCost = DEFAULT_DOWNTIME_COST,
  minute,
  slo = DEFAULT_SLO,
  hour = DEFAULT_HOUR,
  cause,
  clock,
  published = [],
}: IncidentSection = {}): IncidentPlan => ({
  costPerMinute: parseRateRps(downtimeCost) * SECONDS_IN_MINUTE,
  minuteMs: parseDurationMsOr(minute, MINUTE_MS),
  sloRatio: parseRatio(slo),
  hourMs: parseDurationMs(hour),
  causeMs: parseDurationMsOr(cause, null),
  clock: clock === undefined ? null : resolveClock(clock),
  published: published.map(({ at, state }) => ({ atMs: parseDurationMs(at), state })),
});

const findPublishedProblems = (published: IncidentPlan['published']): Finding[] =>
  published.slice(1).flatMap(({ atMs, state }, index): Finding[] => {
    const before = published[index]!;
    const path = ['published', index + 1];
    if (atMs < before.atMs) return [{ path: [...path, 'at'], message: 'is before the update above it' }];
    if (canFollow(before.state, state)) return [];
    const message = `cannot follow ${before.state}: states go forward only, and from resolved to investigating`;
    return [{ path: [...path, 'state'], message }];
  });

/** @param section right by its schema; paths from its top. @param durationMs of the load. */
export const findIncidentProblems = (section: IncidentSection = {}, durationMs: number): Finding[] => {
  const findings = (['minute', 'hour'] as const).flatMap((key): Finding[] => {
    const text = section[key];
    return text !== undefined && parseDurationMs(text) === 0
      ? [{ path: [key], message: 'expected a duration above 0, such as 1s' }]
      : [];
  });
  const { sloRatio, causeMs, published } = resolveIncident(section);
  const problem = findUnreachable(sloRatio, WORKBOOK_WINDOWS);
  if (problem !== null) findings.push({ path: ['slo'], message: problem });
  if (causeMs !== null && causeMs > durationMs) {
    findings.push({ path: ['cause'], message: `is after the load ends, at ${durationMs / 1000}s` });
  }
  findings.push(...findPublishedProblems(published));
  return findings;
};
