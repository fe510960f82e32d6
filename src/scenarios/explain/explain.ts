/**
 * Why one request failed, as a chain of what happened, with times: what was wrong in the first place, what it did to the
 * workers that were asked, what each try met, and what the client got. Everything is drawn from a result.
 */
import type { Event } from '../../core/events.js';
import { formatDuration } from '../../core/units.js';
import { gatewayEventText } from '../report/event-text.js';
import type { SampledAttempt, SampledRequest, VariantResult } from '../result.js';
import { ofType } from '../result-events.js';
import { type Elsewhere, elsewhereOf } from './elsewhere.js';
import { type Root, Roots } from './root.js';
import { type Step, symptomOf, trySteps } from './tries.js';

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

/** With a try under way, or in the wait before another. */
const hasLeft = ({ attempts, endMs }: SampledRequest): boolean => {
  const last = attempts.at(-1)!;
  return last.cause === 'client_left' || endMs - last.endMs >= 1;
};

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
      ...request.attempts.flatMap((_, index) => trySteps(request, index, this.#variant)),
      ...(hasLeft(request)
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
}

const becauseText = ({ kind, what, fromMs, overMs }: Root, attempt: SampledAttempt): string => {
  const { endMs } = attempt;
  const symptom = symptomOf(attempt);
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
