/**
 * Upstreams of the user's own, `fleet.upstreams`: which addresses may stand there, and what of a scenario needs workers
 * that badgateway starts. That is refused when the file is read: it would do nothing, and look as if it had.
 */
import { isIPv4 } from 'node:net';
import type { Finding } from '../core/document/schema-problems.js';
import {
  AddressError,
  type HttpAddress,
  hostAndPort,
  isLoopbackHost,
  parseHttpAddress,
} from '../core/http-address.js';
import { refsOf, type Threshold } from '../core/thresholds.js';
import { workerIds } from '../upstream/fleet.js';
import { findMetric } from './metrics/metrics.js';
import type { ScenarioFile } from './scenario.js';

/** Keys of the fleet that are not about workers' processes. */
const MEANT = ['upstreams', 'deadPorts', 'clusters'];

const HOW = 'write http://127.0.0.1:3000 or 127.0.0.1:3000';

const parseOne = (text: string): HttpAddress | string => {
  try {
    return parseHttpAddress(text);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return `${error.message}; ${HOW}`;
  }
};

const hasLinks = ({ links, timeline = [] }: ScenarioFile): boolean =>
  links !== undefined ||
  timeline.some((entry) => entry.toxic !== undefined || entry['remove-toxic'] !== undefined);

/** `null`: it may stand there. */
const explainAddress = (
  { scheme, host, port }: HttpAddress,
  file: ScenarioFile,
  remote: boolean,
): string | null => {
  const secure = file.gateway?.upstreamTls !== undefined;
  if (scheme === 'https' && !secure) {
    return 'is https, and the gateway speaks no TLS to upstreams; give `gateway` the section `upstreamTls: {}`';
  }
  if (scheme === 'http' && secure) {
    return 'is http, and by `gateway.upstreamTls` the gateway speaks TLS to all upstreams; write https, or take that out';
  }
  if (!remote && !isLoopbackHost(host)) {
    return `${hostAndPort({ host, port })} is not this machine; load it only when it is yours to load, and say so with --remote`;
  }
  if (file.names !== undefined && !hasLinks(file) && !isIPv4(host)) {
    return `by \`names\` it gets a name that leads to an IPv4 address, and ${host} is none; write 127.0.0.1 or its like`;
  }
  return null;
};

const findAddressProblems = (file: ScenarioFile, texts: readonly string[], remote: boolean): Finding[] => {
  const ids = workerIds(texts.length);
  const places = new Map<string, string>();
  return texts.flatMap((text, index): Finding[] => {
    const path = ['fleet', 'upstreams', index];
    const address = parseOne(text);
    if (typeof address === 'string') return [{ path, message: address }];
    const place = hostAndPort(address);
    const twice = places.get(place);
    if (twice !== undefined) return [{ path, message: `is the same as ${twice}; each is one upstream` }];
    places.set(place, ids[index]!);
    const message = explainAddress(address, file, remote);
    return message === null ? [] : [{ path, message }];
  });
};

/** A certificate is for the upstream's own host, and the gateway connects to another: the link's, or a name of the run. */
const findNameProblems = (file: ScenarioFile, texts: readonly string[]): Finding[] => {
  const { gateway, names } = file;
  if (gateway?.upstreamTls === undefined || gateway.upstreamTls.name !== undefined) return [];
  const isElsewhere = texts.some((text) => !/\b127\.0\.0\.1(:|\/?$)/.test(text));
  if (names === undefined && !(hasLinks(file) && isElsewhere)) return [];
  const between = names === undefined ? 'links stand before the upstreams' : '`names` renames the upstreams';
  const message = `${between}, so the gateway does not know whom their certificates are for; give \`name\``;
  return [{ path: ['gateway', 'upstreamTls'], message, key: true }];
};

/** Nothing for a scenario with workers. @param remote whether they may be on other machines. */
export const findOwnUpstreamProblems = (file: ScenarioFile, remote: boolean): Finding[] => {
  const { upstreams: texts } = file.fleet;
  if (texts === undefined) return [];
  const findings = Object.keys(file.fleet).flatMap((key): Finding[] => {
    if (MEANT.includes(key)) return [];
    const message =
      key === 'workers'
        ? 'there are as many as there are addresses under `upstreams`; take one of the two out'
        : 'is about workers that badgateway starts, and `upstreams` are your own; take it out';
    return [{ path: ['fleet', key], message, key: true }];
  });
  return [...findings, ...findAddressProblems(file, texts, remote), ...findNameProblems(file, texts)];
};

/** Names of the metrics in a threshold that only workers of badgateway tell. */
const workersMetricsOf = (threshold: Threshold): string[] =>
  refsOf(threshold).flatMap(({ metric, selector }) => {
    const { needsWorkers, pattern } = findMetric(metric)!;
    return needsWorkers?.(pattern.exec(metric)?.[1] ?? '', selector) ? [metric] : [];
  });

/** @returns `null`: it can be measured with upstreams of the user's own. */
export const explainUnmeasured = (threshold: Threshold): Pick<Finding, 'message' | 'textColumn'> | null => {
  const [metric] = workersMetricsOf(threshold);
  if (metric === undefined) return null;
  const message = `${metric} is told by workers that badgateway starts, and the upstreams are your own; take it out`;
  return { message, textColumn: threshold.text.indexOf(metric) + 1 };
};
