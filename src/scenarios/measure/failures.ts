/**
 * A sample of the failed requests, whole, spread evenly over all that failed, and joined with what the gateway reported
 * under their Ray IDs (`reports.ts`).
 */
import type { Event } from '../../core/events.js';
import type { ClientAttempt, RequestRecord } from '../clients/clients.js';
import type { SampledAttempt, SampledRequest } from '../result.js';
import type { Evidence } from '../targets/target.js';
import { MAX_UNCLAIMED_RAYS, ReportBook, type Reports } from './reports.js';
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

export interface FailureLimits {
  readonly kept: number;
  readonly unclaimed: number;
}

/** A client that leaves has no answer with a Ray ID in it. */
const isLeft = ({ cause, rayId }: ClientAttempt): boolean => cause === 'client_left' && rayId === '';

/** An upstream's own answer, which is none of the failures that the gateway reports. */
const ownAnswer = (
  { upstream, status, startMs, endMs }: ClientAttempt,
  { retries }: Reports,
): SampledAttempt['upstreams'] => {
  if (upstream === undefined) return [];
  const { atMs = startMs, waitMs = 0 } = retries.findLast(({ what }) => what === 'retried') ?? {};
  const last = retries.at(-1);
  // Where no other attempt might follow it, that was decided when it came; to the client it was still on its way.
  const cameMs = last?.what === 'refused' ? Math.min(endMs, last.atMs) : endMs;
  const afterMs = round(Math.max(0, cameMs - Math.max(startMs, atMs + waitMs)));
  return [{ upstream, cause: 'upstream_response', afterMs, endMs: round(cameMs), status }];
};

export class FailureSample {
  readonly #limits: FailureLimits;
  /** In the order in which they ended. */
  #kept: RequestRecord[] = [];
  /** One of so many is kept. */
  #stride = 1;
  #seen = 0;
  readonly #reports: ReportBook;
  /** Ray IDs that somebody reported. */
  readonly #reported = new Set<string>();
  /** What a proxy that is not ours says, by Ray ID. */
  readonly #evidence = new Map<string, Evidence>();

  constructor(limits: FailureLimits = { kept: MAX_KEPT_FAILURES, unclaimed: MAX_UNCLAIMED_RAYS }) {
    this.#limits = limits;
    this.#reports = new ReportBook(limits.unclaimed);
  }

  record(one: RequestRecord): void {
    const isKept = !one.ok && (this.#seen++ % this.#stride === 0 || this.#isReported(one));
    if (!isKept) {
      if (!this.#reports.isEmpty) this.#drop(one);
      return;
    }
    for (const attempt of one.attempts) {
      if (isLeft(attempt)) this.#reports.claimLeft(one.id);
      else if (attempt.rayId !== '') this.#reports.claim(attempt.rayId);
    }
    this.#kept.push(one);
    if (this.#kept.length > this.#limits.kept) this.#thin();
  }

  /** Somebody reported the error of that Ray ID: if it is kept still, or is still to come, it will be in the sample. */
  keep(rayId: string): void {
    if (this.#reported.size < MAX_REPORTED_REQUESTS) this.#reported.add(rayId);
  }

  /** @param atMs of the run. */
  event(event: Event, atMs: number): void {
    this.#reports.add(event, atMs);
  }

  /** Of the requests that are kept. */
  get rayIds(): ReadonlySet<string> {
    return this.#reports.rayIds;
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
      this.#drop(one);
      return false;
    });
  }

  #drop({ id, attempts }: RequestRecord): void {
    for (const attempt of attempts) {
      if (isLeft(attempt)) this.#reports.dropLeft(id);
      else if (attempt.rayId !== '') this.#reports.drop(attempt.rayId);
    }
  }

  #evidenceOf(rayId: string): Pick<SampledAttempt, 'evidence'> {
    const found = this.#evidence.get(rayId);
    return found === undefined ? {} : { evidence: { text: found.text, line: found.line } };
  }

  #attempt(attempt: ClientAttempt, { id }: RequestRecord): SampledAttempt {
    const { startMs, endMs, status, cause } = attempt;
    const rayId = isLeft(attempt) ? this.#reports.rayOf(id) : attempt.rayId;
    const reports = this.#reports.of(rayId);
    const { upstreams, retries, decision } = reports;
    return {
      startMs: round(startMs),
      endMs: round(endMs),
      status,
      cause,
      rayId,
      upstreams: [...upstreams, ...ownAnswer(attempt, reports)],
      ...(retries.length > 0 && { retries }),
      ...(decision !== null && { decision }),
      ...this.#evidenceOf(rayId),
    };
  }

  #sampled(record: RequestRecord): SampledRequest {
    const attempts = record.attempts.map((attempt) => this.#attempt(attempt, record));
    return {
      rayId: attempts.findLast(({ rayId }) => rayId !== '')?.rayId ?? '',
      arrivalMs: round(record.arrivalMs),
      endMs: round(record.endMs),
      status: record.status,
      cause: record.cause,
      attempts,
    };
  }
}
