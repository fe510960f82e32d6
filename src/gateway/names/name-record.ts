/**
 * What is known of one name, and what a connection that is about to be made does with it. It decides and knows no
 * resolver and no time of its own; `names.ts` asks and enforces.
 *
 * An answer holds for its TTL. After that, whoever wants to connect waits for a lookup. One that fails holds for
 * `recheckMs`: until then nobody waits for another. With `serveStale` the last addresses go on past their TTL while
 * lookups fail, and lookups go on behind them, so that a resolver that is silent costs one wait and no more. RFC 8767
 * has this for resolvers, and believes a resolver that says that there is no such name; a gateway is told by its config
 * which upstreams there are, and takes that too for a lookup that failed.
 */
import type { NamesConfig } from '../config/names.js';

/** What came of a lookup. */
export type Answer =
  | { readonly addresses: readonly string[]; readonly ttlMs: number }
  /** The name is there and has no address. */
  | 'empty';

export type Step =
  | {
      readonly kind: 'address';
      readonly address: string;
      /** How far past its TTL; 0: within. */
      readonly staleMs: number;
      /** Ask in the meantime. */
      readonly lookUp: boolean;
    }
  /** Ask, and see what came of it. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'failed'; readonly reason: string };

export type RecordOptions = Pick<NamesConfig, 'recheckMs' | 'serveStale' | 'maxStaleMs' | 'refuseEmpty'>;

export class NameRecord {
  readonly #options: RecordOptions;
  #addresses: readonly string[] = [];
  /** When they were known last to be right, and until when the resolver lets them be used. */
  #expiresMs = Number.NEGATIVE_INFINITY;
  /** Of the last lookup; `null`: it was answered, or there was none. */
  #failure: string | null = null;
  #failingSinceMs = 0;
  #recheckMs = 0;
  #turn = 0;

  constructor(options: RecordOptions) {
    this.#options = options;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Since when lookups fail; `null`: they do not. */
  get failingSinceMs(): number | null {
    return this.#failure === null ? null : this.#failingSinceMs;
  }

  /** What somebody does who wants to connect now. */
  ask(nowMs: number): Step {
    if (this.#failure === null) return nowMs < this.#expiresMs ? this.#use(0, false) : { kind: 'wait' };
    const due = nowMs >= this.#recheckMs;
    if (this.#isServable(nowMs)) return this.#use(nowMs - this.#expiresMs, due);
    return due ? { kind: 'wait' } : { kind: 'failed', reason: this.#failure };
  }

  /** What somebody does who has waited for a lookup, which has ended. A TTL of 0 is good for whoever waited. */
  settled(nowMs: number): Exclude<Step, { kind: 'wait' }> {
    if (this.#failure === null) return this.#use(0, false);
    if (this.#isServable(nowMs)) return this.#use(nowMs - this.#expiresMs, false);
    return { kind: 'failed', reason: this.#failure };
  }

  onAnswer(answer: Answer, nowMs: number): void {
    if (answer === 'empty') {
      // The resolver said so, and so it is: what was known before is not true any more.
      if (!this.#options.refuseEmpty) this.#addresses = [];
      this.onFailure('empty', nowMs);
      return;
    }
    this.#addresses = answer.addresses;
    this.#expiresMs = nowMs + answer.ttlMs;
    this.#failure = null;
  }

  onFailure(reason: string, nowMs: number): void {
    if (this.#failure === null) this.#failingSinceMs = nowMs;
    this.#failure = reason;
    this.#recheckMs = nowMs + this.#options.recheckMs;
  }

  #isServable(nowMs: number): boolean {
    const { serveStale, maxStaleMs } = this.#options;
    return serveStale && this.#addresses.length > 0 && nowMs - this.#expiresMs <= maxStaleMs;
  }

  /** Each in turn, where a name has several. */
  #use(staleMs: number, lookUp: boolean): Exclude<Step, { kind: 'wait' }> {
    const address = this.#addresses[this.#turn++ % this.#addresses.length]!;
    return { kind: 'address', address, staleMs: Math.max(0, staleMs), lookUp };
  }
}
