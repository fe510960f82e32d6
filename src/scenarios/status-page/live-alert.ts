/** The burn-rate alerts of a run (`scenarios/monitoring`) while it goes on: is one of them on now? */
import { CLEAR_MS } from '../monitoring/alerts.js';
import type { Rule } from '../monitoring/rule.js';
import { makeRule } from '../monitoring/rules.js';

/** What these rules look at, of a tick; of all else there is nothing. */
const QUIET = {
  requests: 0,
  tries: 0,
  worked: 0,
  queued: 0,
  heapFull: { inMs: Number.POSITIVE_INFINITY, worker: '' },
  latency: null,
} as const;

export class LiveAlert {
  readonly #rules: readonly Rule[];
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ sloRatio, hourMs }: { readonly sloRatio: number; readonly hourMs: number }) {
    const plan = { sloRatio, hourMs, workers: 0, slots: 0 };
    this.#rules = [makeRule('fast-burn', plan), makeRule('slow-burn', plan)];
  }

  /** @returns whether one is on: its rule is, or was until shortly before. */
  observe({
    atMs,
    ended,
    failed,
  }: {
    readonly atMs: number;
    readonly ended: number;
    readonly failed: number;
  }): boolean {
    const reasons = this.#rules.map((rule) => rule.observe({ ...QUIET, nowMs: atMs, ended, failed }));
    if (reasons.some((reason) => reason !== null)) this.#lastMs = atMs;
    return atMs - this.#lastMs < CLEAR_MS;
  }
}
