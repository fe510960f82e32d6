/** How a request goes upstream: times, further attempts, header fields, TLS. */
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { resolveRetry } from '../../../gateway/config/retries.js';
import { RETRY_CONDITIONS, type RetryCondition } from '../../../policies/retry-conditions.js';
import { block } from '../text.js';
import { type Draft, missing, otherwise } from './draft.js';
import { quote, size, time } from './words.js';

/** Two words of nginx for each condition at most; what it has none for is lost. */
const CONDITIONS: Readonly<Record<RetryCondition, readonly string[]>> = {
  'connect-failure': ['error'],
  reset: ['error'],
  timeout: ['timeout'],
  'protocol-error': ['invalid_header'],
  'gateway-error': ['error', 'timeout', 'invalid_header', 'http_502', 'http_503', 'http_504'],
  '5xx': ['error', 'timeout', 'invalid_header', 'http_500', 'http_502', 'http_503', 'http_504'],
  'retriable-4xx': [],
  'rate-limited': ['http_429'],
  // A server without room, or out, is not chosen in the first place.
  refused: [],
};

/** In the order of nginx's documentation. */
const NEXT_WORDS = [
  'error',
  'timeout',
  'invalid_header',
  'http_500',
  'http_502',
  'http_503',
  'http_504',
  'http_403',
  'http_404',
  'http_429',
] as const;

/** A request body that is kept for another attempt, in memory; nginx takes so much for each that has one. */
const MAX_BODY_BUFFER = 16 * 1024 ** 2;

const nextWords = ({ conditions, statuses }: NonNullable<Draft['config']['retry']>): string[] => {
  const wanted = new Set([
    ...conditions.flatMap((name) => CONDITIONS[name]),
    ...statuses.map((status) => `http_${status}`),
  ]);
  return NEXT_WORDS.filter((word) => wanted.has(word));
};

/** @param requestMs of the route. */
export const timeLines = ({ config }: Draft, requestMs: number): string[] => [
  `proxy_connect_timeout ${time(Math.min(config.connectTimeoutMs, config.attemptTimeoutMs, requestMs))};`,
  `proxy_send_timeout ${time(Math.min(config.attemptTimeoutMs, requestMs))};`,
  `proxy_read_timeout ${time(Math.min(config.attemptTimeoutMs, requestMs))};`,
];

/**
 * With one try, `error` still lets nginx go on where a kept connection turned out to be closed, and only there: such a
 * try is given back (ngx_http_upstream_next).
 */
const ONE_TRY = (keepAlive: boolean): string[] =>
  keepAlive ? ['proxy_next_upstream error;', 'proxy_next_upstream_tries 1;'] : ['proxy_next_upstream off;'];

/** @param retries whether the route has them. */
export const attemptLines = ({ config }: Draft, retries: boolean, requestMs: number): string[] => {
  const { retry, keepAlive } = config;
  if (retry === null || !retries) return [...ONE_TRY(keepAlive), 'proxy_request_buffering off;'];
  const words = nextWords(retry);
  if (words.length === 0) return [...ONE_TRY(keepAlive), 'proxy_request_buffering off;'];
  return [
    `proxy_next_upstream ${words.join(' ')};`,
    `proxy_next_upstream_tries ${retry.attempts};`,
    `proxy_next_upstream_timeout ${time(requestMs)};`,
    'proxy_request_buffering on;',
  ];
};

const loseConditions = (draft: Draft): void => {
  const { retry } = draft.config;
  if (retry === null) return;
  const { conditions, statuses } = retry;
  const path = ['retry', 'on'];
  const words = new Set(nextWords(retry));
  const has = (name: RetryCondition): boolean => conditions.includes(name);
  const wide = has('gateway-error') || has('5xx');
  if (has('retriable-4xx')) missing(draft, path, 'an answer of 409 is not tried again');
  if (has('5xx')) otherwise(draft, path, 'of all 5xx, 500, 502, 503 and 504 are tried again');
  if (!wide && has('connect-failure') !== has('reset')) {
    otherwise(draft, path, '`error` is refused and broken connections alike');
  }
  if (!wide && has('connect-failure') !== has('timeout')) {
    otherwise(draft, path, '`timeout` is that of connecting and that of answering alike');
  }
  const known: readonly string[] = NEXT_WORDS;
  const others = statuses.filter(
    (status) => !known.includes(`http_${status}`) && !isAsked(status, conditions),
  );
  if (others.length > 0) missing(draft, ['retry', 'statuses'], `nginx cannot try ${others.join(', ')} again`);
  if (words.size === 0) missing(draft, ['retry'], 'none of its conditions is one of nginx');
};

const isAsked = (status: number, conditions: readonly RetryCondition[]): boolean =>
  conditions.some((name) => (RETRY_CONDITIONS[name].statuses as readonly number[]).includes(status));

const DEFAULTS = resolveRetry({});

const sameAs = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

const loseServers = ({ pools, losses }: Draft, attempts: number): void => {
  const sizes = pools.map(({ members }) => members.length).filter((servers) => servers > 0);
  const smallest = Math.min(...sizes);
  if (sizes.length === 0 || smallest >= attempts) return;
  const isAll = Math.max(...sizes) === 1;
  const text = `nginx tries each server once, so in a pool of ${smallest} there ${smallest === 1 ? 'is one attempt' : `are ${smallest} attempts`}`;
  losses.push({ path: ['retry', 'attempts'], text, degree: isAll ? 'missing' : 'otherwise' });
};

const loseAttempts = (draft: Draft): void => {
  const { retry, hedge } = draft.config;
  if (hedge !== null) missing(draft, ['hedge'], 'nginx sends one attempt at a time');
  if (retry === null) return;
  loseConditions(draft);
  loseServers(draft, retry.attempts);
  // What nobody asked for by name is no reason to take a whole policy for missing.
  if (retry.backoff.baseMs > 0 && retry.backoff.maxMs > 0) {
    const degree = sameAs(retry.backoff, DEFAULTS.backoff) ? 'otherwise' : 'missing';
    draft.losses.push({ path: ['retry', 'backoff'], text: 'the next attempt follows at once', degree });
  }
  if (retry.budget.name !== 'unlimited') {
    const degree = sameAs(retry.budget, DEFAULTS.budget) ? 'otherwise' : 'missing';
    const text = 'nothing bounds retries when everything fails';
    draft.losses.push({ path: ['retry', 'budget'], text, degree });
  }
  if (retry.retryAfter !== null) missing(draft, ['retry', 'retryAfter'], 'Retry-After is not looked at');
  otherwise(
    draft,
    ['retry', 'replay'],
    'whole bodies are taken in before an upstream gets any of them, on disk where they are large, and one of a POST goes to the next server where nothing was sent',
  );
};

const loseTimes = (draft: Draft): void => {
  const { config } = draft;
  if (config.bodyTimeoutMs !== config.attemptTimeoutMs) {
    const text = `proxy_read_timeout is one for both: a body may stand still for the time of an attempt, ${time(config.attemptTimeoutMs)}`;
    otherwise(draft, ['timeouts', 'body'], text);
  }
  if (config.retry !== null) {
    otherwise(draft, ['timeouts', 'request'], 'no attempt begins after it, and one under way goes on');
  }
};

/** `$deadline`: what upstreams are told; nginx counts nothing down. */
const writeDeadline = (draft: Draft): string[] => {
  const { deadlineHeader, requestTimeoutMs, routes } = draft.config;
  if (deadlineHeader === null) return [];
  const text =
    'upstreams are told the whole time of the request, or the client’s own, not what is left of it';
  otherwise(draft, ['deadlineHeader'], text);
  const given = [requestTimeoutMs, ...(routes ?? []).flatMap(({ timeoutMs }) => timeoutMs ?? [])];
  // A number with fewer digits is less; nginx cannot compare numbers.
  const digits = String(Math.ceil(Math.min(...given))).length - 1;
  const own = digits > 0 ? [`"~^[0-9]{1,${digits}}$" $http_${deadlineHeader.replaceAll('-', '_')};`] : [];
  draft.http.push('', '# A client may ask for less time.');
  draft.http.push(
    ...block(`map $http_${deadlineHeader.replaceAll('-', '_')} $deadline`, [...own, 'default $timeout_ms;']),
  );
  draft.server.push(timeoutLine(requestTimeoutMs));
  return [`proxy_set_header ${deadlineHeader} $deadline;`];
};

/** What `$deadline` says where a client asks for no less. */
export const timeoutLine = (ms: number): string => `set $timeout_ms ${Math.max(1, Math.ceil(ms))};`;

/** `$NAME`: the client's own where there is one, else ours. */
const orOwn = (draft: Draft, field: string, name: string, own: string): string => {
  draft.http.push(...block(`map $http_${field} $${name}`, [`'' ${own};`, `default $http_${field};`]));
  return `$${name}`;
};

const forwardedLines = (draft: Draft): string[] => {
  const { fields, trust } = draft.config.listener.forwarded;
  const { http } = draft;
  http.push('', '# What upstreams are told of the client.');
  const lines: string[] = [];
  if (fields !== 'forwarded') {
    const proto = trust ? orOwn(draft, 'x_forwarded_proto', 'forwarded_proto', '$scheme') : '$scheme';
    const host = trust ? orOwn(draft, 'x_forwarded_host', 'forwarded_host', '$http_host') : '$http_host';
    lines.push(
      `proxy_set_header X-Forwarded-For ${trust ? '$proxy_add_x_forwarded_for' : '$remote_addr'};`,
      `proxy_set_header X-Forwarded-Proto ${proto};`,
      `proxy_set_header X-Forwarded-Host ${host};`,
    );
  } else if (!trust) {
    for (const name of ['For', 'Proto', 'Host']) lines.push(`proxy_set_header X-Forwarded-${name} "";`);
  }
  if (fields !== 'x-forwarded') {
    http.push(
      ...block('map $remote_addr $forwarded_node', ['~: "\\"[$remote_addr]\\"";', 'default $remote_addr;']),
    );
    const hop = 'for=$forwarded_node;host=\\"$http_host\\";proto=$scheme';
    if (trust) {
      http.push(
        ...block('map $http_forwarded $forwarded', [`'' "${hop}";`, `default "$http_forwarded, ${hop}";`]),
      );
    }
    lines.push(`proxy_set_header Forwarded ${trust ? '$forwarded' : `"${hop}"`};`);
  } else if (!trust) lines.push('proxy_set_header Forwarded "";');
  return lines;
};

const headerLines = (draft: Draft): string[] => {
  const { keepAlive } = draft.config;
  draft.http.push(
    '',
    '# WebSockets: both sides have to ask for it.',
    ...block('map $http_upgrade $upstream_connection', [
      `'' ${keepAlive ? "''" : 'close'};`,
      'default upgrade;',
    ]),
  );
  return [
    'proxy_http_version 1.1;',
    'proxy_set_header Connection $upstream_connection;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Host $http_host;',
    ...forwardedLines(draft),
    ...writeDeadline(draft),
    ...(draft.site.purpose === 'run'
      ? [
          'proxy_set_header x-ray-id $ray_id;',
          'proxy_hide_header x-ray-id;',
          'add_header x-ray-id $ray_id always;',
        ]
      : []),
  ];
};

const ROOTS_FILE = 'roots.pem';

const tlsLines = (draft: Draft): string[] => {
  const tls = draft.config.upstreamTls;
  if (tls === null) return [];
  const hosts = new Set(draft.upstreams.map(({ host }) => host));
  const [only] = hosts;
  if (tls.name === null && [...hosts].some((host) => isIP(host) !== 0)) {
    const text =
      'nginx compares names in a certificate, and no addresses, so it refuses all; give upstreamTls a name';
    missing(draft, ['upstreamTls'], text);
  } else if (tls.name === null && hosts.size > 1) {
    const text = `nginx asks for one name of all: certificates have to be for ${only}`;
    otherwise(draft, ['upstreamTls', 'name'], text);
  }
  if (tls.caPath === null) draft.files[ROOTS_FILE] = `${rootCertificates.join('\n')}\n`;
  const name = tls.name ?? only;
  return [
    '',
    '# TLS to the upstreams.',
    'proxy_ssl_protocols TLSv1.2 TLSv1.3;',
    'proxy_ssl_verify on;',
    'proxy_ssl_verify_depth 4;',
    `proxy_ssl_trusted_certificate ${quote(tls.caPath ?? ROOTS_FILE)};`,
    'proxy_ssl_server_name on;',
    ...(name === undefined ? [] : [`proxy_ssl_name ${quote(name)};`]),
  ];
};

/** What holds for all locations. */
export const writeForwarding = (draft: Draft): void => {
  const { config, server } = draft;
  const kept = config.retry?.replay.maxBytes;
  server.push('', '# What upstreams are asked with.', ...headerLines(draft));
  server.push(
    '',
    '# Times, and who is asked next.',
    ...timeLines(draft, config.requestTimeoutMs),
    ...attemptLines(draft, true, config.requestTimeoutMs),
    ...(kept === undefined || kept === 0
      ? []
      : [`client_body_buffer_size ${size(Math.min(MAX_BODY_BUFFER, kept))};`]),
    ...tlsLines(draft),
  );
  loseTimes(draft);
  loseAttempts(draft);
};
