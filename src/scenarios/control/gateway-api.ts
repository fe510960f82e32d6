/**
 * The gateways of a run, by hand while it goes on: their config as a whole, and whatever their own admin API can do.
 *
 *     GET    /gateways                  every gateway and the edge: id, up
 *     GET    /gateway/config            { version, locked, config }: the section as it is written
 *     PUT    /gateway/config            { config, by?, strategy…, approve?, breakGlass?, basedOn?, smokeTest? }: the whole
 *                                       section, to all gateways → 202 { version }, or as the gateway refuses it: 409, 422, 423
 *     POST   /gateway/config/rollback   { by? } → 202, 409
 *     PUT    /gateway/config/lock       { by?, reason }
 *     DELETE /gateway/config/lock       ?by=
 *     any    /gateways/:id/…            the admin API of one of them, as docs/gateway.md has it
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { merge } from '../../core/document/overrides.js';
import { isObject, type Json } from '../../core/json.js';
import { thereAre } from '../../core/nearest.js';
import { SMOKE_TEST_TIMEOUT_MS } from '../../gateway/smoke-test.js';
import type { PlaceStatus } from '../front/front.js';
import { type GatewayPush, pushBody } from '../timeline/config.js';
import type { World } from '../world.js';
import { askJson, type JsonAnswer, type JsonRequest } from './ask-json.js';

export type GatewayAnswer = JsonAnswer;

/** Longer than a healthy gateway takes for anything but a smoke test; one that stands still is not waited for. */
const TIMEOUT_MS = 3_000;

/** Versions whose section is remembered as it was written: more than a gateway goes back. */
const MAX_SECTIONS = 100;

const refused = (status: number, detail: string): GatewayAnswer => ({
  status,
  type: 'application/problem+json',
  body: { type: 'about:blank', status, title: 'Nothing was done', detail },
});

const send = (reply: FastifyReply, { status, type, body }: GatewayAnswer): FastifyReply => {
  reply.code(status);
  if (type !== '') reply.type(type);
  return reply.send(body ?? undefined);
};

export interface GatewayOrders {
  /** As a timeline has it, with the gateway's answer. */
  push(action: GatewayPush, by: string): Promise<GatewayAnswer>;
}

class Gateways implements GatewayOrders {
  readonly #world: Pick<World, 'front' | 'scope'>;
  /** By version: what was sent. */
  readonly #sections = new Map<number, Json>();

  constructor(world: Pick<World, 'front' | 'scope'>) {
    this.#world = world;
  }

  get places(): readonly PlaceStatus[] {
    return this.#world.front();
  }

  push(action: GatewayPush, by: string): Promise<GatewayAnswer> {
    return this.put(action.to, pushBody(action, by));
  }

  /** @param body as the admin API takes it. */
  async put(to: 'gateway' | 'edge', body: Json): Promise<GatewayAnswer> {
    const { config } = body;
    const answer = await this.all(to, 'PUT', '/config', body);
    const version = isObject(answer.body) ? answer.body.version : undefined;
    if (to === 'gateway' && answer.status < 400 && typeof version === 'number' && isObject(config)) {
      this.#sections.set(version, config);
      const [oldest] = this.#sections.keys();
      if (this.#sections.size > MAX_SECTIONS && oldest !== undefined) this.#sections.delete(oldest);
    }
    return answer;
  }

  async config(): Promise<GatewayAnswer> {
    const answer = await this.all('gateway', 'GET', '/config');
    if (answer.status >= 400 || !isObject(answer.body)) return answer;
    const { version, locked } = answer.body;
    const config = this.#sections.get(Number(version)) ?? this.#world.scope.gateway;
    return { ...answer, body: { version, locked, config } };
  }

  /** Asks every one of a kind. @returns the first refusal, or the first one's answer. */
  async all(
    to: 'gateway' | 'edge',
    method: JsonRequest['method'],
    path: string,
    body?: Json,
  ): Promise<GatewayAnswer> {
    const asked = this.places.filter(({ tier }) => tier === to);
    if (asked.length === 0) return refused(409, `there is no ${to} of this run`);
    const answers = await Promise.all(asked.map((place) => this.one(place, method, path, body)));
    return answers.find(({ status }) => status >= 400) ?? answers[0]!;
  }

  async one(
    { id, up, host, adminPort: port, overlay }: PlaceStatus,
    method: JsonRequest['method'],
    path: string,
    body?: unknown,
  ): Promise<GatewayAnswer> {
    if (!up) return refused(503, `${id} is down`);
    const config = isObject(body) ? body.config : undefined;
    // Where its certificates are is the run's own affair.
    const own = isObject(config) ? { ...(body as Json), config: merge(config, overlay as Json) } : body;
    const testMs = isObject(body) && body.smokeTest !== undefined ? SMOKE_TEST_TIMEOUT_MS : 0;
    try {
      return await askJson({ host, port, method, path, body: own, timeoutMs: TIMEOUT_MS + testMs });
    } catch (error) {
      return refused(503, `${id}: ${(error as Error).message}`);
    }
  }
}

const withBy = (body: unknown): Json => ({ by: 'operator', ...(isObject(body) ? body : {}) });

const serveOne = (app: FastifyInstance, gateways: Gateways): void => {
  type Passed = FastifyRequest<{ Params: { id: string; '*': string } }>;
  const pass = async ({ method, params: { id, '*': path }, url, body }: Passed, reply: FastifyReply) => {
    const place = gateways.places.find((candidate) => candidate.id === id);
    if (place === undefined) {
      const there = gateways.places.map((candidate) => candidate.id);
      return send(reply, refused(404, `there is no ${id}${thereAre(id, there)}`));
    }
    const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
    const asked = `/${path}${query}`;
    return send(reply, await gateways.one(place, method as JsonRequest['method'], asked, body ?? undefined));
  };
  app.route<{ Params: { id: string; '*': string } }>({
    method: ['GET', 'PUT', 'POST', 'DELETE'],
    url: '/gateways/:id/*',
    handler: pass,
  });
};

export const serveGateways = (app: FastifyInstance, world: Pick<World, 'front' | 'scope'>): GatewayOrders => {
  const gateways = new Gateways(world);
  app.get('/gateways', () => gateways.places.map(({ id, up }) => ({ id, up })));
  app.get('/gateway/config', async (_request, reply) => send(reply, await gateways.config()));
  app.put('/gateway/config', async ({ body }, reply) =>
    send(reply, await gateways.put('gateway', withBy(body))),
  );
  app.post('/gateway/config/rollback', async ({ body }, reply) =>
    send(reply, await gateways.all('gateway', 'POST', '/config/rollback', withBy(body))),
  );
  app.put('/gateway/config/lock', async ({ body }, reply) =>
    send(reply, await gateways.all('gateway', 'PUT', '/config/lock', withBy(body))),
  );
  app.delete<{ Querystring: { by?: string } }>(
    '/gateway/config/lock',
    async ({ query: { by = 'operator' } }, reply) => {
      const path = `/config/lock?by=${encodeURIComponent(by)}`;
      return send(reply, await gateways.all('gateway', 'DELETE', path));
    },
  );
  serveOne(app, gateways);
  return gateways;
};
