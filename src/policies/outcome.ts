/**
 * How an attempt ended, as counters, limits and breakers see it, and the permit that makes every attempt end exactly
 * once. Three endings, after Netflix's concurrency-limits: `ignored` says nothing about the upstream, because the
 * client left or the gateway refused by itself.
 */
import { GatewayError } from '../core/errors.js';

export type Outcome = 'success' | 'failure' | 'ignored';

/** An upstream's own 5xx is its failure; any other answer, 4xx included, shows that it works. */
export const outcomeOfStatus = (statusCode: number): Outcome => (statusCode >= 500 ? 'failure' : 'success');

export const outcomeOfError = (error: unknown): Outcome =>
  error instanceof GatewayError && error.spec.blame !== 'upstream' ? 'ignored' : 'failure';

/** The right to one attempt. */
export class Permit {
  #ended = false;
  readonly #onEnd: (outcome: Outcome) => void;

  constructor(onEnd: (outcome: Outcome) => void) {
    this.#onEnd = onEnd;
  }

  /** @throws when the permit has ended before: a slot given back twice is a bug, and a silent one. */
  end(outcome: Outcome): void {
    if (this.#ended) throw new Error(`permit ended twice, the second time as ${outcome}`);
    this.#ended = true;
    this.#onEnd(outcome);
  }
}
