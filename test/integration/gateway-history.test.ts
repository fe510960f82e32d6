/** A gateway that takes another's place: it goes on with the last config that was good, and says what is to be kept. */
import { expect, it } from 'vitest';
import type { HistoryRecord } from '../../src/delivery/version-history.js';
import { type GatewayConfig, type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { ask } from '../support/gateway.js';
import { startGatewayGroup } from '../support/gateway-group.js';
import { startUpstream } from '../support/upstream.js';

const PLAIN: GatewaySection = { healthCheck: 'off' };

/** One that refuses whoever says that it is a bot. */
const AGAINST_BOTS: GatewaySection = {
  ...PLAIN,
  rules: [{ headers: { 'x-bot': '.' }, action: 'block' }],
};

it.each([1, 2])('with %i processes', async (processes) => {
  const configOf = (section: GatewaySection): GatewayConfig =>
    resolveGatewayConfig({ ...section, processes });
  const kept: HistoryRecord<GatewayConfig>[] = [];
  const upstream = await startUpstream((_request, response) => response.end('good'));
  const gateway = await startGatewayGroup([upstream], configOf(PLAIN), {
    history: {
      good: [
        { version: 2, config: configOf(PLAIN) },
        { version: 4, config: configOf(AGAINST_BOTS) },
      ],
      numbered: 6,
    },
    onSettled: (history) => kept.push(history),
  });
  const asBot = async (): Promise<number> =>
    (await ask(gateway.port, { headers: { 'x-bot': 'yes' } })).status;
  const tell = async (method: string, path: string, body: object): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const options = { method, path, headers };
    return JSON.parse(
      (await ask(gateway.adminPort, options, JSON.stringify({ by: 'a test', ...body }))).body,
    );
  };
  const versionsKept = () => kept.map(({ good, numbered }) => [good.map(({ version }) => version), numbered]);

  expect(await asBot()).toBe(403);
  expect(await gateway.admin('/config')).toMatchObject({ version: 4 });
  const section = { ...PLAIN, ...(processes > 1 && { processes }), retry: {} };
  expect(await tell('PUT', '/config', { config: section })).toMatchObject({ version: 7 });
  await expect.poll(asBot).toBe(200);
  await expect.poll(versionsKept).toEqual([[[2, 4, 7], 7]]);
  expect(kept[0]!.good.at(-1)!.config.retry).not.toBeNull();
  expect(await tell('POST', '/config/rollback', {})).toMatchObject({ version: 4 });
  await expect.poll(asBot).toBe(403);
  expect(await tell('POST', '/config/rollback', {})).toMatchObject({ version: 2 });
  await expect.poll(asBot).toBe(200);
  await expect.poll(versionsKept).toEqual([
    [[2, 4, 7], 7],
    [[2, 4], 7],
    [[2], 7],
  ]);
});
