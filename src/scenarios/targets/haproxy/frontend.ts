/** The side of the clients: `listener`, the routes, and the `x-ray-id` of each answer. */
import { hostAndPort } from '../../../core/http-address.js';
import { type ListenerConfig, resolveListener } from '../../../gateway/config/listener.js';
import type { RouteConfig } from '../../../gateway/config/routing.js';
import type { ProxySite, ProxyState } from '../target.js';
import type { Backend, Layout } from './layout.js';
import { pathAcl, rulesPart } from './rules.js';
import {
  count,
  isPrintable,
  joined,
  lost,
  missing,
  NOTHING,
  otherwise,
  type Part,
  quoted,
  time,
} from './words.js';

/** Sizes that a bind line's buffer has to hold besides the header: what HAProxy keeps for its own fields. */
export const REWRITE_BYTES = 1024;

/** The smallest that HAProxy runs well with, and its default. */
const MIN_BUFFER_BYTES = 16_384;

/** Each connection has two buffers. */
const MAX_BUFFER_BYTES = 1024 ** 2;

/** A header that is too large has to fit all the same, or it is no request to HAProxy and gets a 400. */
export const bufferBytes = ({ maxHeaderBytes, maxUrlBytes }: ListenerConfig): number => {
  const wanted = Math.max(MIN_BUFFER_BYTES, 2 * maxHeaderBytes, maxHeaderBytes + maxUrlBytes);
  return Math.min(MAX_BUFFER_BYTES, Math.round(wanted)) + REWRITE_BYTES;
};

/** HAProxy finds a key in the certificate's own file, in `FILE.key`, and for `NAME.crt` in `NAME.key`. */
const findsKey = (certificatePath: string, keyPath: string): boolean =>
  [certificatePath, `${certificatePath}.key`, certificatePath.replace(/\.crt$/, '.key')].includes(keyPath);

interface Bind extends Part {
  readonly secure: boolean;
}

const bindPart = ({ tls, http2 }: ListenerConfig, site: ProxySite): Bind => {
  const address = `bind ${hostAndPort(site)}`;
  if (tls === null) return { lines: [address], losses: [], secure: false };
  const { certificatePath, keyPath } = tls;
  const path = ['listener', 'tls'];
  if (!isPrintable(certificatePath) || !findsKey(certificatePath, keyPath)) {
    const text = `plain HTTP: the key has to be in the file of the certificate, or beside it as ${certificatePath}.key`;
    return { lines: [address], losses: [missing(path, text)], secure: false };
  }
  const protocols = http2 ? 'h2,http/1.1' : 'http/1.1';
  const text = 'a new certificate is taken with the next reload, not when the files change';
  return {
    lines: [`${address} ssl crt ${quoted(certificatePath)} alpn ${protocols}`],
    losses: [otherwise([...path, 'reload'], text)],
    secure: true,
  };
};

/** What HAProxy does in another manner is worth a word only where somebody has asked for it. */
const listenerLosses = (listener: ListenerConfig) => {
  const byDefault = resolveListener();
  const asked = (key: keyof ListenerConfig): boolean => listener[key] !== byDefault[key];
  const silence = 'one time, the longer, for a client that sends nothing and for one that takes nothing';
  const differ = listener.bodyTimeoutMs !== listener.sendTimeoutMs;
  const largest = `no header is larger than ${MAX_BUFFER_BYTES} bytes`;
  return lost(
    listener.maxHeaderBytes > MAX_BUFFER_BYTES && otherwise(['listener', 'maxHeaders'], largest),
    asked('maxBodyBytes') &&
      otherwise(['listener', 'maxBody'], 'a body that does not say its length is not bounded'),
    asked('bodyTimeoutMs') && differ && otherwise(['listener', 'bodyTimeout'], silence),
    asked('sendTimeoutMs') && differ && otherwise(['listener', 'sendTimeout'], silence),
    asked('maxConnections') &&
      otherwise(['listener', 'maxConnections'], 'more connections wait until one ends, and are not closed'),
  );
};

/** Lengths: with `deny` HAProxy could not say 414 and 431. */
const sizeLines = ({ maxHeaderBytes, maxUrlBytes, maxBodyBytes }: ListenerConfig): string[] => [
  '# listener: how much a request may be.',
  `http-request return status 414 content-type text/plain string 'URI too long' if { url,length gt ${Math.floor(maxUrlBytes)} }`,
  `http-request return status 431 content-type text/plain string 'Header too large' if { req.hdrs,length gt ${Math.floor(maxHeaderBytes)} }`,
  `http-request deny deny_status 413 if { req.body_size gt ${Math.floor(maxBodyBytes)} }`,
];

const forwardedLines = ({ forwarded }: ListenerConfig, secure: boolean): string[] => {
  const { fields, trust } = forwarded;
  const proto = secure ? 'https' : 'http';
  const all = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded'];
  const hop = `for=%[src];host=\\"%[req.hdr(host)]\\";proto=${proto}`;
  const unlessThere = (name: string): string => `unless { req.fhdr_cnt(${name}) gt 0 }`;
  return [
    '# listener.forwarded: upstreams are told of the client.',
    ...(trust ? [] : all.map((name) => `http-request del-header ${name}`)),
    ...(fields === 'forwarded'
      ? []
      : [
          'http-request add-header x-forwarded-for %[src]',
          `http-request set-header x-forwarded-proto ${proto} ${unlessThere('x-forwarded-proto')}`,
          `http-request set-header x-forwarded-host %[req.hdr(host)] ${unlessThere('x-forwarded-host')}`,
        ]),
    ...(fields === 'x-forwarded' ? [] : [`http-request add-header forwarded "${hop}"`]),
  ];
};

/** ACLs that have to hold for a route; none: it takes all. */
const routeAcls = ({ path, methods }: RouteConfig, name: string) => {
  const byPath = path === '/' ? [] : pathAcl(name, path);
  const byMethod = methods === null ? [] : [`acl ${name}-method method -- ${methods.join(' ')}`];
  const names = [...(path === '/' ? [] : [name]), ...(methods === null ? [] : [`${name}-method`])];
  return { acls: [...byPath, ...byMethod], names };
};

const useBackend = ({ name }: Backend, names: readonly string[]): string =>
  names.length === 0 ? `default_backend ${name}` : `use_backend ${name} if ${names.join(' ')}`;

/** The first that fits is taken, so the longest path stands first. */
const routingLines = ({ routes }: Layout): string[] => {
  const found = routes.map(([route, backend], index) => {
    const { acls, names } = routeAcls(route, `route-${index + 1}`);
    return { acls, names, use: useBackend(backend, names) };
  });
  const acls = found.flatMap((one) => one.acls);
  const uses = found.map(({ use }) => use);
  const conditions = found.map(({ names }) => names.join(' '));
  if (conditions.includes('')) return ['# routes: the longest path first.', ...acls, ...uses];
  const nobody = conditions.length === 0 ? '' : ` unless ${conditions.join(' || ')}`;
  return [
    '# routes: the longest path first, and 404 for what none takes.',
    ...acls,
    `http-request return status 404 content-type text/plain string 'Not found'${nobody}`,
    ...uses,
  ];
};

/** Each answer says which request it is for, those that HAProxy makes itself too. */
const RAY_LINES = [
  'http-request set-header x-ray-id %[unique-id]',
  'http-after-response set-header x-ray-id %[unique-id]',
];

export const frontendPart = ({ config }: ProxyState, site: ProxySite, layout: Layout): Part => {
  const { listener } = config;
  const bind = bindPart(listener, site);
  const rules = rulesPart(config);
  const head: Part = {
    lines: [
      ...bind.lines,
      `maxconn ${count(listener.maxConnections)}`,
      '# listener: how slow a client may be.',
      `timeout client ${time(Math.max(listener.bodyTimeoutMs, listener.sendTimeoutMs))}`,
      `timeout http-request ${time(listener.headerTimeoutMs)}`,
      `timeout http-keep-alive ${time(listener.keepAliveMs)}`,
      ...(site.purpose === 'run' ? RAY_LINES : []),
      ...sizeLines(listener),
    ],
    losses: [...bind.losses, ...listenerLosses(listener)],
  };
  const rest: Part = {
    lines: [...forwardedLines(listener, bind.secure), ...routingLines(layout)],
    losses: [],
  };
  const { lines, losses } = joined(head, rules, rest);
  const sections: Part = { lines: rules.tables, losses: [] };
  return joined({ lines: ['', 'frontend clients', ...lines.map((line) => `    ${line}`)], losses }, sections);
};

/** The option that makes `NAME.key` be found for `NAME.crt`. */
export const tlsGlobals = ({ tls }: ListenerConfig): Part =>
  tls === null || !tls.certificatePath.endsWith('.crt') || tls.keyPath.startsWith(tls.certificatePath)
    ? NOTHING
    : { lines: ['ssl-load-extra-del-ext'], losses: [] };
