/** The servers of a backend: `upstreams`, `healthCheck`, `outlierEjection`, `slowStart`, `upstreamTls` and `names`. */
import { isIP } from 'node:net';
import { hostAndPort } from '../../../core/http-address.js';
import { type NamesConfig, resolveNames } from '../../../gateway/config/names.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import { OUTLIER_DEFAULTS, type OutlierOptions } from '../../../policies/outlier-options.js';
import { resolverOf, withDnsPort } from '../resolving.js';
import type { Loss, ProxySite, ProxyState, ProxyUpstream } from '../target.js';
import { type Backend, type Layout, weightOf } from './layout.js';
import { serverLimit } from './limits.js';
import {
  count,
  isPrintable,
  lost,
  missing,
  NOTHING,
  otherwise,
  type Part,
  quoted,
  time,
  unasked,
} from './words.js';

/** A path as it may stand on a request line. */
const inUrl = (path: string): string => path.replace(/[^\x21-\x7e]/gu, encodeURIComponent);

export const checkLines = ({ healthCheck }: GatewayConfig): string[] => {
  if (healthCheck === null) return [];
  const { type, path, timeoutMs } = healthCheck;
  const timeout = `timeout check ${time(timeoutMs)}`;
  if (type === 'tcp') return ['# healthCheck: whether it takes connections.', timeout];
  return [
    '# healthCheck: whether it answers with 200 to 399.',
    timeout,
    'option httpchk',
    `http-check send meth GET uri ${quoted(inUrl(path))} ver HTTP/1.1 hdr Host badgateway`,
    'http-check expect status 200-399',
  ];
};

/** HAProxy bounds what it may add or take off at half of the interval. */
const MOST_SPREAD = 50;

export const spreadChecks = ({ healthCheck }: GatewayConfig): number =>
  healthCheck === null ? 0 : Math.min(MOST_SPREAD, Math.round(healthCheck.jitterRatio * 100));

/** Which of the detectors of failures in a row HAProxy can be; `null`: none of them. */
const observedOf = (outlier: OutlierOptions | null) => {
  if (outlier === null) return null;
  const { consecutive5xx, consecutiveGatewayFailures, consecutiveLocalOriginFailures } = outlier;
  if (consecutive5xx !== null && consecutive5xx.enforcedRatio > 0) {
    return { key: 'consecutive5xx', layer: 'layer7', failures: consecutive5xx.failures } as const;
  }
  if (consecutiveGatewayFailures !== null && consecutiveGatewayFailures.enforcedRatio > 0) {
    const { failures } = consecutiveGatewayFailures;
    return { key: 'consecutiveGatewayFailures', layer: 'layer7', failures } as const;
  }
  const local = outlier.splitLocalOrigin ? consecutiveLocalOriginFailures : null;
  if (local === null || local.enforcedRatio === 0) return null;
  return { key: 'consecutiveLocalOriginFailures', layer: 'layer4', failures: local.failures } as const;
};

/** A server is checked in the first backend that has it; the same one elsewhere fares as that. */
const checkWords = (
  config: GatewayConfig,
  backend: Backend,
  { id }: ProxyUpstream,
  layout: Layout,
): string[] => {
  const { healthCheck, outlierEjection } = config;
  if (healthCheck === null) return [];
  const first = layout.backends.find(({ upstreams }) => upstreams.some((upstream) => upstream.id === id));
  if (first !== undefined && first !== backend) return [`track ${first.name}/${id}`];
  const { intervalMs, rise, fall } = healthCheck;
  const observed = observedOf(outlierEjection);
  return [
    `check inter ${time(intervalMs)} rise ${count(rise)} fall ${count(fall)}`,
    ...(observed === null
      ? []
      : [`observe ${observed.layer} error-limit ${count(observed.failures)} on-error mark-down`]),
  ];
};

/** A certificate of an address is of nobody that HAProxy could ask for; then its authority alone is looked at. */
const tlsWords = ({ upstreamTls, healthCheck }: GatewayConfig, host: string): string[] => {
  if (upstreamTls === null) return [];
  const { caPath, name } = upstreamTls;
  const wanted = name ?? (isIP(host) === 0 ? host : null);
  const file = caPath === null || !isPrintable(caPath) ? '@system-ca' : quoted(caPath);
  return [
    `ssl verify required ca-file ${file} alpn http/1.1`,
    ...(wanted === null ? [] : [`sni str(${wanted}) verifyhost ${wanted}`]),
    ...(healthCheck === null ? [] : ['check-ssl']),
    ...(healthCheck === null || wanted === null ? [] : [`check-sni ${wanted}`]),
  ];
};

/** Letters, digits, hyphens and dots: what a name of a host has, and HAProxy takes bare. */
const isHostName = (host: string): boolean => /^[A-Za-z0-9_.-]+$/.test(host);

const nameWords = (host: string): string[] =>
  isIP(host) === 0 ? ['resolvers names resolve-prefer ipv4 init-addr none'] : [];

/** The lines of a backend's servers. */
export const serverLines = (config: GatewayConfig, backend: Backend, layout: Layout): string[] => {
  const { slowStart, healthCheck } = config;
  const upstreams = backend.upstreams.filter(({ host }) => isIP(host) !== 0 || isHostName(host));
  const hasBackups = upstreams.some(({ priority }) => priority > 0);
  return [
    ...(hasBackups ? ['# upstreams: all of the other priorities together.', 'option allbackups'] : []),
    ...upstreams.map((upstream) =>
      [
        `server ${upstream.id} ${hostAndPort(upstream)} weight ${weightOf(upstream)}`,
        `maxconn ${serverLimit(config)}`,
        ...(upstream.priority > 0 ? ['backup'] : []),
        ...nameWords(upstream.host),
        ...tlsWords(config, upstream.host),
        ...checkWords(config, backend, upstream, layout),
        ...(slowStart !== null && healthCheck !== null ? [`slowstart ${time(slowStart.windowMs)}`] : []),
      ].join(' '),
    ),
  ];
};

/** How long what is known of a name holds: HAProxy asks in the background, and not when a connection is made. */
const holdLines = ({ serveStale, maxStaleMs, refuseEmpty }: NamesConfig): string[] => {
  const failures = ['timeout', 'refused', 'nx', 'other'];
  const stale = serveStale ? time(maxStaleMs) : '1ms';
  return [
    ...failures.map((kind) => `hold ${kind} ${stale}`),
    `hold obsolete ${serveStale && refuseEmpty ? stale : '1ms'}`,
  ];
};

/** @returns nothing where upstreams are addresses. */
export const namesPart = ({ config, upstreams }: ProxyState, site: ProxySite): Part => {
  if (upstreams.every(({ host }) => isIP(host) !== 0)) return NOTHING;
  const names = config.names ?? resolveNames();
  const resolver = resolverOf(config, site);
  const recheck = time(Math.max(1, names.recheckMs));
  const lines = [
    '# names: asked for in the background, once in every `timeout resolve`.',
    resolver === null ? 'parse-resolv-conf' : `nameserver first ${withDnsPort(resolver)}`,
    'resolve_retries 1',
    `timeout resolve ${recheck}`,
    `timeout retry ${time(names.timeoutMs)}`,
    ...holdLines(names),
  ];
  return {
    lines: ['', 'resolvers names', ...lines.map((line) => `    ${line}`)],
    losses: [
      otherwise(['names'], `names are resolved every ${recheck}, not by their TTL, and not for a connection`),
    ],
  };
};

const outlierLosses = ({ outlierEjection, healthCheck }: GatewayConfig, hosts: number): Loss[] => {
  if (outlierEjection === null) return [];
  const path = (key: string): string[] => ['outlierEjection', key];
  if (healthCheck === null) {
    return [
      missing(['outlierEjection'], 'HAProxy brings a server back by its checks, and so needs healthCheck'),
    ];
  }
  const { successRate, failureRatio } = outlierEjection;
  const observed = observedOf(outlierEjection);
  const compared = (row: { minHosts: number; enforcedRatio: number } | null): boolean =>
    row !== null && row.enforcedRatio > 0 && row.minHosts <= hosts;
  const isDefault = (key: 'successRate' | 'failureRatio'): boolean =>
    JSON.stringify(outlierEjection[key]) === JSON.stringify(OUTLIER_DEFAULTS[key]);
  return lost(
    observed !== null &&
      otherwise(path('baseEjection'), 'one that is out is back after `healthCheck.rise` good checks'),
    observed !== null && otherwise(path('maxEjected'), 'nothing bounds how many are out at once'),
    observed?.key === 'consecutiveGatewayFailures' &&
      otherwise(path(observed.key), 'all failures with 5xx in a row count, but for 501 and 505'),
    observed === null && missing(['outlierEjection'], 'no failures in a row take a server out'),
    compared(successRate) &&
      unasked(isDefault('successRate'))(path('successRate'), 'servers are not compared with each other'),
    compared(failureRatio) &&
      unasked(isDefault('failureRatio'))(path('failureRatio'), 'only failures in a row take a server out'),
  );
};

export const serverLosses = ({ config, upstreams }: ProxyState): Loss[] => {
  const { healthCheck, slowStart, upstreamTls } = config;
  const byAddress = upstreamTls?.name === null && upstreams.some(({ host }) => isIP(host) !== 0);
  return [
    ...outlierLosses(config, upstreams.length),
    ...lost(
      healthCheck !== null &&
        otherwise(
          ['healthCheck'],
          'a server counts as up until its first check, at the start and after a reload; that one alone decides',
        ),
      healthCheck !== null &&
        healthCheck.jitterRatio * 100 > MOST_SPREAD &&
        otherwise(['healthCheck', 'jitter'], `at most ${MOST_SPREAD}%`),
      slowStart !== null &&
        (healthCheck === null
          ? missing(['slowStart'], 'without checks no server ever comes back up')
          : otherwise(
              ['slowStart'],
              'the weight grows with each check, evenly and from nothing, and what it may have at once with it',
            )),
      byAddress &&
        otherwise(['upstreamTls', 'name'], 'a certificate has to be of a known authority, for whatever name'),
      upstreamTls !== null &&
        upstreamTls.caPath === null &&
        otherwise(['upstreamTls', 'ca'], 'the authorities of the system in place of those of Node'),
    ),
  ];
};
