/**
 * Where a page has what it shows from: a result that stands in it (a report), or a stream (a run that goes on, the lab).
 * It stands in the page as JSON, in an element with the id `source`.
 *
 * A report is told where the page is made (`web/report/make-report.ts`), for that takes all that is known of scenarios; so a
 * live page that is to show one at the end opens the page of it.
 */
export type Source =
  /** @property packed `ReportData` as JSON, raw DEFLATE, Base64. */
  | { readonly kind: 'result'; readonly packed: string }
  /** @property feed the address of the stream, relative to the page's. */
  | {
      readonly kind: 'live';
      readonly feed: string;
      readonly api: string;
      /** The API asks for a token; left out: it does not. */
      readonly isGuarded?: boolean;
    };
