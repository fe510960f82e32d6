/**
 * How an Envoy is followed, with a stand-in that knows as much of Envoy as the following does: it reads a file again once
 * another has been moved to its place, and counts what it makes of it.
 */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { envoy } from '../../src/scenarios/targets/envoy/envoy.js';
import { LOG, statisticsOf } from '../../src/scenarios/targets/envoy/follow.js';
import type { ProxyState, RunningProxy } from '../../src/scenarios/targets/target.js';
import { siteAt, stateOf } from '../support/targets.js';

const REFUSED = 'Proto constraint validation failed';

/** Answers `/stats` as Envoy does. @param refuses what of a file it does not take. */
const startStandIn = async (state: ProxyState, refuses: (text: string) => boolean = () => false) => {
  const folder = mkdtempSync(join(tmpdir(), 'envoy-'));
  const taken: string[] = [];
  const counts = new Map<string, number>();
  const places = new Map<string, number>();
  let warming = 0;
  const look = (): void => {
    warming = Math.max(0, warming - 1);
    for (const [file, place] of places) {
      const now = existsSync(join(folder, file)) ? statSync(join(folder, file)).ino : place;
      if (now === place) continue;
      places.set(file, now);
      const isRefused = refuses(readFileSync(join(folder, file), 'utf8'));
      const name = `${statisticsOf(file)}.${isRefused ? 'update_rejected' : 'update_success'}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (isRefused) appendFileSync(join(folder, LOG), `[w] Filesystem config update rejected: ${REFUSED}\n`);
      else taken.push(file);
      // New clusters are checked before they are used.
      if (file === 'cds.yaml') warming = 2;
    }
  };
  const server = createServer((_request, response) => {
    look();
    const lines = [...counts, ['cluster_manager.warming_clusters', warming] as const];
    response.end(lines.map(([name, count]) => `${name}: ${count}\n`).join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const site = siteAt({ folder, adminPort: (server.address() as AddressInfo).port });
  const write = (wanted: ProxyState): void => {
    for (const [name, text] of Object.entries(envoy.translate(wanted, site).files)) {
      writeFileSync(join(folder, name), text);
      if (!places.has(name)) places.set(name, statSync(join(folder, name)).ino);
    }
  };
  write(state);
  const running: RunningProxy = {
    ...{ site, pid: process.pid, file: join(folder, 'envoy.yaml') },
    ending: new AbortController().signal,
  };
  return {
    taken,
    read: (file: string): string => readFileSync(join(folder, file), 'utf8'),
    follow: (after: ProxyState): Promise<void> => {
      // As a run does it: the files are those of the new state before anybody is told.
      write(after);
      return envoy.follow(running, state, after);
    },
    wanted: (after: ProxyState, file: string): string => envoy.translate(after, site).files[file] ?? '',
  };
};

const twoPools: GatewaySection = {
  pools: { api: { upstreams: ['worker-1'] } },
  routes: [{ path: '/' }, { path: '/api', pool: 'api' }],
};

describe('following an Envoy', () => {
  it('moves one file for a drain', async () => {
    const state = stateOf({});
    const standIn = await startStandIn(state);
    const [first, ...others] = state.upstreams;
    await standIn.follow({ ...state, upstreams: [{ ...first!, drained: true }, ...others] });
    expect(standIn.taken).toEqual(['eds-all.yaml']);
  });

  it('moves clusters, then the routes to them, and waits until they are warm', async () => {
    const standIn = await startStandIn(stateOf({}));
    await standIn.follow(stateOf(twoPools));
    expect(standIn.taken).toEqual(['cds.yaml', 'rds.yaml']);
  });

  it('takes clusters away last, and leaves what is wanted', async () => {
    const standIn = await startStandIn(stateOf(twoPools));
    await standIn.follow(stateOf({}));
    expect(standIn.taken).toEqual(['cds.yaml', 'rds.yaml', 'cds.yaml']);
    expect(standIn.read('cds.yaml')).toBe(standIn.wanted(stateOf({}), 'cds.yaml'));
  });

  it('says what Envoy has against a file, and goes no further', async () => {
    const standIn = await startStandIn(stateOf({}), (text) => text.includes('pool-api'));
    await expect(standIn.follow(stateOf(twoPools))).rejects.toThrow(
      `Envoy does not take its config (cds.yaml): ${REFUSED}`,
    );
    expect(standIn.taken).toEqual([]);
  });

  it('touches nothing when nothing has changed', async () => {
    const standIn = await startStandIn(stateOf({}));
    await standIn.follow(stateOf({}));
    expect(standIn.taken).toEqual([]);
  });
});
