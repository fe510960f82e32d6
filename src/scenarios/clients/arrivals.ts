/**
 * When the requests of an open loop arrive. Arrival n is computed from the schedule and never from the arrival before it. A
 * unit-rate process (steps of 1 for a constant load, exponential steps with mean 1 for a Poisson one) is mapped through
 * the inverse of the cumulative rate, which makes ramps exact and keeps one late arrival from shifting the others.
 *
 * A rate that is changed by hand changes the cumulative rate from that moment on, and the process stays the same one: what
 * was to come next comes sooner or later, by as much as the rate has grown or fallen.
 */
import type { Random } from '../../core/random.js';
import type { LoadPlan, Stage } from './workload.js';

/** What is changed of a load by hand. */
export interface LoadChange {
  /** Every rate of the plan is multiplied by it; 0: nothing is sent. */
  readonly scale: number;
  /** In place of the plan's rates, requests a second; `null`: the plan's. */
  readonly rateRps: number | null;
}

/** Beyond it the generator would fall behind, and its own delays be seen as the service's. */
export const MAX_LOAD_RPS = 5_000;

/** Expected number of arrivals in a stage up to `elapsedMs` into it is `fromRps·t + slope·t²/2`, t in seconds. */
const stageArrivals = ({ fromRps, toRps, durationMs }: Stage): number => {
  const meanRps = (fromRps + toRps) / 2;
  // One without end and without requests has none.
  return meanRps === 0 ? 0 : (meanRps * durationMs) / 1000;
};

const arrivalsUntil = ({ fromRps, toRps, durationMs }: Stage, elapsedMs: number): number => {
  const t = elapsedMs / 1000;
  return fromRps * t + ((toRps - fromRps) / (durationMs / 1000)) * (t * t * 0.5);
};

/** When, in milliseconds into the stage, the expected number of arrivals reaches `count`. */
const stageInverse = ({ fromRps, toRps, durationMs }: Stage, count: number): number => {
  if (count === 0) return 0;
  const slope = (toRps - fromRps) / (durationMs / 1000);
  // The stable form of the quadratic's root: it does not cancel when the slope is small, and needs no special case.
  const root = Math.sqrt(Math.max(0, fromRps * fromRps + 2 * slope * count));
  return ((2 * count) / (fromRps + root)) * 1000;
};

/** The stages of a plan, and what goes on after them. */
const stagesOf = ({ stages, endless }: LoadPlan): readonly Stage[] => {
  const last = stages.at(-1);
  if (!endless || last === undefined) return stages;
  const { toRps } = last;
  return [...stages, { fromRps: toRps, toRps, durationMs: Number.POSITIVE_INFINITY }];
};

const durationOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { durationMs }) => sum + durationMs, 0);

/** Expected number of arrivals since the start. */
const arrivalsAt = (stages: readonly Stage[], atMs: number): number => {
  let count = 0;
  let startMs = 0;
  for (const stage of stages) {
    if (atMs < startMs + stage.durationMs) return count + arrivalsUntil(stage, atMs - startMs);
    count += stageArrivals(stage);
    startMs += stage.durationMs;
  }
  return count;
};

export class Arrivals {
  readonly #planned: readonly Stage[];
  readonly #step: () => number;
  /** Of the unit-rate process. */
  #next: number;
  /** Those that the rates are of now, and the one that the next arrival is looked for in. */
  #stages: readonly Stage[];
  #stage = 0;
  #stageStartMs = 0;
  /** Expected arrivals before it, by the stages. */
  #before = 0;
  /** Where the unit-rate process and the stages stood when the rate was changed last, and by what it is multiplied. */
  #from = { unit: 0, staged: 0, atMs: 0 };
  #scale = 1;

  constructor(plan: LoadPlan, random: Random) {
    this.#planned = stagesOf(plan);
    this.#stages = this.#planned;
    this.#step = plan.arrivals === 'poisson' ? () => random.exponential(1) : () => 1;
    // A constant load begins half a step in, so that a stage of n expected arrivals has n of them and not n + 1.
    this.#next = plan.arrivals === 'poisson' ? this.#step() : 0.5;
  }

  /** Milliseconds from the start of the load; `null`: none is to come, as things are. */
  get nextMs(): number | null {
    if (this.#scale === 0) return null;
    // One that was due at the very moment of the change may have come out a rounding before it.
    const target = this.#from.staged + Math.max(0, this.#next - this.#from.unit) / this.#scale;
    for (; this.#stage < this.#stages.length; this.#stage++) {
      const stage = this.#stages[this.#stage]!;
      const inStage = stageArrivals(stage);
      if (target < this.#before + inStage) {
        // Back from a count to a time, a rounding may lead before the change.
        return Math.max(this.#from.atMs, this.#stageStartMs + stageInverse(stage, target - this.#before));
      }
      this.#before += inStage;
      this.#stageStartMs += stage.durationMs;
    }
    return null;
  }

  /** The next one has come. */
  take(): void {
    this.#next += this.#step();
  }

  /** @param atMs since the start of the load; from then on it is so. */
  change({ scale, rateRps }: LoadChange, atMs: number): void {
    const unit = this.#from.unit + (arrivalsAt(this.#stages, atMs) - this.#from.staged) * this.#scale;
    this.#stages =
      rateRps === null
        ? this.#planned
        : [{ fromRps: rateRps, toRps: rateRps, durationMs: durationOf(this.#planned) }];
    this.#scale = scale;
    this.#from = { unit, staged: arrivalsAt(this.#stages, atMs), atMs };
    this.#stage = 0;
    this.#stageStartMs = 0;
    this.#before = 0;
  }
}

/** What is offered, for whoever is to change it. */
export interface LoadStatus {
  /** By the stages at this moment, as they are changed, requests a second. */
  readonly offeredRps: number;
  /** The most that the plan asks for at any moment; `null`: it has no stages. */
  readonly highestRps: number | null;
  readonly change: LoadChange;
}

/** The rate of a load, beside whoever sends it. */
export class LoadRate {
  readonly #stages: readonly Stage[];
  #change: LoadChange = { scale: 1, rateRps: null };

  constructor(plan: LoadPlan) {
    this.#stages = stagesOf(plan);
  }

  change(change: LoadChange): void {
    this.#change = change;
  }

  /** @param atMs since the start of the load. */
  at(atMs: number): LoadStatus {
    const { scale, rateRps } = this.#change;
    const rates = this.#stages.flatMap(({ fromRps, toRps }) => [fromRps, toRps]);
    return {
      offeredRps: atMs < 0 ? 0 : (rateRps ?? rateAt(this.#stages, atMs)) * scale,
      highestRps: rates.length === 0 ? null : Math.max(...rates),
      change: this.#change,
    };
  }
}

const rateAt = (stages: readonly Stage[], atMs: number): number => {
  let startMs = 0;
  for (const { fromRps, toRps, durationMs } of stages) {
    if (atMs < startMs + durationMs) return fromRps + ((toRps - fromRps) * (atMs - startMs)) / durationMs;
    startMs += durationMs;
  }
  return 0;
};

/** Every arrival of a plan that nobody changes, in milliseconds from its start, ascending. */
export function* arrivalTimes(plan: LoadPlan, random: Random): Generator<number> {
  const arrivals = new Arrivals(plan, random);
  for (let atMs = arrivals.nextMs; atMs !== null; atMs = arrivals.nextMs) {
    yield atMs;
    arrivals.take();
  }
}
