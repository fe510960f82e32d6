/**
 * Hedged requests (Dean and Barroso, "The Tail at Scale", CACM 2013): when an answer takes longer than usual, the same
 * request goes to another upstream while the first goes on, and the first good headers win. Hedged after the 95th
 * percentile, one request in twenty is sent twice, and the slowest answers are gone.
 *
 * What is slow because all are overloaded is not made faster by asking twice, so hedges need a budget; without one they
 * double an overload. The budget is one of their own: retries mend failures, hedges only waiting.
 *
 * The layer stands right above the balancer and inside the retries: it has to see which attempt a call became, to give
 * up the one that lost.
 */
import type { Clock, Timer } from '../core/clock.js';
import { type ErrorCode, GatewayError } from '../core/errors.js';
import type { RetryBudgetOptions } from './budgets/budgets.js';
import { budgetOutcome, type RetryBudget } from './budgets/retry-budget.js';
import type { Outcome } from './outcome.js';
import { isReplayable } from './replay.js';
import type { RetryCause } from './retry-conditions.js';
import type { Call, Layer, ProxyRequest, ProxyResponse, Service } from './service.js';
import { TimeoutQueue } from './timeout-queue.js';

export interface HedgeOptions {
  /** Hedge after this quantile of the latest latencies, above 0 and below 1; `null`: after `delayMs`, always. */
  readonly quantile: number | null;
  /** Hedge no sooner than this. */
  readonly delayMs: number;
  /** Attempts beside the first, each a delay after the one before. */
  readonly maxHedges: number;
}

/** The paper's percentile, and one hedge; the delay only keeps a quantile below a timer's resolution out. */
export const HEDGE_DEFAULTS: HedgeOptions = { quantile: 0.95, delayMs: 1, maxHedges: 1 };

/** Twice the load that hedging after the 95th percentile adds, and one hedge a second where there is little traffic. */
export const HEDGE_BUDGET_DEFAULTS: RetryBudgetOptions = {
  name: 'deposit',
  ratio: 0.1,
  ttlMs: 10_000,
  minRetriesRps: 1,
};

/** Latencies looked at: the 95th percentile of a thousand is that of its fifty slowest. The oldest makes way. */
const WINDOW_SAMPLES = 1_000;
/** Samples from one look at them to the next: sorting them each time would cost more than the request. */
const SAMPLES_PER_LOOK = 100;

/** When to hedge: a delay that is given, or learned from how long first attempts take. */
export class HedgeDelay {
  readonly #options: Pick<HedgeOptions, 'quantile' | 'delayMs'>;
  readonly #samplesMs = new Float64Array(WINDOW_SAMPLES);
  #count = 0;
  #delayMs: number | null;

  constructor(options: Pick<HedgeOptions, 'quantile' | 'delayMs'>) {
    this.#options = options;
    this.#delayMs = options.quantile === null ? options.delayMs : null;
  }

  /** `null`: too little is known yet, do not hedge. */
  get delayMs(): number | null {
    return this.#delayMs;
  }

  /**
   * A first attempt ended, or was given up.
   * @param answered whether it had a good answer. How long others would have taken nobody knows; those that took longer
   * than the delay count with what they took, because a quantile only asks how many are above it. Leaving them out
   * would lower the delay with each hedge that wins, and the next hedge would come sooner.
   */
  record(tookMs: number, answered: boolean): void {
    const { quantile, delayMs } = this.#options;
    if (quantile === null || !(answered || tookMs >= (this.#delayMs ?? Infinity))) return;
    this.#samplesMs[this.#count++ % WINDOW_SAMPLES] = tookMs;
    if (this.#count % SAMPLES_PER_LOOK !== 0) return;
    const sorted = this.#samplesMs.slice(0, Math.min(this.#count, WINDOW_SAMPLES)).sort();
    this.#delayMs = Math.max(delayMs, sorted[Math.ceil(quantile * sorted.length) - 1]!);
  }
}

export interface HedgeParts {
  readonly options: HedgeOptions;
  /** Default: one that begins anew; what is learned can outlive the layer in one that is handed over. */
  readonly delay?: HedgeDelay;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  /** As for retries: a result with a cause does not win while another attempt is under way. */
  readonly causeOf: RetryCause;
  /** Called before a hedge is sent. */
  readonly onHedge: (call: Call, afterMs: number) => void;
  /** A hedge answered first. */
  readonly onHedgeWon: (call: Call) => void;
  /** A hedge was due, and the budget was spent; `detail`: on which numbers. */
  readonly onBudgetSpent: (call: Call, detail: string) => void;
}

export const hedge = (parts: HedgeParts): Layer => {
  const { delay = new HedgeDelay(parts.options) } = parts;
  let timeouts: TimeoutQueue<Race> | null = null;
  let timeoutMs = 0;
  const arm = (race: Race, delayMs: number): Timer => {
    // One queue for each delay, since a queue keeps only one; those of earlier delays end by themselves.
    if (timeouts === null || delayMs !== timeoutMs) {
      timeouts = new TimeoutQueue(delayMs, parts.clock, (due) => due.hedge());
      timeoutMs = delayMs;
    }
    return timeouts.add(race);
  };
  return (next) => {
    const track: Track = { parts, delay, arm, next };
    return (request, call) =>
      // A connection that becomes another protocol's is nobody's to ask for twice.
      isReplayable(request) && request.upgrade === undefined
        ? new Promise((resolve, reject) => new Race(track, { request, call, resolve, reject }).start())
        : next(request, call);
  };
};

/** What all races of one layer share. */
interface Track {
  readonly parts: HedgeParts;
  readonly delay: HedgeDelay;
  readonly arm: (race: Race, delayMs: number) => Timer;
  readonly next: Service;
}

interface Entry {
  readonly request: ProxyRequest;
  readonly call: Call;
  readonly resolve: (response: ProxyResponse) => void;
  readonly reject: (error: unknown) => void;
}

interface Runner {
  /** `null`: it never came to be an attempt. */
  readonly attempt: Call | null;
  readonly upstream: string;
  readonly isHedge: boolean;
  underWay: boolean;
}

type Result = ProxyResponse | GatewayError;

/** What a loser is cancelled with: nobody's fault, so that no breaker and no budget counts it. */
const LOST: ErrorCode = 'BGW_ERR_HEDGE_LOST';

/** A response that is not wanted must not hold its connection. */
const drop = (result: Result): void => {
  if (!(result instanceof GatewayError)) result.destroy(null);
};

const withAtEnd = (tried: readonly string[], upstream: string): readonly string[] => {
  const index = tried.lastIndexOf(upstream);
  return index < 0 ? tried : [...tried.toSpliced(index, 1), upstream];
};

/** One request, its first attempt and its hedges. */
class Race {
  readonly #track: Track;
  readonly #entry: Entry;
  readonly #startedMs: number;
  readonly #runners: Runner[] = [];
  #timer: Timer | null = null;
  /** The first failure: the answer, when nobody does better. */
  #kept: { readonly runner: Runner; readonly result: Result } | null = null;
  #over = false;

  constructor(track: Track, entry: Entry) {
    this.#track = track;
    this.#entry = entry;
    this.#startedMs = track.parts.clock.nowMs();
  }

  start(): void {
    this.#track.parts.budget.firstBegan(this.#startedMs);
    this.#send(false);
    this.#arm();
  }

  /** The delay is over: sends another attempt, if the budget allows it. */
  hedge(): void {
    const { budget, clock, onHedge, onBudgetSpent } = this.#track.parts;
    const { call } = this.#entry;
    this.#timer = null;
    if (call.cancelled !== undefined) return;
    const nowMs = clock.nowMs();
    if (!budget.tryBeginRetry(nowMs)) {
      onBudgetSpent(call, budget.shortage(nowMs));
      return;
    }
    onHedge(call, nowMs - this.#startedMs);
    this.#send(true);
    this.#arm();
  }

  #arm(): void {
    const { delay, arm, parts } = this.#track;
    if (delay.delayMs !== null && this.#runners.length <= parts.options.maxHedges) {
      this.#timer = arm(this, delay.delayMs);
    }
  }

  #send(isHedge: boolean): void {
    const { request, call } = this.#entry;
    const attemptsBefore = call.attempts;
    const sent = this.#track.next(request, call);
    const attempt = call.attempts === attemptsBefore ? null : call.lastAttempt;
    const runner: Runner = { attempt, upstream: call.tried.at(-1) ?? '', isHedge, underWay: true };
    this.#runners.push(runner);
    sent.then(
      (response) => this.#onEnd(runner, response),
      (error) => (error instanceof GatewayError ? this.#onEnd(runner, error) : this.#onDefect(runner, error)),
    );
  }

  /** Called once for each runner, whether the race goes on or is over. */
  #onEnd(runner: Runner, result: Result): void {
    const cause = this.#track.parts.causeOf(result);
    this.#end(runner, budgetOutcome(result, cause));
    if (this.#over) {
      drop(result);
      return;
    }
    const good = cause === null && !(result instanceof GatewayError);
    if (!runner.isHedge) this.#learn(good);
    if (good) this.#win(runner, result);
    else this.#lose(runner, result);
  }

  #end(runner: Runner, outcome: Outcome): void {
    const { budget } = this.#track.parts;
    runner.underWay = false;
    if (runner.isHedge) budget.retryEnded(outcome);
    else budget.firstEnded(outcome);
  }

  /** A defect of ours, which is neither waited out nor hidden. */
  #onDefect(runner: Runner, error: unknown): void {
    this.#end(runner, 'ignored');
    if (this.#over) return;
    this.#finish();
    if (this.#kept !== null) drop(this.#kept.result);
    this.#entry.reject(error);
  }

  #learn(answered: boolean): void {
    const { delay, parts } = this.#track;
    if (parts.options.quantile !== null) delay.record(parts.clock.nowMs() - this.#startedMs, answered);
  }

  #win(winner: Runner, response: ProxyResponse): void {
    const { call, resolve } = this.#entry;
    if (this.#runners[0]!.underWay) this.#learn(false);
    this.#finish();
    if (this.#kept !== null) drop(this.#kept.result);
    if (winner.isHedge) this.#track.parts.onHedgeWon(call);
    call.tried = withAtEnd(call.tried, winner.upstream);
    resolve(response);
  }

  #lose(runner: Runner, result: Result): void {
    if (this.#kept === null) this.#kept = { runner, result };
    else drop(result);
    if (this.#runners.some(({ underWay }) => underWay)) return;
    this.#finish();
    const { call, resolve, reject } = this.#entry;
    const { result: answer, runner: first } = this.#kept;
    if (answer instanceof GatewayError) {
      reject(answer);
    } else if (call.cancelled !== undefined) {
      drop(answer);
      reject(call.cancelled);
    } else {
      call.tried = withAtEnd(call.tried, first.upstream);
      resolve(answer);
    }
  }

  /** Gives up whoever is under way. */
  #finish(): void {
    this.#over = true;
    this.#timer?.cancel();
    for (const { attempt, underWay } of this.#runners) {
      if (underWay) attempt?.cancel(new GatewayError(LOST, 'another attempt of the request answered first'));
    }
  }
}
