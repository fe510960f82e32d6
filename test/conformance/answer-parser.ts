/**
 * Reads the bytes that a client got as strictly as RFC 9112 is written, so that nothing a gateway lets slip is forgiven:
 * bytes that are no HTTP, fields that two readers would read differently, bodies that are not whole.
 */

/** Field values: visible characters, spaces, tabs and obs-text (RFC 9110 section 5.5). */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
/** A class from 1 to 9: what an upstream sent with a status above 599 passes unchanged. */
const STATUS_LINE = /^HTTP\/1\.1 ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})(?:;[\t\x20-\x7e]*)?$/;

export interface ParsedAnswer {
  /** Statuses of the informational answers before it. */
  readonly informational: readonly number[];
  /** 0: no status line came. */
  readonly status: number;
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** Whole by its framing. */
  readonly complete: boolean;
  /** What came after its end. */
  readonly rest: Buffer;
  /** What is not valid HTTP in it. */
  readonly problems: readonly string[];
}

const NOTHING = Buffer.alloc(0);

const nothingYet = (informational: readonly number[], rest: Buffer, problem?: string): ParsedAnswer => ({
  informational,
  status: 0,
  fields: [],
  body: NOTHING,
  complete: false,
  rest,
  problems: problem === undefined ? [] : [problem],
});

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** What begins like no status line will never be one. */
const couldBegin = (bytes: Buffer): boolean => {
  const start = bytes.subarray(0, 9).toString('latin1');
  return 'HTTP/1.1 '.startsWith(start);
};

export const fieldOf = (answer: Pick<ParsedAnswer, 'fields'>, name: string): string | undefined =>
  answer.fields.find(([own]) => own === name)?.[1];

interface Framed {
  readonly body: Buffer;
  readonly complete: boolean;
  readonly rest: Buffer;
  readonly problem?: string;
}

const readChunks = (bytes: Buffer): Framed => {
  const parts: Buffer[] = [];
  let at = 0;
  const soFar = (problem?: string): Framed => ({
    body: Buffer.concat(parts),
    complete: false,
    rest: NOTHING,
    ...(problem && { problem }),
  });
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd === -1) return soFar();
    const line = bytes.toString('latin1', at, lineEnd);
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) return soFar(`chunk size ${shown(line)}`);
    const start = lineEnd + 2;
    const length = Number.parseInt(size, 16);
    if (length === 0) {
      // No trailers are expected: the gateway announces none.
      if (bytes.length < start + 2) return soFar();
      if (bytes.toString('latin1', start, start + 2) !== '\r\n') return soFar('trailers or worse');
      return { body: Buffer.concat(parts), complete: true, rest: bytes.subarray(start + 2) };
    }
    parts.push(bytes.subarray(start, start + length));
    const end = start + length;
    if (bytes.length < end + 2) return soFar();
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') return soFar('a chunk longer than its size');
    at = end + 2;
  }
};

const readLength = (bytes: Buffer, length: number): Framed => ({
  body: bytes.subarray(0, length),
  complete: bytes.length >= length,
  rest: bytes.subarray(length),
});

interface Head {
  readonly status: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly problems: readonly string[];
}

const readHead = (text: string): Head | null => {
  const [first = '', ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(first)?.[1];
  if (status === undefined) return null;
  const fields: (readonly [string, string])[] = [];
  const problems: string[] = [];
  for (const line of lines) {
    const match = FIELD.exec(line);
    if (match === null) problems.push(`field ${shown(line)}`);
    else fields.push([match[1]!.toLowerCase(), match[2]!]);
  }
  return { status: Number(status), fields, problems };
};

/** RFC 9112 section 6.3, and what RFC 9110 section 8.6 forbids with 204. */
const framingProblems = ({ status, fields }: Head): string[] => {
  const lengths = fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const coding = fields.filter(([name]) => name === 'transfer-encoding').map(([, value]) => value);
  const problems: string[] = [];
  if (lengths.length > 1) problems.push('more than one Content-Length');
  if (lengths.some((length) => !/^\d{1,15}$/.test(length))) problems.push(`Content-Length ${lengths[0]}`);
  if (coding.some((value) => value.toLowerCase() !== 'chunked'))
    problems.push(`Transfer-Encoding ${coding[0]}`);
  if (lengths.length > 0 && coding.length > 0) problems.push('Content-Length and Transfer-Encoding');
  if (status === 204 && lengths.length + coding.length > 0) problems.push('a 204 with a body’s framing');
  return problems;
};

/**
 * @param bytes everything since the request was sent, or since the answer before.
 * @param method of the request.
 * @param ended whether the connection has ended cleanly, which ends a body without framing.
 */
export const parseAnswer = (bytes: Buffer, method: string, ended: boolean): ParsedAnswer => {
  const informational: number[] = [];
  let rest = bytes;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd === -1) {
      const broken = rest.length > 0 && !couldBegin(rest);
      return nothingYet(informational, rest, broken ? `bytes ${shown(rest.toString('latin1'))}` : undefined);
    }
    const head = readHead(rest.toString('latin1', 0, headEnd));
    if (head === null) return nothingYet(informational, rest, `bytes ${shown(rest.toString('latin1'))}`);
    rest = rest.subarray(headEnd + 4);
    if (head.status < 200 && head.status !== 101) {
      informational.push(head.status);
      continue;
    }
    const problems = [...head.problems, ...framingProblems(head)];
    if (head.status === 101) problems.push('another protocol, which nobody asked for');
    const framed = readBody(head, rest, method, ended);
    if (framed.problem !== undefined) problems.push(framed.problem);
    const { body, complete } = framed;
    return {
      informational,
      status: head.status,
      fields: head.fields,
      body,
      complete,
      rest: framed.rest,
      problems,
    };
  }
};

const readBody = (head: Head, bytes: Buffer, method: string, ended: boolean): Framed => {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) {
    return { body: NOTHING, complete: true, rest: bytes };
  }
  if (fieldOf(head, 'transfer-encoding') !== undefined) return readChunks(bytes);
  const length = fieldOf(head, 'content-length');
  if (length !== undefined) return readLength(bytes, Number(length) || 0);
  return { body: bytes, complete: ended, rest: NOTHING };
};
