/** A proxy in a gateway's place: what it is told while it starts, serves, refuses a config, is killed and ends. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, wallClock } from '../../src/core/clock.js';
import { Deferred } from '../../src/core/deferred.js';
import type { Event } from '../../src/core/events.js';
import { Reaper } from '../../src/core/reaper.js';
import type { HistoryRecord } from '../../src/delivery/version-history.js';
import { type GatewayConfig, type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { haproxy } from '../../src/scenarios/targets/haproxy/haproxy.js';
import { nginx } from '../../src/scenarios/targets/nginx/nginx.js';
import { ProxyGateway } from '../../src/scenarios/targets/proxy-gateway.js';
import type { ProxyKind, ProxyState, RunningProxy } from '../../src/scenarios/targets/target.js';
import { ask } from '../support/gateway.js';
import { eventually, programOf } from '../support/targets.js';
import { freePort, startUpstream } from '../support/upstream.js';

interface Subject {
  readonly gateway: ProxyGateway;
  readonly events: Event[];
  readonly settled: HistoryRecord<GatewayConfig>[];
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
}

interface Start {
  readonly section?: GatewaySection;
  readonly ports?: readonly number[];
  readonly clock?: Clock;
  /** Where one was before that has been killed. */
  readonly after?: Subject;
}

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
};

const QUIET: GatewaySection = { healthCheck: 'off' };

const ATTEMPTS = 5;
const OTHER: GatewaySection = { ...QUIET, retry: { attempts: ATTEMPTS } };

const start = async (proxy: ProxyKind, path: string, options: Start = {}): Promise<Subject> => {
  const { section = QUIET, ports = [9001, 9002], clock = wallClock, after } = options;
  const reaper = new Reaper();
  const folder = after?.folder ?? newFolder();
  const [port, adminPort] = after ? [after.port, after.adminPort] : [await freePort(), await freePort()];
  const [events, settled]: [Event[], HistoryRecord<GatewayConfig>[]] = [[], []];
  const gateway = new ProxyGateway({
    ...{ program: { proxy, path, version: '1' }, own: null, folder, clock, reaper },
    argument: {
      ...{ config: resolveGatewayConfig(section), host: '127.0.0.1', port, adminPort, seed: 1 },
      upstreams: ports.map((at, index) => ({ id: `worker-${index + 1}`, host: '127.0.0.1', port: at })),
    },
    onReport: (report) => events.push(...report.events),
    onSettled: (history) => settled.push(history),
  });
  onTestFinished(async () => {
    await gateway.stop(2_000);
    await reaper.stop();
  });
  return { gateway, events, settled, folder, port, adminPort };
};

const send = async (port: number, method: string, path: string, body: object = {}): Promise<number> => {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': String(text.length) };
  return (await ask(port, { method, path, headers }, text)).status;
};

const drain = ({ adminPort }: Subject, worker: string): Promise<number> =>
  send(adminPort, 'PUT', `/upstreams/${worker}/drain`);

const push = ({ adminPort }: Subject, config: GatewaySection): Promise<number> =>
  send(adminPort, 'PUT', '/config', { by: 'me', config, strategy: 'all-at-once', approve: 'to be seen' });

const textsOf = ({ events }: Subject, type: string): string[] =>
  events.filter((event) => event.type === type).map((event) => JSON.stringify(event));

/** Follows as the test says. */
class StandIn {
  readonly followed: {
    readonly running: RunningProxy;
    readonly after: ProxyState;
    readonly end: Deferred<void>;
  }[] = [];
  readonly kind: ProxyKind;

  /** @param program what it runs, in JavaScript; `PORT` is where clients connect. */
  constructor(program = "require('node:net').createServer().listen(PORT, '127.0.0.1')") {
    this.kind = {
      ...{ name: 'nginx', title: 'Stand-in', binary: 'none', version: { args: [], pattern: /1/ } },
      translate: ({ upstreams }) => ({ files: { state: JSON.stringify(upstreams) }, losses: [] }),
      args: (_file, { port }) => ['-e', program.replaceAll('PORT', String(port))],
      checkArgs: () => ['-e', '0'],
      follow: (running, _before, after) => {
        const end = new Deferred<void>();
        this.followed.push({ running, after, end });
        return end.promise;
      },
      readEvidence: () => [],
    };
  }

  start(options: Start = {}): Promise<Subject> {
    return start(this.kind, process.execPath, options);
  }
}

describe('a proxy in a gateway’s place', () => {
  it('says nothing of what only the proxy knows', async () => {
    const subject = await new StandIn().start();
    await subject.gateway.ready;
    const [upstream] = JSON.parse((await ask(subject.adminPort, { path: '/upstreams' })).body) as object[];
    expect(upstream).toMatchObject({ weight: 1, healthy: null, inFlight: null, queued: null, counts: null });
    expect((await ask(subject.adminPort, { path: '/memory' })).body).toBe('null');
    expect(await send(subject.adminPort, 'POST', '/cache/purge')).toBe(200);
    await subject.gateway.stop(1_000);
    expect(textsOf(subject, 'run.noted')).toEqual([expect.stringContaining('not emptied')]);
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'that stands still for a while is not woken after %s',
    async (signal) => {
      const cancelled: number[] = [];
      const clock: Clock = {
        ...wallClock,
        after: (delayMs, run) => {
          const timer = wallClock.after(delayMs, run);
          return {
            cancel: () => {
              cancelled.push(delayMs);
              timer.cancel();
            },
          };
        },
      };
      const { gateway } = await new StandIn().start({ clock });
      await gateway.ready;
      const forMs = 54_321;
      gateway.block(forMs);
      expect(cancelled).not.toContain(forMs);
      gateway.signal(signal);
      expect(cancelled).toContain(forMs);
      gateway.signal('SIGCONT');
    },
  );

  it('says that a drain was taken when the proxy has taken it', async () => {
    const standIn = new StandIn();
    const subject = await standIn.start();
    await subject.gateway.ready;
    let answered = false;
    const status = drain(subject, 'worker-1').then((code) => {
      answered = true;
      return code;
    });
    await eventually(() => standIn.followed.length === 1, 'it follows');
    // An answer that does not wait is here before this one is.
    await ask(subject.adminPort, { path: '/upstreams' });
    expect(answered).toBe(false);
    standIn.followed[0]!.end.resolve();
    expect(await status).toBe(204);
  });

  it('is told nothing before it listens, and then what was changed meanwhile', async () => {
    const folder = newFolder();
    const gate = join(folder, 'open');
    const standIn = new StandIn(
      `const look = () => require('node:fs').existsSync(${JSON.stringify(gate)})
        ? require('node:net').createServer().listen(PORT, '127.0.0.1') : setTimeout(look, 10); look()`,
    );
    const subject = await standIn.start();
    await eventually(() => existsSync(join(subject.folder, 'state')), 'its files are there');
    const status = drain(subject, 'worker-1');
    await eventually(
      async () => (await ask(subject.adminPort, { path: '/upstreams' })).body.includes('"drained":true'),
      'the drain has come',
    );
    expect(standIn.followed).toEqual([]);
    writeFileSync(gate, '');
    await eventually(() => standIn.followed.length > 0, 'it follows');
    standIn.followed[0]!.end.resolve();
    expect(await status).toBe(204);
    await subject.gateway.ready;
    expect(standIn.followed.map(({ after }) => after.upstreams.map(({ drained }) => drained))).toEqual([
      [true, false],
    ]);
  });

  it.each(['stop', 'kill'] as const)('ends what it follows at a %s', async (how) => {
    const standIn = new StandIn();
    const subject = await standIn.start();
    await subject.gateway.ready;
    const answer = drain(subject, 'worker-1').catch(() => 0);
    await eventually(() => standIn.followed.length === 1, 'it follows');
    const { ending } = standIn.followed[0]!.running;
    expect(ending.aborted).toBe(false);
    const [startedMs, graceMs] = [wallClock.nowMs(), 300];
    if (how === 'kill') subject.gateway.signal('SIGKILL');
    else await subject.gateway.stop(graceMs);
    expect(ending.aborted).toBe(true);
    expect(wallClock.nowMs() - startedMs).toBeLessThan(5_000);
    standIn.followed[0]!.end.reject(new Error('too late'));
    await subject.gateway.stop(graceMs);
    await answer;
    expect(textsOf(subject, 'run.noted')).toEqual([]);
  });

  it('that is ended while it starts has not failed', async () => {
    const standIn = new StandIn('setInterval(() => {}, 1000)');
    const subject = await standIn.start();
    let rejected = false;
    subject.gateway.ready.catch(() => {
      rejected = true;
    });
    await eventually(() => existsSync(join(subject.folder, 'state')), 'its files are there');
    await subject.gateway.stop(1_000);
    expect(rejected).toBe(false);
  });

  it('goes back to the config before when one is refused, and goes on to follow', async () => {
    const standIn = new StandIn();
    const subject = await standIn.start();
    await subject.gateway.ready;
    const pushed = push(subject, OTHER);
    await eventually(() => standIn.followed.length === 1, 'it follows');
    const drained = drain(subject, 'worker-2');
    await eventually(
      async () => (await ask(subject.adminPort, { path: '/upstreams' })).body.includes('"drained":true'),
      'the drain has come',
    );
    standIn.followed[0]!.end.reject(new Error('not this one'));
    await eventually(() => standIn.followed.length === 2, 'it follows the drain');
    standIn.followed[1]!.end.resolve();
    expect(await Promise.all([pushed, drained])).toEqual([202, 204]);
    const wanted = standIn.followed[1]!.after.upstreams.map(({ weight, drained: is }) => [weight, is]);
    expect(wanted).toEqual([
      [1, false],
      [1, true],
    ]);
    expect(subject.settled.at(-1)!.good.map(({ version }) => version)).toEqual([1]);
    await subject.gateway.stop(1_000);
    expect(textsOf(subject, 'config.refused')).toEqual([expect.stringContaining('not this one')]);
    expect(textsOf(subject, 'config.rolled-back')).toHaveLength(1);
  });
});

/** The same, which makes nothing of `OTHER` that its program would take. */
const refusing = (proxy: ProxyKind): ProxyKind => ({
  ...proxy,
  translate: (state, site) => {
    const { files, losses } = proxy.translate(state, site);
    const isOther = state.config.retry?.attempts === ATTEMPTS;
    const change = (text: string): string => (isOther ? `${text}\nnonsense;\n` : text);
    return {
      losses,
      files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, change(text)])),
    };
  },
});

describe.each([nginx, haproxy])('$title in a gateway’s place', (proxy) => {
  const path = programOf(proxy);
  if (path === null) {
    it.skip(`is not tested: ${proxy.title} is not installed here`, () => {});
    return;
  }

  const startWorkers = async (): Promise<number[]> => [
    await startUpstream((_request, response) => response.end('one')),
    await startUpstream((_request, response) => response.end('two')),
  ];

  const whoAnswers = async ({ port }: Subject): Promise<string[]> => {
    const bodies = new Set<string>();
    for (let count = 0; count < 6; count++) bodies.add((await ask(port)).body);
    return [...bodies].sort();
  };

  it('sends a worker nothing once it has said that it is drained', async () => {
    const subject = await start(proxy, path, { ports: await startWorkers() });
    await subject.gateway.ready;
    expect(await whoAnswers(subject)).toEqual(['one', 'two']);
    expect(await drain(subject, 'worker-1')).toBe(204);
    expect(await whoAnswers(subject)).toEqual(['two']);
  });

  it('goes on with the config before when it refuses one', async () => {
    const subject = await start(refusing(proxy), path, { ports: await startWorkers() });
    await subject.gateway.ready;
    expect(await push(subject, OTHER)).toBe(202);
    expect(await drain(subject, 'worker-1')).toBe(204);
    expect(await whoAnswers(subject)).toEqual(['two']);
    expect(subject.settled.at(-1)!.good.map(({ version }) => version)).toEqual([1]);
    const { version } = JSON.parse((await ask(subject.adminPort, { path: '/config' })).body) as {
      version: number;
    };
    expect(version).toBe(1);
    await subject.gateway.stop(2_000);
    expect(textsOf(subject, 'config.refused')).toEqual([expect.stringContaining('nonsense')]);
  });

  it('follows after it was killed and came back', async () => {
    const ports = await startWorkers();
    const killed = await start(proxy, path, { ports });
    await killed.gateway.ready;
    killed.gateway.signal('SIGKILL');
    await killed.gateway.stop(1_000);
    const subject = await start(proxy, path, { ports, after: killed });
    await subject.gateway.ready;
    expect(await drain(subject, 'worker-1')).toBe(204);
    expect(await whoAnswers(subject)).toEqual(['two']);
    await subject.gateway.stop(2_000);
    expect(textsOf(subject, 'run.noted')).toEqual([]);
  });
});
