/** The neutral section as a Caddyfile. */
import type { RouteConfig } from '../../../gateway/config/routing.js';
import { type Destination, destinationsOf } from '../destinations.js';
import { DEFAULTS, Losses } from '../loss-list.js';
import type { ProxySite, ProxyState, Translation } from '../target.js';
import { block, lines } from '../text.js';
import { HASH_FIELD, hashPlaceholder } from './balancing.js';
import { noteMissing } from './missing.js';
import { type Proxying, reverseProxy } from './proxying.js';
import { translateRules } from './rules.js';
import { commentText, goDuration, pathExpression, quoted } from './words.js';

/** Names in the folder of a run. */
export const FILES = { config: 'Caddyfile', access: 'access.log', errors: 'error.log' } as const;

/** Fields that an answer of Caddy's own has in a run: which line of its error log is about it, and who was asked last. */
export const ERROR_ID_FIELD = 'x-caddy-error';
export const ERROR_UPSTREAM_FIELD = 'x-caddy-upstream';

/** Version 4 of a UUID: these digits are all random. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Caddy fills these in.
const RAY_ID = ['map {http.request.uuid} {ray}', '~^(.{8})-(.{4})-.{4}-.{4}-(.{4}) "${1}${2}${3}"'] as const;

/** How long a reload leaves requests that are under way: in a run, for as long as any of them may take. */
const GRACE = { run: '60s', export: '10s' } as const;

const logOf = (head: string, folder: string, file: string, rest: readonly string[]): string[] =>
  block(head, [
    ...block(`output file ${quoted(`${folder}/${file}`)}`, ['roll_disabled']),
    'format json',
    ...rest,
  ]);

/** Errors that were answered are told at this level, and nobody else has this name. */
const ERROR_LOG = ['level DEBUG', 'include http.log.error'];

const globalOptions = ({ config, site, note }: Proxying): string[] => {
  const { listener } = config;
  const isRun = site.purpose === 'run';
  const protocols = listener.tls !== null && listener.http2 ? 'h1 h2' : 'h1';
  const limits =
    config.profile === 'naive'
      ? []
      : [
          ...note('listener'),
          `max_header_size ${listener.maxHeaderBytes}`,
          ...block('timeouts', [
            `read_header ${goDuration(listener.headerTimeoutMs)}`,
            `idle ${goDuration(listener.keepAliveMs)}`,
          ]),
        ];
  return block('', [
    isRun ? `admin ${site.host}:${site.adminPort}` : 'admin off',
    'auto_https off',
    `grace_period ${GRACE[site.purpose]}`,
    ...(isRun
      ? [
          `storage file_system ${quoted(`${site.folder}/storage`)}`,
          ...block('log default', ['output stderr', 'format json', 'level WARN']),
          ...logOf('log errors', site.folder, FILES.errors, ERROR_LOG),
        ]
      : []),
    ...block('servers', [`protocols ${protocols}`, ...limits]),
  ]).map((line, index) => (index === 0 ? '{' : line));
};

/** What a route takes; '': everything. */
const matcherOf = ({ path, methods }: RouteConfig): string[] => [
  ...(path === '/' ? [] : [`path_regexp ${quoted(pathExpression(path))}`]),
  ...(methods === null ? [] : [`method ${methods.join(' ')}`]),
];

/** Each route with what it does, in the order in which they are tried; what none takes is a 404. */
const routeTable = (
  destinations: readonly Destination[],
  prefix: string,
  serve: (destination: Destination) => string[],
): string[] => {
  const tables = destinations.flatMap((destination, order) => {
    const matcher = matcherOf(destination.route);
    const name = `@${prefix}-${order + 1}`;
    const served = serve(destination);
    return matcher.length === 0
      ? block('handle', served)
      : [...block(name, matcher), ...block(`handle ${name}`, served)];
  });
  const takesAll = destinations.some(({ route }) => matcherOf(route).length === 0);
  return takesAll ? tables : [...tables, ...block('handle', ['error 404'])];
};

const NOBODY = 'error "no upstreams available" 503';

const serveFirst = ({ route, index, levels: [first] }: Destination, proxying: Proxying): string[] => [
  ...(index === null ? [] : proxying.note(`route ${commentText(route.name)}`)),
  ...(first === undefined ? [NOBODY] : reverseProxy(first, route, proxying)),
];

/** Those of lower priority stand behind an error: the first were not there. */
const errorRoutes = (destinations: readonly Destination[], proxying: Proxying): string[] => {
  const isRun = proxying.site.purpose === 'run';
  const hasStandIns = destinations.some(({ levels }) => levels.length > 1);
  const respond = 'respond "{http.error.status_code} {http.error.status_text}"';
  if (!isRun && !hasStandIns) return [];
  const standIns = hasStandIns
    ? [
        ...proxying.note('upstreams of the next priority, when none of the first takes the request'),
        '@nobody expression `{http.error.status_code} == 503`',
        ...block(
          'handle @nobody',
          block(
            'route',
            routeTable(destinations, 'stand-in', ({ route, levels: [, ...rest] }) =>
              rest.length === 0 ? [respond] : reverseProxy(rest.flat(), route, proxying),
            ),
          ),
        ),
      ]
    : [];
  return block('handle_errors', [
    ...(isRun
      ? [
          `header ${ERROR_ID_FIELD} {http.error.id}`,
          `header ${ERROR_UPSTREAM_FIELD} {http.reverse_proxy.upstream.hostport}`,
        ]
      : []),
    ...block('route', [...standIns, ...block('handle', [respond])]),
  ]);
};

/** What happens to each request before its route is looked for. */
const door = (proxying: Proxying): string[] => {
  const { config, site, losses, note } = proxying;
  const { listener, deadlineHeader } = config;
  const hashed = hashPlaceholder(config);
  if (deadlineHeader !== null) {
    losses.otherwise(
      ['deadlineHeader'],
      'upstreams are told the time of one attempt, whatever is left of it, unless the client says another',
    );
  }
  return [
    ...(site.purpose === 'run' ? ['header x-ray-id {ray}'] : []),
    ...translateRules(proxying),
    ...(listener.maxUrlBytes === DEFAULTS.listener.maxUrlBytes
      ? []
      : [
          ...note('listener.maxUrl'),
          `@long expression \`size({http.request.uri}) > ${listener.maxUrlBytes}\``,
          'error @long 414',
        ]),
    ...(listener.maxBodyBytes === DEFAULTS.listener.maxBodyBytes
      ? []
      : [...note('listener.maxBody'), ...block('request_body', [`max_size ${listener.maxBodyBytes}`])]),
    ...(deadlineHeader === null
      ? []
      : [
          ...note('deadlineHeader'),
          `@no-deadline not header ${deadlineHeader} *`,
          `request_header @no-deadline ${deadlineHeader} ${Math.max(1, Math.round(Math.min(config.attemptTimeoutMs, config.requestTimeoutMs)))}`,
        ]),
    ...(hashed === null ? [] : [...note('hashOn'), `request_header ${HASH_FIELD} ${hashed}`]),
  ];
};

const siteBlock = (destinations: readonly Destination[], proxying: Proxying): string[] => {
  const { config, site } = proxying;
  const { tls } = config.listener;
  const isRun = site.purpose === 'run';
  const serving = routeTable(destinations, 'route', (destination) => serveFirst(destination, proxying));
  return block(`${tls === null ? 'http' : 'https'}://:${site.port}`, [
    `bind ${site.host}`,
    ...(tls === null ? [] : [`tls ${quoted(tls.certificatePath)} ${quoted(tls.keyPath)}`]),
    ...(isRun ? [...logOf('log', site.folder, FILES.access, []), ...block(RAY_ID[0], [RAY_ID[1]])] : []),
    ...block(
      'route',
      config.profile === 'naive'
        ? [...(isRun ? ['header x-ray-id {ray}'] : []), ...serving]
        : [...door(proxying), ...serving],
    ),
    ...errorRoutes(destinations, proxying),
  ]);
};

/** With tabs, as `caddy fmt` has it: anything else is warned of. */
const formatted = (...parts: readonly (string | readonly string[])[]): string =>
  lines(...parts).replace(/^(?: {2})+/gm, (spaces) => '\t'.repeat(spaces.length / 2));

export const translate = (state: ProxyState, site: ProxySite): Translation => {
  const losses = new Losses();
  const note = (text: string): string[] => (site.purpose === 'export' ? [`# ${text}`] : []);
  const proxying: Proxying = { config: state.config, site, losses, note };
  const destinations = destinationsOf(state);
  const text = formatted(
    note('For Caddy 2.6 and later. Each comment says which part of the gateway section it is for.'),
    globalOptions(proxying),
    '',
    siteBlock(destinations, proxying),
  );
  noteMissing(destinations, proxying);
  return { files: { [FILES.config]: text }, losses: losses.all };
};
