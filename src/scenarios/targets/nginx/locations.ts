/** Routes: a location for each path, by whole segments, and within it the methods. */
import { DEFAULT_ROUTE, type RouteConfig } from '../../../gateway/config/routing.js';
import { isBelow } from '../../../gateway/routes.js';
import { block } from '../text.js';
import { uncachedLines } from './caching.js';
import { type Draft, missing, otherwise, type Pool } from './draft.js';
import { attemptLines, timeLines, timeoutLine } from './forwarding.js';
import { globalLimitLines, limitLine, routeZone } from './limits.js';
import type { Targets } from './named.js';
import { pathPattern, quote } from './words.js';

interface Route {
  readonly config: RouteConfig;
  /** In the section. */
  readonly index: number;
}

const poolOf = (draft: Draft, name: string | null): Pool | undefined =>
  draft.pools.find((pool) => pool.name === name);

const passLine = (draft: Draft, name: string | null, targets: Targets): string => {
  const scheme = draft.config.upstreamTls === null ? 'http' : 'https';
  const pool = poolOf(draft, name)!;
  return `proxy_pass ${scheme}://${targets.get(pool) ?? pool.group};`;
};

const routeBody = (draft: Draft, { config: route, index }: Route, targets: Targets): string[] => {
  const { config } = draft;
  const requestMs = route.timeoutMs ?? config.requestTimeoutMs;
  const timed = route.timeoutMs !== null;
  const tries = (timed && config.retry !== null && route.retry) || (!route.retry && config.retry !== null);
  return [
    ...(timed && config.deadlineHeader !== null ? [timeoutLine(requestMs)] : []),
    ...(timed ? timeLines(draft, requestMs) : []),
    ...(tries ? attemptLines(draft, route.retry, requestMs) : []),
    ...(route.cache ? [] : uncachedLines(draft)),
    ...(route.concurrencyLimit === null
      ? []
      : [...globalLimitLines(draft), limitLine(routeZone(index), route.concurrencyLimit)]),
    passLine(draft, route.pool, targets),
  ];
};

/** Who gets a request for this very path, by method: the routes that fit, as they are asked. */
const chainOf = (path: string, routes: readonly Route[]): Route[] => {
  const fitting = routes.filter(({ config }) => isBelow(path, config.path));
  const end = fitting.findIndex(({ config }) => config.methods === null);
  return end === -1 ? fitting : fitting.slice(0, end + 1);
};

/** Statuses that nobody answers with: each leads from one location to another. */
const FIRST_STEP = 460;
const LAST_STEP = 490;

const name = ({ index }: Route): string => `@route_${index + 1}`;

/** A location where the method decides. */
const dispatchBody = (draft: Draft, chain: readonly Route[], targets: Targets): string[] => {
  const last = chain.at(-1)!;
  const open = last.config.methods === null;
  const steps = open ? chain.slice(0, -1) : chain;
  const jumps = steps.flatMap((route, step) => {
    const status = FIRST_STEP + step;
    return [
      `error_page ${status} = ${name(route)};`,
      ...block(`if ($request_method ~ "^(${route.config.methods!.join('|')})$")`, [`return ${status};`]),
    ];
  });
  return [...jumps, ...(open ? routeBody(draft, last, targets) : ['return 404;'])];
};

/** nginx compares paths after decoding them; one that says the same before and after is like ours. */
const ORDINARY = /^(?!.*\/\/)(?!.*\/\.)[A-Za-z0-9/_~!$&'()*+,;=:@.-]*$/;

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

const locationHead = (path: string): string =>
  path === '/' ? 'location /' : `location ~ ${quote(pathPattern(decoded(path), '/'))}`;

/** `NAME` and where it leads, for people. */
const titleOf = ({ config: { name: title, methods, pool } }: Route): string =>
  `# Route ${JSON.stringify(title)}${methods === null ? '' : ` (${methods.join(', ')})`}${pool === null ? '' : `, pool ${JSON.stringify(pool)}`}.`;

const loseRoutes = (draft: Draft, routes: readonly Route[]): void => {
  for (const { config, index } of routes) {
    const path = ['routes', String(index)];
    if (config.pool !== null && !Object.hasOwn(draft.config.pools, config.pool)) {
      missing(draft, [...path, 'pool'], `there is no pool "${config.pool}", so it leads to nobody`);
    }
    if (config.path.includes('?')) missing(draft, [...path, 'path'], 'a location has no query');
    else if (!ORDINARY.test(config.path)) {
      otherwise(draft, [...path, 'path'], 'paths are compared after they have been decoded');
    }
    if (config.criticality !== null && draft.config.criticality !== null) {
      missing(draft, [...path, 'criticality'], 'nginx does not tell requests by who matters more');
    }
  }
};

/** The locations of the server. */
export const locationLines = (draft: Draft, targets: Targets): string[] => {
  const configured = draft.config.routes;
  const routes = (configured ?? [DEFAULT_ROUTE])
    .map((config, index) => ({ config, index }))
    .toSorted((left, right) => right.config.path.length - left.config.path.length);
  if (configured !== null) loseRoutes(draft, routes);
  const paths = [...new Set(routes.map(({ config }) => config.path))];
  const jumpedTo = new Set<Route>();
  const lines = paths.flatMap((path) => {
    const chain = chainOf(path, routes);
    const first = chain[0]!;
    if (first.config.methods === null) {
      return ['', titleOf(first), ...block(locationHead(path), routeBody(draft, first, targets))];
    }
    if (chain.length > LAST_STEP - FIRST_STEP) {
      otherwise(
        draft,
        ['routes', String(first.index), 'methods'],
        'too many routes for one path: the last are left out',
      );
    }
    const steps = chain.slice(0, LAST_STEP - FIRST_STEP);
    for (const route of steps) if (route.config.methods !== null) jumpedTo.add(route);
    return [
      '',
      `# What is below ${JSON.stringify(path)}, by method.`,
      ...block(locationHead(path), dispatchBody(draft, steps, targets)),
    ];
  });
  const named = [...jumpedTo].flatMap((route) => [
    '',
    titleOf(route),
    ...block(`location ${name(route)}`, routeBody(draft, route, targets)),
  ]);
  const catchAll = paths.includes('/') ? [] : ['', '# No route.', ...block('location /', ['return 404;'])];
  return [...lines, ...named, ...catchAll];
};
