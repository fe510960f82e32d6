/** Every gateway is told which workers get nothing: at once, when it comes later, and when it comes again. */
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { askAdmin } from '../../../src/scenarios/front/admin-request.js';
import { GatewayDrains } from '../../../src/scenarios/front/gateway-drains.js';

const HOST = '127.0.0.1';

const startAdmin = async (status = 204): Promise<{ port: number; asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, asked };
};

it('a gateway that comes later is told what was said before, and all are told what is said then', async () => {
  const refused: string[] = [];
  const drains = new GatewayDrains(HOST, askAdmin, (text) => refused.push(text));
  await drains.setDrained('worker-3', true);
  await drains.setDrained('worker-4', true);
  await drains.setDrained('worker-4', false);
  const [first, second] = [await startAdmin(), await startAdmin()];
  await drains.connect(first.port);
  await drains.connect(second.port);
  expect(first.asked).toEqual(['PUT /upstreams/worker-3/drain {}']);
  await drains.setDrained('worker-3', false);
  for (const { asked } of [first, second]) {
    expect(asked).toEqual(['PUT /upstreams/worker-3/drain {}', 'DELETE /upstreams/worker-3/drain {}']);
  }
  expect(refused).toEqual([]);
});

it('a gateway that starts again is told what holds then', async () => {
  const drains = new GatewayDrains(HOST, askAdmin, () => {});
  const admin = await startAdmin();
  await drains.connect(admin.port);
  await drains.setDrained('worker-1', true);
  await drains.connect(admin.port);
  expect(admin.asked).toEqual(new Array(2).fill('PUT /upstreams/worker-1/drain {}'));
});

it('a gateway is told in order, and as it is by then', async () => {
  const drains = new GatewayDrains(HOST, askAdmin, () => {});
  const admin = await startAdmin();
  await drains.connect(admin.port);
  await Promise.all(
    [true, false, true, false, true].map((drained) => drains.setDrained('worker-1', drained)),
  );
  expect(admin.asked.at(-1)).toBe('PUT /upstreams/worker-1/drain {}');
  await drains.setDrained('worker-1', false);
  expect(admin.asked.at(-1)).toBe('DELETE /upstreams/worker-1/drain {}');
});

it('a gateway that starts with some drained is told of the others alone, and of those that are back', async () => {
  const drains = new GatewayDrains(HOST, askAdmin, () => {});
  await drains.setDrained('worker-1', true);
  const { drained } = drains;
  await drains.setDrained('worker-1', false);
  await drains.setDrained('worker-2', true);
  const admin = await startAdmin();
  await drains.connect(admin.port, drained);
  expect(admin.asked.toSorted()).toEqual([
    'DELETE /upstreams/worker-1/drain {}',
    'PUT /upstreams/worker-2/drain {}',
  ]);
});

it('what a gateway did not take it is told again when it hears', async () => {
  const drains = new GatewayDrains(HOST, askAdmin, () => {});
  const admin = await startAdmin(503);
  await drains.connect(admin.port);
  await drains.setDrained('worker-1', true);
  await drains.tellAgain(admin.port);
  expect(admin.asked).toEqual(new Array(2).fill('PUT /upstreams/worker-1/drain {}'));
});

it('what is refused is told', async () => {
  const refused: string[] = [];
  const drains = new GatewayDrains(HOST, askAdmin, (text) => refused.push(text));
  const { port } = await startAdmin(404);
  await drains.connect(port);
  await drains.setDrained('worker-9', true);
  expect(refused).toEqual(['the gateway did not take PUT /upstreams/worker-9/drain: 404']);
});
