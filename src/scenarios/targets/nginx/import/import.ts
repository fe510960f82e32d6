/** nginx's own config as the neutral section. */
import type { Imported } from '../../imported.js';
import { readCache } from './caching.js';
import { Doors } from './doors.js';
import { IGNORED_BY_NAME, LOST_BY_NAME } from './others.js';
import { type Directive, parseNginx } from './parse.js';
import { type Mapping, named, oneIn, Reading, type Scope } from './reading.js';
import { locationsIn, type ReadRoute, readLocations } from './routes.js';
import { readSettings } from './settings.js';
import { readCount } from './units.js';
import { type Group, readGroups, Servers, settleWeights } from './upstreams.js';

/** Blocks that make a variable. */
const MAPS = ['map', 'geo', 'split_clients'];

const readMappings = (reading: Reading, http: readonly Directive[]): void => {
  for (const directive of http.filter(({ name }) => MAPS.includes(name))) {
    const { name: kind, args, block } = directive;
    const [source = '', variable = source] = args;
    const entries = (block ?? []).map(({ name, args: values }) => [name, values[0] ?? ''] as const);
    const mapping: Mapping = { directive, kind, source, entries };
    reading.mappings.set(variable, mapping);
  }
};

/** The server that proxies; of several the first. */
const chooseServer = (reading: Reading, http: readonly Directive[]): readonly Directive[] => {
  const servers = named(http, 'server');
  const leads = ({ block }: Directive): boolean =>
    locationsIn(block ?? []).some((location) => oneIn([location.block ?? []], 'proxy_pass') !== undefined);
  const chosen = servers.find(leads) ?? servers[0];
  for (const server of servers) {
    if (server === chosen) reading.say(server, 'understood', 'the gateway');
    else if (leads(server)) reading.sayAll([server], 'lost', 'another server: import it by itself');
    else reading.sayAll([server], 'ignored', 'a server that leads to no upstream');
  }
  return chosen?.block ?? [];
};

const readMain = (reading: Reading, main: readonly Directive[]): void => {
  const workers = oneIn([main], 'worker_processes');
  if (workers !== undefined) {
    const number = readCount(workers.args[0], 0);
    if (number > 1) reading.section.processes = Math.min(64, number);
    const note = number >= 1 ? `processes: ${number}` : 'processes: 1; give as many as there are processors';
    reading.say(workers, number >= 1 ? 'understood' : 'nearly', note);
  }
  for (const events of named(main, 'events')) {
    for (const directive of named(events.block ?? [], 'worker_connections')) {
      reading.say(directive, 'nearly', 'listener.maxConnections is for clients alone, and stays as it is');
    }
  }
};

const sameMembers = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((id) => right.includes(id));

/** Routes and pools, where there is more than one way to go. */
const writeRoutes = (
  reading: Reading,
  read: readonly ReadRoute[],
  groups: readonly Group[],
  ids: readonly string[],
): void => {
  const { section } = reading;
  const isAll = (group: Group): boolean => sameMembers(group.servers, ids);
  const [only] = read;
  if (
    read.length === 1 &&
    only !== undefined &&
    isAll(only.group) &&
    Object.keys(only.route).length === 1 &&
    only.route.path === '/'
  ) {
    return;
  }
  // Where no location leads anywhere, all that it says is that nothing is there.
  if (read.length > 0 || groups.length > 0) {
    section.routes = read.map(({ route, group }) => ({
      ...route,
      ...(!isAll(group) && { pool: group.name }),
    }));
  }
  const pools = groups.filter((group) => !isAll(group));
  if (pools.length > 0) {
    section.pools = Object.fromEntries(pools.map(({ name, servers }) => [name, { upstreams: [...servers] }]));
  }
};

/** What nobody has spoken of: by its name, or because something further in stands in its place. */
const sayRest = (reading: Reading, directives: readonly Directive[], used: ReadonlySet<string>): void => {
  for (const directive of directives) {
    if (!reading.has(directive)) {
      const { name } = directive;
      const ignored = IGNORED_BY_NAME.get(name);
      const lost = LOST_BY_NAME.get(name);
      if (name === 'include' && /mime\.types$/.test(directive.args[0] ?? ''))
        reading.say(directive, 'ignored', 'of what is sent');
      else if (ignored !== undefined) reading.say(directive, 'ignored', ignored);
      else if (lost !== undefined) reading.say(directive, 'lost', lost);
      else if (name === 'types') reading.sayAll([directive], 'ignored', 'of what is sent');
      else if (MAPS.includes(name))
        reading.sayAll([directive], 'ignored', 'a variable that nothing of the section uses');
      else if (used.has(name)) reading.say(directive, 'ignored', 'another of that name stands in its place');
      else if (/^proxy_(?:request_)?buffering$/.test(name))
        reading.say(directive, 'nearly', 'bodies are passed on as they come');
    }
    if (MAPS.includes(directive.name) || directive.name === 'types')
      reading.sayAll(directive.block ?? [], 'ignored', 'part of it');
    else sayRest(reading, directive.block ?? [], used);
  }
};

/** Names that have been spoken of somewhere. */
const spokenOf = (reading: Reading, directives: readonly Directive[]): Set<string> =>
  new Set(
    directives.flatMap((directive) => [
      ...(reading.has(directive) ? [directive.name] : []),
      ...spokenOf(reading, directive.block ?? []),
    ]),
  );

/** An imported map says what its lines say. */
const sayMaps = (reading: Reading): void => {
  for (const [variable, { directive }] of reading.mappings) {
    if (
      /^\$(?:deadline|hash_key|forwarded\w*|upstream_connection|ray_id|tls_\w+|cache_\w+|no_cache)$/.test(
        variable,
      )
    ) {
      reading.say(directive, 'understood', 'a variable of what has been read');
    }
  }
};

/** @throws DocumentError with line and column where the text is no config of nginx. */
export const importNginx = (text: string, file: string): Imported => {
  const main = parseNginx(text, file);
  const reading = new Reading();
  const servers = new Servers();
  // A piece of a config, as people paste it, may begin within `http`.
  const blocks = named(main, 'http').flatMap(({ block }) => block ?? []);
  const http = blocks.length > 0 ? blocks : main;
  readMain(reading, main);
  readMappings(reading, http);
  const { groups, finish } = readGroups(reading, http, servers);
  const server = chooseServer(reading, http);
  const locations = locationsIn(server);
  const all = [...groups];
  const levels = locations.map(({ block }) => block ?? []);
  const doors = new Doors(reading, http);
  doors.readServer([server, http]);
  const principal = locations.find(({ args }) => args[0] === '/') ?? locations[0];
  // What no level around says, the principal location says for all.
  const scope: Scope = [server, http, principal?.block ?? []];
  const base = readSettings(reading, scope, all, locations);
  const isCached = readCache(reading, [server, http], levels);
  const parts = {
    ...{ reading, doors, base, servers, groups: all, isCached, scope: [server, http] },
    named: new Map(
      locations.flatMap((location) =>
        location.args[0]?.startsWith('@') ? [[location.args[0], location] as const] : [],
      ),
    ),
  };
  const routes = readLocations(parts, locations);
  finish(base.attempts.counts5xx);
  doors.finish();
  settleWeights(reading);
  const { section } = reading;
  section.healthCheck = 'off';
  section.statusDialect = 'nginx';
  writeRoutes(
    reading,
    routes,
    all,
    servers.all.map(({ id }) => id),
  );
  sayMaps(reading);
  sayRest(reading, main, spokenOf(reading, main));
  return { section, servers: servers.all, lines: reading.lines(main) };
};
