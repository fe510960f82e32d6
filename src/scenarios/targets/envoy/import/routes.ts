/** Virtual hosts and their routes. */
import { isBelow } from '../../../../gateway/routes.js';
import { type Attempts, readAttempts, readHash } from './attempts.js';
import { type Cursor, durationText } from './cursor.js';

export interface ReadRoute extends Attempts {
  readonly name: string | null;
  readonly path: string;
  readonly methods: readonly string[] | null;
  readonly cluster: string;
  readonly timeout: Cursor;
  readonly idle: Cursor;
  /** What it says of attempts. */
  readonly policy: Cursor;
  readonly hashOn: string | null;
}

const METHODS = /^[A-Z-]+(?:\|[A-Z-]+)*$/;

const readMethods = (match: Cursor): readonly string[] | null | 'other' => {
  let methods: readonly string[] | null = null;
  for (const header of match.at('headers').items) {
    const matcher = header.at('string_match');
    const text =
      matcher.at('safe_regex', 'regex').text ??
      matcher.at('exact').text ??
      header.at('exact_match').text ??
      '';
    if (header.at('name').text !== ':method' || !METHODS.test(text)) return 'other';
    methods = text.split('|');
    header.understood(`methods: ${text.replaceAll('|', ', ')}`);
  }
  return methods;
};

const readPath = (match: Cursor): string | null => {
  const separated = match.at('path_separated_prefix');
  const prefix = match.at('prefix');
  const exact = match.at('path');
  if (separated.text?.startsWith('/')) {
    separated.understood(`path: ${separated.text}`);
    return separated.text;
  }
  if (prefix.text?.startsWith('/')) {
    if (prefix.text.endsWith('/')) prefix.understood(`path: ${prefix.text}`);
    else prefix.nearly(`path: ${prefix.text}, by whole segments: ${prefix.text}x is not below it`);
    return prefix.text;
  }
  if (exact.text?.startsWith('/')) {
    exact.nearly(`path: ${exact.text}, with what is below it`);
    return exact.text;
  }
  return null;
};

const readRoute = (route: Cursor, before: readonly ReadRoute[]): ReadRoute | null => {
  const match = route.at('match');
  const action = route.at('route');
  const cluster = action.at('cluster');
  const methods = readMethods(match);
  const path = readPath(match);
  const lost = (note: string): null => {
    route.lost(note);
    return null;
  };
  if (path === null) return lost('the section knows paths by how they begin, and no expressions');
  if (methods === 'other' || match.at('query_parameters').isThere) {
    return lost('the section looks at path and method, and nothing else');
  }
  if (cluster.text === null) return lost('a route of the section leads to one pool of upstreams');
  const taken = before.find(
    (other) => other.methods === null && isBelow(path, other.path) && other.path.length < path.length,
  );
  if (taken !== undefined) return lost(`never reached: the route ${taken.path} before it takes all of it`);
  cluster.understood(`pool: ${cluster.text}`);
  const name = route.at('name');
  name.understood(`name: ${name.text}`);
  return {
    ...{ name: name.text, path, methods, cluster: cluster.text },
    ...{ timeout: action.at('timeout'), idle: action.at('idle_timeout'), policy: action.at('retry_policy') },
    ...readAttempts(action, route.at('per_request_buffer_limit_bytes')),
    hashOn: readHash(action),
  };
};

/** @returns the routes of the host that takes what no other does, or of the first. */
export const readRoutes = (config: Cursor): ReadRoute[] => {
  const hosts = config.at('virtual_hosts').items;
  const isForAll = (host: Cursor): boolean => host.at('domains').items.some(({ value }) => value === '*');
  const taken = hosts.find(isForAll) ?? hosts[0];
  for (const host of hosts) {
    if (host === taken) continue;
    host.lost('the section does not look at hosts, so one virtual host is read');
  }
  if (taken === undefined) return [];
  const domains = taken.at('domains');
  if (isForAll(taken)) domains.understood('whatever the host');
  else domains.nearly('the section does not look at hosts: these routes take every one');
  const routes: ReadRoute[] = [];
  for (const route of taken.at('routes').items) {
    const read = readRoute(route, routes);
    if (read !== null) routes.push(read);
  }
  return routes;
};

/** Envoy's own: 15 s for a request. */
const REQUEST_MS = 15_000;

/** @returns milliseconds until an answer; 0: without an end. */
export const requestMs = ({ timeout }: ReadRoute): number => timeout.durationMs ?? REQUEST_MS;

/** More than anybody waits: what stands for no end at all. */
export const ENDLESS_MS = 24 * 3_600_000;

export const requestTime = (route: ReadRoute): string => durationText(requestMs(route) || ENDLESS_MS);
