/** The admin API's part about upstreams and the cache: look at them, weigh, drain, eject, purge. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Duration, Optional, type Schema, Section, type Static, Type } from '../core/schema.js';
import { formatDuration, parseDurationMs } from '../core/units.js';
import type { PurgeTarget } from '../policies/cache/cache.js';
import type { AdminSource } from './admin.js';
import { DEFAULT_EJECTION_MS, type GatewayControl, MAX_EJECTION_MS } from './control.js';

const IdSchema = Section(
  { id: Type.String({ minLength: 1, description: 'Of the upstream.' }) },
  'Which one.',
);

/** A weight is a share: ten thousand times another's is more than anybody means. */
const MAX_WEIGHT = 1_000_000;

const WeightSchema = Section(
  {
    weight: Type.Number({
      minimum: 0,
      maximum: MAX_WEIGHT,
      description: 'Share of the traffic, relative to the other weights; 0: nothing.',
    }),
  },
  'A weight.',
);

const EjectSchema = Section({ for: Optional(Duration('How long; default 30s.')) }, 'An ejection by hand.');

const PurgeSchema = Section(
  {
    host: Optional(Type.String({ minLength: 1, description: 'Of the URL; with `path` needed.' })),
    path: Optional(Type.String({ pattern: '^/', description: 'One URL: path and query.' })),
    pathPrefix: Optional(Type.String({ pattern: '^/', description: 'All URLs whose path begins with it.' })),
    soft: Optional(
      Type.Boolean({
        description:
          'Keeps them as stale: given while new ones are fetched, and when that fails. Default false.',
      }),
    ),
  },
  'What to remove; nothing said: everything.',
);

/** A body that may be left out; Fastify shows its absence to the schema as null. */
const orNone = <Body extends Schema>(schema: Body) => Type.Union([schema, Type.Null()]);

const problem = (reply: FastifyReply, status: number, detail: string) => {
  reply.code(status).type('application/problem+json');
  return { type: 'about:blank', status, title: 'Nothing was changed', detail };
};

const targetOf = ({ host, path, pathPrefix }: Static<typeof PurgeSchema>): PurgeTarget | string => {
  if (path !== undefined) {
    if (pathPrefix !== undefined) return 'give `path` or `pathPrefix`, not both';
    return host === undefined ? '`path` needs the `host` of the URL' : { host, path };
  }
  if (pathPrefix !== undefined) return host === undefined ? { pathPrefix } : { host, pathPrefix };
  return host === undefined ? 'all' : { host, pathPrefix: '/' };
};

export const serveUpstreams = (app: FastifyInstance, source: AdminSource, control: GatewayControl): void => {
  const known = (id: string, reply: FastifyReply): boolean => {
    if (control.find(id) !== undefined) return true;
    reply.code(404).type('application/problem+json');
    reply.send({
      type: 'about:blank',
      status: 404,
      title: 'No such upstream',
      detail: `there is no upstream "${id}"`,
    });
    return false;
  };
  /** An action on one upstream, which answers with nothing, or says why it is refused. */
  const action = <Body>(
    method: 'PUT' | 'POST' | 'DELETE',
    path: string,
    schema: { readonly summary: string; readonly body?: object },
    act: (id: string, body: Body) => { readonly status: number; readonly detail: string } | null,
  ): void => {
    app.route<{ Params: Static<typeof IdSchema>; Body: Body }>({
      method,
      url: `/upstreams/:id${path}`,
      schema: { ...schema, params: IdSchema, tags: ['upstreams'] },
      handler: ({ params, body }, reply) => {
        if (!known(params.id, reply)) return reply;
        const refused = act(params.id, body as Body);
        if (refused !== null) return problem(reply, refused.status, refused.detail);
        return reply.code(204).send();
      },
    });
  };

  app.get('/upstreams', { schema: { summary: 'Every upstream as it stands', tags: ['upstreams'] } }, () =>
    source.upstreams(),
  );
  action<Static<typeof WeightSchema>>(
    'PUT',
    '/weight',
    { summary: 'Give it another weight, until the config’s changes', body: WeightSchema },
    (id, { weight }) => {
      const detail = control.setWeight(id, weight);
      return detail === null ? null : { status: 409, detail: `a weight of ${weight} ${detail}` };
    },
  );
  action('PUT', '/drain', { summary: 'Send it nothing new; what is in flight ends' }, (id) => {
    control.drain(id, true);
    return null;
  });
  action('DELETE', '/drain', { summary: 'Take it back' }, (id) => {
    control.drain(id, false);
    return null;
  });
  action<Static<typeof EjectSchema> | null | undefined>(
    'PUT',
    '/ejection',
    { summary: 'Take it out for a while', body: orNone(EjectSchema) },
    (id, body) => {
      const forMs = body?.for === undefined ? DEFAULT_EJECTION_MS : parseDurationMs(body.for);
      if (forMs > MAX_EJECTION_MS) {
        const detail = `for: at most ${formatDuration(MAX_EJECTION_MS)}; to take it out for good, drain it`;
        return { status: 400, detail };
      }
      control.eject(id, forMs);
      return null;
    },
  );
  action('DELETE', '/ejection', { summary: 'Bring it back, whoever took it out' }, (id) => {
    control.uneject(id);
    return null;
  });
  app.post<{ Body: Static<typeof PurgeSchema> | null | undefined }>(
    '/cache/purge',
    {
      schema: {
        summary: 'Remove stored answers, or make them stale',
        body: orNone(PurgeSchema),
        tags: ['cache'],
      },
    },
    async ({ body }, reply) => {
      const target = targetOf(body ?? {});
      if (typeof target === 'string' && target !== 'all') return problem(reply, 400, target);
      const soft = body?.soft ?? false;
      const responses = await control.purge(target as PurgeTarget, soft);
      return soft ? { madeStale: responses } : { removed: responses };
    },
  );
};
