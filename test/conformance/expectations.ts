/**
 * What a client gets for each upstream fault, derived from the rules, never from a run:
 *
 * - no answer, or none that is valid HTTP: 502; none in time: 504 (RFC 9110 section 15.6);
 * - a valid answer passes, whatever its status, and its fields with it;
 * - an answer that broke after its headers is cut, so that nobody takes it for a whole (RFC 9112 section 8);
 * - framing that two readers may read differently is not passed on (RFC 9112 section 6.3);
 * - what was never sent may be sent again, and an idempotent request without an answer too (RFC 9110 section 9.2.2).
 */
import type { ErrorCode } from '../../src/core/errors.js';
import { TRICKLE } from './body-faults.js';
import { filler, tag } from './fault.js';
import type { FaultId } from './faults.js';

/** The upstream's own answer, whole. */
export interface Passed {
  readonly kind: 'pass';
  readonly status: number;
  readonly body: (id: string) => string;
  readonly fields: Readonly<Record<string, RegExp>>;
  /** The header does not wait for the body. */
  readonly headFirst: boolean;
}

export type Outcome =
  | Passed
  | {
      /** The gateway's answer, for one of these reasons. */ readonly kind: 'error';
      readonly codes: readonly ErrorCode[];
    }
  | { /** The upstream's status, and a body that no client can take for a whole. */ readonly kind: 'cut' };

/**
 * Which requests go to another upstream, where retries are on. `idempotent`: those must, others must not. `any`: those
 * must, others may. `optional`: those may, others must not. `none`: nobody must.
 */
export type Retried = 'any' | 'idempotent' | 'optional' | 'none';

export interface Expectation {
  readonly outcome: Outcome;
  /** Of a POST, where it is another. */
  readonly post: Outcome;
  readonly retried: Retried;
}

const expects = (outcome: Outcome, retried: Retried, post: Outcome = outcome): Expectation => ({
  outcome,
  post,
  retried,
});

const answer = (
  status: number,
  body: (id: string) => string = tag,
  fields: Readonly<Record<string, RegExp>> = {},
): Passed => ({ kind: 'pass', status, body, fields, headFirst: false });

const passes = (status: number, body?: (id: string) => string, fields?: Readonly<Record<string, RegExp>>) =>
  expects(answer(status, body, fields), 'none');

const error = (...codes: ErrorCode[]): Outcome => ({ kind: 'error', codes });

/** There was no connection to send anything on. */
const neverSent = (code: ErrorCode): Expectation => expects(error(code), 'any');

/** The request may have been read, and there is no answer. */
const unanswered = (...codes: ErrorCode[]): Expectation => expects(error(...codes), 'idempotent');

const RESET = 'BGW_ERR_CONNECTION_RESET';
const CLOSED = 'BGW_ERR_CONNECTION_CLOSED';
const malformed = unanswered('BGW_ERR_PROTOCOL');
const late = unanswered('BGW_ERR_RESPONSE_TIMEOUT');
/** The same elsewhere, most likely. */
const tooLarge = expects(error('BGW_ERR_HEADERS_TOO_LARGE'), 'optional');
const cut = expects({ kind: 'cut' }, 'none');
/** The upstream's own word that it, or what is behind it, failed. */
const ownFailure = (status: number, fields?: Readonly<Record<string, RegExp>>): Expectation =>
  expects(answer(status, tag, fields), 'idempotent');
const none = (): string => '';

export const EXPECTATIONS: Readonly<Record<FaultId, Expectation>> = {
  none: passes(200),
  refused: neverSent('BGW_ERR_CONNECTION_REFUSED'),
  'never-accepts': neverSent('BGW_ERR_CONNECT_TIMEOUT'),
  stopped: late,
  // Which of the two is seen is a race between the upstream's end and our own write.
  'accept-rst': unanswered(RESET, CLOSED),
  'accept-close': unanswered(CLOSED, RESET),
  'accept-fin': unanswered(CLOSED, RESET),
  'read-close': unanswered(CLOSED),
  'read-rst': unanswered(RESET),
  hang: late,
  'no-read-body': late,
  'early-200-close': passes(200),
  'early-200-hold': passes(200),
  // Data and a reset in one packet look like an end to libuv.
  'rst-mid-headers': unanswered(RESET, CLOSED),
  'fin-mid-headers': unanswered(CLOSED),
  'stall-mid-headers': late,
  // A kept connection may always be closing: what is idempotent is sent once more, retries or not.
  'ka-race-fin': expects(answer(200), 'idempotent', error(CLOSED, RESET)),
  'ka-race-rst': expects(answer(200), 'idempotent', error(RESET, CLOSED)),
  'ka-idle-closed': passes(200),
  'extra-now': passes(200),
  'extra-idle': passes(200),
  'extra-garbage': passes(200),

  'status-abc': malformed,
  'status-noreason': passes(200),
  'status-099': malformed,
  // Three digits outside 100 to 599 are invalid, and treated as 5xx by clients (RFC 9110 section 15): theirs to judge.
  'status-600': passes(600),
  'status-999': passes(999),
  'version-1.0': passes(200),
  'version-3.0': malformed,
  'garbage-fin': malformed,
  http09: malformed,
  'hdr-8k': passes(200, tag, { 'x-large': /^x{8192}$/ }),
  'hdr-64k': tooLarge,
  'hdr-1m': tooLarge,
  'hdr-200': passes(200, tag, { 'x-small-0': /^0$/, 'x-small-199': /^199$/ }),
  'hdr-name-space': malformed,
  'hdr-no-colon': malformed,
  'hdr-ctl': malformed,
  'hdr-nul': malformed,
  // RFC 9112 section 5.2: refused, or with spaces in its place.
  'hdr-obsfold': malformed,
  'hdr-bare-lf': malformed,
  'inf-100': malformed,
  'inf-101': malformed,
  'inf-103': passes(200),
  'inf-103-close': unanswered(CLOSED),
  'own-500': passes(500),
  'own-502': ownFailure(502),
  'own-503': ownFailure(503),
  'own-503-ra': ownFailure(503, { 'retry-after': /^7$/ }),
  'own-504': ownFailure(504),
  'own-429': passes(429),
  'own-503-close': ownFailure(503),

  'cl-dup-same': malformed,
  'cl-dup-differ': malformed,
  'cl-and-te': malformed,
  'cl-abc': malformed,
  'cl-negative': malformed,
  'cl-overflow': malformed,
  'te-gzip': malformed,
  'chunk-bad': cut,
  'chunk-bad-later': cut,
  'chunk-overflow': cut,
  'trunc-cl-fin': cut,
  'trunc-cl-rst': cut,
  'trunc-cl-close': cut,
  'trunc-clbig-fin': cut,
  'trunc-clbig-rst': cut,
  'trunc-chunk-fin': cut,
  'trunc-chunk-rst': cut,
  'trunc-chunk-mid': cut,
  'trunc-chunk-close': cut,
  'noframe-fin': passes(200, () => filler(100)),
  // The end of the connection ends such a body, unless the connection says that something went wrong.
  'noframe-rst': cut,
  'stall-no-body': cut,
  'stall-mid-body': cut,
  'stall-chunked': cut,
  'trickle-body': passes(200, () => filler(TRICKLE.bytes)),
  b204: passes(204, none),
  b304: passes(304, none),
  'len-304': passes(304, none, { 'content-length': /^5$/ }),
  'late-body': expects({ ...answer(200, () => filler(5)), headFirst: true }, 'none'),
};
