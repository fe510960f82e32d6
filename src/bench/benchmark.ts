/**
 * A benchmark from start to end: starts the targets, warms them up, measures them in turns, and judges.
 *
 * It goes in trials. In each, every target is started anew, and measured in short rounds that take turns. New processes,
 * because two that run the same code differ by up to a tenth in what a request costs for as long as they live (V8
 * compiles and lays out memory differently each time): only more processes tell the code's cost from that luck. Short
 * rounds, because a neighbour on the machine comes and goes within seconds, and then meets all targets.
 */
import { UserError } from '../core/errors.js';
import { compareTrials, confidenceOfLook, type PairedTrial } from './compare.js';
import type { LoadGenerator } from './load.js';
import { measureRound, type Round, type RunningTarget, type Target, type Workload } from './measure.js';
import type { Comparison } from './result.js';

export interface Plan {
  /** How often every target is started and measured; of a comparison, how many trials are made before each look at it. */
  readonly trials: number;
  /** A comparison that is not decided by then stays undecided. */
  readonly maxTrials: number;
  /** Load on each process before anything counts; longer where it answers little in that time (`WARM_ANSWERS`). */
  readonly warmupMs: number;
  /** Rounds of each target in a trial. */
  readonly rounds: number;
  readonly roundMs: number;
  /** A cost up to this share higher counts as equal. */
  readonly tolerance: number;
}

/**
 * For targets that are started. V8 has compiled what matters after 2.5 s under full load, and later where requests are
 * larger and so fewer. With twelve rounds the ratio of two equal processes is within a tenth of 1 nearly always, and with
 * eight such trials its interval is about ± 4 %; 24 bring it below ± 3 %, in six minutes. Three looks, since most
 * comparisons are decided at the first. 5 % is what a shared runner can tell.
 */
export const DEFAULT_PLAN: Plan = {
  trials: 8,
  maxTrials: 24,
  warmupMs: 2_500,
  rounds: 12,
  roundMs: 300,
  tolerance: 0.05,
};

/**
 * For targets that run already: there is nothing to start anew, so a trial is one round, long enough that a slow target
 * has answers in it.
 */
export const RUNNING_PLAN: Plan = {
  ...DEFAULT_PLAN,
  trials: 10,
  maxTrials: 30,
  rounds: 1,
  roundMs: 1_000,
};

export interface BenchOptions {
  readonly generator: LoadGenerator;
  readonly workload: Workload;
  readonly plan: Plan;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * A round is at least this long for each connection: some ten answers on each, even of a slow proxy that has a thousand
 * of them, so that it counts little whose turn it was when the round began and ended.
 */
const MS_PER_CONNECTION = 1;

/**
 * V8 compiles by how often code has run, and a machine's bad phases make a process do less in the same time. Measured: a
 * proxy of 64 KiB bodies is warm after some 6,000 answers. A slow target is not waited for longer than this many times
 * its warm-up.
 */
const WARM_ANSWERS = 12_000;
const WARMUP_AT_MOST = 3;

/** Targets are warmed up in turns, so that none is idle for long before it is measured. */
const WARMUP_TURNS = 2;

/** The targets of one trial while they run. */
class Trial {
  readonly #number: number;
  readonly #options: BenchOptions;
  readonly #running: RunningTarget[] = [];

  constructor(number: number, options: BenchOptions) {
    this.#number = number;
    this.#options = options;
  }

  /** @returns rounds of every target, in the order of the targets; rounds of one index were measured side by side. */
  async run(targets: readonly Target[]): Promise<Round[][]> {
    const { plan, workload } = this.#options;
    try {
      for (const target of targets) {
        this.#checkInterrupted();
        this.#running.push(await target.start());
      }
      await this.#warmUp();
      const rounds: Round[][] = targets.map(() => []);
      const roundMs = Math.max(plan.roundMs, workload.connections * MS_PER_CONNECTION);
      for (let round = 0; round < plan.rounds; round++) {
        const order = [...this.#running.keys()];
        // Every second time in the opposite order: whoever is first meets another state of the machine.
        if ((this.#number + round) % 2 === 1) order.reverse();
        for (const index of order) {
          rounds[index]!.push(await this.#measure(this.#running[index]!, roundMs));
        }
      }
      return rounds;
    } finally {
      await Promise.all(this.#running.map((running) => running.stop()));
    }
  }

  async #warmUp(): Promise<void> {
    const cold = this.#running.filter(({ isNew }) => isNew || this.#number === 0);
    const turnMs = this.#options.plan.warmupMs / WARMUP_TURNS;
    for (let turn = 0; turn < WARMUP_TURNS; turn++) {
      for (const running of cold) await this.#warm(running, turnMs);
    }
  }

  async #warm(running: RunningTarget, turnMs: number): Promise<void> {
    let answered = 0;
    for (let time = 0; time < WARMUP_AT_MOST && answered < WARM_ANSWERS / WARMUP_TURNS; time++) {
      answered += (await this.#measure(running, turnMs)).answered;
    }
  }

  #measure(running: RunningTarget, durationMs: number): Promise<Round> {
    this.#checkInterrupted();
    const { generator, workload } = this.#options;
    return measureRound(generator, running, workload, durationMs);
  }

  #checkInterrupted(): void {
    if (this.#options.signal.aborted) throw new UserError('interrupted', 'interrupted');
  }
}

/** @returns `null` when it was interrupted, whatever that made fail. */
const tryTrial = async (
  number: number,
  targets: readonly Target[],
  options: BenchOptions,
): Promise<Round[][] | null> => {
  try {
    return await new Trial(number, options).run(targets);
  } catch (error) {
    if (options.signal.aborted) return null;
    throw error;
  }
};

/**
 * Rounds of every trial of every target, in the order of the targets; of fewer trials when it was interrupted. Whatever
 * was started is stopped.
 */
export const measureTargets = async (
  targets: readonly Target[],
  options: BenchOptions,
): Promise<Round[][][]> => {
  const { trials } = options.plan;
  const measured: Round[][][] = targets.map(() => []);
  for (let number = 0; number < trials; number++) {
    options.onProgress(`trial ${number + 1} of ${trials}`);
    const rounds = await tryTrial(number, targets, options);
    if (rounds === null) break;
    for (const [index, ofTarget] of rounds.entries()) measured[index]!.push(ofTarget);
  }
  return measured;
};

export interface MeasuredComparison {
  readonly trials: readonly PairedTrial[];
  readonly comparison: Comparison;
}

/** How often the trials are looked at, at most, before the comparison is given up. */
export const looksOf = ({ trials, maxTrials }: Pick<Plan, 'trials' | 'maxTrials'>): number =>
  Math.ceil(maxTrials / trials);

/** Measures trials, and more of them until the comparison is decided or there were enough. */
export const measureAgainst = async (
  target: Target,
  against: Target,
  options: BenchOptions,
): Promise<MeasuredComparison> => {
  const { plan } = options;
  const confidence = confidenceOfLook(looksOf(plan));
  const trials: PairedTrial[] = [];
  const compare = (): Comparison => compareTrials(trials, plan.tolerance, confidence);
  while (trials.length < plan.maxTrials) {
    if (trials.length === 0) options.onProgress('the first trial');
    const rounds = await tryTrial(trials.length, [target, against], options);
    if (rounds === null) break;
    trials.push({ target: rounds[0]!, against: rounds[1]! });
    options.onProgress(progressText(compare()));
    // Only then: whoever looks after every trial sees, sooner or later, what chance alone made.
    if (trials.length % plan.trials === 0 && compare().verdict !== 'undecided') break;
  }
  return { trials, comparison: compare() };
};

const progressText = ({ ratios, decidedBy, trials }: Comparison): string => {
  const ratio = ratios.find(({ metric }) => metric === decidedBy);
  if (ratio === undefined) return `trial ${trials}: nothing could be compared`;
  const { value, low, high } = ratio;
  const interval = low === null || high === null ? '' : ` (${low.toFixed(3)} to ${high.toFixed(3)})`;
  return `trial ${trials}: ${decidedBy} ${value.toFixed(3)} of the other${interval}`;
};
