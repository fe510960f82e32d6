/**
 * What the gateway told of tries, until it is known what became of their requests: both come from different processes, in
 * either order. Reports of a request that is kept are kept with it; those of others wait, and the oldest make way.
 */
import type { EventType } from '../../core/event-map.js';
import type { Event } from '../../core/events.js';
import type { RequestId } from '../clients/clients.js';
import { EDGE } from '../front/config.js';
import type { SampledAttempt } from '../result.js';
import { round } from './requests.js';

/**
 * Requests for which the gateway's reports are kept until it is known what became of them: 25 s of 1,000 requests a
 * second that fail at first. Beyond twice as many, the oldest are dropped; some are nobody's, such as those of floods.
 */
export const MAX_UNCLAIMED_RAYS = 25_000;

type Upstream = SampledAttempt['upstreams'][number];
type Further = NonNullable<SampledAttempt['retries']>[number];

/** Of one try. */
export interface Reports {
  readonly upstreams: Upstream[];
  readonly retries: Further[];
  decision: string | null;
}

const noReports = (): Reports => ({ upstreams: [], retries: [], decision: null });

/** Of which the oldest are dropped when there are too many, at least a limit's worth after they came. */
class Recent<Value> {
  readonly #limit: number;
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isEmpty(): boolean {
    return this.#recent.size + this.#older.size === 0;
  }

  get(key: string): Value | undefined {
    return this.#recent.get(key) ?? this.#older.get(key);
  }

  set(key: string, value: Value): void {
    // Two maps in turn: to look for the oldest in one from which much was deleted takes longer and longer.
    if (this.#recent.size >= this.#limit) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }

  /** @returns what there is of it, which is then forgotten here. */
  take(key: string): Value | undefined {
    const found = this.get(key);
    if (found !== undefined && !this.#recent.delete(key)) this.#older.delete(key);
    return found;
  }
}

type Told = Event<
  | 'attempt.failed'
  | 'attempt.retried'
  | 'retry.refused'
  | 'request.hedged'
  | 'hedge.won'
  | 'hedge.refused'
  | 'request.refused'
  | 'client.refused'
>;

const TOLD: Readonly<Record<Told['type'], true>> = {
  'attempt.failed': true,
  'attempt.retried': true,
  'retry.refused': true,
  'request.hedged': true,
  'hedge.won': true,
  'hedge.refused': true,
  'request.refused': true,
  'client.refused': true,
};

const isTold = (event: Event): event is Told =>
  (TOLD as Readonly<Partial<Record<EventType, true>>>)[event.type] === true;

const STATUS_CAUSE = /^status_(\d+)$/;

/** What an event says, added to the rest. @param atMs of the run. */
const add = (reports: Reports, event: Told, atMs: number): void => {
  const { upstreams, retries } = reports;
  switch (event.type) {
    case 'attempt.failed': {
      const { upstream, cause, afterMs } = event;
      upstreams.push({ upstream, cause, afterMs: round(afterMs), endMs: atMs });
      break;
    }
    case 'attempt.retried': {
      const { attempt, cause, upstream, afterMs = 0, waitMs } = event;
      if (upstream !== undefined) {
        const status = Number(STATUS_CAUSE.exec(cause)?.[1] ?? 0);
        upstreams.push({
          upstream,
          cause: 'upstream_response',
          afterMs: round(afterMs),
          endMs: atMs,
          status,
        });
      }
      retries.push({ atMs, what: 'retried', attempt, waitMs: round(waitMs) });
      break;
    }
    case 'retry.refused':
      retries.push({ atMs, what: 'refused', reason: event.reason, detail: event.detail });
      break;
    case 'request.hedged':
      retries.push({ atMs, what: 'hedged', waitMs: round(event.afterMs) });
      break;
    case 'hedge.won':
      retries.push({ atMs, what: 'hedge-won' });
      break;
    case 'hedge.refused':
      retries.push({ atMs, what: 'hedge-refused', detail: event.detail });
      break;
    default:
      reports.decision = event.detail;
  }
};

/** What a client called its request, without what it has before it in all requests of a run. */
const idOf = (requestId: string): string => requestId.slice(requestId.indexOf('-') + 1);

export class ReportBook {
  /** Of requests that are kept, by Ray ID. */
  readonly #claimed = new Map<string, Reports>();
  readonly #unclaimed: Recent<Reports>;
  /** Ray IDs of requests whose clients left, by what those call them; empty: not known yet. */
  readonly #claimedLeft = new Map<string, string>();
  readonly #unclaimedLeft: Recent<string>;

  /** @param limit requests for which reports are kept until it is known what became of them. */
  constructor(limit = MAX_UNCLAIMED_RAYS) {
    this.#unclaimed = new Recent(limit);
    this.#unclaimedLeft = new Recent(limit);
  }

  /** Nothing waits for its request. */
  get isEmpty(): boolean {
    return this.#unclaimed.isEmpty;
  }

  /** Of the requests that are kept. */
  get rayIds(): ReadonlySet<string> {
    return new Set(this.#claimed.keys());
  }

  /** @param atMs of the run. */
  add(event: Event, atMs: number): void {
    if (!isTold(event)) return;
    const { rayId } = event;
    add(this.#claimed.get(rayId) ?? this.#waiting(rayId), event, round(atMs));
    if (event.type !== 'attempt.failed' || event.requestId === undefined) return;
    const id = idOf(event.requestId);
    // The edge lost the same client: which worker had the request, the gateway behind it knows.
    if (event.gateway !== EDGE || !this.#isKnown(id)) this.#left(id, rayId);
  }

  of(rayId: string): Reports {
    return this.#claimed.get(rayId) ?? noReports();
  }

  /** Of a request that is kept, and whose client left: the Ray ID that it never heard of; empty: not known. */
  rayOf(id: RequestId): string {
    return this.#claimedLeft.get(String(id)) ?? '';
  }

  /** Those of a try are kept from now on, what came and what is to come. */
  claim(rayId: string): void {
    this.#claimed.set(rayId, this.#unclaimed.take(rayId) ?? noReports());
  }

  /** The same of the try in which its client left. */
  claimLeft(id: RequestId): void {
    const rayId = this.#unclaimedLeft.take(String(id)) ?? '';
    this.#claimedLeft.set(String(id), rayId);
    if (rayId !== '') this.claim(rayId);
  }

  /** Nobody wants to know any more. */
  drop(rayId: string): void {
    this.#claimed.delete(rayId);
    this.#unclaimed.take(rayId);
  }

  dropLeft(id: RequestId): void {
    const rayId = this.#claimedLeft.get(String(id)) ?? this.#unclaimedLeft.take(String(id));
    this.#claimedLeft.delete(String(id));
    if (rayId !== undefined) this.drop(rayId);
  }

  #waiting(rayId: string): Reports {
    const known = this.#unclaimed.get(rayId);
    if (known !== undefined) return known;
    const reports = noReports();
    this.#unclaimed.set(rayId, reports);
    return reports;
  }

  #isKnown(id: string): boolean {
    return (this.#claimedLeft.get(id) ?? this.#unclaimedLeft.get(id) ?? '') !== '';
  }

  #left(id: string, rayId: string): void {
    if (!this.#claimedLeft.has(id)) {
      this.#unclaimedLeft.set(id, rayId);
      return;
    }
    // A hedge is given up too, under the same Ray ID.
    if (this.#claimedLeft.get(id) === rayId) return;
    this.#claimedLeft.set(id, rayId);
    this.claim(rayId);
  }
}
