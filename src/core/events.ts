/**
 * What happens in a run, as one typed stream. Metrics, progress, thresholds, the story and every later reader take
 * from this stream and from nothing else; what there is to tell is in `event-map.ts`.
 */
import type { EventMap, EventType } from './event-map.js';

interface EventBase<Type extends EventType> {
  /** On the clock of the process that saw it. */
  readonly atMs: number;
  readonly type: Type;
  /** Which of several processes of the gateway saw it, by its number from 1. */
  readonly process?: number;
  /** Which of several gateways saw it, or the edge. */
  readonly gateway?: string;
}

/** One event at one moment. */
export type Event<Type extends EventType = EventType> = {
  [Key in Type]: EventBase<Key> & EventMap[Key];
}[Type];

export type EventListener = (event: Event) => void;

/** What a part needs in order to report: the time comes from its own clock. */
export type Emit = <Type extends EventType>(type: Type, data: EventMap[Type]) => void;

export class EventStream {
  readonly #listeners = new Set<EventListener>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  readonly emit: Emit = (type, data) => {
    this.publish({ atMs: this.#nowMs(), type, ...data } as unknown as Event);
  };

  /** Passes on an event that already has its time, such as one from another process. */
  publish(event: Event): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** @returns how to stop listening. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
