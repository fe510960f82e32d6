/**
 * Takes everything that a run produces, once, as it comes in, and keeps what its result is made of: counts and latencies
 * by window, class and bucket, a sample of the failed requests, what happened. Nothing of it grows with the number of
 * requests, nor, beyond ten minutes, with the length of the run.
 *
 * Records come when requests end, so neither in the order of their arrival nor in that of their windows.
 */
import type { Event } from '../../core/events.js';
import { parseDurationMs } from '../../core/units.js';
import type { WorkerSample } from '../../upstream/fleet.js';
import type { RequestRecord } from '../clients/clients.js';
import type { FloodCounts } from '../clients/flood.js';
import type { PopulationCounts } from '../clients/population.js';
import { WHOLE_RUN } from '../metrics/metrics.js';
import { MACHINE_LIMITS } from '../metrics/verdict.js';
import { TickSeries } from '../monitoring/ticks.js';
import type { VariantResult } from '../result.js';
import type { Variant, Window } from '../scenario.js';
import type { Evidence } from '../targets/target.js';
import { EventList } from './events.js';
import { FailureSample } from './failures.js';
import { LateSends, type ProbeReport, StarvedProbes } from './machine.js';
import { RecoveryWatch } from './recovery.js';
import { FirstStatuses } from './requests.js';
import { type BucketPlan, bucketMsFor, RequestSeries } from './series.js';
import { WindowTally } from './windows.js';
import { WastedWork, WorkerSeries } from './workers.js';

/** Of a variant, what has to be known before it runs. */
export interface RecordedPlan extends Pick<Variant, 'durationMs' | 'windows' | 'clients' | 'timeline'> {
  readonly fleet: Pick<Variant['fleet'], 'heapLimitBytes'>;
}

/** Of a variant's result, what was recorded. */
export type Recorded = Pick<
  VariantResult,
  | 'windows'
  | 'recoveryMs'
  | 'recoveredMs'
  | 'crashes'
  | 'workersLost'
  | 'firstStatusMs'
  | 'bucketMs'
  | 'series'
  | 'events'
  | 'requests'
  | 'machine'
>;

/** Of any client, at any time that the file speaks of. */
const longestPatienceMs = ({ clients, timeline }: RecordedPlan): number => {
  const updates = timeline.flatMap(({ action }) =>
    action.type === 'update-clients' ? (action.update.changes.patience ?? []) : [],
  );
  return Math.max(
    0,
    ...clients.map(({ behaviour }) => behaviour.patienceMs),
    ...updates.map(parseDurationMs),
  );
};

/** Looks on while a run is recorded. */
export interface RunObserver {
  /** The load begins at that moment of the clock; nothing of it has been recorded before. */
  begin(originMs: number): void;
  record(one: RequestRecord): void;
  event(event: Event): void;
  sample(sample: WorkerSample): void;
}

export class Recorder {
  /** Whoever looks on. */
  readonly observers = new Set<RunObserver>();
  gatewayStallMs = 0;
  /** Requests that clients have sent so far, without their further tries. */
  offered = 0;
  /** Of the users of each class; `null`: there is no population. */
  population: Readonly<Record<string, PopulationCounts>> | null = null;
  /** In the order of the variant's floods. */
  floods: readonly FloodCounts[] = [];

  readonly #heapLimitBytes: number;
  readonly #windows: readonly Window[];
  readonly #buckets: BucketPlan;
  readonly #run: WindowTally;
  readonly #tallies: readonly WindowTally[];
  readonly #series: RequestSeries;
  readonly #recovery: RecoveryWatch;
  readonly #firstStatuses = new FirstStatuses();
  readonly #failures = new FailureSample();
  readonly #lateSends: LateSends;
  readonly #events = new EventList();
  readonly #lastSamples = new Map<string, WorkerSample>();
  #originMs: number;
  #workers: WorkerSeries;
  #wasted: WastedWork;
  #starved: StarvedProbes;
  #ticks: TickSeries;

  /** @param nowMs stands for the beginning of the load until that is known. */
  constructor(plan: RecordedPlan, nowMs: number) {
    const { durationMs, clients, fleet } = plan;
    const run: Window = { name: WHOLE_RUN, fromMs: 0, toMs: durationMs };
    this.#originMs = nowMs;
    this.#windows = [...plan.windows, run];
    this.#buckets = { durationMs, bucketMs: bucketMsFor(durationMs) };
    this.#tallies = this.#windows.map((window) => new WindowTally(window, clients));
    this.#run = this.#tallies.at(-1)!;
    this.#series = new RequestSeries(this.#buckets, longestPatienceMs(plan));
    this.#recovery = new RecoveryWatch(durationMs);
    this.#heapLimitBytes = fleet.heapLimitBytes;
    this.#lateSends = new LateSends(this.#windows, MACHINE_LIMITS.lateSendMs);
    this.#workers = new WorkerSeries(this.#buckets);
    this.#wasted = new WastedWork(this.#windows);
    this.#starved = new StarvedProbes(this.#windows, MACHINE_LIMITS.starvedMs);
    this.#ticks = new TickSeries(durationMs, fleet.heapLimitBytes);
  }

  /** What a monitor would have seen. */
  get ticks(): TickSeries {
    return this.#ticks;
  }

  /** The clock's time at which the load began. */
  get originMs(): number {
    return this.#originMs;
  }

  /** What happened so far, but for what comes with requests; it only grows. */
  get events(): readonly Event[] {
    return this.#events.held;
  }

  /** Requests that have ended so far, by status; 0: without an answer. */
  get statuses(): ReadonlyMap<number, number> {
    return this.#run.statuses;
  }

  /**
   * Tells when the load begins, before any of its requests is recorded. Samples and probes so far were of the time
   * before it, which is in no window and no bucket.
   */
  begin(originMs: number): void {
    this.#originMs = originMs;
    for (const observer of this.observers) observer.begin(originMs);
    this.#workers = new WorkerSeries(this.#buckets);
    this.#wasted = new WastedWork(this.#windows);
    this.#starved = new StarvedProbes(this.#windows, MACHINE_LIMITS.starvedMs);
    this.#ticks = new TickSeries(this.#buckets.durationMs, this.#heapLimitBytes);
  }

  /** Milliseconds of the clock as milliseconds of the run. */
  sinceOriginMs(atMs: number): number {
    return atMs - this.#originMs;
  }

  record(one: RequestRecord): void {
    for (const tally of this.#tallies) tally.record(one);
    this.#series.record(one);
    this.#recovery.record(one);
    this.#firstStatuses.record(one);
    this.#lateSends.record(one);
    this.#failures.record(one);
    this.#ticks.record(one);
    for (const observer of this.observers) observer.record(one);
  }

  /** What a proxy says of a failed request; when the run is over. */
  evidence(evidence: Evidence): void {
    this.#failures.evidence(evidence);
  }

  /** Ray IDs of the failed requests that are kept. */
  get failedRays(): ReadonlySet<string> {
    return this.#failures.rayIds;
  }

  event(event: Event): void {
    this.#ticks.event(event, this.sinceOriginMs(event.atMs));
    if (event.type === 'error.reported') this.#failures.keep(event.rayId);
    this.#failures.event(event, this.sinceOriginMs(event.atMs));
    this.#events.add(event);
    for (const observer of this.observers) observer.event(event);
  }

  sample(sample: WorkerSample): void {
    const runMs = this.sinceOriginMs(sample.atMs);
    this.#workers.sample(sample, runMs);
    this.#wasted.sample(sample, this.#lastSamples.get(sample.worker), runMs);
    this.#lastSamples.set(sample.worker, sample);
    this.#ticks.sample(sample, runMs);
    for (const observer of this.observers) observer.sample(sample);
  }

  probe({ atMs, waitsMs }: ProbeReport): void {
    this.#starved.report(waitsMs, this.sinceOriginMs(atMs));
  }

  /** @param workers whom the series is about, in this order. */
  recorded(workers: readonly string[]): Recorded {
    const wasted = this.#wasted.shares();
    return {
      windows: Object.fromEntries(
        this.#tallies.map((tally, index) => [tally.window.name, tally.result(wasted[index]!)]),
      ),
      ...this.#recovery.result(this.#windows.find(({ name }) => name === 'outage')),
      crashes: this.#events.crashes,
      workersLost: this.#events.workersLost,
      firstStatusMs: this.#firstStatuses.result(),
      bucketMs: this.#buckets.bucketMs,
      series: this.#series.points(this.#workers, workers),
      events: this.#events.result(this.#originMs),
      requests: this.#failures.result(),
      machine: {
        lateSends: this.#lateSends.worstShare(),
        starvedSamples: this.#starved.worstShare(),
        gatewayStallMs: Number(this.gatewayStallMs.toFixed(1)),
      },
    };
  }
}
