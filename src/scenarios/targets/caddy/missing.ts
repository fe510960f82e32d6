/** What the section may ask for and Caddy has no words for. */
import type { Destination } from '../destinations.js';
import { DEFAULTS, errorPageLosses } from '../loss-list.js';
import type { Proxying } from './proxying.js';

/** Policies that are not there at all; each is off when it is `null`. */
const POLICIES = {
  slowStart: 'Caddy gives an upstream that came up its whole share at once',
  globalConcurrency: 'Caddy does not count requests over all upstreams',
  admission: 'Caddy refuses nothing by how requests fare',
  criticality: 'Caddy knows no classes of requests',
  breaker: 'the circuit breaker of Caddy is a place for a plug-in; nothing stands in it',
  hedge: 'Caddy asks one upstream at a time',
  rateLimit: 'there is no rate limit in Caddy without a plug-in',
  cache: 'there is no cache in Caddy without a plug-in',
} as const;

const noteListener = ({ config: { listener }, losses }: Proxying): void => {
  const { listener: usual } = DEFAULTS;
  if (listener.tls !== null && listener.tls.reloadMs !== usual.tls?.reloadMs) {
    losses.otherwise(['listener', 'tls'], 'files of certificates are read again with the next config only');
  }
  if (listener.maxBodyBytes !== usual.maxBodyBytes) {
    losses.otherwise(
      ['listener', 'maxBody'],
      'a body that is too large is found while it is passed on, and gets 502',
    );
  }
  if (listener.headerTimeoutMs !== usual.headerTimeoutMs) {
    losses.otherwise(['listener', 'headerTimeout'], 'a header that comes too slowly gets 400');
  }
  if (listener.bodyTimeoutMs !== usual.bodyTimeoutMs) {
    losses.missing(
      ['listener', 'bodyTimeout'],
      'Caddy bounds the whole time of a request, not how long it stands still',
    );
  }
  if (listener.sendTimeoutMs !== usual.sendTimeoutMs) {
    losses.missing(
      ['listener', 'sendTimeout'],
      'Caddy bounds the whole time of an answer, not how long it stands still',
    );
  }
  if (listener.maxConnections !== usual.maxConnections) {
    losses.missing(['listener', 'maxConnections'], 'Caddy takes as many connections as it may have files');
  }
  if (listener.forwarded.fields !== 'x-forwarded') {
    losses.missing(['listener', 'forwarded'], 'upstreams get X-Forwarded-* only');
  }
};

const noteNames = ({ config: { names }, losses }: Proxying): void => {
  if (names === null) return;
  losses.otherwise(
    ['names'],
    'a name is looked up for each connection, within the time to connect, and nothing is kept',
  );
  if (names.serveStale) losses.missing(['names', 'serveStale'], 'Caddy keeps no addresses');
};

const notePriorities = (
  destinations: readonly Destination[],
  { config: { priorities }, losses }: Proxying,
): void => {
  const most = Math.max(0, ...destinations.map(({ levels }) => levels.length));
  if (most > 1) {
    losses.otherwise(
      ['priorities'],
      `the next priority gets what the first refuses with none to take it, not a share as the first shrinks${most > 2 ? '; the second and all after it are one' : ''}`,
    );
  }
  if (priorities.panicThreshold > 0) {
    losses.missing(
      ['priorities', 'panicThreshold'],
      'Caddy believes its health checks, however few are left',
    );
  }
};

export const noteMissing = (destinations: readonly Destination[], proxying: Proxying): void => {
  const { config, losses } = proxying;
  if (config.profile === 'naive') {
    losses.otherwise(
      ['profile'],
      'plain reverse_proxy of Caddy, with its own defaults, stands in for plain reply-from',
    );
    return;
  }
  for (const [key, text] of Object.entries(POLICIES)) {
    if (config[key as keyof typeof POLICIES] !== null) losses.missing([key], text);
  }
  for (const { route, index } of destinations) {
    const path = ['routes', String(index)];
    if (route.concurrencyLimit !== null) {
      losses.missing([...path, 'concurrency'], 'Caddy does not count the requests of a route');
    }
    if (route.criticality !== null) losses.missing([...path, 'criticality'], POLICIES.criticality);
  }
  if (config.processes > 1) {
    losses.otherwise(['processes'], 'Caddy is one process, with so many processors at once');
  }
  if (config.maxConnections !== DEFAULTS.maxConnections) {
    losses.otherwise(
      ['maxConnections'],
      'who finds no connection waits for one, without a limit, and is not refused',
    );
  }
  if (config.statusDialect !== 'standard') {
    losses.otherwise(
      ['statusDialect'],
      'Caddy answers with its own: 502, also for a connection that is not accepted in time, 503 when there is nobody, 504 for an answer that is late',
    );
  }
  for (const { path, text } of errorPageLosses(config)) losses.otherwise(path, text);
  noteNames(proxying);
  noteListener(proxying);
  notePriorities(destinations, proxying);
};
