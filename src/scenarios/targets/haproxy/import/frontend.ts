/** A frontend as it is read: how much and how slowly clients may send, and where their requests go. */
import type { GatewaySection } from '../../../../gateway/config.js';
import { cutCondition } from './conditions.js';
import type { Directive } from './document.js';
import type { Notes } from './notes.js';
import { hasOption, lastWith, linesWith, type ProxySection, timeText } from './proxies.js';

type ListenerSection = NonNullable<GatewaySection['listener']>;

/** Times of the proxy, and what the section calls them. */
const TIMES: readonly (readonly [
  name: string,
  keys: readonly ('bodyTimeout' | 'sendTimeout' | 'headerTimeout' | 'keepAlive')[],
])[] = [
  ['client', ['bodyTimeout', 'sendTimeout']],
  ['http-request', ['headerTimeout']],
  ['http-keep-alive', ['keepAlive']],
];

const readTimes = (proxy: ProxySection, notes: Notes): ListenerSection => {
  const times: Record<string, string> = {};
  for (const [name, keys] of TIMES) {
    const line = lastWith(proxy, 'timeout', name);
    const text = timeText(line?.words[2]);
    if (line === null || text === null) continue;
    for (const key of keys) times[key] = text;
    notes.say(line, 'understood', keys.map((key) => `listener.${key}: ${text}`).join(', '));
  }
  return times;
};

/** Conditions on sizes, and what the section calls them. */
const SIZES: readonly (readonly [pattern: RegExp, key: 'maxUrl' | 'maxHeaders' | 'maxBody'])[] = [
  [/if \{ url,length gt (\d+) \}$/, 'maxUrl'],
  [/if \{ req\.hdrs,length gt (\d+) \}$/, 'maxHeaders'],
  [/if \{ req\.body_size gt (\d+) \}$/, 'maxBody'],
];

const readSizes = (proxy: ProxySection, notes: Notes): ListenerSection => {
  const sizes: Record<string, string> = {};
  for (const line of linesWith(proxy, 'http-request')) {
    const text = line.words.join(' ');
    for (const [pattern, key] of SIZES) {
      const [, bytes] = pattern.exec(text) ?? [];
      if (bytes === undefined) continue;
      sizes[key] = `${bytes}B`;
      notes.say(line, 'understood', `listener.${key}: ${bytes}B`);
    }
  }
  return sizes;
};

const FORWARDED = /^(x-forwarded-(?:for|host|proto|port)|forwarded|x-real-ip)$/i;

const readForwarded = (proxy: ProxySection, notes: Notes): ListenerSection => {
  const added = new Set<string>();
  let trusts = true;
  for (const line of linesWith(proxy, 'http-request')) {
    const [, action = '', name = ''] = line.words;
    if (!FORWARDED.test(name)) continue;
    if (action === 'del-header') trusts = false;
    else added.add(name.toLowerCase());
    notes.say(line, 'understood', 'listener.forwarded');
  }
  for (const line of linesWith(proxy, 'option', 'forwardfor'))
    notes.say(line, 'understood', 'listener.forwarded');
  const plain = added.has('x-forwarded-for') || hasOption(proxy, 'forwardfor');
  const fields = added.has('forwarded') ? (plain ? 'both' : 'forwarded') : 'x-forwarded';
  return {
    ...(fields !== 'x-forwarded' && { forwarded: fields }),
    ...(!trusts && { trustForwarded: false }),
  };
};

export const readListener = (proxy: ProxySection, notes: Notes): ListenerSection => {
  for (const line of linesWith(proxy, 'bind')) {
    if (line.words.includes('ssl')) {
      notes.say(line, 'nearly', 'TLS: a run makes its certificates itself where a scenario says `tls: on`');
    } else notes.say(line, 'ignored', 'where it listens is up to whoever starts it');
  }
  const most = lastWith(proxy, 'maxconn');
  const maxConnections = Number(most?.words[1] ?? 0);
  if (most !== null) notes.say(most, 'understood', `listener.maxConnections: ${maxConnections}`);
  return {
    ...readSizes(proxy, notes),
    ...readTimes(proxy, notes),
    ...readForwarded(proxy, notes),
    ...(maxConnections > 0 && { maxConnections }),
  };
};

/** A path, whose requests go to a backend. */
export interface RouteRead {
  readonly path: string;
  readonly methods: readonly string[] | null;
  readonly backend: string;
  readonly line: Directive;
}

/** Routes ask the path and the method alone. */
const readUse = (proxy: ProxySection, line: Directive, notes: Notes): RouteRead[] => {
  const { sign, condition } = cutCondition(line.words);
  const backend = line.words[1] ?? '';
  const matchers = sign === 'unless' ? null : proxy.acls.read(condition);
  const named = proxy.acls.linesOf(condition);
  const routable =
    matchers !== null &&
    !backend.includes('%[') &&
    matchers.every(
      ({ pattern, headers, clients }) =>
        pattern === null && Object.keys(headers).length === 0 && clients.length === 0,
    );
  if (!routable) {
    const note = 'a route asks for path and method alone: what this takes goes where the others lead';
    for (const one of [line, ...named]) notes.say(one, 'lost', note);
    return [];
  }
  return matchers.flatMap(({ paths, methods, nearly }) => {
    const routes = (paths.length === 0 ? ['/'] : paths).map((path) => ({ path, methods, backend, line }));
    const note = `routes: ${routes.map(({ path }) => path).join(', ')}`;
    for (const one of [line, ...named]) {
      notes.say(
        one,
        nearly === null ? 'understood' : 'nearly',
        nearly === null ? note : `${note}; ${nearly}`,
      );
    }
    return routes;
  });
};

/** The section asks the longest path first, and HAProxy the first line. */
const noteOrder = (routes: readonly RouteRead[], notes: Notes): void => {
  for (const [index, route] of routes.entries()) {
    const before = routes
      .slice(0, index)
      .find(({ path }) => path !== route.path && route.path.startsWith(path));
    if (before !== undefined) {
      notes.say(route.line, 'nearly', `asked before ${before.path}: the longest path comes first`);
    }
  }
};

export const readRoutes = (proxy: ProxySection, notes: Notes): RouteRead[] => {
  const routes = linesWith(proxy, 'use_backend').flatMap((line) => readUse(proxy, line, notes));
  noteOrder(routes, notes);
  for (const line of linesWith(proxy, 'http-request', 'return')) {
    const isRest = line.words.join(' ').startsWith('http-request return status 404 ');
    if (notes.has(line) || !isRest) continue;
    notes.say(line, 'understood', 'what no route takes is answered with 404');
  }
  const line = lastWith(proxy, 'default_backend');
  if (line === null) return routes;
  const backend = line.words[1] ?? '';
  notes.say(line, 'understood', `routes: / to ${backend}`);
  return [...routes, { path: '/', methods: null, backend, line }];
};
