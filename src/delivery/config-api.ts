/**
 * Config delivery over HTTP: what an operator, a script or a deployment tool talks to.
 *
 *     GET    /config            version, what is on its way, lock
 *     PUT    /config            { config, by, strategy…, breakGlass? } → 202, 422 (not valid), 423 (locked)
 *     POST   /config/rollback   { by, strategy… } → 202, 409 (nothing to roll back)
 *     PUT    /config/lock       { by, reason }
 *     DELETE /config/lock       ?by=
 *     GET    /config/audit      who asked for what, when, and what was decided
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Optional, Section, type Static, Type } from '../core/schema.js';
import type { ChangeOutcome, ConfigDelivery } from './config-delivery.js';
import {
  RollbackProperties,
  resolveRollbackStrategy,
  resolveStrategy,
  StrategyProperties,
} from './strategy.js';

const By = Type.String({ minLength: 1, description: 'Who asks for it.' });

const PushSchema = Section(
  {
    config: Type.Unknown(),
    by: By,
    breakGlass: Optional(Type.String({ minLength: 1, description: 'Why a lock is to be passed by.' })),
    ...StrategyProperties,
  },
  'A push.',
);

const RollbackSchema = Section({ by: By, ...RollbackProperties }, 'A rollback.');
const LockSchema = Section({ by: By, reason: Type.String({ minLength: 1 }) }, 'A lock.');
const UnlockSchema = Section({ by: By }, 'An unlock.');

const answer = (reply: FastifyReply, outcome: ChangeOutcome) => {
  reply.code(outcome.status);
  return outcome.accepted
    ? { version: outcome.version }
    : {
        type: 'about:blank',
        status: outcome.status,
        title: 'The config was not changed',
        detail: outcome.reason,
      };
};

/** @param parse makes a config of what was sent, or throws. */
export const serveConfig = <Config>(
  app: FastifyInstance,
  delivery: ConfigDelivery<Config>,
  parse: (sent: unknown) => Config,
): void => {
  app.get('/config', () => ({
    version: delivery.version,
    underWay: delivery.underWay,
    locked: delivery.lock.locked,
    config: delivery.config,
  }));
  app.get('/config/audit', () => delivery.lock.audit);
  app.put<{ Body: Static<typeof PushSchema> }>(
    '/config',
    { schema: { body: PushSchema } },
    ({ body }, reply) =>
      answer(
        reply,
        delivery.push(parse(body.config), resolveStrategy(body), {
          by: body.by,
          breakGlass: body.breakGlass ?? '',
        }),
      ),
  );
  app.post<{ Body: Static<typeof RollbackSchema> }>(
    '/config/rollback',
    { schema: { body: RollbackSchema } },
    ({ body }, reply) => answer(reply, delivery.rollback(resolveRollbackStrategy(body), body.by, 'ordered')),
  );
  app.put<{ Body: Static<typeof LockSchema> }>(
    '/config/lock',
    { schema: { body: LockSchema } },
    ({ body }, reply) => {
      delivery.lockConfig(body.by, body.reason);
      return reply.code(204).send();
    },
  );
  app.delete<{ Querystring: Static<typeof UnlockSchema> }>(
    '/config/lock',
    { schema: { querystring: UnlockSchema } },
    ({ query }, reply) => {
      delivery.unlockConfig(query.by);
      return reply.code(204).send();
    },
  );
};
