/**
 * One try of a client, told attempt by attempt: whom the gateway asked, what became of it and what that worker was doing,
 * what was decided about another attempt, and what the client got.
 */
import { formatDuration, formatMebibytes } from '../../core/units.js';
import { causeText } from '../report/story.js';
import type { SampledAttempt, SampledRequest, SeriesPoint, VariantResult } from '../result.js';

export interface Step {
  /** Milliseconds of the run. */
  readonly atMs: number;
  readonly text: string;
}

type WorkerPoint = SeriesPoint['workers'][number];
type GatewayAttempt = SampledAttempt['upstreams'][number];
type Further = NonNullable<SampledAttempt['retries']>[number];

const OWN_SYMPTOMS: Readonly<Record<string, string>> = {
  upstream_response: 'a worker answers with an error of its own',
  client_left: 'no answer comes before the client leaves',
};

const wordsOf = (cause: string): string => cause.replaceAll('_', ' ');

const afterText = (ms: number): string => (ms < 1 ? 'at once' : `after ${formatDuration(ms)}`);

const bracketed = (detail: string | undefined): string => (detail === undefined ? '' : ` (${detail})`);

const pointAt = ({ series, bucketMs }: VariantResult, atMs: number): SeriesPoint | undefined =>
  series.findLast(({ t }) => t * 1_000 <= atMs && atMs < t * 1_000 + bucketMs * 2);

const workerText = (
  { worker, heapBytes, busy, queued }: WorkerPoint,
  heapLimitBytes: number | undefined,
): string => {
  if (heapBytes === null) return `${worker} is down`;
  const heap =
    heapLimitBytes === undefined
      ? ''
      : `, ${formatMebibytes(heapBytes)} of ${formatMebibytes(heapLimitBytes)} heap in use`;
  return `${worker} has ${busy} ${busy === 1 ? 'request' : 'requests'} in work and ${queued} waiting${heap}`;
};

/** What a worker was doing when an attempt at it ended, or, where it was dead by then, when the attempt began. */
const stateText = (variant: VariantResult, worker: string, beganMs: number, endMs: number): string => {
  const seen = (atMs: number): WorkerPoint | undefined =>
    pointAt(variant, atMs)?.workers.find((one) => one.worker === worker);
  const atEnd = seen(endMs);
  const point = atEnd === undefined || atEnd.heapBytes === null ? (seen(beganMs) ?? atEnd) : atEnd;
  return point === undefined ? '' : `; ${workerText(point, variant.heapLimitBytes)}`;
};

const NOT_RETRIED: Readonly<Record<string, string>> = {
  budget: 'the budget for retries is spent',
  deadline: 'the time for the whole request is nearly over',
  'retry-after': 'the wait that was asked for is too long',
  attempts: 'no attempt is left',
};

const furtherText = ({ what, attempt, waitMs = 0, reason = '', detail }: Further): string => {
  switch (what) {
    case 'retried':
      return `the gateway sends it again ${afterText(waitMs)}: attempt ${attempt}`;
    case 'hedged':
      return `the gateway asks another worker too, since there is no answer after ${formatDuration(waitMs)}`;
    case 'hedge-won':
      return 'the other worker answers first';
    case 'hedge-refused':
      return `no other worker is asked beside it: the budget for that is spent${bracketed(detail)}`;
    default: {
      const why = NOT_RETRIED[reason];
      return why === undefined ? `no retry: ${detail}` : `no retry: ${why}${bracketed(detail)}`;
    }
  }
};

const outcomeText = (one: GatewayAttempt, attempt: SampledAttempt): string => {
  const { upstream, cause, afterMs, status } = one;
  if (cause === 'upstream_response') return `${upstream} answers ${status} itself ${afterText(afterMs)}`;
  if (cause === 'client_left') return `${upstream} has not answered ${afterText(afterMs)}`;
  const who =
    attempt.decision !== undefined && cause === attempt.cause ? `the gateway, for ${upstream},` : upstream;
  return `${who} fails it ${afterText(afterMs)}: ${wordsOf(cause)}`;
};

/** Which attempt each is. Of several at once, those that end first need not have begun first. */
const numbersOf = ({ upstreams, retries = [] }: SampledAttempt): readonly string[] => {
  const isRow =
    retries.some(({ what }) => what === 'retried') && !retries.some(({ what }) => what === 'hedged');
  return upstreams.map((_, index) => (isRow ? `attempt ${index + 1}: ` : ''));
};

const upstreamSteps = (attempt: SampledAttempt, variant: VariantResult): Step[] => {
  const { startMs, endMs } = attempt;
  const numbers = numbersOf(attempt);
  // Several gateways may have reported, in any order.
  const upstreams = attempt.upstreams.toSorted((a, b) => (a.endMs ?? 0) - (b.endMs ?? 0));
  // Results of old do not say when each ended: there they are told one after another.
  let lastMs = startMs;
  return upstreams.map((one, index) => {
    // Clocks of two processes are not quite the same: nothing of a try is told before or after it.
    const atMs = Math.min(endMs, Math.max(startMs, one.endMs ?? lastMs + one.afterMs));
    lastMs = atMs;
    const state = stateText(variant, one.upstream, Math.max(startMs, atMs - one.afterMs), atMs);
    return { atMs, text: `${numbers[index]}${outcomeText(one, attempt)}${state}` };
  });
};

/** What it looks like from outside; `undefined`: the cause says it itself. */
export const symptomOf = ({ cause, upstreams }: SampledAttempt): string | undefined =>
  OWN_SYMPTOMS[cause] ?? causeText(cause, upstreams.at(-1)?.upstream);

const answerText = (attempt: SampledAttempt): string => {
  const { status, cause } = attempt;
  const text = symptomOf(attempt);
  const why = text === undefined ? wordsOf(cause) : `${wordsOf(cause)}: ${text}`;
  return `the client gets ${status === 0 ? 'no answer' : status} (${why})`;
};

const beginText = (attempts: SampledRequest['attempts'], index: number): string => {
  const which = attempts.length === 1 ? '' : `, try ${index + 1} of ${attempts.length}`;
  const before = attempts[index - 1];
  if (before === undefined) return `a client asks${which}`;
  return `the client tries again ${afterText(attempts[index]!.startMs - before.endMs)}${which}`;
};

/** @param index of the try. */
export const trySteps = (
  { attempts, arrivalMs }: SampledRequest,
  index: number,
  variant: VariantResult,
): Step[] => {
  const attempt = attempts[index]!;
  const { startMs, endMs, decision, evidence, retries = [], cause } = attempt;
  const own = [
    ...upstreamSteps(attempt, variant),
    ...retries.map((one) => ({
      atMs: Math.min(endMs, Math.max(startMs, one.atMs)),
      text: furtherText(one),
    })),
    // In this order where several are told at one moment: what failed, and what was decided on it.
  ].sort((a, b) => a.atMs - b.atMs);
  return [
    { atMs: index === 0 ? arrivalMs : startMs, text: beginText(attempts, index) },
    ...own,
    ...(decision === undefined ? [] : [{ atMs: endMs, text: `the gateway: ${decision}` }]),
    ...(evidence === undefined ? [] : [{ atMs: endMs, text: `the proxy’s log: ${evidence.text}` }]),
    ...(cause === 'client_left' ? [] : [{ atMs: endMs, text: answerText(attempt) }]),
  ];
};
