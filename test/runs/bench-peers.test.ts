/** The peers of the benchmark do the work they are measured with: whole answers to small and large requests. */
import { existsSync } from 'node:fs';
import { type Origin, Program, Reaper, type RunningTarget, startOrigin } from 'badgateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeTargets } from '../../bench/native.js';

const PEERS = ['undici', 'reply-from', 'fastify-http-proxy', 'http-proxy'];
const BODY_BYTES = 65_536;

let reaper: Reaper;
let origin: Origin;

beforeAll(async () => {
  reaper = new Reaper();
  origin = await startOrigin(reaper);
});

afterAll(async () => {
  await origin.stop();
  await reaper.stop();
});

const startPeer = async (name: string): Promise<RunningTarget> => {
  const entry = new URL(`../../bench/dist/peers/${name}.js`, import.meta.url).pathname;
  const program = new Program({ name, command: process.execPath, args: [entry, origin.address], reaper });
  const [, address] = await program.says(/(http:\/\/\S+)/, 10_000);
  return { origin: address!, isNew: true, stop: () => program.stop(1_000) };
};

const expectWork = async ({ origin: address }: RunningTarget): Promise<void> => {
  const small = await fetch(`${address}/`);
  expect(await small.text()).toBe('{"message":"hello"}\n');
  const large = await fetch(`${address}/bytes/${BODY_BYTES}`);
  expect((await large.arrayBuffer()).byteLength).toBe(BODY_BYTES);
  const upload = await fetch(address, { method: 'POST', body: 'x'.repeat(BODY_BYTES) });
  expect(await upload.text()).toBe('{"message":"hello"}\n');
};

describe('a peer in Node', () => {
  it.each(PEERS)('%s forwards', async (name) => {
    const peer = await startPeer(name);
    try {
      await expectWork(peer);
    } finally {
      await peer.stop();
    }
  });
});

describe('a peer that is installed', () => {
  const NATIVES = [
    ['nginx', '/usr/sbin/nginx'],
    ['HAProxy', '/usr/sbin/haproxy'],
  ] as const;

  it.for(NATIVES)('%s forwards', async ([name, binary], { skip }) => {
    skip(!existsSync(binary), `there is no ${binary}`);
    const options = { upstream: origin.address, launcher: [], reaper };
    const target = nativeTargets(options).targets.find((one) => one.name === name);
    const peer = await target!.start();
    try {
      await expectWork(peer);
    } finally {
      await peer.stop();
    }
  });
});
