/**
 * One config on its way to its readers: the decisions, without time or transport. It is asked at intervals what to do
 * now, and answers with the readers that get the config next, or that it has failed.
 */
import { formatDuration, formatRatio } from '../core/units.js';
import type { Strategy } from './strategy.js';

/** What can be seen of a reader from outside. */
export interface ReaderHealth {
  /** Deaths since it exists. */
  readonly exits: number;
  /** Heap in use, of its limit. */
  readonly heapRatio: number;
}

export type RolloutStep =
  | { readonly kind: 'wait' }
  | {
      readonly kind: 'assign';
      readonly readers: readonly string[];
      readonly promoted: boolean;
      readonly done: boolean;
    }
  | { readonly kind: 'fail'; readonly reason: string };

const WAIT: RolloutStep = { kind: 'wait' };

export class Rollout {
  readonly #readers: readonly string[];
  readonly #strategy: Strategy;
  readonly #startedMs: number;
  readonly #exitsBefore: ReadonlyMap<string, number>;
  /** Readers that have been given the config. */
  #assigned = 0;

  constructor(
    readers: readonly string[],
    strategy: Strategy,
    nowMs: number,
    health: (reader: string) => ReaderHealth,
  ) {
    this.#readers = readers;
    this.#strategy = strategy;
    this.#startedMs = nowMs;
    this.#exitsBefore = new Map(readers.map((reader) => [reader, health(reader).exits]));
  }

  /** Readers that have it so far. */
  get assigned(): readonly string[] {
    return this.#readers.slice(0, this.#assigned);
  }

  /** What to do at `nowMs`. Never asked again after a step that is done or has failed. */
  next(nowMs: number, health: (reader: string) => ReaderHealth): RolloutStep {
    const strategy = this.#strategy;
    switch (strategy.name) {
      case 'all-at-once':
        return this.#assign(this.#readers.length, false);
      case 'rolling': {
        const due = 1 + Math.floor((nowMs - this.#startedMs) / strategy.intervalMs);
        return due > this.#assigned ? this.#assign(due, false) : WAIT;
      }
      case 'canary': {
        if (this.#assigned === 0) return { ...this.#assign(strategy.readers, false), done: false };
        const problem = this.#problem(strategy, nowMs, health);
        if (problem !== null) return { kind: 'fail', reason: problem };
        return nowMs - this.#startedMs >= strategy.bakeMs ? this.#assign(this.#readers.length, true) : WAIT;
      }
    }
  }

  #assign(upTo: number, promoted: boolean): Extract<RolloutStep, { kind: 'assign' }> {
    const end = Math.min(upTo, this.#readers.length);
    const readers = this.#readers.slice(this.#assigned, end);
    this.#assigned = end;
    return { kind: 'assign', readers, promoted, done: end === this.#readers.length };
  }

  /** What the gate holds against the canaries. */
  #problem(
    strategy: Extract<Strategy, { name: 'canary' }>,
    nowMs: number,
    health: (reader: string) => ReaderHealth,
  ): string | null {
    const after = `${formatDuration(nowMs - this.#startedMs)} after it got the config`;
    const died: string[] = [];
    let exits = 0;
    for (const reader of this.assigned) {
      const { exits: exitsNow, heapRatio } = health(reader);
      const since = exitsNow - this.#exitsBefore.get(reader)!;
      exits += since;
      if (since > 0) died.push(reader);
      if (heapRatio > strategy.maxHeapRatio) {
        return `canary ${reader} used ${formatRatio(heapRatio)} of its heap ${after}`;
      }
    }
    return exits > strategy.maxExits ? `canary ${died.join(', ')} died ${after}` : null;
  }
}
