/** Caddy's logs, as evidence: a line of the access log has the Ray ID, and the error log says what went wrong. */
import type { Evidence } from '../target.js';
import { ERROR_ID_FIELD, ERROR_UPSTREAM_FIELD, FILES } from './translate.js';

/** What errors of Go and of Caddy mean, the first that fits. */
const MEANINGS: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [/connect: connection refused/, 'the upstream refused the connection'],
  [
    /dial .*(i\/o timeout|deadline exceeded)/,
    'the upstream did not accept the connection in time (dial_timeout)',
  ],
  [/no such host|server misbehaving|lookup /, 'the name of the upstream has no address'],
  [/connect: (no route to host|network is unreachable)/, 'there is no way to the upstream'],
  [/timeout awaiting response headers/, 'no header of an answer in time (response_header_timeout)'],
  [/invalid Read on closed Body/, 'a second attempt had no body to send any more: the first had taken it'],
  [/request body too large/, 'the body of the request is larger than request_body allows'],
  [/connection reset by peer|broken pipe/, 'the upstream reset the connection'],
  [
    /server closed idle connection/,
    'the upstream closed a kept connection just when a request went out on it',
  ],
  [
    /malformed|transport connection broken|bad status|invalid header|too many transfer/i,
    'the answer is not HTTP',
  ],
  [/server's response headers exceeded|header.* too (large|long)/, 'the header of the answer is too large'],
  [/x509:|certificate/, 'the certificate of the upstream is not believed'],
  [/tls:/, 'TLS with the upstream failed'],
  [/context canceled/, 'the client left'],
  [/i\/o timeout/, 'the upstream stood still for too long (read_timeout)'],
  [/EOF/, 'the upstream closed the connection without an answer'],
  [
    /no upstreams available/,
    'no upstream takes requests: unhealthy, ejected, at its limit, or there is none',
  ],
];

interface LogLine {
  readonly msg?: string;
  readonly status?: number;
  readonly err_id?: string;
  readonly err_trace?: string;
  readonly duration?: number;
  readonly resp_headers?: Readonly<Record<string, readonly string[]>>;
}

const parseLine = (line: string): LogLine | null => {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // A line that is being written, or was cut by a kill.
    return null;
  }
};

const fieldOf = ({ resp_headers }: LogLine, name: string): string | undefined =>
  Object.entries(resp_headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1][0];

const meaningOf = (message: string): string =>
  MEANINGS.find(([pattern]) => pattern.test(message))?.[1] ?? 'Caddy refused it itself';

const explain = (access: LogLine, error: LogLine | undefined): string => {
  const { status = 0 } = access;
  const upstream = fieldOf(access, ERROR_UPSTREAM_FIELD) ?? '';
  // A placeholder that nobody filled in: nobody was asked.
  const asked = upstream === '' || upstream.startsWith('{') ? '' : `, upstream ${upstream}`;
  if (error !== undefined) {
    const message = error.msg === undefined || error.msg === '' ? '' : ` (${error.msg})`;
    return `${status}: ${meaningOf(error.msg ?? '')}${message}${asked}`;
  }
  if (status === 0 || status === 499) return 'the client left before there was an answer';
  if (fieldOf(access, ERROR_ID_FIELD) !== undefined) return `${status}: Caddy’s own answer${asked}`;
  return `${status}: the upstream’s own answer, passed on`;
};

export const readEvidence = (
  read: (file: string) => string,
  rayIds: ReadonlySet<string>,
): readonly Evidence[] => {
  const errors = new Map<string, readonly [parsed: LogLine, line: string]>();
  for (const line of read(FILES.errors).split('\n')) {
    const parsed = line === '' ? null : parseLine(line);
    if (parsed?.err_id !== undefined) errors.set(parsed.err_id, [parsed, line]);
  }
  return read(FILES.access)
    .split('\n')
    .flatMap((line) => {
      const access = line === '' ? null : parseLine(line);
      const rayId = access === null ? undefined : fieldOf(access, 'x-ray-id');
      if (access === null || rayId === undefined || !rayIds.has(rayId)) return [];
      const [error, errorLine = line] = errors.get(fieldOf(access, ERROR_ID_FIELD) ?? '') ?? [];
      return [{ rayId, text: explain(access, error), line: errorLine }];
    });
};
