/** The incident of a variant as rows of text: what was measured, and beside it what was published. */
import { formatDuration } from '../../core/units.js';
import type { VariantResult } from '../result.js';

type Downtime = VariantResult['downtime'];

const MINUTES_IN_DAY = 24 * 60;

/** 16:13, or with the days since then; empty for an incident without a time of day. */
const clockText = (ms: number, { clock, minuteMs }: Downtime): string => {
  if (clock === null) return '';
  const minute = Math.floor(clock.minuteOfDay + (ms - clock.atMs) / minuteMs + 1e-6);
  const day = Math.floor(minute / MINUTES_IN_DAY);
  const ofDay = minute - day * MINUTES_IN_DAY;
  const text = `${String(Math.floor(ofDay / 60)).padStart(2, '0')}:${String(ofDay % 60).padStart(2, '0')}`;
  return day === 0 ? text : `${day > 0 ? '+' : ''}${day}d ${text}`;
};

/** By the incident's own clock, with the moment of the run behind it, where the run was not over. */
const timeText = (ms: number | null, { durationMs, downtime }: VariantResult): string => {
  if (ms === null) return '–';
  const clock = clockText(ms, downtime);
  if (clock === '') return formatDuration(ms);
  return ms > durationMs ? clock : `${clock} (${formatDuration(ms)})`;
};

const MINUTE_MS = 60_000;

/** Up to an hour as any duration; then 1h41m, or 6d 21h. */
const longText = (ms: number): string => {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 60) return formatDuration(ms);
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
};

/** In the incident's own minutes. */
const lagText = ({ measuredMs, publishedMs }: Row, { minuteMs }: Downtime): string => {
  if (measuredMs === null || publishedMs === null) return '–';
  const lagMs = ((publishedMs - measuredMs) / minuteMs) * MINUTE_MS;
  return lagMs < 0 ? `-${longText(-lagMs)}` : longText(lagMs);
};

interface Row {
  readonly title: string;
  readonly measuredMs: number | null;
  readonly publishedMs: number | null;
}

const capitalized = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/** Where a time is unknown, a row stays where it is. */
const byTime = (rows: readonly Row[], extra: readonly Row[]): Row[] => {
  const all = [...rows];
  for (const row of extra) {
    const at = all.findIndex(({ measuredMs }) => measuredMs !== null && measuredMs > row.measuredMs!);
    all.splice(at === -1 ? all.findLastIndex(({ measuredMs }) => measuredMs !== null) + 1 : at, 0, row);
  }
  return all;
};

type Incident = NonNullable<VariantResult['incident']>;

/** Later times that users were hurt, which are told one by one; of a service that flaps on, the last stands for the rest. */
const MAX_TOLD = 4;

type Span = Incident['again'][number];

/** Every later time that users were hurt, with what to say of it; of many, the first and the last. */
export const hurtAgain = ({ again }: Pick<Incident, 'again'>): (Span & { readonly text: string })[] => {
  const text = 'users are hurt again';
  if (again.length <= MAX_TOLD) return again.map((span) => ({ ...span, text }));
  return [
    ...again.slice(0, MAX_TOLD - 1).map((span) => ({ ...span, text })),
    { ...again.at(-1)!, text: `${text}, for the last of ${again.length} times` },
  ];
};

/** Where users were hurt, and when that was over; in order. */
const feltRows = (incident: Incident): Row[] =>
  [{ ...incident, text: 'users are hurt' }, ...hurtAgain(incident)].flatMap((span) =>
    [
      { title: span.text, measuredMs: span.onsetMs },
      { title: 'good again for most', measuredMs: span.mitigatedMs },
      { title: 'good again for all', measuredMs: span.recoveredMs },
    ].map((row) => ({ ...row, publishedMs: null })),
  );

/** Where it was known only after the state `identified` could no longer be reached: states go forward only. */
const lateCauseRows = ({ identifiedMs, timeline }: Incident): Row[] =>
  identifiedMs === null ||
  timeline.some(({ state, measuredMs }) => state === 'identified' && measuredMs !== null)
    ? []
    : [{ title: 'the cause is known', measuredMs: identifiedMs, publishedMs: null }];

/**
 * The first row is the header. States have their names as status pages write them; what users felt stands between them. Empty
 * where users were not hurt.
 */
export const incidentRows = (variant: VariantResult): string[][] => {
  const { name, incident, downtime } = variant;
  if (incident === null) return [];
  const { timeline } = incident;
  const states = timeline.map((row): Row => ({ ...row, title: capitalized(row.state) }));
  const felt = [...feltRows(incident), ...lateCauseRows(incident)].filter(
    ({ measuredMs }) => measuredMs !== null,
  );
  const rows = byTime(states, felt);
  const isPublished = timeline.some(({ publishedMs }) => publishedMs !== null);
  return [
    [`incident, ${name}`, 'measured', ...(isPublished ? ['published', 'later by'] : [])],
    ...rows.map((row) => [
      row.title,
      timeText(row.measuredMs, variant),
      ...(isPublished ? [timeText(row.publishedMs, variant), lagText(row, downtime)] : []),
    ]),
  ];
};

/** Suspects that are named; who stands behind them was hardly suspected. */
const MAX_SUSPECTS = 3;

/** The first suspects, with how much they are suspected; empty where nothing had changed. */
export const suspectsText = ({ incident }: VariantResult): string => {
  const suspects = (incident?.suspects ?? []).slice(0, MAX_SUSPECTS).map(({ what, atMs, score, isCause }) => {
    const cause = isCause ? ', the cause' : '';
    return `${what} at ${formatDuration(atMs)} (${score.toFixed(2)}${cause})`;
  });
  return suspects.length === 0 ? '' : `suspects: ${suspects.join('; ')}`;
};
