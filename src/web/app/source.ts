/**
 * Where a page has what it shows from: a result that stands in it (a report), or a stream (a run that goes on, the lab).
 * It stands in the page as JSON, in an element with the id `source`.
 */
import type { Result } from '../../scenarios/result.js';

export type Source =
  | { readonly kind: 'result'; readonly result: Result }
  /** @property feed the address of the stream, relative to the page's. */
  | { readonly kind: 'live'; readonly feed: string; readonly api: string };
