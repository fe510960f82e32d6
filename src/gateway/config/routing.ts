/** The sections `gateway.routes`, `gateway.pools` and `gateway.upstreams`: which requests go where, and in what shares. */
import { Count, Duration, OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';
import { CRITICALITIES, type Criticality } from '../../policies/criticality.js';

/** One upstream's place among the others. */
const UpstreamSchema = Section(
  {
    weight: Optional(Count(0, 'Share of the traffic, relative to the other weights; default 1. 0: none.')),
    priority: Optional(
      Count(0, '0, the default, is used first; the next stands in when too few of it are healthy.'),
    ),
  },
  'One upstream.',
);

export const UpstreamsSchema = Type.Record(Type.String({ minLength: 1 }), UpstreamSchema, {
  description: 'Upstreams by their id, where they differ from the others.',
});

export const PoolsSchema = Type.Record(
  Type.String({ minLength: 1 }),
  Section(
    { upstreams: Type.Array(Type.String({ minLength: 1 }), { description: 'Ids of its upstreams.' }) },
    'One pool.',
  ),
  { description: 'Named sets of upstreams, for routes. Without it there is one, of all upstreams.' },
);

const RouteSchema = Section(
  {
    name: Optional(Type.String({ minLength: 1, description: 'Name in metrics; default: its path.' })),
    path: Type.String({
      pattern: '^/',
      description: 'Paths that begin with it, by whole segments. The longest that fits is taken.',
    }),
    methods: Optional(
      Type.Array(Type.String({ pattern: '^[A-Z-]+$' }), {
        minItems: 1,
        description: 'Default: all of them.',
      }),
    ),
    pool: Optional(Type.String({ minLength: 1, description: 'Where it leads; default: all upstreams.' })),
    timeout: Optional(Duration('Instead of `timeouts.request`.')),
    concurrency: Optional(Count(1, 'Requests of this route in flight at once. More is refused with 503.')),
    criticality: Optional(OneOf(CRITICALITIES, 'Of requests that do not say it themselves.')),
    retry: Optional(OneOf(['on', 'off'], 'Whether `retry` and `hedge` hold; default on.')),
    cache: Optional(OneOf(['on', 'off'], 'Whether `cache` holds; default on.')),
  },
  'One route.',
);

export const RoutesSchema = Type.Array(RouteSchema, {
  description:
    'Without it, everything goes to all upstreams. With it, what no route takes is answered with 404.',
});

export interface RouteConfig {
  readonly name: string;
  readonly path: string;
  /** `null`: all. */
  readonly methods: readonly string[] | null;
  /** `null`: all upstreams. */
  readonly pool: string | null;
  /** `null`: as for all requests. */
  readonly timeoutMs: number | null;
  /** `null`: no limit of its own. */
  readonly concurrencyLimit: number | null;
  readonly criticality: Criticality | null;
  readonly retry: boolean;
  readonly cache: boolean;
}

export interface UpstreamConfig {
  readonly weight: number;
  readonly priority: number;
}

export const resolveRoute = (section: Static<typeof RouteSchema>): RouteConfig => ({
  name: section.name ?? section.path,
  path: section.path,
  methods: section.methods ?? null,
  pool: section.pool ?? null,
  timeoutMs: parseDurationMsOr(section.timeout, null),
  concurrencyLimit: section.concurrency ?? null,
  criticality: section.criticality ?? null,
  retry: section.retry !== 'off',
  cache: section.cache !== 'off',
});

/** Where everything goes when the config names no route. */
export const DEFAULT_ROUTE: RouteConfig = resolveRoute({ path: '/', name: 'default' });
