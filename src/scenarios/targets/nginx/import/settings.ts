/** What holds for all locations: times, further attempts, header fields, TLS, the cache, sizes. */
import type { RetryCondition } from '../../../../policies/retry-conditions.js';
import type { Directive } from './parse.js';
import { allIn, constantOf, oneIn, type Reading, type Scope } from './reading.js';
import { durationText, readCount, readSizeBytes, readTimeMs, sizeText } from './units.js';
import type { Group } from './upstreams.js';

/** nginx's own, where nothing is written (nginx documentation, ngx_http_proxy_module and ngx_http_core_module). */
const DEFAULT_MS = 60_000;
const DEFAULT_BODY_BYTES = 1024 ** 2;
const DEFAULT_BUFFER_BYTES = 16 * 1024;
const DEFAULT_KEEP_ALIVE_MS = 75_000;

/** The gateway's, which is as good as any where nginx has none. */
const OWN_REQUEST_MS = 15_000;

const timeIn = (scope: Scope, name: string): number | null => readTimeMs(oneIn(scope, name)?.args[0] ?? '');

/** Says it of the directive that counts. */
const tell = (reading: Reading, scope: Scope, name: string, note: string): void => {
  const directive = oneIn(scope, name);
  if (directive !== undefined) reading.say(directive, 'understood', note);
};

const CONDITIONS: Readonly<Record<string, readonly RetryCondition[]>> = {
  error: ['connect-failure', 'reset'],
  timeout: ['timeout'],
  invalid_header: ['protocol-error'],
};

/** What stands together for one condition of the section. */
const GATEWAY_ERROR = ['error', 'timeout', 'invalid_header', 'http_502', 'http_503', 'http_504'];

export interface Attempts {
  /** `null`: there is one attempt. */
  readonly retry: Reading['section']['retry'] | null;
  readonly attempts: number;
  /** Whether answers of 5xx count as failures of a server. */
  readonly counts5xx: boolean;
}

/** @param servers of the largest group: each is tried once. */
export const readAttempts = (scope: Scope, servers: number): Attempts => {
  const words = oneIn(scope, 'proxy_next_upstream')?.args ?? ['error', 'timeout'];
  const tries = readCount(oneIn(scope, 'proxy_next_upstream_tries')?.args[0], 0);
  const counts5xx = words.some((word) => /^http_5/.test(word));
  const one: Attempts = { retry: null, attempts: 1, counts5xx: false };
  if (words.includes('off') || tries === 1 || servers < 2) return one;
  const wide = GATEWAY_ERROR.every((word) => words.includes(word));
  const statuses = words
    .flatMap((word) => /^http_(403|404|429|50[0234])$/.exec(word)?.[1] ?? [])
    .map(Number)
    .filter((status) => !wide || ![502, 503, 504].includes(status));
  const on = [
    ...words.flatMap((word) => CONDITIONS[word] ?? []),
    ...(wide ? ['gateway-error' as const] : []),
  ];
  if (on.length === 0 && statuses.length === 0) return one;
  const attempts = Math.max(2, tries === 0 ? servers : tries);
  const buffer =
    readSizeBytes(oneIn(scope, 'client_body_buffer_size')?.args[0] ?? '') ?? DEFAULT_BUFFER_BYTES;
  const retry: Attempts['retry'] = {
    attempts,
    // Servers without room, or out, are never chosen.
    on: [...on, 'refused'],
    ...(statuses.length > 0 && { statuses }),
    backoff: { base: '0s', max: '0s' },
    budget: { type: 'unlimited' },
    replay: { maxBody: sizeText(buffer), methods: 'every' },
  };
  return { retry, attempts, counts5xx };
};

const sayAttempts = (reading: Reading, scope: Scope, { retry, attempts }: Attempts): void => {
  const next = oneIn(scope, 'proxy_next_upstream');
  const note = retry === null ? 'no retries' : `retry.on: ${retry?.on?.join(', ')}`;
  if (next?.args.includes('non_idempotent')) {
    reading.say(next, 'nearly', `${note}; what is not idempotent is not sent twice`);
  } else if (next !== undefined) reading.say(next, 'understood', note);
  tell(reading, scope, 'proxy_next_upstream_tries', `retry.attempts: ${attempts}`);
  tell(reading, scope, 'client_body_buffer_size', 'retry.replay.maxBody');
};

/** The time that upstreams are told, where an export has written it. */
export const toldTimeMs = (directives: readonly Directive[]): number | null => {
  const found = directives.find(({ name, args }) => name === 'set' && args[0] === '$timeout_ms');
  return readCount(found?.args[1], null);
};

/** @param longestMs of what locations wait for an answer: the section has one time for an attempt. */
const readTimes = (reading: Reading, scope: Scope, attempts: number, longestMs: number): void => {
  const connectMs = timeIn(scope, 'proxy_connect_timeout') ?? DEFAULT_MS;
  const readMs = timeIn(scope, 'proxy_read_timeout') ?? DEFAULT_MS;
  const [told = null] = scope.map(toldTimeMs).filter((ms) => ms !== null);
  const requestMs =
    told ??
    (timeIn(scope, 'proxy_next_upstream_timeout') ||
      (longestMs > readMs ? readMs * attempts : Math.max(OWN_REQUEST_MS, connectMs + readMs * attempts)));
  reading.section.timeouts = {
    connect: durationText(connectMs),
    attempt: durationText(Math.max(readMs, longestMs)),
    request: durationText(requestMs),
    body: durationText(readMs),
  };
  tell(reading, scope, 'proxy_connect_timeout', `timeouts.connect: ${durationText(connectMs)}`);
  tell(reading, scope, 'proxy_read_timeout', `timeouts.attempt and timeouts.body: ${durationText(readMs)}`);
  tell(reading, scope, 'proxy_next_upstream_timeout', `timeouts.request: ${durationText(requestMs)}`);
  const send = oneIn(scope, 'proxy_send_timeout');
  if (send !== undefined) reading.say(send, 'nearly', 'timeouts.attempt counts the sending too');
  for (const set of allIn(scope, 'set')) {
    if (set.args[0] === '$timeout_ms')
      reading.say(set, 'understood', `timeouts.request: ${durationText(requestMs)}`);
  }
};

const LISTENER_TIMES = {
  client_header_timeout: ['headerTimeout', DEFAULT_MS],
  client_body_timeout: ['bodyTimeout', DEFAULT_MS],
  send_timeout: ['sendTimeout', DEFAULT_MS],
  keepalive_timeout: ['keepAlive', DEFAULT_KEEP_ALIVE_MS],
} as const;

type Listener = {
  -readonly [Key in keyof NonNullable<Reading['section']['listener']>]: NonNullable<
    Reading['section']['listener']
  >[Key];
};

const readListener = (reading: Reading, scope: Scope): Listener => {
  const listener: Listener = {};
  for (const [name, [key, defaultMs]] of Object.entries(LISTENER_TIMES)) {
    listener[key] = durationText(timeIn(scope, name) ?? defaultMs);
    tell(reading, scope, name, `listener.${key}: ${listener[key]}`);
  }
  const body = readSizeBytes(oneIn(scope, 'client_max_body_size')?.args[0] ?? '') ?? DEFAULT_BODY_BYTES;
  if (body > 0) listener.maxBody = sizeText(body);
  tell(
    reading,
    scope,
    'client_max_body_size',
    body === 0 ? 'listener.maxBody: as it is' : `listener.maxBody: ${listener.maxBody}`,
  );
  const buffers = oneIn(scope, 'large_client_header_buffers');
  const [number = '4', each = '8k'] = buffers?.args ?? [];
  const bytes = readSizeBytes(each) ?? 8192;
  listener.maxUrl = sizeText(bytes);
  listener.maxHeaders = sizeText(bytes * readCount(number, 4));
  if (buffers !== undefined) {
    const note = `listener.maxUrl: ${listener.maxUrl}, maxHeaders: ${listener.maxHeaders}; a field may be longer than a buffer`;
    reading.say(buffers, 'nearly', note);
  }
  return listener;
};

const readTls = (reading: Reading, scope: Scope, listener: Listener): void => {
  const [certificate, key] = [oneIn(scope, 'ssl_certificate'), oneIn(scope, 'ssl_certificate_key')];
  if (!certificate?.args[0] || !key?.args[0]) return;
  listener.tls = {
    certificate: constantOf(reading, certificate.args[0]),
    key: constantOf(reading, key.args[0]),
  };
  for (const directive of [certificate, key]) reading.say(directive, 'understood', 'listener.tls');
  const listens = allIn(scope, 'listen');
  const offers =
    listens.some(({ args }) => args.includes('http2')) || oneIn(scope, 'http2')?.args[0] === 'on';
  listener.http2 = offers;
  tell(reading, scope, 'http2', `listener.http2: ${offers}`);
};

/** Fields that say nothing of how a request fares. */
const PLAIN_FIELDS = new Set(['host', 'connection', 'upgrade', 'x-real-ip', 'x-ray-id']);

const readFields = (reading: Reading, scope: Scope, listener: Listener): void => {
  const fields = new Map(
    allIn(scope, 'proxy_set_header').map((directive) => [directive.args[0]?.toLowerCase() ?? '', directive]),
  );
  const fieldOf = (name: string): string | undefined => fields.get(name)?.args[1];
  const [old, rfc] = [fieldOf('x-forwarded-for'), fieldOf('forwarded')];
  const distrusts = old === '' || old === '$remote_addr' || rfc === '' || (rfc ?? '').startsWith('for=');
  if (old !== undefined || rfc !== undefined) {
    listener.forwarded = !rfc ? 'x-forwarded' : old ? 'both' : 'forwarded';
    listener.trustForwarded = !distrusts;
  }
  reading.section.deadlineHeader = 'off';
  for (const [name, directive] of fields) {
    const value = directive.args[1] ?? '';
    if (value === '$deadline' && /^[a-z0-9-]+$/.test(name)) {
      reading.section.deadlineHeader = name;
      reading.say(directive, 'nearly', `deadlineHeader: ${name}, counted down`);
    } else if (/^(?:x-)?forwarded/.test(name)) {
      reading.say(directive, 'understood', `listener.forwarded: ${listener.forwarded ?? 'x-forwarded'}`);
    } else if (PLAIN_FIELDS.has(name)) reading.say(directive, 'understood', 'as the gateway does it');
    else reading.say(directive, 'ignored', 'a field that upstreams get');
  }
};

const readKeepAlive = (reading: Reading, scope: Scope, groups: readonly Group[]): void => {
  const version = oneIn(scope, 'proxy_http_version');
  const connection = allIn(scope, 'proxy_set_header').find(
    ({ args }) => args[0]?.toLowerCase() === 'connection',
  );
  const value = connection?.args[1];
  const opens = value !== undefined && value !== 'close';
  const keeps = groups.some((group) => group.keeps) && version?.args[0] === '1.1' && opens;
  reading.section.keepAlive = keeps ? 'on' : 'off';
  if (version !== undefined) {
    const isNew = version.args[0] === '1.1';
    reading.say(
      version,
      isNew ? 'understood' : 'nearly',
      isNew ? 'as the gateway speaks' : 'the gateway speaks HTTP/1.1',
    );
  }
};

const isSecure = (locations: readonly Directive[]): boolean =>
  locations.some(({ block }) => oneIn([block ?? []], 'proxy_pass')?.args[0]?.startsWith('https:'));

const readUpstreamTls = (reading: Reading, scope: Scope, secure: boolean): void => {
  if (!secure) {
    for (const directive of scope.flat().filter((one) => one.name.startsWith('proxy_ssl_'))) {
      reading.say(directive, 'ignored', 'no location speaks TLS to its upstreams');
    }
    return;
  }
  const ca = oneIn(scope, 'proxy_ssl_trusted_certificate')?.args[0];
  const name = oneIn(scope, 'proxy_ssl_name')?.args[0];
  const isName = name !== undefined && /^[A-Za-z0-9.-]+$/.test(name);
  reading.section.upstreamTls = { ...(ca !== undefined && { ca }), ...(isName && { name }) };
  tell(reading, scope, 'proxy_ssl_trusted_certificate', 'upstreamTls.ca');
  const named = oneIn(scope, 'proxy_ssl_name');
  if (named !== undefined)
    reading.say(named, isName ? 'understood' : 'lost', isName ? 'upstreamTls.name' : 'a name in a variable');
  const verify = oneIn(scope, 'proxy_ssl_verify');
  if (verify?.args[0] === 'on')
    reading.say(verify, 'understood', 'certificates of upstreams are always checked');
  else if (verify !== undefined) reading.say(verify, 'lost', 'certificates of upstreams are always checked');
};

export interface Base {
  readonly attempts: Attempts;
  readonly readMs: number;
}

/** @param scope of what counts for most locations. */
export const readSettings = (
  reading: Reading,
  scope: Scope,
  groups: readonly Group[],
  locations: readonly Directive[],
): Base => {
  const servers = Math.max(0, ...groups.map((group) => group.servers.length));
  const attempts = readAttempts(scope, servers);
  const longestMs = Math.max(
    0,
    ...locations.map(({ block }) => timeIn([block ?? []], 'proxy_read_timeout') ?? 0),
  );
  sayAttempts(reading, scope, attempts);
  readTimes(reading, scope, attempts.attempts, longestMs);
  if (attempts.retry !== null && attempts.retry !== undefined) reading.section.retry = attempts.retry;
  const listener = readListener(reading, scope);
  readTls(reading, scope, listener);
  readFields(reading, scope, listener);
  reading.section.listener = listener;
  readKeepAlive(reading, scope, groups);
  readUpstreamTls(reading, scope, isSecure(locations));
  return { attempts, readMs: timeIn(scope, 'proxy_read_timeout') ?? DEFAULT_MS };
};
