/**
 * How many workers there should be: `fleet.autoscale`. Reactive looks at the slots in use, predictive at the load that is
 * coming. Both pass through the same stabilisation, step and bounds. Pure: `scaling.ts` asks it and does what it says.
 */
import { Count, Duration, OneOf, Optional, Percent, Section, type Static } from '../../core/schema.js';
import { formatDuration, parseDurationMsOr, parseRatio } from '../../core/units.js';
import { type Forecast, HoltForecast, HoltWintersForecast } from './forecast.js';
import { desiredWorkers, type FleetUse, Stabilisation } from './hpa.js';

export const AutoscaleSchema = Section(
  {
    min: Optional(Count(1, 'Never fewer workers; default: `workers`.')),
    max: Optional(Count(1, 'Never more; default: `maxWorkers`.')),
    strategy: Optional(
      OneOf(
        ['reactive', 'predictive'],
        'reactive (default): by the slots in use now; predictive: by a forecast of the offered load.',
      ),
    ),
    season: Optional(
      Duration(
        'predictive: after so long the load comes again as it was, such as a day; a whole number of intervals, 2 to 86400 of them. Default: there is no season.',
      ),
    ),
    target: Optional(Percent('Slots in use that are wanted, with the queue as more than all; default 70%.')),
    interval: Optional(Duration('From one decision to the next; default 1s.')),
    step: Optional(Count(1, 'At most so many more at one decision; default 4, or twice as many.')),
    stabilisation: Optional(
      Section(
        {
          up: Optional(Duration('The lowest wish of so long counts for growing; default 0s.')),
          down: Optional(Duration('The highest wish of so long counts for shrinking; default 30s.')),
        },
        'Keeps the number from swinging.',
      ),
    ),
    drain: Optional(Duration('A worker that goes ends what it has in hand within this; default 5s.')),
  },
  'Workers come and go with the load.',
);

export interface AutoscaleConfig {
  readonly min: number;
  readonly max: number;
  readonly strategy: 'reactive' | 'predictive';
  /** A whole number of intervals; `null`: the load has no season. */
  readonly seasonMs: number | null;
  readonly targetRatio: number;
  readonly intervalMs: number;
  /** `null`: as Kubernetes, 4 or twice as many. */
  readonly step: number | null;
  readonly upMs: number;
  readonly downMs: number;
  readonly drainMs: number;
}

/** Kubernetes looks every 15 s and shrinks by the highest wish of 5 minutes: compressed, as a scenario's clock is. */
export const resolveAutoscale = (
  section: Static<typeof AutoscaleSchema>,
  { workers, maxWorkers }: { readonly workers: number; readonly maxWorkers: number },
): AutoscaleConfig => ({
  min: section.min ?? workers,
  max: section.max ?? maxWorkers,
  strategy: section.strategy ?? 'reactive',
  seasonMs: parseDurationMsOr(section.season, null),
  targetRatio: parseRatio(section.target ?? '70%'),
  intervalMs: parseDurationMsOr(section.interval, 1_000),
  step: section.step ?? null,
  upMs: parseDurationMsOr(section.stabilisation?.up, 0),
  downMs: parseDurationMsOr(section.stabilisation?.down, 30_000),
  drainMs: parseDurationMsOr(section.drain, 5_000),
});

export interface Capacity {
  /** Requests a second that one worker serves with all its slots in use. */
  readonly workerRps: number;
  /** From the decision to a worker that serves. */
  readonly bootMs: number;
}

export interface ScaleReading {
  readonly use: FleetUse;
  /** Requests offered a second since the last decision, whatever became of them. */
  readonly offeredRps: number;
}

const DEFAULT_STEP = 4;

/** A day of seconds. Each has a number of its own, and more would be nobody's season: the interval is too short. */
const MAX_SEASON_INTERVALS = 86_400;

/** Durations are sums of fractions. */
const ROUNDING = 1e-9;

/** What is wrong with a season of that length; `null`: nothing. */
export const explainSeason = (seasonMs: number, intervalMs: number): string | null => {
  const intervals = seasonMs / intervalMs;
  const interval = formatDuration(intervalMs);
  const those = (count: number): string => formatDuration(count * intervalMs);
  if (intervals < 2)
    return `must be at least ${those(2)}: an interval is ${interval}, and one value is no season`;
  if (intervals > MAX_SEASON_INTERVALS) {
    return `must be at most ${those(MAX_SEASON_INTERVALS)}, which is ${MAX_SEASON_INTERVALS} intervals of ${interval}; a longer season needs a longer \`interval\``;
  }
  if (Math.abs(intervals - Math.round(intervals)) <= ROUNDING * intervals) return null;
  const below = Math.floor(intervals);
  return `must be a whole number of intervals of ${interval}, such as ${those(below)} or ${those(below + 1)}`;
};

export class Autoscaler {
  readonly #config: AutoscaleConfig;
  readonly #capacity: Capacity;
  readonly #stabilisation: Stabilisation;
  readonly #forecast: Forecast;

  constructor(config: AutoscaleConfig, capacity: Capacity, current: number, nowMs: number) {
    const { seasonMs, intervalMs } = config;
    this.#config = config;
    this.#capacity = capacity;
    this.#forecast =
      seasonMs === null ? new HoltForecast() : new HoltWintersForecast(Math.round(seasonMs / intervalMs));
    this.#stabilisation = new Stabilisation(config, current, nowMs);
  }

  /** To be asked once an interval. @returns how many workers there should be. */
  decide(reading: ScaleReading, nowMs: number): number {
    const { min, max, step } = this.#config;
    const { ready, booting, missing } = reading.use;
    const current = ready.length + booting + missing;
    const wanted = Math.min(max, Math.max(min, this.#wanted(reading)));
    const decided = this.#stabilisation.decide(wanted, current, nowMs);
    return Math.min(decided, current + (step ?? Math.max(DEFAULT_STEP, current)));
  }

  #wanted({ use, offeredRps }: ScaleReading): number {
    const { strategy, targetRatio, intervalMs } = this.#config;
    this.#forecast.observe(offeredRps);
    if (strategy === 'reactive') return desiredWorkers(use, targetRatio);
    const { workerRps, bootMs } = this.#capacity;
    // What is decided now serves after the boot, and until the next decision's workers do. What is needed before that
    // is there already, and may not be taken away because less is needed later.
    const comingRps = this.#forecast.mostWithin(Math.ceil(bootMs / intervalMs) + 1) ?? 0;
    return Math.ceil(comingRps / (workerRps * targetRatio));
  }
}
