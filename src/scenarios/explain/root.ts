/**
 * What was at the bottom of a failure: of everything that was wrong when a request failed, what is nearest to it. What is
 * wrong with the worker that had the request comes before what is wrong with everybody, a cause before its effect, and
 * what has been so from the start is how the system is made.
 */
import type { SampledRequest, VariantResult } from '../result.js';
import { type Death, deathsOf, findTroubles, type Trouble, type TroubleKind } from './troubles.js';

export interface Root {
  readonly kind: TroubleKind | 'unknown';
  /** As the scenario's file calls it, such as `leak`, `config version 2`, `load`. */
  readonly name: string;
  readonly what: string;
  readonly fromMs: number;
  /** When it was over; Infinity: it was there when the request failed. */
  readonly overMs: number;
}

/** A death is told of by the parent, a little after the requests that died with it have failed. */
const DEATH_TOLD_MS = 300;
/** A process that is killed dies so soon after. */
const KILL_MS = 1_000;
/** From this on the load is more than what was there before. */
const GROWN = 1.25;
/** Over so long, so that chance is no growth. */
const RATE_SPAN_MS = 2_000;
/** The same of its beginning and its end, which are to be found nearer than that. */
const EDGE_MS = 1_000;

/** Of several that were there, the one that says most. */
const ORDER: readonly TroubleKind[] = [
  ...([
    'fault',
    'link',
    'name',
    'dependency',
    'config',
    'front',
    'deploy',
    'flood',
    'clients',
    'death',
  ] as const),
];

const FRONT_CAUSES: ReadonlySet<string> = new Set([
  ...['gateway_unreachable', 'gateway_closed_connection', 'tls_certificate_error', 'tls_protocol_error'],
]);

type Attempt = SampledRequest['attempts'][number];

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const isThere = (trouble: Trouble, { fromMs, toMs }: Span): boolean =>
  trouble.fromMs <= toMs && trouble.untilMs >= fromMs;

const latest = (troubles: readonly Trouble[]): Trouble | null =>
  troubles.reduce<Trouble | null>((found, one) => {
    if (found === null) return one;
    const [before, after] = [ORDER.indexOf(found.kind), ORDER.indexOf(one.kind)];
    return after < before || (after === before && one.fromMs >= found.fromMs) ? one : found;
  }, null);

export class Roots {
  readonly #variant: VariantResult;
  /** Without those that were there from the start. */
  readonly #troubles: readonly Trouble[];
  readonly #deaths: readonly Death[];
  /** Requests a second in a quiet time. */
  readonly #usual: number;
  /** When there were more; both 0: never. */
  readonly #grown: Span;

  constructor(variant: VariantResult) {
    this.#variant = variant;
    this.#troubles = findTroubles(variant).filter(({ fromMs }) => fromMs > 0);
    this.#deaths = deathsOf(variant);
    this.#usual = this.#findUsual();
    this.#grown = this.#findGrowth();
  }

  /** What is at the bottom of one try's failure. */
  of(attempt: Attempt): Root {
    const span = { fromMs: attempt.startMs, toMs: attempt.endMs };
    const there =
      this.#byCause(attempt, span) ??
      this.#ofWorkers(attempt, span) ??
      latest(this.#troubles.filter((one) => one.worker === null && isThere(one, span))) ??
      // What one worker does not do, the others have to.
      latest(this.#troubles.filter((one) => isThere(one, span)));
    if (there !== null) return toRoot(there, span);
    return this.#isGrown(span) ? toRoot(this.#loadTrouble(span), span) : this.#lingering(span);
  }

  /** The death that a worker's try met, if it met one. @param toldMs it may be told of so long after the try. */
  deathMet(worker: string, { fromMs, toMs }: Span, toldMs = DEATH_TOLD_MS): Death | undefined {
    return this.#deaths.findLast(
      (death) => death.worker === worker && death.fromMs <= toMs + toldMs && death.untilMs >= fromMs,
    );
  }

  #byCause({ cause, upstreams }: Attempt, span: Span): Trouble | null {
    const ofKind = (kind: TroubleKind): Trouble | null =>
      latest(this.#troubles.filter((one) => one.kind === kind && isThere(one, span)));
    if (FRONT_CAUSES.has(cause)) return ofKind('front');
    if (cause === 'dns') return ofKind('name');
    if (cause === 'no_route' || cause === 'blocked') return ofKind('config');
    // Whom no worker stands for was put there by a config. Who answers is somebody, such as a proxy behind the edge.
    const workers = this.#variant.series[0]?.workers.map(({ worker }) => worker) ?? [];
    const isNobody =
      upstreams.length > 0 &&
      upstreams.every((one) => one.cause !== 'upstream_response' && !workers.includes(one.upstream));
    return isNobody ? ofKind('config') : null;
  }

  #ofWorkers({ upstreams }: Attempt, span: Span): Trouble | null {
    const asked = upstreams.map(({ upstream }) => upstream);
    if (asked.length > 0) return latest(asked.flatMap((worker) => this.#ofWorker(worker, span) ?? []));
    // Refused before it was sent: what is wrong with any of them may be why, but for a death that was still to come.
    const all = this.#variant.series[0]?.workers.map(({ worker }) => worker) ?? [];
    return latest(all.flatMap((worker) => this.#ofWorker(worker, span, 0) ?? []));
  }

  #ofWorker(worker: string, span: Span, toldMs?: number): Trouble | null {
    const death = this.deathMet(worker, span, toldMs);
    if (death !== undefined) return this.causeOf(death);
    return latest(this.#troubles.filter((one) => one.worker === worker && isThere(one, span)));
  }

  /** Why a worker died; the death itself, where nothing is known. */
  causeOf(death: Death): Trouble {
    const { fromMs } = death;
    const before = { fromMs: fromMs - KILL_MS, toMs: fromMs };
    const there = this.#troubles.filter((one) => isThere(one, before));
    return (
      latest(there.filter(({ worker }) => worker === death.worker)) ??
      this.#ranAt(death) ??
      latest(there.filter(({ worker }) => worker === null)) ??
      // What one cluster does not do any more, another dies of.
      latest(there) ??
      // Also of what it left in the queues.
      (this.#isGrown({ fromMs: 0, toMs: fromMs }) ? this.#loadTrouble(before) : death)
    );
  }

  /** The version of the config, or else of itself, that a worker died of when it ran out of memory. */
  #ranAt({ fromMs, fields: { configVersion, fatalLine } }: Death): Trouble | null {
    if (fatalLine === null) return null;
    const before = this.#troubles.filter((one) => one.fromMs <= fromMs);
    return (
      before.find(({ kind, name }) => kind === 'config' && name === `config version ${configVersion}`) ??
      before.findLast(({ kind }) => kind === 'deploy') ??
      null
    );
  }

  #rate(fromMs: number, toMs: number): number {
    const { series, bucketMs } = this.#variant;
    const buckets = series.filter(({ t }) => t * 1_000 >= fromMs && t * 1_000 < toMs);
    const offered = buckets.reduce((sum, one) => sum + one.offered, 0);
    return buckets.length === 0 ? 0 : (offered / (buckets.length * bucketMs)) * 1_000;
  }

  /** Of a quiet time: the window baseline, or the beginning. */
  #findUsual(): number {
    const { windows } = this.#variant;
    const { fromMs = 0, toMs = RATE_SPAN_MS } = windows.baseline ?? {};
    return this.#rate(fromMs, toMs);
  }

  #isGrown({ fromMs, toMs }: Span): boolean {
    return this.#usual > 0 && toMs >= this.#grown.fromMs && fromMs < this.#grown.toMs;
  }

  #loadTrouble({ toMs }: Span): Trouble {
    const { fromMs, toMs: untilMs } = this.#grown;
    const rate = this.#highestRate(fromMs, Math.min(untilMs, Math.max(toMs, fromMs + RATE_SPAN_MS)));
    return { kind: 'load', name: 'load', what: loadText(rate, this.#usual), fromMs, untilMs, worker: null };
  }

  /** Over spans long enough that chance makes none of them; over all of it, where that is shorter. */
  #highestRate(fromMs: number, toMs: number): number {
    let highest = this.#rate(fromMs, Math.min(toMs, fromMs + RATE_SPAN_MS));
    for (let atMs = fromMs; atMs + RATE_SPAN_MS <= toMs; atMs += this.#variant.bucketMs)
      highest = Math.max(highest, this.#rate(atMs, atMs + RATE_SPAN_MS));
    return highest;
  }

  #findGrowth(): Span {
    const { series, bucketMs } = this.#variant;
    const perBucket = (this.#usual * bucketMs) / 1_000;
    const high = series.filter((_, index) => {
      const around = series.slice(index, index + Math.ceil(RATE_SPAN_MS / bucketMs));
      return around.reduce((sum, { offered }) => sum + offered, 0) >= around.length * perBucket * GROWN;
    });
    const [first, last] = [high[0], high.at(-1)];
    if (first === undefined || last === undefined) return { fromMs: 0, toMs: 0 };
    // A span that is high may begin before the load grows, and end after it does no more.
    const within = series.filter(({ t }) => t >= first.t && (t - last.t) * 1_000 < RATE_SPAN_MS);
    const isHigh = (from: number, to: number): boolean => {
      const some = within.slice(Math.max(0, from), to);
      return some.reduce((sum, { offered }) => sum + offered, 0) >= some.length * perBucket * GROWN;
    };
    const edge = Math.ceil(EDGE_MS / bucketMs);
    const from = within.find((_, index) => isHigh(index, index + 1) && isHigh(index, index + edge)) ?? first;
    const to =
      within.findLast((_, index) => isHigh(index, index + 1) && isHigh(index + 1 - edge, index + 1)) ?? last;
    return { fromMs: from.t * 1_000, toMs: to.t * 1_000 + bucketMs };
  }

  /** Nothing is wrong any more: what was before, and has left something behind. */
  #lingering({ fromMs }: Span): Root {
    const over = this.#troubles.filter(({ untilMs }) => untilMs < fromMs);
    const last = over.reduce<Trouble | null>(
      (found, one) => (found === null || one.untilMs >= found.untilMs ? one : found),
      null,
    );
    const grown = this.#grown;
    if (grown.toMs > 0 && grown.toMs <= fromMs && (last === null || last.untilMs < grown.fromMs)) {
      const load = this.#loadTrouble(grown);
      return { ...toRoot(load, { fromMs, toMs: fromMs }), overMs: grown.toMs };
    }
    if (last !== null) return { ...toRoot(last, { fromMs, toMs: fromMs }), overMs: last.untilMs };
    const death = this.#deaths.findLast((one) => one.fromMs < fromMs);
    if (death !== undefined)
      return { ...toRoot(this.causeOf(death), { fromMs, toMs: fromMs }), overMs: death.untilMs };
    return {
      kind: 'unknown',
      name: '',
      what: 'nothing that is known of',
      fromMs,
      overMs: Number.POSITIVE_INFINITY,
    };
  }
}

const toRoot = ({ kind, name, what, fromMs, untilMs }: Trouble, span: Span): Root => ({
  ...{ kind, name, what, fromMs },
  overMs: untilMs < span.fromMs ? untilMs : Number.POSITIVE_INFINITY,
});

const loadText = (rate: number, usual: number): string =>
  `the load: ${Math.round(rate)}/s, ${(rate / usual).toFixed(1)} times what it was`;
