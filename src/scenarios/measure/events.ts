/** Which of the events of a run its result holds. */
import type { EventType } from '../../core/event-map.js';
import type { Event } from '../../core/events.js';
import type { VariantResult } from '../result.js';

/** Events that come with requests: a result holds them with the sampled requests, not in the list of what happened. */
const PER_REQUEST: ReadonlySet<EventType> = new Set<EventType>([
  'attempt.failed',
  'attempt.retried',
  'request.refused',
  'retry.refused',
  'client.refused',
  'rule.logged',
  'request.hedged',
  'hedge.won',
  'hedge.refused',
  'request.shed',
  'limit.changed',
  'queue.dropped',
  'cache.served-stale',
  'cache.evicted',
]);

/**
 * Events of one type that a result holds: far more than anybody reads, and a few megabytes. Later ones are counted, and
 * a note in the result says how many they were and when they began.
 */
export const MAX_EVENTS_OF_A_TYPE = 10_000;

type ResultEvent = VariantResult['events'][number];

const toResultEvent = (event: Event, originMs: number): ResultEvent => {
  const { atMs, ...fields } = event;
  return { t: Number(((atMs - originMs) / 1000).toFixed(3)), ...fields };
};

/** What came of one type. */
interface Kind {
  count: number;
  /** When the first one came that is not held. */
  overflowAtMs: number;
}

export class EventList {
  readonly #limit: number;
  readonly #held: Event[] = [];
  readonly #kinds = new Map<EventType, Kind>();
  readonly #died = new Set<string>();

  /** @param limit of one type. */
  constructor(limit = MAX_EVENTS_OF_A_TYPE) {
    this.#limit = limit;
  }

  /** In the order in which they came; it only grows. */
  get held(): readonly Event[] {
    return this.#held;
  }

  /** Deaths of workers. */
  get crashes(): number {
    return this.#kinds.get('worker.exited')?.count ?? 0;
  }

  /** Workers that died at least once. */
  get workersLost(): number {
    return this.#died.size;
  }

  add(event: Event): void {
    if (PER_REQUEST.has(event.type)) return;
    if (event.type === 'worker.exited') this.#died.add(event.worker);
    const kind = this.#kinds.get(event.type) ?? { count: 0, overflowAtMs: 0 };
    this.#kinds.set(event.type, kind);
    kind.count++;
    if (kind.count <= this.#limit) this.#held.push(event);
    else if (kind.count === this.#limit + 1) kind.overflowAtMs = event.atMs;
  }

  /** @param originMs the time at which the load began. */
  result(originMs: number): ResultEvent[] {
    return [...this.#held, ...this.#notes()]
      .sort((a, b) => a.atMs - b.atMs)
      .map((event) => toResultEvent(event, originMs));
  }

  #notes(): Event[] {
    return [...this.#kinds]
      .filter(([, { count }]) => count > this.#limit)
      .map(([type, { count, overflowAtMs }]) => ({
        atMs: overflowAtMs,
        type: 'run.noted',
        text: `from here on, ${count - this.#limit} events ${type} are not in this result: it holds ${this.#limit} of a type`,
      }));
  }
}
