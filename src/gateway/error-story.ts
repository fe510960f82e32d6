/** What an error means to who got it: at which hop it failed, what that says of the others, and what to do about it. */
import type { ErrorCode, ErrorSpec } from '../core/errors.js';
import { ERRORS } from '../core/errors.js';
import { type Recovery, recoverySeconds } from './recovery.js';

/** From the client to whom it wants to reach. */
export type Hop = 'you' | 'gateway' | 'host';

const BY_BLAME = { client: 'you', gateway: 'gateway', upstream: 'host' } as const satisfies Record<
  ErrorSpec['blame'],
  Hop
>;

/** A gateway that refuses because of whoever is behind it is well, whomever a limit would blame. */
const OF_THE_HOST: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BGW_ERR_NO_UPSTREAM',
  'BGW_ERR_CIRCUIT_OPEN',
  'BGW_ERR_DEADLINE',
]);

export const failingHop = (code: ErrorCode): Hop =>
  OF_THE_HOST.has(code) ? 'host' : BY_BLAME[ERRORS[code].blame];

/** What the code's title does not say to somebody who does not know what an upstream is. */
const MEANINGS: readonly (readonly [codes: readonly ErrorCode[], text: string])[] = [
  [
    ['BGW_ERR_NO_UPSTREAM', 'BGW_ERR_CIRCUIT_OPEN'],
    'The gateway works. None of the servers behind it is fit to take your request, so it was not sent to any.',
  ],
  [
    ['BGW_ERR_RESPONSE_TIMEOUT', 'BGW_ERR_DEADLINE', 'BGW_ERR_CONNECT_TIMEOUT', 'BGW_ERR_BODY_TIMEOUT'],
    'The gateway works. It waited for the server behind it for as long as it may, and got no answer.',
  ],
  [
    ['BGW_ERR_SHED', 'BGW_ERR_QUEUE_FULL', 'BGW_ERR_QUEUE_TIMEOUT'],
    'More requests come than can be served. The gateway turned yours away so that others get their answer.',
  ],
  [
    ['BGW_ERR_CONNECTION_LIMIT', 'BGW_ERR_CONCURRENCY_LIMIT'],
    'More requests come than can be served. The gateway turned yours away so that others get their answer.',
  ],
  [['BGW_ERR_RATE_LIMITED'], 'Your address has sent more requests than it may in so short a time.'],
  [['BGW_ERR_BLOCKED'], 'A rule of this site does not let your request in.'],
  [['BGW_ERR_NO_ROUTE'], 'Nothing is served under this address.'],
];

const BY_HOP: Readonly<Record<Hop, string>> = {
  you: 'The gateway could not take your request as it is.',
  gateway: 'Your request came as far as the gateway, which failed.',
  host: 'The gateway works. The server behind it gave no valid answer to your request.',
};

const meanings = new Map(MEANINGS.flatMap(([codes, text]) => codes.map((code) => [code, text] as const)));

export const meaningOf = (code: ErrorCode): string => meanings.get(code) ?? BY_HOP[failingHop(code)];

/** Methods that change nothing, so that sending them again is safe. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Failures that come after the request was sent on. */
const SENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BGW_ERR_CONNECTION_RESET',
  'BGW_ERR_CONNECTION_CLOSED',
  'BGW_ERR_PROTOCOL',
  'BGW_ERR_HEADERS_TOO_LARGE',
  'BGW_ERR_RESPONSE_TIMEOUT',
  'BGW_ERR_DEADLINE',
]);

const secondsText = (seconds: number): string => `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;

/** What to do, in a sentence or two. */
export const adviceFor = (code: ErrorCode, method: string, recovery: Recovery | null): string => {
  if (recovery !== null) return `Please try again in ${secondsText(recoverySeconds(recovery))}.`;
  if (SENT.has(code) && !SAFE.has(method)) {
    return 'The server may have got what you sent. Please look whether it went through before you send it again.';
  }
  switch (code) {
    case 'BGW_ERR_NO_ROUTE':
      return 'Please check the address.';
    case 'BGW_ERR_BLOCKED':
      return 'Another try is in vain. If you think that this is wrong, please tell who runs this site.';
    case 'BGW_ERR_RATE_LIMITED':
      return 'Please wait a little, and then send fewer requests.';
    default:
      return failingHop(code) === 'you'
        ? 'Please check the request and send it again.'
        : 'Please try again in a few minutes.';
  }
};

const SOURCES: Readonly<Record<Recovery['source'], string>> = {
  'rate-limit': 'that is when you may send again',
  circuit: 'that is when the gateway tries the server again',
  ejection: 'that is when the gateway lets a server back in that it had taken out',
  queue: 'that is how long the queue takes at the rate at which it moves now',
};

/** When it is expected to be over, and how that is known. */
export const recoveryText = (recovery: Recovery | null): string =>
  recovery === null
    ? 'Not known: the gateway cannot tell when this will be over.'
    : `In about ${secondsText(recoverySeconds(recovery))} at the earliest: ${SOURCES[recovery.source]}.`;
