/** The delivery of a gateway's config over HTTP: stages, their mistakes, places in a text, approval, readers. */
import Fastify from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DocumentError } from '../../../src/core/document/document.js';
import { UNIT_KEYWORD } from '../../../src/core/schema.js';
import { serveTrafficConfig } from '../../../src/delivery/config-api.js';
import { ReaderRegister } from '../../../src/delivery/readers.js';
import { ConfigTraffic } from '../../support/config-traffic.js';

const open = () => {
  const traffic = new ConfigTraffic();
  const readers = new ReaderRegister();
  readers.saw('process 1', 1, 0);
  const app = Fastify({
    ajv: { customOptions: { keywords: [UNIT_KEYWORD], removeAdditional: false, coerceTypes: false } },
  });
  serveTrafficConfig(
    app,
    traffic.delivery,
    (sent) => {
      if (typeof sent === 'string') return sent;
      throw new DocumentError('config', [{ path: 'retry', line: 4, column: 2, message: 'expected a text' }]);
    },
    () => readers.list(0),
  );
  onTestFinished(() => app.close());
  const ask = async (method: 'GET' | 'PUT' | 'POST', url: string, payload?: object) => {
    const response = await app.inject({ method, url, ...(payload && { payload }) });
    return { status: response.statusCode, body: response.json() };
  };
  return { traffic, ask };
};

describe('the config API of a gateway', () => {
  it('sends a config out in stages, and tells how far it is', async () => {
    const { traffic, ask } = open();
    const staged = { stages: [{ share: '10%', bake: '5s' }] };
    const pushed = await ask('PUT', '/config', { by: 'ann', config: 'second', strategy: 'staged', staged });
    expect(pushed).toEqual({ status: 202, body: { version: 2 } });
    expect((await ask('GET', '/config')).body).toMatchObject({
      version: 1,
      underWay: 2,
      rollout: { version: 2, stage: 1, shareRatio: 0.1, waitsFor: 'bake' },
    });
    expect((await ask('POST', '/config/rollback', { by: 'ann' })).body).toEqual({ version: 1 });
    expect(traffic.delivery.underWay).toBeNull();
  });

  it('says where in the config something is wrong', async () => {
    const { ask } = open();
    const { status, body } = await ask('PUT', '/config', { by: 'ann', config: {} });
    expect(status).toBe(422);
    expect(body.problems).toEqual([{ path: 'retry', line: 4, column: 2, message: 'expected a text' }]);
  });

  it('refuses stages that shrink with 422, and stages of no form with 400', async () => {
    const { traffic, ask } = open();
    const push = (stages: unknown) =>
      ask('PUT', '/config', { by: 'ann', config: 'x', strategy: 'staged', staged: { stages } });
    const shrinking = await push([
      { share: '50%', bake: '1s' },
      { share: '5%', bake: '1s' },
    ]);
    expect(shrinking).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('stages.1.share') },
    });
    expect((await push([{ share: 5, bake: '1s' }])).status).toBe(400);
    expect(traffic.seen()).toEqual(['config.refused']);
  });

  it('tells of a config that cannot be read, and writes down whose it was', async () => {
    const { traffic, ask } = open();
    await ask('PUT', '/config', { by: 'ann', config: {} });
    const reason = '4:2: retry: expected a text';
    expect(traffic.events).toEqual([{ type: 'config.refused', atMs: 0, status: 422, reason }]);
    expect((await ask('GET', '/config/audit')).body).toEqual([
      { atMs: 0, by: 'ann', action: 'push', allowed: false, reason },
    ]);
  });

  it('refuses a config that was made from an older version with 409, unless it is approved', async () => {
    const { ask } = open();
    await ask('PUT', '/config', { by: 'ann', config: 'second' });
    const late = { by: 'bob', config: 'late', basedOn: 1 };
    expect(await ask('PUT', '/config', late)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('version 2 is in force') },
    });
    expect((await ask('PUT', '/config', { ...late, approve: 'I know' })).status).toBe(202);
    expect((await ask('GET', '/config/audit')).body).toMatchObject([
      { by: 'ann', action: 'push', allowed: true },
      { by: 'bob', action: 'push', allowed: false },
      { by: 'bob', action: 'push', allowed: true },
      { by: 'bob', action: 'approve', allowed: true },
    ]);
  });

  it('tells of the readers', async () => {
    const { ask } = open();
    expect((await ask('GET', '/config/readers')).body).toMatchObject([{ reader: 'process 1', running: 1 }]);
  });
});
