/**
 * An answer that was sent past HTTP, as bytes, read as undici reads it: what of it is an answer, and where it is none.
 */
import type { ErrorCode } from '../../core/errors.js';

export interface RawReading {
  /** `null`: nothing so far. */
  readonly problem: ErrorCode | null;
  /** `null`: not whole yet. */
  readonly head: { readonly statusCode: number; readonly flat: readonly string[] } | null;
  readonly bodyBytes: number;
  /** There is no more to come. */
  readonly whole: boolean;
}

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})( [^\r\n]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*$/;
const LENGTH = /^\d+$/;
/** Enough to tell that it begins as an answer does. */
const BEGINNING = 'HTTP/1.';

const nothing: RawReading = { problem: null, head: null, bodyBytes: 0, whole: false };
const spoiled: RawReading = { ...nothing, problem: 'BGW_ERR_PROTOCOL' };

const readChunks = (body: string): 'whole' | 'part' | 'spoiled' => {
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end === -1) return /^[0-9a-f]*\r?$/i.test(body.slice(at)) ? 'part' : 'spoiled';
    const size = body.slice(at, end);
    if (!/^[0-9a-f]+$/i.test(size)) return 'spoiled';
    const bytes = Number.parseInt(size, 16);
    if (bytes === 0) return 'whole';
    at = end + 2 + bytes + 2;
    if (at > body.length) return 'part';
  }
};

/** @param ended the connection was closed after it. */
export const readRaw = (text: string, ended: boolean): RawReading => {
  const headEnd = text.indexOf('\r\n\r\n');
  if (!text.startsWith(BEGINNING.slice(0, text.length))) return spoiled;
  if (headEnd === -1) return ended ? { ...nothing, problem: 'BGW_ERR_CONNECTION_CLOSED' } : nothing;
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const status = STATUS_LINE.exec(statusLine);
  if (status === null) return spoiled;
  const fields = lines.map((line) => FIELD.exec(line));
  if (fields.includes(null)) return spoiled;
  const flat = fields.flatMap((field) => [field![1]!.toLowerCase(), field![2]!]);
  const value = (name: string): string | undefined => {
    const at = flat.indexOf(name);
    return at === -1 ? undefined : flat[at + 1];
  };
  const head = { statusCode: Number(status[1]), flat };
  const body = text.slice(headEnd + 4);
  const length = value('content-length');
  if (value('transfer-encoding') === 'chunked') {
    const chunks = readChunks(body);
    if (chunks === 'whole') return { problem: null, head, bodyBytes: body.length, whole: true };
    const broken = chunks === 'spoiled' || ended;
    return { problem: broken ? 'BGW_ERR_BODY_BROKEN' : null, head, bodyBytes: body.length, whole: false };
  }
  if (length !== undefined && !LENGTH.test(length)) return spoiled;
  const wanted = length === undefined ? Number.POSITIVE_INFINITY : Number(length);
  const bodyBytes = Math.min(body.length, wanted);
  const whole = bodyBytes === wanted || (ended && length === undefined);
  return { problem: ended && !whole ? 'BGW_ERR_BODY_BROKEN' : null, head, bodyBytes, whole };
};
