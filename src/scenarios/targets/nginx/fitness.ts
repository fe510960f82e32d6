/**
 * Who is fit. nginx knows it from requests alone: `max_fails` failed attempts, each less than `fail_timeout` after the one
 * before, take a server out for as long; then one request tries it again. Refused, broken, timed-out and malformed answers
 * count, and of the statuses those that `proxy_next_upstream` names, where another attempt follows (nginx documentation,
 * ngx_http_upstream_module, `server`).
 */
import { OUTLIER_DEFAULTS, type OutlierOptions } from '../../../policies/outlier-options.js';
import { type Draft, missing, otherwise } from './draft.js';
import { wholeSeconds } from './words.js';

export interface Passive {
  /** 0: no server is ever taken out. */
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
}

const OFF: Passive = { maxFails: 0, failTimeoutSeconds: 0 };

/** Failures in a row after which the first enforced detector ejects; `null`: none is. */
const rowOf = (options: OutlierOptions): number | null => {
  const rows = [
    options.consecutive5xx,
    options.consecutiveGatewayFailures,
    options.splitLocalOrigin ? options.consecutiveLocalOriginFailures : null,
  ];
  const counts = rows.flatMap((row) => (row === null || row.enforcedRatio === 0 ? [] : [row.failures]));
  return counts.length === 0 ? null : Math.min(...counts);
};

const words = ({ maxFails, failTimeoutSeconds }: Passive): string =>
  `max_fails=${maxFails} fail_timeout=${failTimeoutSeconds}s`;

const ofOutliers = (draft: Draft, options: OutlierOptions): Passive | null => {
  const path = ['outlierEjection'];
  const largest = Math.max(...draft.pools.map(({ members }) => members.length));
  for (const detector of ['successRate', 'failureRatio'] as const) {
    const found = options[detector];
    if (found === null || found.enforcedRatio === 0 || largest < found.minHosts) continue;
    const text = 'nginx does not compare servers, and counts failures, not shares of them';
    const isDefault = JSON.stringify(found) === JSON.stringify(OUTLIER_DEFAULTS[detector]);
    draft.losses.push({ path: [...path, detector], text, degree: isDefault ? 'otherwise' : 'missing' });
  }
  const row = rowOf(options);
  if (row === null) return null;
  const passive = { maxFails: row, failTimeoutSeconds: wholeSeconds(options.baseEjectionMs) };
  const statuses =
    draft.config.retry === null
      ? 'answers of 5xx do not count'
      : 'answers of 5xx count where they are tried again';
  otherwise(
    draft,
    path,
    `${words(passive)}: failures need not be in a row, ${statuses}, every ejection lasts as long, and all servers may be out at once`,
  );
  return passive;
};

const ofBreaker = (draft: Draft): Passive | null => {
  const { breaker } = draft.config;
  if (breaker === null) return null;
  const maxFails = Math.max(1, Math.ceil(breaker.minRequests * breaker.errorRatio));
  return { maxFails, failTimeoutSeconds: wholeSeconds(breaker.openMs) };
};

const ofHealthCheck = (draft: Draft): Passive | null => {
  const { healthCheck } = draft.config;
  if (healthCheck === null) return null;
  const { fall, rise, intervalMs } = healthCheck;
  return { maxFails: fall, failTimeoutSeconds: wholeSeconds(rise * intervalMs) };
};

const loseBreaker = (draft: Draft, standsIn: Passive | null): void => {
  const path = ['breaker'];
  if (draft.config.breaker === null) return;
  if (standsIn === null) missing(draft, path, 'nginx has no breaker; outlierEjection has its max_fails');
  else {
    const text = `${words(standsIn)} stands in: it counts failures, whatever succeeds between them, and not their share`;
    otherwise(draft, path, text);
  }
};

const loseHealthCheck = (draft: Draft, chosen: Passive | null, standsIn: boolean): void => {
  const { healthCheck } = draft.config;
  const path = ['healthCheck'];
  if (healthCheck === null) return;
  if (healthCheck.type === 'deep') {
    missing(draft, path, 'nginx asks nobody by itself, so a queue is seen only when requests time out in it');
  } else if (chosen === null) missing(draft, path, 'nginx asks nobody by itself, and takes nobody out');
  else {
    const how = standsIn ? `${words(chosen)} stands in` : 'max_fails is all there is';
    otherwise(draft, path, `nginx asks nobody by itself; ${how}, so requests have to fail first`);
  }
};

/** Groups of one server. */
const loseSingles = ({ pools, losses }: Draft, key: string): void => {
  const sizes = pools.map(({ members }) => members.length).filter((servers) => servers > 0);
  if (!sizes.includes(1)) return;
  const text = 'the only server of a group is never taken out, however often it fails';
  losses.push({ path: [key], text, degree: Math.max(...sizes) === 1 ? 'missing' : 'otherwise' });
};

/** How servers are taken out: by the first of these policies that is there. */
export const passiveOf = (draft: Draft): Passive => {
  const { outlierEjection } = draft.config;
  const outliers = outlierEjection && ofOutliers(draft, outlierEjection);
  const ofCircuit = outliers === null ? ofBreaker(draft) : null;
  const byRequests = outliers ?? ofCircuit;
  const chosen = byRequests ?? ofHealthCheck(draft);
  loseBreaker(draft, ofCircuit);
  loseHealthCheck(draft, chosen, byRequests === null);
  if (chosen === null) return OFF;
  const key = outliers !== null ? 'outlierEjection' : ofCircuit !== null ? 'breaker' : 'healthCheck';
  loseSingles(draft, key);
  return chosen;
};
