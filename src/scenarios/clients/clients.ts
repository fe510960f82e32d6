/**
 * Clients that behave like people: they wait as long as their patience lasts, try again by their own rules, and leave.
 * Leaving aborts what is under way.
 *
 * Latency counts from the moment a request was meant to be sent, so a generator that falls behind cannot hide it.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { RetryBudget } from '../../policies/budgets/retry-budget.js';
import type { Outcome } from '../../policies/outcome.js';
import { type ClientBehaviour, retryWaitMs } from './behaviour.js';

/** What came back for one try. */
export interface Answer {
  /** 0: no answer at all. */
  readonly status: number;
  /** Why it is not a good answer; empty for a good one. */
  readonly cause: string;
  readonly rayId: string;
  /** Good, and less than it could be, because a dependency failed; left out where it is not. */
  readonly degraded?: true;
  /** Who is to blame for an answer that is not good and that an upstream made itself, where the gateway says it. */
  readonly upstream?: string;
}

/** One try, times in milliseconds since the load began. */
export interface ClientAttempt extends Answer {
  readonly startMs: number;
  readonly endMs: number;
}

export type RequestId = number | string;

/** One request of one client, with everything that became of it. */
export interface RequestRecord {
  /** Its place in the row of arrivals; of a user of a population: the user, and which of its requests. */
  readonly id: RequestId;
  /** Of its client; left out where the scenario names no classes. */
  readonly class?: string;
  /** When it was meant to be sent. */
  readonly arrivalMs: number;
  /** How much later it was sent. */
  readonly lateMs: number;
  readonly endMs: number;
  readonly ok: boolean;
  /** Of the last answer; 0 when there was none. */
  readonly status: number;
  readonly cause: string;
  /** Of the last answer; left out where it is not. */
  readonly degraded?: true;
  readonly attempts: readonly ClientAttempt[];
}

/** Causes that only a client can see. */
export const CLIENT_CAUSES = [
  'upstream_response',
  // An answer without the field in which the built-in gateway says whose it is: another proxy's, or what it passed on.
  'unnamed',
  'gateway_unreachable',
  'gateway_closed_connection',
] as const;

/** @param retryAfter the field as it came; empty: there was none. */
export type OnAnswer = (answer: Answer, retryAfter?: string) => void;

/** Sends one try of a request; what it returns takes it back. */
export type Send = (onAnswer: OnAnswer, id: RequestId) => { abort(): void };

const NOT_RETRIED_BELOW = 500;
const TOO_MANY_REQUESTS = 429;

export const isGood = (status: number): boolean => status >= 200 && status < 400;

const isRetried = (status: number): boolean =>
  status === 0 || status === TOO_MANY_REQUESTS || status >= NOT_RETRIED_BELOW;

/**
 * What requests of one client have in common; made once, and used for all of them. Its `behaviour` and `budget` may be
 * exchanged while requests are under way: an app that is updated decides by its new rules from then on.
 */
export interface ClientParts {
  /** Of the client; left out where the scenario names no classes. */
  readonly class?: string;
  /** Bounds the retries of all its requests together; left out: nothing does. */
  readonly budget?: RetryBudget | null;
  readonly behaviour: ClientBehaviour;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: Send;
  /** The clock's time at which the load began. */
  readonly originMs: number;
}

/** Key by key: V8 takes a microsecond for `...answer` with more behind it, and there is one for every try. */
const attemptOf = (answer: Answer, startMs: number, endMs: number): ClientAttempt => {
  const { status, cause, rayId, degraded, upstream } = answer;
  if (upstream !== undefined) return { status, cause, rayId, upstream, startMs, endMs };
  return degraded === undefined
    ? { status, cause, rayId, startMs, endMs }
    : { status, cause, rayId, degraded, startMs, endMs };
};

/** @param tries how many there were, the one that ended included. */
const settle = (budget: RetryBudget | null, tries: number, outcome: Outcome): void => {
  if (tries === 1) budget?.firstEnded(outcome);
  else budget?.retryEnded(outcome);
};

const NO_ATTEMPTS: readonly ClientAttempt[] = [];

/** One request of a client, from its first try to its end. A class: a closure for each step of it would be made anew each time. */
class ClientRequest {
  readonly #id: RequestId;
  readonly #arrivalMs: number;
  readonly #parts: ClientParts;
  readonly #onDone: (record: RequestRecord) => void;
  readonly #patienceMs: number;
  readonly #sentMs: number;
  readonly #patience: Timer;
  #attempts: readonly ClientAttempt[] = NO_ATTEMPTS;
  /** Whose the try is that is under way, or in its wait: it ends where it began. */
  #budget: RetryBudget | null;
  #underWay: { abort(): void } | null = null;
  #answered = false;
  #startMs: number;
  #waiting: Timer | null = null;

  constructor(id: RequestId, arrivalMs: number, parts: ClientParts, onDone: (record: RequestRecord) => void) {
    const { behaviour, budget = null, clock } = parts;
    this.#id = id;
    this.#arrivalMs = arrivalMs;
    this.#parts = parts;
    this.#onDone = onDone;
    this.#patienceMs = behaviour.patienceMs;
    this.#budget = budget;
    this.#sentMs = this.#sinceOriginMs();
    this.#startMs = this.#sentMs;
    this.#patience = clock.after(arrivalMs + this.#patienceMs - this.#sentMs, () => this.#leave());
    budget?.firstBegan(clock.nowMs());
    this.#tryOnce();
  }

  #sinceOriginMs(): number {
    return this.#parts.clock.nowMs() - this.#parts.originMs;
  }

  #tryOnce(): void {
    this.#waiting = null;
    this.#startMs = this.#sinceOriginMs();
    this.#answered = false;
    const sent = this.#parts.send((answer, retryAfter) => this.#onAnswer(answer, retryAfter), this.#id);
    // An answer may come before `send` returns; then nothing is under way any more.
    if (!this.#answered) this.#underWay = sent;
  }

  #onAnswer(answer: Answer, retryAfter = ''): void {
    this.#answered = true;
    this.#underWay = null;
    this.#add(attemptOf(answer, this.#startMs, this.#sinceOriginMs()));
    const failed = isRetried(answer.status);
    settle(this.#budget, this.#attempts.length, failed ? 'failure' : 'success');
    const { behaviour, budget = null, clock, random } = this.#parts;
    const nowMs = clock.nowMs();
    this.#budget = budget;
    const again =
      failed && this.#attempts.length < behaviour.attempts && (budget?.tryBeginRetry(nowMs) ?? true);
    if (!again) {
      this.#finish();
      return;
    }
    const attempt = this.#attempts.length + 1;
    const wait = { behaviour, patienceMs: this.#patienceMs, attempt, retryAfter, nowMs };
    this.#waiting = clock.after(retryWaitMs(wait, random), () => this.#tryOnce());
  }

  /** Its patience is over. */
  #leave(): void {
    this.#waiting?.cancel();
    // A retry has begun for its budget when its wait has.
    settle(this.#budget, this.#attempts.length + 1, 'ignored');
    if (this.#underWay !== null) {
      this.#underWay.abort();
      const endMs = this.#sinceOriginMs();
      this.#add({ status: 0, cause: 'client_left', rayId: '', startMs: this.#startMs, endMs });
    }
    this.#finish();
  }

  /** Most have one, and a list that grows has room for many more. */
  #add(attempt: ClientAttempt): void {
    this.#attempts = this.#attempts.length === 0 ? [attempt] : [...this.#attempts, attempt];
  }

  #finish(): void {
    this.#patience.cancel();
    const attempts = this.#attempts;
    const { status, cause, degraded } = attempts.at(-1)!;
    const name = this.#parts.class;
    this.#onDone({
      id: this.#id,
      ...(name !== undefined && { class: name }),
      arrivalMs: this.#arrivalMs,
      lateMs: this.#sentMs - this.#arrivalMs,
      endMs: this.#sinceOriginMs(),
      ok: isGood(status),
      status,
      cause,
      ...(degraded && { degraded }),
      attempts,
    });
  }
}

/**
 * Lives through one request; `onDone` gets the whole of it, once. How long it is waited for is settled when it begins, as a
 * timeout is; whether and when it is tried again, each time anew.
 */
export const runRequest = (
  id: RequestId,
  arrivalMs: number,
  parts: ClientParts,
  onDone: (record: RequestRecord) => void,
): void => {
  new ClientRequest(id, arrivalMs, parts, onDone);
};
