/** A `haproxy.cfg` read back into the neutral `gateway:` section. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { ImportConfig } from '../../imported.js';
import { type BackendRead, readBackend } from './backend.js';
import { type Directive, readDocument, type Section } from './document.js';
import { type RouteRead, readListener, readRoutes } from './frontend.js';
import { noteIdle, noteOtherSection } from './idle.js';
import { RateLimits, tablesOf } from './limits.js';
import { merged } from './merge.js';
import { Notes } from './notes.js';
import { lastWith, linesWith, type ProxySection, proxiesIn, timeText } from './proxies.js';
import { readRules } from './rules.js';
import { Servers } from './servers.js';

interface Globals {
  readonly processes: number;
  readonly jitterPercent: number;
  readonly maxConnections: number | null;
}

const readGlobals = (sections: readonly Section[], notes: Notes): Globals => {
  const lines = sections.filter(({ kind }) => kind === 'global').flatMap(({ directives }) => directives);
  const last = (name: string): Directive | undefined => lines.filter(({ words }) => words[0] === name).at(-1);
  const number = (name: string): number | null => {
    const value = Number(last(name)?.words[1]);
    return Number.isInteger(value) && value >= 0 ? value : null;
  };
  const [threads, jitter, most] = [last('nbthread'), last('spread-checks'), last('maxconn')];
  if (most !== undefined) notes.say(most, 'nearly', 'listener.maxConnections, where the frontend has none');
  if (threads !== undefined) notes.say(threads, 'understood', `processes: ${number('nbthread')}`);
  if (jitter !== undefined)
    notes.say(jitter, 'understood', `healthCheck.jitter: ${number('spread-checks')}%`);
  return {
    processes: Math.min(64, number('nbthread') ?? 1),
    jitterPercent: number('spread-checks') ?? 0,
    maxConnections: number('maxconn'),
  };
};

const isHttp = (proxy: ProxySection): boolean => lastWith(proxy, 'mode')?.words[1] === 'http';

/** Whether it takes requests to pass them on; a page of statistics does not. */
const passesOn = (proxy: ProxySection): boolean =>
  ['use_backend', 'default_backend', 'server', 'server-template'].some(
    (word) => linesWith(proxy, word).length > 0,
  );

const isPage = (proxy: ProxySection): boolean => linesWith(proxy, 'stats').length > 0 && !passesOn(proxy);

/** The first that passes requests on, or that serves any; the section has one listener. */
const entryOf = (proxies: readonly ProxySection[]): ProxySection | null => {
  const listeners = proxies.filter((proxy) => proxy.section.kind !== 'backend' && isHttp(proxy));
  return listeners.find(passesOn) ?? listeners.find((proxy) => !isPage(proxy)) ?? null;
};

const noteUnreached = ({ section }: ProxySection, proxy: ProxySection, notes: Notes): void => {
  const own = [section.head, ...section.directives];
  const page = isPage(proxy);
  for (const directive of own) {
    if (page) notes.say(directive, 'ignored', 'a page of statistics');
    else if (!isHttp(proxy)) notes.say(directive, 'lost', 'not HTTP');
    else notes.say(directive, 'lost', 'nothing of the one listener that the section has gets here');
  }
};

/** An address and a port; a section's resolver has no name. */
const isServer = (text: string | undefined): text is string =>
  /^(?:(?:udp|tcp)@)?(?:\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+$/i.test(text ?? '');

const readNames = (sections: readonly Section[], notes: Notes): Pick<GatewaySection, 'names'> => {
  const section = sections.find(({ kind }) => kind === 'resolvers');
  if (section === undefined) return {};
  const names: Record<string, string> = {};
  for (const line of section.directives) {
    const [first, second, third] = line.words;
    const time = timeText(third);
    if (first === 'nameserver' && names.resolver === undefined && isServer(third)) {
      names.resolver = third.replace(/^(udp|tcp)@/, '');
      notes.say(line, 'understood', `names.resolver: ${names.resolver}`);
    } else if (first === 'timeout' && second === 'retry' && time !== null) {
      names.timeout = time;
      notes.say(line, 'nearly', `names.timeout: ${time}; names are resolved when a connection is made`);
    } else if (first === 'timeout' && second === 'resolve' && time !== null) {
      names.recheck = time;
      notes.say(line, 'nearly', `names.recheck: ${time}; names are resolved when a connection is made`);
    } else if (first === 'nameserver') notes.say(line, 'lost', 'one resolver is asked');
    else if (first === 'hold') notes.say(line, 'lost', 'an address holds for its TTL');
    else notes.say(line, 'ignored', 'how the resolver is asked');
  }
  notes.say(section.head, 'understood', 'names');
  return Object.keys(names).length > 0 ? { names } : {};
};

/** Sizes are whole megabytes, of which HAProxy has so many at once. */
const readCache = (sections: readonly Section[], notes: Notes): NonNullable<GatewaySection['cache']> => {
  const section = sections.find(({ kind }) => kind === 'cache');
  const cache: Record<string, string> = { staleWhileRevalidate: '0s', staleIfError: '0s', lockTimeout: '0s' };
  for (const line of section?.directives ?? []) {
    const [first, value] = line.words;
    if (first === 'total-max-size') cache.maxSize = `${value}MiB`;
    else if (first === 'max-object-size') cache.maxBody = `${value}B`;
    const isSize = first === 'total-max-size' || first === 'max-object-size';
    if (isSize || first === 'process-vary') notes.say(line, 'understood', 'cache');
    else notes.say(line, 'nearly', 'an answer is fresh for as long as it says');
  }
  if (section !== undefined) notes.say(section.head, 'understood', 'cache');
  return cache;
};

/** Backends that some route leads to, in the order of the file. */
const reached = (
  proxies: readonly ProxySection[],
  entry: ProxySection,
  routes: readonly RouteRead[],
): ProxySection[] => {
  const names = new Set(routes.map(({ backend }) => backend));
  return proxies.filter((proxy) =>
    proxy === entry
      ? linesWith(proxy, 'server').length + linesWith(proxy, 'server-template').length > 0
      : proxy.section.kind !== 'frontend' && names.has(proxy.section.name),
  );
};

/** A `listen` section leads to its own servers where nothing else is said. */
const allRoutes = (entry: ProxySection, routes: readonly RouteRead[]): RouteRead[] => {
  const hasRest = routes.some(({ path, methods }) => path === '/' && methods === null);
  if (entry.section.kind !== 'listen' || hasRest) return [...routes];
  const { name, head } = entry.section;
  return [...routes, { path: '/', methods: null, backend: name, line: head }];
};

export const importHaproxy: ImportConfig = (text, file) => {
  const sections = readDocument(text, file);
  const notes = new Notes();
  const proxies = proxiesIn(sections);
  const servers = new Servers();
  const globals = readGlobals(sections, notes);
  const entry = entryOf(proxies);
  let section: GatewaySection = {};
  const used = new Set<Section>();
  if (entry !== null) {
    const tables = tablesOf(proxies);
    const routes = allRoutes(entry, readRoutes(entry, notes));
    const backends: BackendRead[] = reached(proxies, entry, routes).map((proxy) =>
      readBackend(proxy, { servers, notes, jitterPercent: globals.jitterPercent }),
    );
    const { maxConnections, processes } = globals;
    const listener = readListener(entry, notes);
    const rules = readRules(entry, new RateLimits(tables, entry.section.name), notes);
    const cache = backends.some(({ cached }) => cached) ? { cache: readCache(sections, notes) } : {};
    section = {
      ...(processes > 1 && { processes }),
      listener: { ...(maxConnections !== null && maxConnections > 0 && { maxConnections }), ...listener },
      ...(rules.rules.length > 0 && { rules: [...rules.rules] }),
      ...(rules.rateLimit !== undefined && { rateLimit: rules.rateLimit }),
      ...readNames(sections, notes),
      ...cache,
      ...merged(routes, backends, servers, notes),
    };
    for (const proxy of [entry, ...backends.map((backend) => backend.proxy)]) used.add(proxy.section);
    for (const [name, { line }] of tables) {
      const owner = proxies.find((proxy) => proxy.section.name === name);
      if (owner !== undefined && notes.has(line)) used.add(owner.section);
    }
  }
  for (const each of sections) {
    const isProxy = ['frontend', 'backend', 'listen'].includes(each.kind);
    if (used.has(each) || ['global', 'defaults', 'cache', 'resolvers'].includes(each.kind)) {
      notes.say(each.head, 'understood', isProxy ? 'read' : 'for what is behind it');
    } else if (!noteOtherSection(each, notes) && isProxy) {
      const proxy = proxies.find((one) => one.section === each)!;
      noteUnreached(proxy, proxy, notes);
    }
  }
  noteIdle(sections, notes);
  return { section, servers: servers.list, lines: notes.lines(sections) };
};
