/** Envoy's access log as evidence: response flags in words, with what it says of details. */
import type { Evidence } from '../target.js';
import { ACCESS_LOG } from './listener.js';

/** What each flag means; an answer with none is the upstream's own. */
export const FLAGS: Readonly<Record<string, string>> = {
  UH: 'no upstream takes requests: unhealthy, ejected, drained, or there is none',
  UF: 'the connection to the upstream failed',
  UO: 'a limit was reached (circuit_breakers)',
  UC: 'the upstream closed the connection before it had answered',
  UR: 'the upstream reset the stream',
  LR: 'Envoy itself reset the stream',
  UT: 'the upstream did not answer in time',
  UPE: 'the answer is not HTTP',
  URX: 'no attempt is left',
  NR: 'no route takes the request',
  NC: 'the cluster of the route is not there',
  DC: 'the client left',
  DPE: 'the request is not HTTP',
  DT: 'the request or its connection lasted too long',
  DO: 'refused by the share of requests to drop',
  DF: 'the name of the upstream has no address',
  DI: 'held back by a fault of Envoy’s own',
  FI: 'answered by a fault of Envoy’s own',
  IH: 'a header of the request is not valid',
  LH: 'Envoy’s own health check failed',
  OM: 'Envoy itself is overloaded',
  RL: 'the client has sent too much (rate limit)',
  RLSE: 'the service for rate limits failed',
  RFCF: 'answered from the cache',
  SI: 'the stream stood still for too long (idle_timeout)',
  UAEX: 'refused by the service for authorization',
  UMSDR: 'the stream lasted too long',
};

/** What details add where there is no flag. */
const DETAILS: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [/^via_upstream$/, 'the upstream’s own answer, passed on'],
  [/^rbac_access_denied/, 'refused by a rule'],
  [/^admission_control/, 'refused by admission control'],
  [/^reached_concurrency_limit/, 'refused by the adaptive limit'],
  [/^request_payload_too_large/, 'the body of the request is too large'],
  [/^request_header_timeout/, 'the header of the request came too slowly'],
];

interface LogLine {
  readonly ray?: string;
  readonly status?: number | string;
  readonly flags?: string;
  readonly details?: string;
  readonly upstream?: string;
  readonly failure?: string;
  readonly attempts?: number | string;
}

const given = (value: unknown): string =>
  value === undefined || value === null || value === '-' ? '' : String(value);

const parseLine = (line: string): LogLine | null => {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    // A line that is being written, or was cut by a kill.
    return null;
  }
};

const explain = ({ status, flags, details, upstream, failure, attempts }: LogLine): string => {
  const told = given(flags)
    .split(',')
    .filter((flag) => flag !== '')
    .map((flag) => `${FLAGS[flag] ?? 'a flag of a newer Envoy'} (${flag})`);
  const detail = given(details);
  const meaning = DETAILS.find(([pattern]) => pattern.test(detail))?.[1];
  const isAlone = told.length === 0 && meaning !== undefined;
  const words = told.length > 0 ? told.join('; ') : (meaning ?? 'Envoy’s own answer');
  const rest = [
    isAlone && detail === 'via_upstream' ? '' : detail,
    given(failure),
    given(upstream) === '' ? '' : `upstream ${given(upstream)}`,
    Number(given(attempts)) > 1 ? `${given(attempts)} attempts` : '',
  ].filter((text) => text !== '');
  return [`${given(status) || '0'}: ${words}`, ...rest].join(', ');
};

export const readEvidence = (
  read: (file: string) => string,
  rayIds: ReadonlySet<string>,
): readonly Evidence[] =>
  read(ACCESS_LOG)
    .split('\n')
    .flatMap((line) => {
      const parsed = line === '' ? null : parseLine(line);
      const rayId = given(parsed?.ray);
      return parsed === null || !rayIds.has(rayId) ? [] : [{ rayId, text: explain(parsed), line }];
    });
