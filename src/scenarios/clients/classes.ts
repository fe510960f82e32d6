/**
 * The `clients:` section: who the clients are. Without `classes` they are all alike; a class is a share of them that asks
 * for something else, behaves otherwise, or matters more. What a class does not say of itself, it takes from the section.
 */
import { merge } from '../../core/document/overrides.js';
import type { Finding } from '../../core/document/schema-problems.js';
import { isObject, type Json } from '../../core/json.js';
import {
  Count,
  Fields,
  FieldValue,
  OneOf,
  Optional,
  PATH_PATTERN,
  Percent,
  Section,
  Size,
  type Static,
  Type,
} from '../../core/schema.js';
import { parseRatio, parseSizeBytes } from '../../core/units.js';
import { resolveRoute } from '../../gateway/config/routing.js';
import type { GatewaySection } from '../../gateway/config.js';
import { RouteTable } from '../../gateway/routes.js';
import { CRITICALITY_DEFAULTS } from '../../policies/criticality.js';
import { FINGERPRINT_HEADER } from '../../upstream/fingerprint.js';
import { MAX_ADDRESSES } from './addresses.js';
import { BEHAVIOUR_PROPERTIES, type ClientBehaviour, resolveBehaviour } from './behaviour.js';
import { type KeyPlan, KeysSchema, resolveKeys } from './keys.js';

/** The class of a request; sent where the scenario names classes. */
export const CLASS_HEADER = 'x-client-class';

/** The tier of its client; sent where it has one, under the name that the gateway's criticality reads as well. */
export const TIER_HEADERS = ['x-client-tier', CRITICALITY_DEFAULTS.tierHeader] as const;

/** Every window of a result holds every class; more are refused with the file. */
export const MAX_CLASSES = 20;

/** A body is sent with every try; a larger one would measure the loopback interface. More is refused with the file. */
export const MAX_BODY_BYTES = 1024 ** 2;

const NAME = '^[a-z0-9]+(-[a-z0-9]+)*$';

/** Never the word for all of them. */
const CLASS_NAME = '^(?!all$)[a-z0-9]+(-[a-z0-9]+)*$';

/** What is asked for. */
export const ASKED_PROPERTIES = {
  path: Optional(Type.String({ pattern: PATH_PATTERN, description: 'What is asked for; default /.' })),
  method: Optional(
    Type.String({ pattern: '^[A-Z]+$', description: 'Default GET, and POST where there is a body.' }),
  ),
  headers: Optional(Fields(FieldValue(), 'Further headers.')),
  keepAlive: Optional(
    OneOf(
      ['on', 'off'],
      'off: each request has a connection of its own, as that of a visitor who comes once; default on.',
    ),
  ),
  bodySize: Optional(Size('Length of the request’s body, at most 1MiB; default none.')),
};

const CLIENT_PROPERTIES = {
  ...BEHAVIOUR_PROPERTIES,
  ...ASKED_PROPERTIES,
  keys: Optional(KeysSchema),
  tier: Optional(
    Type.String({ pattern: NAME, description: 'What its customers pay for, such as free or premium.' }),
  ),
  identities: Optional(
    Count(
      1,
      'Clients, each with an address of its own, from which the requests come; default: all come from 127.0.0.1.',
    ),
  ),
};

export const ClientsSchema = Section(
  {
    ...CLIENT_PROPERTIES,
    classes: Optional(
      Type.Record(
        Type.String({ pattern: CLASS_NAME }),
        Section(
          { share: Percent('Of all clients. The shares of all classes are 100%.'), ...CLIENT_PROPERTIES },
          'One class; what it does not say, it takes from the section.',
        ),
        { description: 'Kinds of clients by their name, such as web, ios, assistants-api.' },
      ),
    ),
  },
  'Who the clients are, and how they behave.',
);

export type ClientsSection = Static<typeof ClientsSchema>;

type AskedSection = Pick<ClientsSection, 'path' | 'method' | 'headers' | 'keepAlive' | 'bodySize'>;

/** What is asked for, the same for every request. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Whether its connection is kept for another request. */
  readonly keepAlive: boolean;
  /** 0: no body. */
  readonly bodyBytes: number;
}

export interface ClientClass extends Asked {
  /** Empty: the scenario names no classes. */
  readonly name: string;
  /** Of all clients. */
  readonly shareRatio: number;
  /** Empty: it has none. */
  readonly tier: string;
  /** The gateway's route that takes its requests, by its name; without routes, and where none takes them, their path. */
  readonly route: string;
  /** 0: all come from 127.0.0.1. */
  readonly identities: number;
  /** `null`: all ask for the same. */
  readonly keys: KeyPlan | null;
  readonly behaviour: ClientBehaviour;
}

export const resolveAsked = ({
  path = '/',
  method,
  headers = {},
  keepAlive,
  bodySize,
}: AskedSection): Asked => {
  const bodyBytes = bodySize === undefined ? 0 : parseSizeBytes(bodySize);
  return {
    method: method ?? (bodyBytes > 0 ? 'POST' : 'GET'),
    path,
    headers: Object.entries(headers).flat(),
    keepAlive: keepAlive !== 'off',
    bodyBytes,
  };
};

type ClassSection = Omit<ClientsSection, 'classes'>;

/** Every class with what it takes from the section, by its name. */
const classSections = (section: ClientsSection): [string, ClassSection & { readonly share: string }][] => {
  const { classes, ...common } = section;
  if (classes === undefined) return [['', { ...common, share: '100%' }]];
  return Object.entries(classes).map(([name, own]) => [name, merge(common as Json, own as Json) as never]);
};

const routeTable = (gateway: GatewaySection): RouteTable<string> => {
  const routes = (gateway.routes ?? []).map(resolveRoute);
  return new RouteTable(routes.map((route) => [route, route.name]));
};

const withoutQuery = (path: string): string => path.replace(/\?.*/, '');

/** @param gateway the variant's, for the names of its routes. */
export const resolveClasses = (section: ClientsSection = {}, gateway: GatewaySection = {}): ClientClass[] => {
  const routes = routeTable(gateway);
  return classSections(section).map(([name, own]) => {
    const asked = resolveAsked(own);
    const tier = own.tier ?? '';
    return {
      ...asked,
      headers: [
        ...asked.headers,
        ...(name === '' ? [] : [CLASS_HEADER, name]),
        ...(tier === '' ? [] : TIER_HEADERS.flatMap((header) => [header, tier])),
      ],
      name,
      tier,
      shareRatio: parseRatio(own.share),
      route: routes.find(asked.method, asked.path) ?? withoutQuery(asked.path),
      identities: own.identities ?? 0,
      keys: own.keys === undefined ? null : resolveKeys(own.keys),
      behaviour: resolveBehaviour(own),
    };
  });
};

/** Set by the generator, or by HTTP itself. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  ...[CLASS_HEADER, ...TIER_HEADERS, FINGERPRINT_HEADER],
  ...['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding', 'upgrade'],
]);

const BODILESS = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

/** What the schema cannot say of what is asked for; paths from there. */
export const checkAsked = (section: AskedSection): Finding[] => {
  const findings: Finding[] = [];
  for (const name of Object.keys(section.headers ?? {})) {
    if (RESERVED_HEADERS.has(name.toLowerCase())) {
      findings.push({ path: ['headers', name], message: `${name} is set by the load itself`, key: true });
    }
  }
  const { method, bodyBytes } = resolveAsked(section);
  if (bodyBytes > MAX_BODY_BYTES) {
    findings.push({ path: ['bodySize'], message: `at most 1MiB, got ${section.bodySize}` });
  }
  if (method === 'CONNECT')
    findings.push({ path: ['method'], message: 'CONNECT asks for no answer; use another' });
  else if (bodyBytes > 0 && BODILESS.includes(method)) {
    findings.push({ path: ['bodySize'], message: `${method} has no body; use POST, PUT or PATCH` });
  }
  return findings;
};

/** Shares are written with two digits at most in practice; rounding adds up to far less. */
const SHARE_TOLERANCE = 1e-6;

const checkClasses = (classes: NonNullable<ClientsSection['classes']>): Finding[] => {
  const names = Object.keys(classes);
  if (names.length === 0)
    return [{ path: ['classes'], message: 'name one class at least, or leave `classes` out' }];
  if (names.length > MAX_CLASSES) {
    return [{ path: ['classes'], message: `at most ${MAX_CLASSES} classes, got ${names.length}` }];
  }
  const total = Object.values(classes).reduce((sum, { share }) => sum + parseRatio(share), 0);
  if (Math.abs(total - 1) <= SHARE_TOLERANCE) return [];
  const percent = Number((total * 100).toFixed(4));
  const message = `the shares of ${names.join(', ')} are ${percent}% together; they have to be 100%`;
  return [{ path: ['classes'], message }];
};

const isIn = (section: unknown, [key]: Finding['path']): boolean =>
  isObject(section) && key !== undefined && Object.hasOwn(section, key);

/** What the schema cannot say of the section; paths from there. */
export const checkClients = (section: ClientsSection): Finding[] => {
  const { classes, ...common } = section;
  const ofAll = checkAsked(common);
  const own = Object.entries(classes ?? {}).flatMap(([name, one]) =>
    checkAsked(merge(common as Json, one as Json) as AskedSection)
      .filter(({ message }) => !ofAll.some((other) => other.message === message))
      .map((finding) => ({
        ...finding,
        // It may be the section's own key that does not fit what the class says.
        path: ['classes', name, ...(isIn(one, finding.path) ? finding.path : [])],
      })),
  );
  return [...ofAll, ...own, ...(classes === undefined ? [] : checkClasses(classes))];
};

/** @returns what is wrong with all identities of a variant together; `null`: nothing. */
export const explainIdentities = (classes: readonly ClientClass[], floods: number): string | null => {
  const ofClasses = classes.reduce((sum, { identities }) => sum + identities, 0);
  if (ofClasses + floods <= MAX_ADDRESSES) return null;
  const parts = `${ofClasses} of clients and ${floods} of floods`;
  return `${ofClasses + floods} identities are more than the ${MAX_ADDRESSES} addresses that a run may use (${parts})`;
};

/** @param point uniform in [0, 1). @returns the index of the class at that point of all clients. */
export const classAt = (classes: readonly ClientClass[], point: number): number => {
  let upTo = 0;
  for (const [index, { shareRatio }] of classes.entries()) {
    upTo += shareRatio;
    if (point < upTo) return index;
  }
  return classes.length - 1;
};
