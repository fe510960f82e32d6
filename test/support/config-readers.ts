/** Config delivery on a virtual clock, to readers that do as a test says and remember what they were given. */
import type { EventType } from '../../src/core/event-map.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { ConfigDelivery } from '../../src/delivery/config-delivery.js';
import type { RollbackStrategy, Strategy } from '../../src/delivery/strategy.js';

/** Longer than any rollout of these tests takes. */
const LONG_MS = 3_600_000;

export const AT_ONCE: RollbackStrategy = { name: 'all-at-once' };
export const ROLLING: RollbackStrategy = { name: 'rolling', intervalMs: 1_000 };
export const CANARY = {
  name: 'canary',
  readers: 1,
  bakeMs: 5_000,
  maxExits: 0,
  maxHeapRatio: 0.8,
} as const satisfies Strategy;

/** A config as these tests send it: a word, of which `broken` fails the check. */
export const BROKEN = 'broken';

export class ConfigReaders {
  readonly clock = new VirtualClock();
  readonly names: readonly string[];
  /** Every assignment so far, as `reader=version`. */
  readonly assignments: string[] = [];
  readonly events: Event[] = [];
  readonly delivery: ConfigDelivery<string>;
  readonly #versions = new Map<string, number>();
  readonly #configs = new Map<string, string>();
  readonly #exits = new Map<string, number>();
  readonly #heapRatios = new Map<string, number>();
  /** Those that do not run. */
  readonly idle = new Set<string>();

  constructor(count = 4) {
    this.names = Array.from({ length: count }, (_, index) => `w${index + 1}`);
    for (const name of this.names) {
      this.#versions.set(name, 1);
      this.#configs.set(name, 'first');
    }
    const stream = new EventStream(() => this.clock.nowMs());
    stream.subscribe((event) => this.events.push(event));
    this.delivery = new ConfigDelivery<string>({
      to: 'readers',
      readers: this.names,
      isReading: (reader) => !this.idle.has(reader),
      initial: 'first',
      assign: (reader, version, config) => {
        this.assignments.push(`${reader}=${version}`);
        this.#versions.set(reader, version);
        this.#configs.set(reader, config);
      },
      health: (reader) => ({
        exits: this.#exits.get(reader) ?? 0,
        heapRatio: this.#heapRatios.get(reader) ?? 0.1,
      }),
      check: (config) => (config === BROKEN ? 'it is broken' : null),
      clock: this.clock,
      emit: stream.emit,
    });
  }

  /** The version of each reader, in their order. */
  get versions(): number[] {
    return this.names.map((name) => this.#versions.get(name)!);
  }

  get configs(): string[] {
    return this.names.map((name) => this.#configs.get(name)!);
  }

  push(config: string, strategy: Strategy = AT_ONCE): void {
    this.delivery.push(config, strategy, { by: 'a test', breakGlass: '' });
  }

  rollback(strategy: RollbackStrategy = AT_ONCE, reason = 'a test wants it'): void {
    this.delivery.rollback(strategy, 'a test', reason);
  }

  die(reader: string): void {
    this.#exits.set(reader, (this.#exits.get(reader) ?? 0) + 1);
  }

  fillHeap(reader: string, ratio: number): void {
    this.#heapRatios.set(reader, ratio);
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  settle(): void {
    this.clock.advance(LONG_MS);
  }

  /** The events of these types, without their times. */
  seen(...types: readonly EventType[]): object[] {
    return this.events.filter(({ type }) => types.includes(type)).map(({ atMs: _atMs, ...rest }) => rest);
  }
}
