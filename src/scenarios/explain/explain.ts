/**
 * Why one request failed, as a chain of what happened, with times: what was wrong in the first place, what it did to the
 * workers that were asked, what each try met, and what the client got. Everything is drawn from a result.
 */
import type { Event } from '../../core/events.js';
import { formatDuration, formatMebibytes } from '../../core/units.js';
import { gatewayEventText } from '../report/event-text.js';
import { causeText } from '../report/story.js';
import type { SampledRequest, SeriesPoint, VariantResult } from '../result.js';
import { ofType } from '../result-events.js';
import { type Elsewhere, elsewhereOf } from './elsewhere.js';
import { type Root, Roots } from './root.js';

export interface Step {
  readonly atMs: number;
  readonly text: string;
}

export interface Explanation {
  readonly variant: string;
  readonly rayId: string;
  /** 0: the client had no answer. */
  readonly status: number;
  readonly cause: string;
  /** One sentence: what was at the bottom of it. */
  readonly because: string;
  readonly root: Root;
  /** In order of time. */
  readonly steps: readonly Step[];
  /** `null`: it was the client's to see, and no gateway's. */
  readonly elsewhere: Elsewhere | null;
}

type Attempt = SampledRequest['attempts'][number];
type WorkerPoint = SeriesPoint['workers'][number];

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
  return `${worker} has ${busy} requests in work and ${queued} waiting${heap}`;
};

const answerText = ({ status, cause }: Attempt): string => {
  const text = causeText(cause);
  const why = text === undefined ? cause.replaceAll('_', ' ') : `${cause.replaceAll('_', ' ')}: ${text}`;
  return `${status === 0 ? 'no answer' : status} (${why})`;
};

/** About one upstream. */
const DECISIONS = [
  'upstream.turned-unhealthy',
  'circuit.opened',
  'upstream.ejected',
  'upstream.spared',
] as const;

const decisionText = (event: Event): string =>
  event.type === 'upstream.turned-unhealthy'
    ? `health checks take out ${event.upstream}: ${event.reason}`
    : (gatewayEventText(event) ?? event.type);

class Explaining {
  readonly #variant: VariantResult;
  readonly #roots: Roots;

  constructor(variant: VariantResult) {
    this.#variant = variant;
    this.#roots = new Roots(variant);
  }

  explain(request: SampledRequest): Explanation {
    const failed = request.attempts.filter(({ cause }) => cause !== '' && cause !== 'client_left');
    const decisive = failed.at(-1) ?? request.attempts.at(-1)!;
    const root = this.#roots.of(decisive);
    const steps = [
      ...this.#rootStep(root),
      ...this.#workerSteps(request, root),
      ...request.attempts.flatMap((attempt, index) => this.#attemptSteps(attempt, index, request)),
      ...(request.cause === 'client_left' || decisive !== request.attempts.at(-1)
        ? [{ atMs: request.endMs, text: 'the client has no patience left, and goes' }]
        : []),
    ].sort((a, b) => a.atMs - b.atMs);
    return {
      ...{ variant: this.#variant.name, rayId: request.rayId, status: request.status, cause: decisive.cause },
      ...{ because: becauseText(root, decisive), root, steps },
      elsewhere: elsewhereOf(decisive.cause),
    };
  }

  #rootStep({ kind, what, fromMs, overMs }: Root): Step[] {
    if (kind === 'unknown' || kind === 'death') return [];
    const over = Number.isFinite(overMs) ? [{ atMs: overMs, text: `over: ${what}` }] : [];
    return [{ atMs: fromMs, text: `it begins: ${what}` }, ...over];
  }

  /** Of the workers that were asked, what became of them on the way; of all, where none was asked. */
  #workerSteps({ attempts, arrivalMs, endMs }: SampledRequest, { fromMs }: Root): Step[] {
    const asked = new Set(attempts.flatMap(({ upstreams }) => upstreams.map(({ upstream }) => upstream)));
    const isAsked = (worker: string): boolean => asked.size === 0 || asked.has(worker);
    const isOnTheWay = (atMs: number): boolean => atMs >= fromMs && atMs <= endMs + 300;
    const deaths = attempts.flatMap(({ upstreams, startMs, endMs: toMs }) =>
      upstreams.flatMap(({ upstream }) => this.#roots.deathMet(upstream, { fromMs: startMs, toMs }) ?? []),
    );
    const told = DECISIONS.flatMap((type) =>
      ofType(this.#variant, type)
        .map((event) => ({ ...event, type, atMs: event.t * 1_000 }))
        .filter(({ atMs, fields }) => isAsked(fields.upstream) && isOnTheWay(atMs)),
    );
    // The last of each before the request came, and all while it was under way.
    const latestBefore = new Map(
      told.filter(({ atMs }) => atMs < arrivalMs).map((one) => [`${one.type} ${one.fields.upstream}`, one]),
    );
    const shown = [...latestBefore.values(), ...told.filter(({ atMs }) => atMs >= arrivalMs)];
    return [
      ...[...new Set(deaths)].map(({ fromMs: atMs, what }) => ({ atMs, text: what })),
      ...shown.map(({ type, atMs, fields }) => ({
        atMs,
        text: decisionText({ type, atMs, ...fields } as Event),
      })),
    ];
  }

  #attemptSteps(attempt: Attempt, index: number, { attempts, arrivalMs }: SampledRequest): Step[] {
    const { startMs, endMs, upstreams, decision, evidence } = attempt;
    const which = attempts.length === 1 ? '' : `, try ${index + 1} of ${attempts.length}`;
    const begin = index === 0 ? `a client asks${which}` : `the client tries again${which}`;
    const steps: Step[] = [{ atMs: index === 0 ? arrivalMs : startMs, text: begin }];
    const point = pointAt(this.#variant, startMs);
    let atMs = startMs;
    for (const { upstream, cause, afterMs } of upstreams) {
      const worker = point?.workers.find((one) => one.worker === upstream);
      const state = worker === undefined ? '' : `; ${workerText(worker, this.#variant.heapLimitBytes)}`;
      const wait = afterMs < 1 ? 'at once' : `after ${formatDuration(afterMs)}`;
      atMs = Math.min(endMs, atMs + afterMs);
      const who =
        decision !== undefined && cause === attempt.cause ? `the gateway, for ${upstream},` : upstream;
      steps.push({ atMs, text: `${who} fails it ${wait}: ${cause.replaceAll('_', ' ')}${state}` });
    }
    if (decision !== undefined) steps.push({ atMs: endMs, text: `the gateway: ${decision}` });
    if (evidence !== undefined) steps.push({ atMs: endMs, text: `the proxy’s log: ${evidence.text}` });
    steps.push({ atMs: endMs, text: `the client gets ${answerText(attempt)}` });
    return steps;
  }
}

const becauseText = ({ kind, what, fromMs, overMs }: Root, { endMs, cause }: Attempt): string => {
  const symptom = causeText(cause);
  const why = symptom === undefined ? '' : `: ${symptom}`;
  if (kind === 'unknown') return `Nothing that is known of was wrong${why}.`;
  const since = formatDuration(Math.max(0, endMs - fromMs));
  return Number.isFinite(overMs)
    ? `It goes back to ${what}, which had been over for ${formatDuration(Math.max(0, endMs - overMs))}${why}.`
    : `It goes back to ${what}, since ${since}${why}.`;
};

/** @param requests failed ones of the variant. */
export const explain = (variant: VariantResult, requests: readonly SampledRequest[]): Explanation[] => {
  const explaining = new Explaining(variant);
  return requests.filter(({ attempts }) => attempts.length > 0).map((request) => explaining.explain(request));
};
