/** What users report of errors, by Ray ID: checked, limited in rate, and of each error once. */
import { plainLine } from '../../core/html.js';
import { TokenBuckets } from '../../policies/token-bucket.js';

/** A report's text is so long at most; what is longer is cut. */
export const MAX_NOTE_CHARS = 280;

/** A body is so long at most: a note of characters of four bytes, each written as `%F0%9F%98%80`, and the rest. */
export const MAX_REPORT_BYTES = 8_192;

const RAY_ID = /^[0-9a-f]{16}$/;

/** Reports that are remembered, so that the same one is not counted twice. */
const MAX_REMEMBERED = 10_000;

/** Of one address: thirty at once, since a whole office may have one, and one a second. */
const PER_CLIENT = { rateRps: 1, burst: 30, maxClients: 1_000 } as const;
/** Of all. */
const OVERALL = { rateRps: 50, burst: 200, maxClients: 1 } as const;

export interface Report {
  readonly rayId: string;
  /** What the user wrote; empty: nothing. */
  readonly note: string;
  readonly atMs: number;
}

/** @param fields as the form has them. @returns what is wrong with it, in words, or what was reported. */
export const readReport = (
  { ray, note }: { readonly ray: unknown; readonly note: unknown },
  atMs: number,
): Report | string => {
  const rayId = typeof ray === 'string' ? ray.trim().toLowerCase() : '';
  if (!RAY_ID.test(rayId)) return 'A Ray ID has 16 hexadecimal digits; it stands on the page of the error.';
  if (note !== undefined && typeof note !== 'string') return 'The note is not a text.';
  return { rayId, note: plainLine((note ?? '').trim(), MAX_NOTE_CHARS), atMs };
};

/** Who may report, and what has been reported already. */
export class ReportDoor {
  readonly #perClient = new TokenBuckets(PER_CLIENT);
  readonly #overall = new TokenBuckets(OVERALL);
  readonly #seen = new Set<string>();

  /** @returns 0, or how long that client has to wait, milliseconds. */
  waitMs(client: string, nowMs: number): number {
    return this.#perClient.take(client, nowMs) || this.#overall.take('', nowMs);
  }

  /** @returns whether it is the first of its Ray ID. */
  isNew({ rayId }: Report): boolean {
    if (this.#seen.has(rayId)) return false;
    this.#seen.add(rayId);
    if (this.#seen.size > MAX_REMEMBERED) {
      const [oldest] = this.#seen;
      this.#seen.delete(oldest!);
    }
    return true;
  }
}
