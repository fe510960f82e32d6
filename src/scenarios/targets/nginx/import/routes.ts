/** Locations as routes: where each leads, by which methods, and what it has otherwise than the rest. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { Doors } from './doors.js';
import type { Directive } from './parse.js';
import { locationPath } from './paths.js';
import { named, oneIn, type Reading, type Scope } from './reading.js';
import { type Base, readAttempts, toldTimeMs } from './settings.js';
import { durationText, readTimeMs } from './units.js';
import type { Group, Servers } from './upstreams.js';

export type Route = {
  -readonly [Key in keyof NonNullable<GatewaySection['routes']>[number]]: NonNullable<
    GatewaySection['routes']
  >[number][Key];
};

export interface LocationParts {
  readonly reading: Reading;
  readonly doors: Doors;
  readonly base: Base;
  readonly servers: Servers;
  /** Those of `upstream` blocks, and those that a `proxy_pass` makes. */
  readonly groups: Group[];
  /** Around the locations. */
  readonly scope: Scope;
  readonly isCached: boolean;
  readonly named: ReadonlyMap<string, Directive>;
}

const PASS = /^(https?):\/\/([^/?#]+)(\/.*)?$/;

/** All `location`s below a level, those in locations too. */
export const locationsIn = (level: readonly Directive[]): Directive[] =>
  named(level, 'location').flatMap((location) => [location, ...locationsIn(location.block ?? [])]);

const groupOf = ({ groups, servers }: LocationParts, host: string, scheme: string): Group => {
  const known = groups.find(({ name }) => name === host);
  if (known !== undefined) return known;
  const address = /:\d+$/.test(host) ? host : `${host}:${scheme === 'https' ? 443 : 80}`;
  const group: Group = { name: host, servers: [servers.idOf(address)], keeps: false };
  groups.push(group);
  return group;
};

/** @returns the group that it leads to; `null`: that cannot be said. */
const readPass = (parts: LocationParts, directive: Directive, path: string): Group | null => {
  const { reading } = parts;
  const [, scheme = '', host = '', uri] = PASS.exec(directive.args[0] ?? '') ?? [];
  if (host === '' || host.includes('$')) {
    reading.say(directive, 'lost', 'where it leads is in a variable');
    return null;
  }
  const group = groupOf(parts, host, scheme);
  const note = `a pool: ${group.servers.join(', ') || 'nobody'}`;
  if (uri === undefined || uri === path) reading.say(directive, 'understood', note);
  else reading.say(directive, 'nearly', `${note}; the path goes upstream as it came, not as ${uri}`);
  return group;
};

/** A location in which the method decides, as an export has it. */
const readJumps = ({ reading, named: known }: LocationParts, block: readonly Directive[]) => {
  const targets = new Map(
    named(block, 'error_page')
      .filter(({ args }) => args[1] === '=' && args[2]?.startsWith('@'))
      .map((directive) => [directive.args[0]!, directive]),
  );
  return named(block, 'if').flatMap((condition) => {
    const [jump] = condition.block ?? [];
    const page = jump?.name === 'return' ? targets.get(jump.args[0] ?? '') : undefined;
    const location = known.get(page?.args[2] ?? '');
    const methods = /^\(\$request_method ~ \^\(([A-Z|-]+)\)\$ ?\)$/
      .exec(condition.args.join(' '))?.[1]
      ?.split('|');
    if (page === undefined || location === undefined || methods === undefined) return [];
    reading.say(page, 'understood', `methods: ${methods.join(', ')}`);
    reading.sayAll([condition], 'understood', `methods: ${methods.join(', ')}`);
    return [{ methods, location }];
  });
};

const readOwn = (parts: LocationParts, block: readonly Directive[], route: Route): void => {
  const { reading, base, scope, isCached } = parts;
  const own: Scope = [block, ...scope];
  const told = toldTimeMs(block);
  const read = oneIn([block], 'proxy_read_timeout');
  const next = oneIn([block], 'proxy_next_upstream_timeout');
  const readMs = readTimeMs(read?.args[0] ?? '') ?? base.readMs;
  const timeoutMs = told ?? readTimeMs(next?.args[0] ?? '') ?? (readMs === base.readMs ? null : readMs);
  if (timeoutMs) route.timeout = durationText(timeoutMs);
  for (const name of [
    'proxy_read_timeout',
    'proxy_next_upstream_timeout',
    'proxy_connect_timeout',
    'proxy_send_timeout',
    'set',
  ]) {
    for (const directive of named(block, name)) {
      if (name === 'set' && directive.args[0] !== '$timeout_ms') continue;
      const isSame = name === 'proxy_read_timeout' || name === 'set';
      const note = `timeout of the route${route.timeout === undefined ? '' : `: ${route.timeout}`}`;
      reading.say(directive, isSame ? 'understood' : 'nearly', note);
    }
  }
  const servers = Math.max(0, ...parts.groups.map((group) => group.servers.length));
  const { retry } = readAttempts(own, servers);
  if (base.attempts.retry !== null && retry === null) route.retry = 'off';
  for (const name of ['proxy_next_upstream', 'proxy_next_upstream_tries', 'client_body_buffer_size']) {
    const isSame = JSON.stringify(retry) === JSON.stringify(base.attempts.retry) || retry === null;
    for (const directive of named(block, name)) {
      reading.say(
        directive,
        isSame ? 'understood' : 'nearly',
        isSame ? `retry of the route: ${retry === null ? 'off' : 'on'}` : 'one retry is for all routes',
      );
    }
  }
  for (const directive of named(block, 'proxy_cache')) {
    const isOn = directive.args[0] !== 'off';
    reading.say(directive, 'understood', `cache of the route: ${isOn ? 'on' : 'off'}`);
    if (isCached && !isOn) route.cache = 'off';
  }
  const cached = oneIn(own, 'proxy_cache');
  if (
    !isCached &&
    reading.section.cache !== undefined &&
    (cached === undefined || cached.args[0] === 'off')
  ) {
    route.cache = 'off';
  }
};

const methodsOf = (reading: Reading, block: readonly Directive[]): readonly string[] | undefined => {
  const except = oneIn([block], 'limit_except');
  if (except === undefined) return undefined;
  reading.sayAll(
    [except],
    'nearly',
    'methods of the route; others go to another route, or are answered with 404',
  );
  return except.args.includes('GET') ? [...new Set([...except.args, 'HEAD'])] : except.args;
};

/** A route of one location, named or not. @returns `null`: it leads to nobody. */
const readRoute = (
  parts: LocationParts,
  location: Directive,
  path: string,
  jumps: readonly string[] | undefined,
): { readonly route: Route; readonly group: Group } | null => {
  const block = location.block ?? [];
  const pass = oneIn([block], 'proxy_pass');
  const group = pass === undefined ? null : readPass(parts, pass, path);
  if (group === null) return null;
  const methods = jumps ?? methodsOf(parts.reading, block);
  const route: Route = { path, ...(methods !== undefined && { methods: [...methods] }) };
  readOwn(parts, block, route);
  const limit = parts.doors.readLocation(block, path);
  if (limit !== null) route.concurrency = limit;
  return { route, group };
};

/** Whether nobody is let in. */
const isShut = (block: readonly Directive[]): boolean =>
  named(block, 'allow').length === 0 && named(block, 'deny').some(({ args }) => args[0] === 'all');

export interface ReadRoute {
  readonly route: Route;
  readonly group: Group;
}

/** @returns routes and where they lead, in the order of the file. */
export const readLocations = (parts: LocationParts, locations: readonly Directive[]): ReadRoute[] => {
  const { reading } = parts;
  return locations.flatMap((location): ReadRoute[] => {
    if (location.args[0]?.startsWith('@')) return [];
    const block = location.block ?? [];
    const found = locationPath(location.args);
    const jumps = readJumps(parts, block);
    const isProxied = jumps.length > 0 || oneIn([block], 'proxy_pass') !== undefined;
    const [answer] = named(block, 'return');
    if (found?.path === '/' && answer?.args[0] === '404' && jumps.length === 0) {
      reading.sayAll([location], 'understood', 'what no route takes is answered with 404');
      return [];
    }
    if (found !== null && !isProxied && isShut(block)) {
      reading.say(location, 'understood', `rules: block below ${found.path}`);
      parts.doors.readLocation(block, found.path);
      reading.sayAll(block, 'lost', 'nobody gets so far');
      return [];
    }
    if (found === null || !isProxied) {
      const why =
        found === null ? 'routes have paths, not expressions' : 'requests are proxied, or not answered';
      reading.say(location, 'lost', why);
      reading.sayAll(block, 'lost', 'its location is lost');
      return [];
    }
    reading.say(location, found.fate, found.note);
    const routes = jumps.flatMap(({ methods, location: target }) => {
      reading.say(target, 'understood', found.note);
      return readRoute(parts, target, found.path, methods) ?? [];
    });
    if (answer?.args[0] === '404') reading.say(answer, 'understood', 'other methods go to no route');
    const own = readRoute(parts, location, found.path, undefined);
    return own === null ? routes : [...routes, own];
  });
};
