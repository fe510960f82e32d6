/** What the timeline asks of the gateway's admin API: a refusal that nobody else tells of is told. */
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { askAdmin } from '../../../src/scenarios/front/admin-request.js';
import { freePort } from '../../support/upstream.js';

/** An admin API that gives every request this answer. @returns what there is to tell of it; `null`: nothing. */
const toldOf = async (statusCode: number): Promise<string | null> => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(statusCode).end('because'));
  });
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return ask((server.address() as { port: number }).port);
};

const ask = (port: number): Promise<string | null> =>
  askAdmin({ host: '127.0.0.1', port, method: 'PUT', path: '/config', body: { by: 'me' } });

it.each([400, 401, 403, 404, 413, 415, 500])(
  'answered with %i is told, with what the answer says',
  async (status) => {
    expect(await toldOf(status)).toBe(`${status} because`);
  },
);

it.each([202, 409, 422, 423])(
  'answered with %i is not: it is done, or the gateway tells of it',
  async (status) => {
    expect(await toldOf(status)).toBeNull();
  },
);

it('where nobody listens is told too', async () => {
  expect(await ask(await freePort())).toContain('ECONNREFUSED');
});
