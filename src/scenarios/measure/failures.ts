/**
 * A sample of the failed requests, whole, spread evenly over all that failed, and joined with what the gateway reported
 * under their Ray IDs. What the gateway saw and what became of the request come from different processes, in either
 * order: reports are kept for a while for a request that is still to come, and for as long as the request is kept.
 */
import type { Event } from '../../core/events.js';
import type { RequestRecord } from '../clients/clients.js';
import type { SampledRequest } from '../result.js';
import type { Evidence } from '../targets/target.js';
import { round } from './requests.js';

/** Failed requests that a result holds. Enough to explain any phase of an outage. */
export const MAX_SAMPLED_REQUESTS = 200;

/**
 * Failed requests kept while a run goes on, a kilobyte or so each: the sample is spread over all failures up to so many.
 * When there are more, every second one is dropped, and of those that come half as many are kept as before.
 */
export const MAX_KEPT_FAILURES = 10_000;

/** Requests that are kept because somebody reported their error, besides those. */
export const MAX_REPORTED_REQUESTS = 200;

/**
 * Requests for which the gateway's reports are kept until it is known what became of them: 25 s of 1,000 requests a
 * second that fail at first. Beyond twice as many, the oldest are dropped; some are nobody's, such as those of floods.
 */
export const MAX_UNCLAIMED_RAYS = 25_000;

type UpstreamAttempt = SampledRequest['attempts'][number]['upstreams'][number];

/** What the gateway reported of one try. */
interface Reports {
  readonly upstreams: UpstreamAttempt[];
  decision: string | null;
}

/** Reports by Ray ID, of which the oldest are dropped when there are too many, at least a limit's worth after they came. */
class Unclaimed {
  readonly #limit: number;
  #recent = new Map<string, Reports>();
  #older = new Map<string, Reports>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns what there is of it, to add to. */
  of(rayId: string): Reports {
    const known = this.#recent.get(rayId) ?? this.#older.get(rayId);
    if (known !== undefined) return known;
    // Two maps in turn: to look for the oldest in one from which much was deleted takes longer and longer.
    if (this.#recent.size >= this.#limit) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    const reports = { upstreams: [], decision: null };
    this.#recent.set(rayId, reports);
    return reports;
  }

  get isEmpty(): boolean {
    return this.#recent.size + this.#older.size === 0;
  }

  /** @returns what there is of it, which is then forgotten here. */
  take(rayId: string): Reports | undefined {
    const found = this.#recent.get(rayId) ?? this.#older.get(rayId);
    if (found !== undefined && !this.#recent.delete(rayId)) this.#older.delete(rayId);
    return found;
  }
}

export interface FailureLimits {
  readonly kept: number;
  readonly unclaimed: number;
}

export class FailureSample {
  readonly #limits: FailureLimits;
  /** In the order in which they ended. */
  #kept: RequestRecord[] = [];
  /** One of so many is kept. */
  #stride = 1;
  #seen = 0;
  /** Of requests that are kept, by Ray ID. */
  readonly #claimed = new Map<string, Reports>();
  readonly #unclaimed: Unclaimed;
  /** Ray IDs that somebody reported. */
  readonly #reported = new Set<string>();
  /** What a proxy that is not ours says, by Ray ID. */
  readonly #evidence = new Map<string, Evidence>();

  constructor(limits: FailureLimits = { kept: MAX_KEPT_FAILURES, unclaimed: MAX_UNCLAIMED_RAYS }) {
    this.#limits = limits;
    this.#unclaimed = new Unclaimed(limits.unclaimed);
  }

  record(one: RequestRecord): void {
    const isKept = !one.ok && (this.#seen++ % this.#stride === 0 || this.#isReported(one));
    if (!isKept && this.#unclaimed.isEmpty) return;
    for (const { rayId } of one.attempts) {
      if (rayId === '') continue;
      const reports = this.#unclaimed.take(rayId);
      if (isKept) this.#claimed.set(rayId, reports ?? { upstreams: [], decision: null });
    }
    if (!isKept) return;
    this.#kept.push(one);
    if (this.#kept.length > this.#limits.kept) this.#thin();
  }

  /** Somebody reported the error of that Ray ID: if it is kept still, or is still to come, it will be in the sample. */
  keep(rayId: string): void {
    if (this.#reported.size < MAX_REPORTED_REQUESTS) this.#reported.add(rayId);
  }

  attemptFailed({ rayId, upstream, cause, afterMs }: Event<'attempt.failed'>): void {
    this.#reportsOf(rayId).upstreams.push({ upstream, cause, afterMs });
  }

  requestRefused({ rayId, detail }: Pick<Event<'request.refused'>, 'rayId' | 'detail'>): void {
    this.#reportsOf(rayId).decision = detail;
  }

  #reportsOf(rayId: string): Reports {
    return this.#claimed.get(rayId) ?? this.#unclaimed.of(rayId);
  }

  /** Of the requests that are kept. */
  get rayIds(): ReadonlySet<string> {
    return new Set(this.#claimed.keys());
  }

  evidence(evidence: Evidence): void {
    this.#evidence.set(evidence.rayId, evidence);
  }

  result(): SampledRequest[] {
    const failed = this.#kept.toSorted((a, b) => a.arrivalMs - b.arrivalMs);
    const step = Math.max(1, failed.length / MAX_SAMPLED_REQUESTS);
    const sampled = new Set(
      Array.from(
        { length: Math.min(failed.length, MAX_SAMPLED_REQUESTS) },
        (_, index) => failed[Math.floor(index * step)]!,
      ),
    );
    return failed.filter((one) => sampled.has(one) || this.#isReported(one)).map((one) => this.#sampled(one));
  }

  #isReported({ attempts }: RequestRecord): boolean {
    return this.#reported.size > 0 && attempts.some(({ rayId }) => this.#reported.has(rayId));
  }

  /** Keeps the first, and from there every second one. */
  #thin(): void {
    this.#stride *= 2;
    this.#kept = this.#kept.filter((one, index) => {
      if (index % 2 === 0 || this.#isReported(one)) return true;
      for (const { rayId } of one.attempts) this.#claimed.delete(rayId);
      return false;
    });
  }

  #evidenceOf(rayId: string): Pick<SampledRequest['attempts'][number], 'evidence'> {
    const found = this.#evidence.get(rayId);
    return found === undefined ? {} : { evidence: { text: found.text, line: found.line } };
  }

  #told(rayId: string): Pick<SampledRequest['attempts'][number], 'upstreams' | 'decision'> {
    const { upstreams = [], decision = null } = this.#claimed.get(rayId) ?? {};
    const rounded = upstreams.map((one) => ({ ...one, afterMs: round(one.afterMs) }));
    return decision === null ? { upstreams: rounded } : { upstreams: rounded, decision };
  }

  #sampled(record: RequestRecord): SampledRequest {
    return {
      rayId: record.attempts.findLast((attempt) => attempt.rayId !== '')?.rayId ?? '',
      arrivalMs: round(record.arrivalMs),
      endMs: round(record.endMs),
      status: record.status,
      cause: record.cause,
      attempts: record.attempts.map(({ startMs, endMs, status, cause, rayId }) => ({
        startMs: round(startMs),
        endMs: round(endMs),
        status,
        cause,
        rayId,
        ...this.#told(rayId),
        ...this.#evidenceOf(rayId),
      })),
    };
  }
}
