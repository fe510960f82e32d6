/** The `dependencies:` section of a fleet as it is written, and the same with its defaults filled in. */
import type { Finding } from '../../core/document/schema-problems.js';
import { Count, Duration, OneOf, Optional, Percent, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseDurationMsOr, parseRatio } from '../../core/units.js';
import { breakerSchema, resolveBreaker } from '../../policies/breaker-options.js';
import type { ServiceTime } from '../service-time.js';
import { resolveServiceTime, serviceTimeSchema } from '../service-time-section.js';
import { DEPENDENCY_KINDS, type DependencyConfig, type DependencyKind, FALLBACKS } from './messages.js';

const DependencySchema = Section(
  {
    kind: OneOf(
      DEPENDENCY_KINDS,
      'database: connections, a query at a time on each; third-party: an API over HTTP.',
    ),
    share: Optional(Percent('Share of the requests that need it, drawn from the seed; default 100%.')),
    path: Optional(
      Type.String({
        pattern: '^/',
        description: 'Only requests whose path begins with it; of these, `share`. Default: all.',
      }),
    ),
    connections: Optional(Count(1, 'Of a database, for all workers; one more is refused. Default 20.')),
    queryTime: Optional(
      serviceTimeSchema(
        'How long a database takes; default exponential with a mean of 10ms.',
        'Mean time of a query.',
      ),
    ),
    abandoned: Optional(
      OneOf(
        ['finish', 'cancel'],
        'What a database does with a query whose worker is gone; default finish, and its connection is in use until then.',
      ),
    ),
    time: Optional(Duration('Mean time a third party takes, exponential; default 100ms.')),
    pool: Optional(
      Count(
        1,
        'Connections of one worker. Default: its part of the database’s connections; to a third party as many as it needs.',
      ),
    ),
    acquireTimeout: Optional(
      Duration('How long a call waits for a connection of the pool; default: for ever.'),
    ),
    timeout: Optional(
      Duration('How long a call may take, the wait for a connection included; default: for ever.'),
    ),
    breaker: Optional(breakerSchema('Circuit breaker of each worker for this dependency; default: none.')),
    bulkhead: Optional(
      Count(1, 'Calls of one worker under way at once; one more fails at once. Default: no limit.'),
    ),
    fallback: Optional(
      OneOf(
        FALLBACKS,
        'When a call fails. cached: the last good answer for the path, if there was one; reduced: an answer without it; default none.',
      ),
    ),
    status: Optional(
      Type.Integer({
        minimum: 500,
        maximum: 599,
        description: 'Answered when a call failed and there is no fallback; default 503.',
      }),
    ),
  },
  'Something that workers call to serve a request.',
);

type DependencySection = Static<typeof DependencySchema>;

export const DependenciesSchema = Type.Record(
  Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' }),
  DependencySchema,
  {
    description:
      'What workers call, by name, in this order, while they hold a slot. Each is a process of its own.',
  },
);

export type DependenciesSection = Static<typeof DependenciesSchema>;

/** Keys that mean something to one kind only. */
const KIND_OF_KEY: Readonly<Partial<Record<keyof DependencySection, DependencyKind>>> = {
  connections: 'database',
  queryTime: 'database',
  abandoned: 'database',
  time: 'third-party',
};

/** An answer within this time there is none. */
const POSITIVE_TIMES = ['acquireTimeout', 'timeout'] as const;

const findProblemsOf = (section: DependencySection): Finding[] => {
  const findings: Finding[] = [];
  for (const [key, kind] of Object.entries(KIND_OF_KEY)) {
    if (!Object.hasOwn(section, key) || section.kind === kind) continue;
    const message = `${key} means nothing to a ${section.kind}; it belongs to a ${kind}`;
    findings.push({ path: [key], message, key: true });
  }
  for (const key of POSITIVE_TIMES) {
    const text = section[key];
    if (text !== undefined && parseDurationMs(text) === 0)
      findings.push({ path: [key], message: 'must be above 0; leave it out to wait for ever' });
  }
  if (section.share !== undefined && (parseRatio(section.share) === 0 || parseRatio(section.share) > 1)) {
    findings.push({ path: ['share'], message: `must be above 0% and at most 100%, got ${section.share}` });
  }
  if (section.acquireTimeout !== undefined && section.kind === 'third-party' && section.pool === undefined) {
    const message = 'means nothing without a pool; give `pool`, or bound the call by `timeout`';
    findings.push({ path: ['acquireTimeout'], message });
  }
  if (section.kind === 'database' && (section.pool ?? 0) > (section.connections ?? DEFAULT_CONNECTIONS)) {
    const message = `one worker's pool is larger than all the connections there are, ${section.connections ?? DEFAULT_CONNECTIONS}`;
    findings.push({ path: ['pool'], message });
  }
  return findings;
};

/** What the schema cannot say; paths from the section on. */
export const findDependencyProblems = (section: DependenciesSection = {}): Finding[] =>
  Object.entries(section).flatMap(([name, dependency]) =>
    findProblemsOf(dependency).map(({ path, ...finding }) => ({ ...finding, path: [name, ...path] })),
  );

/** Small, so that a run reaches it: PostgreSQL's default is 100, for more clients than a scenario has. */
const DEFAULT_CONNECTIONS = 20;

/** An indexed read, its way there and back included. */
const DEFAULT_QUERY_TIME: ServiceTime = { distribution: 'exponential', meanMs: 10 };

/** A call of a payment or identity provider in the same region. */
const DEFAULT_THIRD_PARTY_MS = 100;

const resolveServing = (section: DependencySection) => {
  if (section.kind === 'third-party') {
    const time = {
      distribution: 'exponential',
      meanMs: parseDurationMsOr(section.time, DEFAULT_THIRD_PARTY_MS),
    } as const;
    return { connections: null, time, abandoned: 'cancel' } as const;
  }
  return {
    connections: section.connections ?? DEFAULT_CONNECTIONS,
    time: resolveServiceTime(section.queryTime, DEFAULT_QUERY_TIME),
    abandoned: section.abandoned ?? ('finish' as const),
  };
};

/**
 * Fills in the defaults. There is no timeout by default, as in node-postgres and in Node's own HTTP client: that is what
 * makes a dependency's trouble everybody's.
 */
export const resolveDependencies = (
  section: DependenciesSection = {},
  workers: number,
): readonly DependencyConfig[] =>
  Object.entries(section).map(([name, dependency]) => {
    const serving = resolveServing(dependency);
    const part = serving.connections === null ? null : Math.max(1, Math.floor(serving.connections / workers));
    return {
      name,
      kind: dependency.kind,
      ...serving,
      use: {
        share: parseRatio(dependency.share ?? '100%'),
        path: dependency.path ?? '',
        pool: dependency.pool ?? part,
        acquireTimeoutMs: parseDurationMsOr(dependency.acquireTimeout, null),
        timeoutMs: parseDurationMsOr(dependency.timeout, null),
        breaker: dependency.breaker === undefined ? null : resolveBreaker(dependency.breaker),
        bulkhead: dependency.bulkhead ?? null,
        fallback: dependency.fallback ?? 'none',
        status: dependency.status ?? 503,
      },
    };
  });
