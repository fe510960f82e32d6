/** The lab as a process: what is done by its API is seen in its stream, whatever runs is ended, and nothing is left behind. */
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ActionForm } from '../../src/scenarios/live/api.js';
import { type Command, scenarioFile, startCli } from '../support/cli.js';
import { type Feed, type MessageOf, openFeed } from '../support/feed.js';
import { descendants, isAlive } from '../support/processes.js';

vi.setConfig({ testTimeout: 240_000 });

const MEBIBYTE = 1024 ** 2;

interface Lab {
  readonly command: Command;
  readonly url: string;
  readonly statusPageUrl: string;
  readonly feed: Feed;
  /** @returns status and body. */
  order(method: string, path: string, body?: unknown): Promise<[number, Record<string, unknown>]>;
}

const startLab = async (...args: string[]): Promise<Lab> => {
  const command = startCli(['serve', '--port', '0', '--json', ...args]);
  const { url, apiUrl, statusPageUrl } = JSON.parse(await command.firstLine) as Record<string, string>;
  const feed = await openFeed(`${url}feed`);
  await feed.until('tick');
  return {
    ...{ command, feed, url: url!, statusPageUrl: statusPageUrl! },
    order: async (method, path, body) => {
      const response = await fetch(`${apiUrl}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return [response.status, (await response.json()) as Record<string, unknown>];
    },
  };
};

const workerOf = (tick: MessageOf<'tick'>, id = 'worker-1') =>
  tick.workers.find((worker) => worker.id === id)!;

const tells =
  (eventType: string, worker = 'worker-1') =>
  ({ events }: MessageOf<'happened'>): boolean =>
    events.some((event) => event.eventType === eventType && event.fields.worker === worker);

const survivors = async (pids: readonly number[]): Promise<number[]> => {
  const endMs = performance.now() + 5_000;
  for (;;) {
    const alive = pids.filter(isAlive);
    if (alive.length === 0 || performance.now() > endMs) return alive;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe('a lab', () => {
  it('tells of everything that is at work what ends it, and that ends it', async () => {
    const { feed, order } = await startLab();
    const disturbances = [
      { inject: 'slow', on: ['worker-1', 'worker-2'], factor: 2 },
      { toxic: 'latency', on: 'worker-2', attributes: { latency: 20 } },
      { dns: 'servfail', on: 'worker-3' },
      { disturb: 'slow', on: 'store', factor: 2 },
      { disrupt: 'stop', on: 'gateway-1' },
      { 'lock-config': { reason: 'a test' } },
    ];
    for (const one of disturbances)
      expect((await order('POST', 'timeline', one))[0], JSON.stringify(one)).toBe(202);
    expect((await order('PUT', 'load', { scale: 0.5 }))[0]).toBe(200);
    const { atWork } = await feed.until('tick', (tick) => tick.atWork.length === disturbances.length + 1);
    expect(atWork.map(({ kind }) => kind).sort()).toEqual(
      ['worker', 'link', 'name', 'dependency', 'gateway', 'lock', 'load'].sort(),
    );
    const from = feed.messages.length;
    for (const { heal } of atWork) {
      const { method, path, body } = heal!;
      const [status, answer] = await order(method, path, body);
      expect(status, JSON.stringify(answer)).toBeLessThan(300);
    }
    await feed.until('tick', (tick) => tick.atWork.length === 0, from);
  });

  it('floods by hand, says what it can do, and why not what it cannot', async () => {
    const { feed, order } = await startLab();
    const flood = { rate: '50/s', for: '1s', identities: 3 };
    expect((await order('POST', 'timeline', { flood }))[0]).toBe(202);
    await feed.until('tick', (tick) => tick.atWork.some(({ what }) => what === 'flood'));
    const ended = await feed.until('happened', ({ events }) =>
      events.some(({ eventType, fields }) => eventType === 'flood.ended' && Number(fields.sent) > 0),
    );
    await feed.until('tick', (tick) => tick.atWork.length === 0, feed.messages.indexOf(ended));
    const [, actions] = await order('GET', 'actions');
    const certificate = (actions as unknown as ActionForm[]).find(({ name }) => name === 'certificate')!;
    expect(certificate.impossible).toContain('tls: on');
    const [status, refusal] = await order('POST', 'timeline', { certificate: 'expired', on: 'gateway-1' });
    expect([status, String(refusal.detail)]).toEqual([422, expect.stringContaining('tls: on')]);
  });

  it('shows a leak from its injection by hand to the healing', async () => {
    const { feed, order, statusPageUrl } = await startLab();
    const leak = { inject: 'leak', on: 'worker-1', perSecond: '24MiB' };
    expect(await order('POST', 'timeline', leak)).toEqual([202, { action: 'inject' }]);
    await feed.until('happened', tells('fault.injected'));
    const full = await feed.until('tick', (tick) => (workerOf(tick).heapBytes ?? 0) > 40 * MEBIBYTE);
    expect(workerOf(full).faults).toEqual(['leak']);
    await feed.until('happened', tells('worker.exited'));
    await feed.until('tick', ({ status }) => (status['502'] ?? 0) > 0);
    await feed.until('tick', (tick) => !workerOf(tick).up && workerOf(tick).exits > 0);
    const { components } = (await (await fetch(`${statusPageUrl}api/v2/summary.json`)).json()) as {
      components: { status: string }[];
    };
    expect(components.some(({ status }) => status !== 'operational')).toBe(true);
    await order('POST', 'timeline', { heal: 'leak', on: 'worker-1' });
    const from = feed.messages.length;
    const healthy = await feed.until(
      'tick',
      (tick) => workerOf(tick).up && workerOf(tick).healthy === true && workerOf(tick).faults.length === 0,
      from,
    );
    expect(workerOf(healthy).heapBytes).toBeLessThan(40 * MEBIBYTE);
  });

  it('takes orders about workers, load and gateways, and says why it does not take others', async () => {
    const { feed, order } = await startLab();
    expect(await order('POST', 'workers/worker-2/kill', {})).toEqual([202, { worker: 'worker-2' }]);
    await feed.until('happened', tells('worker.exited', 'worker-2'));
    expect(await order('POST', 'workers/worker-3/restart', {})).toEqual([202, { worker: 'worker-3' }]);
    await feed.until('happened', tells('worker.stopped', 'worker-3'));
    expect(await order('POST', 'workers/worker-9/kill', {})).toMatchObject([404, { status: 404 }]);

    expect(await order('PUT', 'load', { scale: 4 })).toEqual([200, { rateRps: 240, scale: 4 }]);
    await feed.until('tick', ({ offered, spanMs }) => (offered / spanMs) * 1000 > 150);
    expect(await order('PUT', 'load', { rate: '9000/s' })).toMatchObject([
      422,
      { detail: expect.stringContaining('5000/s') },
    ]);
    expect(await order('PUT', 'load', {})).toMatchObject([422, {}]);
    expect(await order('PUT', 'load', { rate: '60/s' })).toEqual([200, { rateRps: 60, scale: null }]);

    const [, { config, version }] = await order('GET', 'gateway/config');
    expect(version).toBe(1);
    const changed = { ...(config as object), retry: { attempts: 2 } };
    expect(await order('PUT', 'gateway/config', { config: changed })).toEqual([202, { version: 2 }]);
    expect(await order('GET', 'gateway/config')).toEqual([
      200,
      { version: 2, locked: false, config: changed },
    ]);
    expect(await order('PUT', 'gateway/config', { config: { retries: 2 } })).toMatchObject([
      422,
      { problems: [{ path: 'retries' }] },
    ]);
    const checks = [{ path: '/', status: 418, requests: 1 }];
    // One of the workers may not be back yet.
    const reason = expect.stringMatching(/^its smoke test asked for \/ and got \d{3} .*where 418 is wanted$/);
    expect(await order('PUT', 'gateway/config', { config: changed, smokeTest: checks })).toMatchObject([
      422,
      { detail: reason },
    ]);
    const retried = { 'push-config': { retry: {} }, to: 'gateway', smokeTest: checks };
    expect(await order('POST', 'timeline', retried)).toMatchObject([422, { detail: reason }]);
    const breaker = { 'push-config': { breaker: {} }, to: 'gateway' };
    expect(await order('POST', 'timeline', breaker)).toEqual([202, { action: 'push-gateway-config' }]);
    await feed.until('tick', (tick) => workerOf(tick).circuit === 'closed');
    expect(await order('GET', 'gateways/gateway-1/upstreams')).toMatchObject([
      200,
      expect.arrayContaining([expect.objectContaining({ id: 'worker-1', circuit: 'closed' })]),
    ]);
    expect(await order('POST', 'timeline', { inject: 'leek', on: 'worker-1' })).toMatchObject([422, {}]);
    expect(await order('GET', 'nothing')).toMatchObject([404, {}]);
  });

  it('gives way to a scenario, keeps its result and comes back; a page that comes late sees what there is', async () => {
    const { url, feed, order } = await startLab();
    expect(await order('POST', 'run', { scenario: 'no-such' })).toMatchObject([422, {}]);
    expect(await order('GET', 'state')).toEqual([200, { state: 'lab', scenario: 'lab' }]);
    const asked = { scenario: 'overload-flash-crowd', engine: 'virtual', variants: ['as-it-happened'] };
    expect(await order('POST', 'run', asked)).toMatchObject([202, { state: 'run' }]);
    const end = await feed.until('end');
    expect(end).toMatchObject({ final: false, reason: null, result: { engine: 'virtual' } });
    expect(end.report).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect((await order('GET', 'result'))[1]).toMatchObject({ scenario: { name: asked.scenario } });
    expect(await order('GET', 'load')).toMatchObject([409, {}]);

    const late = await openFeed(`${url}feed`);
    await late.until('end');
    expect(late.messages.map(({ type }) => type)).toEqual(['begin', 'end']);
    const from = feed.messages.length;
    expect(await order('POST', 'lab', {})).toEqual([202, { state: 'lab', scenario: 'lab' }]);
    await feed.until('begin', ({ mode, durationS }) => mode === 'lab' && durationS === null, from);
    await feed.until('tick', ({ t }) => t > 0.5, from);
    const later = await openFeed(`${url}feed`);
    await later.until('tick', ({ t }) => t > 0.5);
    expect(later.messages[0]).toMatchObject({ type: 'begin', mode: 'lab' });
    await order('POST', 'stop', {});
    await feed.until('idle', () => true, from);
    expect(await order('GET', 'state')).toEqual([200, { state: 'idle', scenario: null }]);
  });

  it('runs a scenario of real processes in its place, which may be stopped', async () => {
    const { feed, order } = await startLab();
    await order('POST', 'run', { scenario: 'overload-flash-crowd', variants: ['as-it-happened'] });
    const from = feed.messages.findIndex(({ type }) => type === 'begin') + 1;
    const begin = await feed.until('begin', ({ mode }) => mode === 'run', from);
    expect(begin).toMatchObject({
      variant: 'as-it-happened',
      windows: expect.arrayContaining([{ name: 'baseline', fromS: 2, toS: 8 }]),
    });
    await feed.until('tick', ({ t, ok }) => t > 1 && ok > 0, feed.messages.length);
    await order('POST', 'stop', {});
    expect(await feed.until('end')).toMatchObject({ reason: 'it was stopped', final: false });
  });
});

describe('a lab that is ended from outside', () => {
  it('by Ctrl-C ends well, tells its pages, and leaves no process', async () => {
    const { command, feed } = await startLab();
    const started = descendants(command.process.pid!).map(({ pid }) => pid);
    command.process.kill('SIGINT');
    expect(await feed.until('end')).toMatchObject({ final: true });
    const { code } = await command.finished;
    expect(code).toBe(0);
    expect(await survivors(started)).toEqual([]);
  });

  it('by SIGKILL leaves no process, though one stands still', async () => {
    const { command, feed, order } = await startLab();
    await order('POST', 'timeline', { inject: 'stop', on: 'worker-1' });
    await feed.until('happened', tells('fault.injected'));
    const started = descendants(command.process.pid!).map(({ pid }) => pid);
    command.process.kill('SIGKILL');
    await command.finished;
    expect(await survivors(started)).toEqual([]);
  });

  it('cannot begin where its port is taken, and says so', async () => {
    const { url } = await startLab();
    const { code, stderr } = await startCli(['serve', '--port', new URL(url).port]).finished;
    expect([code, stderr]).toEqual([103, expect.stringContaining('is taken; give another with --port')]);
  });
});

const SHORT = `
version: 1
name: short
title: A short run
fleet: { workers: 2, slots: 4, serviceTime: { mean: 20ms } }
load: { stages: [{ rate: 40/s, for: 2s }] }
thresholds: { default: ["availability > 1%"] }
`;

/** A folder for `PATH` in which a browser is opened that does nothing. */
const noBrowser = (): string => {
  const folder = dirname(scenarioFile(''));
  for (const name of ['xdg-open', 'open']) {
    writeFileSync(join(folder, name), '#!/bin/sh\nexit 0\n');
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:${process.env.PATH}`;
};

/** Resolves with what stands behind a text in one line of stderr. */
const lineAfter = (command: Command, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = '';
    command.process.stderr?.on('data', (chunk: string) => {
      said += chunk;
      const [, rest] = said.split(text);
      if (rest?.includes('\n')) resolve(rest.slice(0, rest.indexOf('\n')));
    });
    void command.finished.then(() => reject(new Error(`ended without saying "${text}":\n${said}`)));
  });

describe('run --open', () => {
  it('shows the run while it goes on, and ends with it when its report is told', async () => {
    const out = scenarioFile('').replace('scenario.yaml', 'page.html');
    const args = ['run', scenarioFile(SHORT), '--open', '--out', `html=${out}`];
    const command = startCli(args, { PATH: noBrowser() });
    const feed = await openFeed(`${await lineAfter(command, 'The run, while it goes on: ')}feed`);
    await feed.until('tick', ({ ok }) => ok > 0);
    const end = await feed.until('end');
    await feed.over;
    expect(end).toMatchObject({ final: true, reason: null, result: { verdict: expect.any(String) } });
    const types = new Set(feed.messages.map(({ type }) => type));
    expect([...types].sort()).toEqual(['begin', 'end', 'happened', 'measured', 'tick']);
    const { code, stderr } = await command.finished;
    // A machine that was busy has spoiled the run, and the page was there all the same.
    expect([0, 98]).toContain(code);
    expect(stderr).toContain('The curves: ');
  });
});
