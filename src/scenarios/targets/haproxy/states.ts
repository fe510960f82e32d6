/**
 * Termination states: two signs with which HAProxy's log says what ended a request, and where it was then. Explained from
 * the manual's section 8.5 and from requests that ended so; the pairs that happen have words of their own.
 */

/** The first sign: what happened first. */
const CAUSES: Readonly<Record<string, string>> = {
  C: 'the client broke it off',
  S: 'the server broke it off, or refused it',
  P: 'HAProxy refused it, by a limit or a rule, or because the answer made no sense',
  L: 'HAProxy answered it by itself',
  R: 'HAProxy had no memory, socket or port left',
  I: 'an error within HAProxy',
  D: 'HAProxy broke it off, since the server went down',
  U: 'HAProxy broke it off, since a server came up for which this backup server stood in',
  K: 'somebody had HAProxy break it off',
  c: 'the client was silent for too long',
  s: 'the server was silent for too long',
  '-': 'nothing went wrong',
};

/** The second: what it was waiting for. */
const STAGES: Readonly<Record<string, string>> = {
  R: 'while the request was read',
  Q: 'while it waited for a free server',
  C: 'while a connection to the server was made',
  H: 'while HAProxy waited for the header of the answer',
  D: 'within the body',
  L: 'within the last bytes to the client',
  T: 'while the client was held up on purpose',
  '-': 'at the end',
};

/** Pairs as they are met. */
const PAIRS: Readonly<Record<string, string>> = {
  '--': 'went well for HAProxy: the server’s own answer',
  CC: 'the client left while a connection to the server was made',
  CD: 'the client left, or closed its side, within the body',
  CH: 'the client left before the server’s answer began',
  CQ: 'the client left while its request waited for a free server',
  CR: 'the client left before it had sent all of its request',
  CT: 'the client left while it was held up on purpose',
  cD: 'the client took or sent nothing for as long as `timeout client`',
  cH: 'the client sent nothing of its body for as long as `timeout client`',
  cR: 'the request’s header was not there within `timeout http-request`',
  DH: 'the server was taken out by its checks before its answer began, and what it had was broken off',
  DD: 'the server was taken out by its checks within the body, and what it had was broken off',
  KH: 'broken off by hand before the server’s answer began',
  KD: 'broken off by hand within the body',
  LR: 'answered by HAProxy itself: a rule of the config',
  PC: 'no connection to the server: HAProxy was at a limit of its own, or had no port left',
  PD: 'the server’s body was no valid HTTP, so HAProxy broke it off',
  PH: 'the server’s header was no valid HTTP, too large, or refused by a rule, so HAProxy answered 502',
  PR: 'refused by a rule or a limit of HAProxy’s, or no valid HTTP; no server was asked',
  PT: 'held up on purpose, then refused',
  RC: 'no connection to the server: HAProxy had no socket, port or memory left',
  RR: 'HAProxy had no memory left to read the request',
  SC: 'the server refused the connection, could not be reached, or its TLS handshake failed',
  sC: 'the server did not take the connection within `timeout connect`',
  SD: 'the server broke off within the body of its answer',
  sD: 'the server was silent within the body for as long as `timeout server`',
  SH: 'the server closed or reset the connection before its answer’s header was whole',
  sH: 'no header from the server within `timeout server`',
  SL: 'the server broke off at the very end of its answer',
  SQ: 'no server could take it while it waited for one',
  sQ: 'no server was free within `timeout queue`',
};

/** @param end two signs; `SC` means something else where no server was chosen. */
export const explainEnd = (end: string, serverChosen: boolean): string => {
  if (end === 'SC' && !serverChosen) return 'no server was there to choose: all down, drained, or none';
  const [cause = '', stage = ''] = end;
  if (cause === 'I') return `${CAUSES.I}, ${STAGES[stage] ?? 'somewhere'}`;
  const pair = PAIRS[end];
  if (pair !== undefined) return pair;
  return `${CAUSES[cause] ?? `an end that HAProxy calls ${cause}`}, ${STAGES[stage] ?? 'somewhere'}`;
};
