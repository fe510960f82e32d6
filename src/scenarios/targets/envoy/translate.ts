/** The neutral section in Envoy's words: one file to take home, or for a run the files that it watches. */
import { Losses } from '../loss-list.js';
import type { ProxySite, ProxyState, Translation } from '../target.js';
import {
  clusterFields,
  clustersOf,
  endpointsFile,
  isAddressed,
  loadAssignment,
  watched,
} from './clusters.js';
import { listenerFields, ROUTES, routeConfig } from './listener.js';
import { noteMissing } from './missing.js';
import { commented, type Fields, type Parts, typed, yamlOf } from './words.js';

/** Names in the folder of a run. */
export const FILES = {
  config: 'envoy.yaml',
  clusters: 'cds.yaml',
  listeners: 'lds.yaml',
  routes: 'rds.yaml',
} as const;

/** All of a run in one file: what Envoy checks beforehand is what stands in its own config, and not what is watched. */
export const CHECKED_FILE = 'whole.yaml';

const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const LISTENER = 'envoy.config.listener.v3.Listener';
const ROUTE_CONFIG = 'envoy.config.route.v3.RouteConfiguration';
const ASSIGNMENT = 'envoy.config.endpoint.v3.ClusterLoadAssignment';

/** FNV-1a: a version that is another for another text, and no secret. */
const versionOf = (text: string): string => {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
};

/** A file that is watched. Its version comes back in the statistics once it is taken. */
export const discovered = (resources: readonly Fields[]): string =>
  yamlOf({ version_info: versionOf(JSON.stringify(resources)), resources });

const address = (host: string, port: number): Fields => ({
  socket_address: { address: host, port_value: port },
});

const bootstrap = ({ folder, host, adminPort }: ProxySite): string =>
  yamlOf({
    node: { id: 'badgateway', cluster: 'badgateway' },
    admin: { address: address(host, adminPort) },
    dynamic_resources: {
      cds_config: watched(folder, FILES.clusters),
      lds_config: watched(folder, FILES.listeners),
    },
  });

const filesOfRun = (parts: Parts): Translation['files'] => {
  const { folder } = parts.site;
  const clusters = clustersOf(parts);
  const endpoints = clusters
    .filter(isAddressed)
    .map((cluster) => [
      endpointsFile(cluster),
      discovered([typed(ASSIGNMENT, loadAssignment(cluster, parts))]),
    ]);
  const rds = { rds: { route_config_name: ROUTES, config_source: watched(folder, FILES.routes) } };
  return {
    [FILES.config]: bootstrap(parts.site),
    [FILES.clusters]: discovered(
      clusters.map((cluster) => typed(CLUSTER, clusterFields(cluster, parts, true))),
    ),
    [FILES.listeners]: discovered([typed(LISTENER, listenerFields(rds, parts))]),
    [FILES.routes]: discovered([typed(ROUTE_CONFIG, routeConfig(parts))]),
    ...Object.fromEntries(endpoints),
    [CHECKED_FILE]: yamlOf(wholeOf(parts)),
  };
};

const wholeOf = (parts: Parts): Fields => ({
  static_resources: {
    listeners: [listenerFields({ route_config: routeConfig(parts) }, parts)],
    clusters: clustersOf(parts).map((cluster) => clusterFields(cluster, parts, false)),
  },
});

const HINT = 'For Envoy 1.30 and later. Each comment says which part of the gateway section it is for.';

export const translate = (state: ProxyState, site: ProxySite): Translation => {
  const losses = new Losses();
  const isExport = site.purpose === 'export';
  const note = (text: string): Fields => (isExport ? commented(text) : {});
  const parts: Parts = { state, site, losses, note };
  const files = isExport
    ? { [FILES.config]: yamlOf({ ...commented(HINT), ...wholeOf(parts) }) }
    : filesOfRun(parts);
  noteMissing(parts);
  return { files, losses: losses.all };
};
