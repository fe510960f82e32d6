/**
 * Clients that behave like people: they wait as long as their patience lasts, try again by their own rules, and leave.
 * Leaving aborts what is under way.
 *
 * Latency counts from the moment a request was meant to be sent, so a generator that falls behind cannot hide it.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Random } from '../core/random.js';
import { Count, Duration, OneOf, Optional, Section, type Static } from '../core/schema.js';
import { parseDurationMs } from '../core/units.js';

export const ClientsSchema = Section(
  {
    patience: Optional(Duration('How long a client waits for an answer, over all its tries; default 10s.')),
    retry: Optional(
      Section(
        {
          attempts: Optional(Count(1, 'Tries in all, the first included; default 1.')),
          backoff: Optional(
            OneOf(['none', 'constant', 'exponential'], 'The wait before another try; default none.'),
          ),
          delay: Optional(Duration('The first wait, for constant and exponential; default 1s.')),
          maxDelay: Optional(Duration('An exponential wait grows no further; default 30s.')),
          jitter: Optional(
            OneOf(['none', 'full'], 'full: a wait is drawn between 0 and its length; default none.'),
          ),
        },
        'What a client does when it gets an error.',
      ),
    ),
  },
  'How clients behave.',
);

export type ClientsSection = Static<typeof ClientsSchema>;

export interface ClientBehaviour {
  readonly patienceMs: number;
  readonly attempts: number;
  readonly backoff: 'none' | 'constant' | 'exponential';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: 'none' | 'full';
}

export const resolveClients = (section: ClientsSection = {}): ClientBehaviour => ({
  patienceMs: parseDurationMs(section.patience ?? '10s'),
  attempts: section.retry?.attempts ?? 1,
  backoff: section.retry?.backoff ?? 'none',
  delayMs: parseDurationMs(section.retry?.delay ?? '1s'),
  maxDelayMs: parseDurationMs(section.retry?.maxDelay ?? '30s'),
  jitter: section.retry?.jitter ?? 'none',
});

/** What came back for one try. */
export interface Answer {
  /** 0: no answer at all. */
  readonly status: number;
  /** Why it is not a good answer; empty for a good one. */
  readonly cause: string;
  readonly rayId: string;
}

/** One try, times in milliseconds since the load began. */
export interface ClientAttempt extends Answer {
  readonly startMs: number;
  readonly endMs: number;
}

/** One request of one client, with everything that became of it. */
export interface RequestRecord {
  readonly id: number;
  /** When it was meant to be sent. */
  readonly arrivalMs: number;
  /** How much later it was sent. */
  readonly lateMs: number;
  readonly endMs: number;
  readonly ok: boolean;
  /** Of the last answer; 0 when there was none. */
  readonly status: number;
  readonly cause: string;
  readonly attempts: readonly ClientAttempt[];
}

/** Causes that only a client can see. */
export const CLIENT_CAUSES = [
  'upstream_response',
  'gateway_unreachable',
  'gateway_closed_connection',
] as const;

/** Sends one try; what it returns takes it back. */
export type Send = (onAnswer: (answer: Answer) => void) => { abort(): void };

const NOT_RETRIED_BELOW = 500;
const TOO_MANY_REQUESTS = 429;

export const isGood = (status: number): boolean => status >= 200 && status < 400;

const isRetried = (status: number): boolean =>
  status === 0 || status === TOO_MANY_REQUESTS || status >= NOT_RETRIED_BELOW;

/** The wait before try `attempt` (2 for the first retry). */
export const backoffMs = (behaviour: ClientBehaviour, attempt: number, random: Random): number => {
  if (behaviour.backoff === 'none') return 0;
  const delayMs =
    behaviour.backoff === 'constant'
      ? behaviour.delayMs
      : Math.min(behaviour.delayMs * 2 ** (attempt - 2), behaviour.maxDelayMs);
  return behaviour.jitter === 'full' ? random.next() * delayMs : delayMs;
};

export interface ClientParts {
  readonly behaviour: ClientBehaviour;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: Send;
  /** The clock's time at which the load began. */
  readonly originMs: number;
}

/** Lives through one request; `onDone` gets the whole of it, once. */
export const runRequest = (
  id: number,
  arrivalMs: number,
  parts: ClientParts,
  onDone: (record: RequestRecord) => void,
): void => {
  const { behaviour, clock, random, send, originMs } = parts;
  const sinceOriginMs = (): number => clock.nowMs() - originMs;
  const attempts: ClientAttempt[] = [];
  const sentMs = sinceOriginMs();
  let underWay: { abort(): void } | null = null;
  let startMs = sentMs;
  let waiting: Timer | null = null;

  const finish = (): void => {
    patience.cancel();
    const last = attempts.at(-1)!;
    onDone({
      id,
      arrivalMs,
      lateMs: sentMs - arrivalMs,
      endMs: sinceOriginMs(),
      ok: isGood(last.status),
      status: last.status,
      cause: last.cause,
      attempts,
    });
  };

  const tryOnce = (): void => {
    waiting = null;
    startMs = sinceOriginMs();
    let answered = false;
    const sent = send((answer) => {
      answered = true;
      underWay = null;
      attempts.push({ ...answer, startMs, endMs: sinceOriginMs() });
      if (!isRetried(answer.status) || attempts.length >= behaviour.attempts) finish();
      else waiting = clock.after(backoffMs(behaviour, attempts.length + 1, random), tryOnce);
    });
    // An answer may come before `send` returns; then nothing is under way any more.
    if (!answered) underWay = sent;
  };

  const patience = clock.after(arrivalMs + behaviour.patienceMs - sentMs, () => {
    waiting?.cancel();
    if (underWay !== null) {
      underWay.abort();
      attempts.push({ status: 0, cause: 'client_left', rayId: '', startMs, endMs: sinceOriginMs() });
    }
    finish();
  });
  tryOnce();
};
