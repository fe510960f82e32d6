/**
 * A benchmark from start to end: starts the targets, warms them up, measures them in turns, and judges.
 *
 * Every target runs in several instances at once, and the rounds go through them: two processes that run the same code
 * differ by up to a tenth in what a request costs (V8 compiles and lays out memory differently each time), and one
 * process measured for ever would take its own luck for the code's.
 */
import { UserError } from '../core/errors.js';
import { compareRounds, type Pair } from './compare.js';
import type { LoadGenerator } from './load.js';
import { measureRound, type Round, type RunningTarget, type Target, type Workload } from './measure.js';
import type { Comparison } from './result.js';

export interface Plan {
  /** Processes started of each target, where the target can be started. */
  readonly instances: number;
  /** Load on each instance before anything counts: V8's optimised code is there after some seconds. */
  readonly warmupMs: number;
  readonly roundMs: number;
  /** Rounds of each target; of a comparison, the fewest. */
  readonly rounds: number;
  /** A comparison that is not decided by then stays undecided. */
  readonly maxRounds: number;
  /** A cost up to this share higher counts as equal. */
  readonly tolerance: number;
}

/**
 * With three processes of each, their luck alone made 5 % of difference in one comparison of ten; with five it is a
 * third less. After 3 s of load V8 has compiled most of what it will. Ten pairs are two for each process, and the fewest
 * but one of which one may be spoiled (`estimateRatio`). 5 % is what a shared runner can tell.
 */
export const DEFAULT_PLAN: Plan = {
  instances: 5,
  warmupMs: 3_000,
  roundMs: 1_000,
  rounds: 10,
  maxRounds: 25,
  tolerance: 0.05,
};

export interface BenchOptions {
  readonly generator: LoadGenerator;
  readonly workload: Workload;
  readonly plan: Plan;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

interface StartedTarget {
  readonly target: Target;
  readonly instances: readonly RunningTarget[];
}

/** Instances are warmed up in turns, so that none is idle for long before it is measured. */
const WARMUP_TURNS = 2;

/** The targets of one benchmark while they run. */
export class TargetSet {
  readonly #options: BenchOptions;
  readonly #started: StartedTarget[] = [];

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async start(targets: readonly Target[]): Promise<void> {
    for (const target of targets) {
      const instances: RunningTarget[] = [];
      this.#started.push({ target, instances });
      for (let count = 0; count < this.#options.plan.instances; count++) {
        this.#checkInterrupted();
        instances.push(await target.start());
      }
    }
  }

  async warmUp(): Promise<void> {
    const { plan } = this.#options;
    for (let turn = 0; turn < WARMUP_TURNS; turn++) {
      for (let index = 0; index < plan.instances; index++) {
        for (const { target, instances } of this.#started) {
          this.#options.onProgress(`warming up ${target.name}`);
          await this.#measure(instances[index]!, plan.warmupMs / WARMUP_TURNS);
        }
      }
    }
  }

  /** One round of each target, next to each other; every second time in the opposite order. */
  async round(number: number): Promise<Round[]> {
    const { plan } = this.#options;
    const order = number % 2 === 0 ? this.#started : this.#started.toReversed();
    const rounds = new Map<StartedTarget, Round>();
    for (const started of order) {
      const instance = started.instances[number % plan.instances]!;
      rounds.set(started, await this.#measure(instance, plan.roundMs));
    }
    return this.#started.map((started) => rounds.get(started)!);
  }

  async stop(): Promise<void> {
    const running = this.#started.flatMap(({ instances }) => instances);
    await Promise.all(running.map((instance) => instance.stop()));
  }

  #measure({ origin }: RunningTarget, durationMs: number): Promise<Round> {
    this.#checkInterrupted();
    const { generator, workload } = this.#options;
    return measureRound(generator, origin, workload, durationMs);
  }

  #checkInterrupted(): void {
    if (this.#options.signal.aborted) throw new UserError('interrupted', 'interrupted');
  }
}

/** Rounds of every target, in the order of the targets. Whatever was started is stopped. */
export const measureTargets = async (
  targets: readonly Target[],
  options: BenchOptions,
): Promise<Round[][]> => {
  const set = new TargetSet(options);
  const { rounds } = options.plan;
  try {
    await set.start(targets);
    await set.warmUp();
    const measured: Round[][] = targets.map(() => []);
    for (let number = 0; number < rounds; number++) {
      options.onProgress(`round ${number + 1} of ${rounds}`);
      (await set.round(number)).forEach((round, index) => {
        measured[index]!.push(round);
      });
    }
    return measured;
  } finally {
    await set.stop();
  }
};

export interface MeasuredComparison {
  readonly pairs: readonly Pair[];
  readonly comparison: Comparison;
}

/** Measures pair after pair until the comparison is decided, or there were enough. */
export const measureAgainst = async (
  target: Target,
  against: Target,
  options: BenchOptions,
): Promise<MeasuredComparison> => {
  const set = new TargetSet(options);
  const { rounds, maxRounds, tolerance } = options.plan;
  try {
    await set.start([target, against]);
    await set.warmUp();
    const pairs: Pair[] = [];
    let comparison = compareRounds(pairs, tolerance);
    while (pairs.length < maxRounds && (pairs.length < rounds || comparison.verdict === 'undecided')) {
      const [own, other] = await set.round(pairs.length);
      pairs.push({ target: own!, against: other! });
      comparison = compareRounds(pairs, tolerance);
      const { value } = comparison.ratios.find(({ metric }) => metric === comparison.decidedBy) ?? {
        value: 1,
      };
      options.onProgress(`pair ${pairs.length}: ${comparison.decidedBy} ${value.toFixed(3)} of the other`);
    }
    return { pairs, comparison };
  } finally {
    await set.stop();
  }
};
