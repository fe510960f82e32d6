/**
 * What nginx says of how a request failed. Its access log has the Ray ID and no reason, its error log the reason and no
 * Ray ID; both have the number of the client's connection, on which requests follow one another.
 */
import type { Evidence } from '../target.js';
import { ACCESS_LOG, ERROR_LOG } from './translate.js';

/** `attempt`: one failed. `cut`: the answer had begun. `door`: no upstream was asked, or none any more. */
type Kind = 'attempt' | 'cut' | 'door';

/** What nginx writes, and what it means; the first that fits. `$1` is from the pattern. */
const MEANINGS: readonly (readonly [pattern: RegExp, kind: Kind, text: string])[] = [
  [/connect\(\) failed \(111:/, 'attempt', 'the connection was refused'],
  [/connect\(\) failed \(\d+: ([^)]+)\)/, 'attempt', 'no connection could be made: $1'],
  [
    /upstream timed out .* while connecting to upstream/,
    'attempt',
    'not connected within proxy_connect_timeout',
  ],
  [/upstream timed out .* while SSL handshaking/, 'attempt', 'no TLS handshake within proxy_connect_timeout'],
  [
    /upstream timed out .* while sending request/,
    'attempt',
    'took nothing of the request for proxy_send_timeout',
  ],
  [/upstream timed out .* response header/, 'attempt', 'no answer within proxy_read_timeout'],
  [/upstream timed out/, 'cut', 'the answer stood still for proxy_read_timeout and was broken off'],
  [/failed \(104: .* response header/, 'attempt', 'the connection was reset before the answer'],
  [
    /failed \(104: .* (?:sending request|connecting) to upstream/,
    'attempt',
    'the connection was reset before the answer',
  ],
  [
    /(?:readv?|recv)\(\) failed \(104: .* reading upstream/,
    'cut',
    'the connection was reset in the middle of the answer',
  ],
  [/failed \(32: .* to upstream/, 'attempt', 'the connection was closed while the request was sent'],
  [
    /upstream prematurely closed connection .*response header/,
    'attempt',
    'the connection was closed before the answer',
  ],
  [/upstream prematurely closed connection/, 'cut', 'the connection was closed in the middle of the answer'],
  [/upstream sent too big header/, 'attempt', 'its header does not fit into proxy_buffer_size'],
  [/upstream sent invalid chunked response/, 'cut', 'the chunks of its answer are malformed'],
  [
    /upstream sent (?:invalid|no valid|duplicate|unsupported|unexpected|"[^"]+")/,
    'attempt',
    'its answer is not valid HTTP',
  ],
  [
    /upstream SSL certificate verify error: \((?:\d+):([^)]+)\)/,
    'attempt',
    'its certificate is not believed: $1',
  ],
  [/upstream SSL certificate does not match/, 'attempt', 'its certificate is for another name'],
  [/SSL_do_handshake\(\) failed .*upstream/, 'attempt', 'the TLS handshake failed'],
  [/could not be resolved \(\d+: ([^)]+)\)/, 'attempt', 'its name has no address: $1'],
  [/no live upstreams/, 'attempt', 'no server is left: all are out (max_fails), full (max_conns) or down'],
  [
    /upstream server temporarily disabled/,
    'attempt',
    'taken out for fail_timeout: it has failed max_fails times',
  ],
  [
    /limiting requests, excess: ([\d.]+) by zone "([^"]+)"/,
    'door',
    'refused by limit_req: $1 requests too many in zone $2',
  ],
  [/limiting connections by zone "([^"]+)"/, 'door', 'refused by limit_conn: no room in zone $1'],
  [/client intended to send too large/, 'door', 'the body is larger than client_max_body_size'],
  [
    /client sent too long URI/,
    'door',
    'the address does not fit into a buffer of large_client_header_buffers',
  ],
  [
    /client sent too (?:long header|large request)/,
    'door',
    'the header does not fit into large_client_header_buffers',
  ],
  [/client sent (.+?)(?: while|,)/, 'door', 'the request is not valid HTTP: $1'],
  [
    /client timed out .* while reading client request body/,
    'door',
    'the body stood still for client_body_timeout',
  ],
  [/client timed out .* request headers/, 'door', 'the header was not there within client_header_timeout'],
  [
    /client (?:\S+ )?(?:prematurely )?closed (?:the )?connection/,
    'door',
    'the client left before the answer',
  ],
  [/client timed out/, 'door', 'the client sent nothing for client_body_timeout'],
  [/access forbidden by rule/, 'door', 'refused by allow and deny'],
  [/worker_connections are not enough/, 'door', 'no connection was free: worker_connections are all in use'],
];

interface Entry {
  readonly ray: string;
  readonly connection: string;
  /** Whole seconds since the epoch, as in the error log: when it came, and when it ended. */
  readonly fromS: number;
  readonly toS: number;
  readonly method: string;
  readonly request: string;
  readonly status: string;
  /** One for each attempt, in their order. */
  readonly upstreams: readonly string[];
  readonly upstreamStatuses: readonly string[];
  /** When its header was there; `-`: it never was. */
  readonly headerTimes: readonly string[];
  readonly line: string;
}

interface Complaint {
  readonly atS: number;
  readonly kind: Kind;
  readonly text: string;
  readonly line: string;
}

/** Attempts are parted by commas, and by colons where the request went from one group to another. */
const attemptsOf = (text: string): string[] => (text === '' ? [] : text.split(/, | : /));

/** A line of the access log; `null` for one that was cut off. */
const parseEntry = (line: string): Entry | null => {
  try {
    const fields = JSON.parse(line) as Readonly<Record<string, string>>;
    const ended = Number(fields.ended);
    return {
      ...{ ray: fields.ray!, connection: fields.connection!, method: fields.method!, line },
      ...{ request: fields.request!, status: fields.status! },
      fromS: Math.floor(ended - Number(fields.took)),
      toS: Math.floor(ended),
      upstreams: attemptsOf(fields.upstream ?? ''),
      upstreamStatuses: attemptsOf(fields.upstreamStatus ?? ''),
      headerTimes: attemptsOf(fields.header ?? ''),
    };
  } catch {
    return null;
  }
};

const HEAD = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) \[\w+\] \d+#\d+: \*(\d+) (.*)$/;

const withFound = (text: string, found: RegExpExecArray): string =>
  text.replace(/\$(\d)/g, (_place, number: string) => found[Number(number)] ?? '');

const explain = (message: string): readonly [Kind, string] | null => {
  for (const [pattern, kind, text] of MEANINGS) {
    const found = pattern.exec(message);
    if (found !== null) return [kind, withFound(text, found)];
  }
  return null;
};

const upstreamOf = (message: string): string => /upstream: "https?:\/\/([^/"]+)/.exec(message)?.[1] ?? '';

/** By connection, what went wrong on it, in its order. nginx writes the machine's own time. */
const readComplaints = (log: string, connections: ReadonlySet<string>): Map<string, Complaint[]> => {
  const complaints = new Map<string, Complaint[]>();
  for (const line of log.split('\n')) {
    const head = HEAD.exec(line);
    if (head === null || !connections.has(head[7]!)) continue;
    const [, year, month, day, hour, minute, second, connection, message] = head.map(String) as string[];
    const meaning = explain(message!);
    if (meaning === null) continue;
    const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map(Number) as number[];
    const upstream = upstreamOf(message!);
    const list = complaints.get(connection!) ?? [];
    complaints.set(connection!, list);
    list.push({
      atS: new Date(y!, mo! - 1, d, h, mi, s).getTime() / 1000,
      kind: meaning[0],
      text: meaning[0] === 'door' || upstream === '' ? meaning[1] : `${upstream}: ${meaning[1]}`,
      line,
    });
  }
  return complaints;
};

/** Longer requests may be cut off in the error log, which has 2048 bytes for a line. */
const COMPARED_CHARS = 512;

const isOf = ({ line, atS }: Complaint, { request, fromS, toS }: Entry): boolean => {
  // What was written on a connection before its request was read names none.
  if (atS < fromS - 1 || atS > toS + 1) return false;
  return !line.includes(', request: "') || line.includes(`, request: "${request.slice(0, COMPARED_CHARS)}`);
};

/** Whether the answer is that of the upstream asked last: nginx also writes down the status that it gave for it. */
const isRelayed = ({ status, upstreamStatuses, headerTimes }: Entry): boolean =>
  upstreamStatuses.at(-1) === status && (headerTimes.at(-1) ?? '-') !== '-';

/** Takes the complaints that are about an entry out of those of its connection. */
const takeOwn = (entry: Entry, waiting: Complaint[]): Complaint[] => {
  const own: Complaint[] = [];
  // An attempt of which nginx complains is one of those that the entry lists, or the one that found nobody.
  let attempts = Math.max(1, entry.upstreams.length) - (isRelayed(entry) ? 1 : 0);
  for (const complaint of [...waiting]) {
    if (!isOf(complaint, entry)) continue;
    if (complaint.kind === 'attempt' && !isWarning(complaint) && attempts-- <= 0) break;
    if (complaint.kind === 'cut' && !isRelayed(entry)) continue;
    own.push(complaint);
    waiting.splice(waiting.indexOf(complaint), 1);
  }
  return own;
};

/** What the access log alone tells. */
const explainEntry = (entry: Entry): string => {
  const { status, upstreams, upstreamStatuses } = entry;
  const last = upstreams.at(-1);
  if (last !== undefined && isRelayed(entry)) return `${last} answered ${status} itself`;
  if (status === '499') return `the client left${last === undefined ? '' : ` while ${last} worked for it`}`;
  if (status === '408' && last !== undefined)
    return 'the client sent nothing of its body for client_body_timeout';
  if (status === '000') return 'nginx was ended before it had answered';
  if (upstreams.length > 0) {
    const tried = upstreams.map((upstream, index) => `${upstream} ${upstreamStatuses[index] ?? '-'}`);
    return `nginx answered ${status} after ${tried.join(', ')}`;
  }
  if (status === '403') return 'refused by a rule (return 403)';
  if (status === '404') return 'no location takes it (return 404)';
  return `nginx answered ${status} and asked nobody`;
};

const isWarning = ({ line }: Complaint): boolean => line.includes(' [warn] ');

/** What went wrong first, and what nginx made of it; the line is that of the last failure, which decided. */
const told = (entry: Entry, own: readonly Complaint[]): Pick<Evidence, 'text' | 'line'> => {
  const failures = own.filter((complaint) => !isWarning(complaint));
  const last = failures.at(-1) ?? own.at(-1);
  if (last === undefined) return { text: explainEntry(entry), line: entry.line };
  const texts = [...failures, ...own.filter(isWarning)].map(({ text }) => text);
  return { text: [...new Set(texts)].join('; '), line: last.line };
};

const RAY_AT = '{"ray":"'.length;
const RAY_DIGITS = 16;

const rayOf = (line: string): string => line.slice(RAY_AT, RAY_AT + RAY_DIGITS);

const CONNECTION = /"connection":"(\d+)"/;

export const readEvidence = (
  read: (file: string) => string,
  rayIds: ReadonlySet<string>,
): readonly Evidence[] => {
  const lines = read(ACCESS_LOG).split('\n');
  const connectionOf = (line: string): string => CONNECTION.exec(line)?.[1] ?? '';
  const connections = new Set(lines.filter((line) => rayIds.has(rayOf(line))).map(connectionOf));
  if (connections.size === 0) return [];
  const complaints = readComplaints(read(ERROR_LOG), connections);
  return lines.flatMap((line): Evidence[] => {
    // Requests that nobody asks about take their own complaints away from those of the others.
    if (!connections.has(connectionOf(line))) return [];
    const entry = parseEntry(line);
    if (entry === null) return [];
    const own = takeOwn(entry, complaints.get(entry.connection) ?? []);
    return rayIds.has(entry.ray) ? [{ rayId: entry.ray, ...told(entry, own) }] : [];
  });
};
