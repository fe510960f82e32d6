/** What the section may ask for and Envoy has no words for, or other ones. */
import { DEFAULTS, errorPageLosses } from '../loss-list.js';
import type { Parts } from './words.js';

const POLICIES = {
  criticality: 'Envoy knows two priorities of requests by route, and no classes',
  breaker: 'Envoy’s circuit breakers are limits; what opens by errors is its outlier detection',
  rateLimit: 'Envoy counts no clients one by one without a service for it',
  cache: 'the cache of Envoy is not made for production, and not translated to',
} as const;

const noteListener = ({
  state: {
    config: { listener },
  },
  losses,
}: Parts): void => {
  const { listener: usual } = DEFAULTS;
  if (listener.tls !== null) {
    losses.otherwise(['listener', 'tls'], 'files of certificates are read again with the next config only');
  }
  if (listener.maxHeaderBytes % 1_024 !== 0 || listener.maxHeaderBytes > 8_388_608) {
    losses.otherwise(['listener', 'maxHeaders'], 'Envoy counts in KiB, up to 8 MiB');
  }
  if (listener.maxUrlBytes !== usual.maxUrlBytes) {
    losses.missing(['listener', 'maxUrl'], 'only the header as a whole has a limit');
  }
  if (listener.bodyTimeoutMs !== usual.bodyTimeoutMs) {
    losses.otherwise(['listener', 'bodyTimeout'], 'a stream may stand still, either way, for timeouts.body');
  }
  if (listener.sendTimeoutMs !== usual.sendTimeoutMs) {
    losses.otherwise(['listener', 'sendTimeout'], 'a stream may stand still, either way, for timeouts.body');
  }
  if (listener.forwarded.fields !== 'x-forwarded') {
    losses.missing(['listener', 'forwarded'], 'upstreams get X-Forwarded-* only');
  }
  if (!listener.forwarded.trust) {
    losses.otherwise(
      ['listener', 'trustForwarded'],
      'what a client says in X-Forwarded-For stays, before its address',
    );
  }
};

const noteRoutes = ({ state: { config }, losses }: Parts): void => {
  for (const [index, { concurrencyLimit, criticality }] of (config.routes ?? []).entries()) {
    const path = ['routes', String(index)];
    if (concurrencyLimit !== null) {
      losses.missing([...path, 'concurrency'], 'limits are for clusters, not for routes');
    }
    if (criticality !== null) losses.missing([...path, 'criticality'], POLICIES.criticality);
  }
};

const noteLimits = ({ state: { config }, losses }: Parts): void => {
  if (config.maxConnections !== DEFAULTS.maxConnections) {
    losses.otherwise(['maxConnections'], 'who finds no connection waits for one, first come, first served');
  }
  if (config.processes > 1) losses.otherwise(['processes'], 'Envoy has threads, which share what is limited');
  const { admission } = config;
  if (admission !== null && admission.windowMs % 1_000 !== 0) {
    losses.otherwise(['admission', 'window'], 'Envoy counts in whole seconds');
  }
};

export const noteMissing = (parts: Parts): void => {
  const {
    state: { config },
    losses,
  } = parts;
  if (config.profile === 'naive') {
    losses.otherwise(
      ['profile'],
      'plain routing of Envoy, with its own defaults, stands in for plain reply-from',
    );
    return;
  }
  for (const [key, text] of Object.entries(POLICIES)) {
    if (config[key as keyof typeof POLICIES] !== null) losses.missing([key], text);
  }
  if (config.statusDialect !== 'envoy') {
    losses.otherwise(
      ['statusDialect'],
      'Envoy answers with its own: 503 for a connection that failed or broke, 504 for a timeout',
    );
  }
  for (const { path, text } of errorPageLosses(config)) losses.otherwise(path, text);
  if (config.names !== null) {
    losses.otherwise(
      ['names'],
      'names are looked up every 5 s or as their TTL says, and while that fails the last addresses stay',
    );
  }
  noteRoutes(parts);
  noteLimits(parts);
  noteListener(parts);
};
