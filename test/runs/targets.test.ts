/** Other proxies in the gateway's place: whole runs, what they leave behind, and what is said when they cannot be. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Result } from '../../src/scenarios/result.js';
import { findProgram, missingText } from '../../src/scenarios/targets/program.js';
import { PROXIES } from '../../src/scenarios/targets/proxies.js';
import type { ProxyName } from '../../src/scenarios/targets/target.js';
import { runCli, runConclusively, scenarioFile, startCli } from '../support/cli.js';
import { descendants, isAlive } from '../support/processes.js';

const RUN_MS = 120_000;

const DEATH = `
version: 1
name: one-dies
title: One of three dies, and does not come back
fleet: { workers: 3, slots: 8, serviceTime: { mean: 20ms }, restart: { delay: 30s } }
gateway:
  balancer: round-robin
  timeouts: { attempt: 500ms, request: 1s }
  healthCheck: off
clients: { patience: 2s }
load: { arrivals: constant, stages: [{ rate: 60/s, for: 5s }] }
timeline:
  - { at: 2s, inject: crash, on: worker-1, how: kill }
windows: { baseline: 500ms..2s, outage: 2500ms..5s }
variants:
  as-it-happened: {}
  hedge: { gateway: { hedge: {} } }
thresholds:
  as-it-happened: ["availability[outage] < 99%"]
  hedge: ["availability[outage] > 90%"]
`;

const SECURE = `
version: 1
name: secure
title: Clients speak TLS, and nothing happens
fleet: { workers: 2, slots: 8, serviceTime: { mean: 20ms } }
gateway: { healthCheck: off }
tls: on
clients: { patience: 2s }
load: { arrivals: constant, stages: [{ rate: 30/s, for: 3s }] }
windows: { baseline: 500ms..3s }
`;

const LONG = DEATH.replaceAll('for: 5s }]', 'for: 60s }]').replace('2500ms..5s', '2500ms..50s');

const foldersOf = (proxy: string): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`badgateway-${proxy}-`));

const NAMES = Object.keys(PROXIES) as ProxyName[];

const isHere = (name: ProxyName): boolean => findProgram(PROXIES[name]) !== null;

describe.each(NAMES)('%s in the gateway’s place', (name) => {
  const kind = PROXIES[name];
  if (!isHere(name)) {
    it.skip(missingText(kind), () => {});
    return;
  }

  it(
    'takes the clients’ requests, and says of those that fail what it saw',
    async () => {
      const before = foldersOf(name);
      const args = ['run', scenarioFile(DEATH), '--target', name, '--json', '--quiet'];
      const { code, stdout, stderr } = await runConclusively(args);
      expect(stderr).toBe('');
      const result = JSON.parse(stdout) as Result;
      expect(result.target).toBe(name);
      expect(result.host.proxies?.[name]).toMatch(/^\d+\.\d+/);
      const [variant] = result.variants;
      expect(variant).toMatchObject({ name: 'as-it-happened', target: name });
      expect(variant!.windows.baseline!.availability).toBeGreaterThan(0.9);
      expect(variant!.windows.outage!.availability).toBeLessThan(0.999);
      const failed = variant!.requests.filter(({ status }) => status >= 500);
      expect(failed.length).toBeGreaterThan(0);
      const told = failed.filter(({ attempts }) => attempts.some(({ evidence }) => evidence !== undefined));
      expect(told.length / failed.length).toBeGreaterThan(0.9);
      // Hedging is what none of them has.
      expect(result.skippedVariants).toMatchObject([{ name: 'hedge', target: name }]);
      expect([0, 99]).toContain(code);
      expect(foldersOf(name)).toEqual(before);
    },
    RUN_MS,
  );

  it(
    'shows clients that speak TLS the certificate of the run',
    async () => {
      const args = ['run', scenarioFile(SECURE), '--target', name, '--json', '--quiet'];
      const result = JSON.parse((await runConclusively(args)).stdout) as Result;
      expect(result.skippedVariants).toBeUndefined();
      expect(result.variants[0]!.windows.baseline!.availability).toBeGreaterThan(0.9);
    },
    RUN_MS,
  );

  it.each(['SIGKILL', 'SIGINT'] as const)(
    'leaves no process and no file when the command ends by %s',
    async (signal) => {
      const before = foldersOf(name);
      const command = startCli(['run', scenarioFile(LONG), '--target', name]);
      await command.said('crash');
      const started = descendants(command.process.pid!);
      expect(started.some(({ command: line }) => line.includes(kind.binary))).toBe(true);
      command.process.kill(signal);
      await command.finished;
      await expect
        .poll(() => [started.filter(({ pid }) => isAlive(pid)), foldersOf(name)], { timeout: 10_000 })
        .toEqual([[], before]);
    },
    RUN_MS,
  );

  it(
    'that dies in a run ends it, with its last words and its files',
    async () => {
      const command = startCli(['run', scenarioFile(LONG), '--target', name]);
      await command.said('crash');
      const proxy = descendants(command.process.pid!).find(({ command: line }) =>
        line.includes(kind.binary),
      )!;
      process.kill(proxy.pid, 'SIGKILL');
      const { code, stderr } = await command.finished;
      expect(code).toBe(103);
      expect(stderr).toContain(`${kind.title} ended with a signal`);
      expect(stderr).not.toContain('internal error');
      const folder = /Its files are kept in (\S+)\/gateway-1/.exec(stderr)![1]!;
      expect(foldersOf(name).map((one) => `${tmpdir()}/${one}`)).toContain(folder);
      rmSync(folder, { recursive: true });
    },
    RUN_MS,
  );

  it('says what it has against a config of one’s own, and keeps its files', async () => {
    const file = scenarioFile('{ {{listen}} {{worker-1}} what is this');
    const { code, stderr } = await runCli(['run', scenarioFile(DEATH), '--target', name, '--config', file]);
    expect(code).toBe(103);
    expect(stderr).toContain(`${kind.title} does not take ${file}`);
    const folder = /Its files are kept in (\S+)/.exec(stderr)![1]!;
    expect(readFileSync(`${folder}/own-${name}.yaml`, 'utf8')).toMatch(
      /^\{ 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ what is this/,
    );
    rmSync(folder.replace(/\/gateway-1$/, ''), { recursive: true });
  });
});

const SHOP = `
version: 1
name: shop
title: A shop with a config of its own
fleet: { workers: 2, slots: 8, serviceTime: { mean: 20ms } }
clients: { patience: 2s }
load: { arrivals: constant, stages: [{ rate: 30/s, for: 2s }] }
windows: { all: 500ms..2s }
thresholds: { default: ["availability[all] > 99%"] }
`;

describe.each([
  ['nginx', 'shop.nginx.conf', ['80=port', '/var/log/nginx=folder']],
  ['haproxy', 'shop.haproxy.cfg', ['*:80=listen']],
] as const)('a config of %s as a service has it', (name, example, maps) => {
  it.skipIf(!isHere(name))(
    'runs as it stands, and leaves the service alone',
    async () => {
      const servers = [
        '10.0.0.11:8080',
        '10.0.0.12:8080',
        '10.0.0.13:8080',
        '10.0.0.21:3000',
        '10.0.0.22:3000',
      ];
      const all = [...maps, ...servers.map((server, index) => `${server}=worker-${(index % 2) + 1}`)];
      const { stdout, stderr } = await runConclusively([
        ...['run', scenarioFile(SHOP), '--json', '--quiet', '--target', name],
        ...['--config', `examples/${example}`, ...all.flatMap((map) => ['--map', map])],
      ]);
      expect(stderr).toBe('');
      const [variant] = (JSON.parse(stdout) as Result).variants;
      expect(variant!.windows.all!.availability).toBeGreaterThan(0.99);
    },
    RUN_MS,
  );
});

describe('a target that is not here', () => {
  const missing = { BADGATEWAY_CADDY: '/nowhere/caddy' };

  it('ends the command with 103, and says where it was looked for', async () => {
    const { code, stderr } = await runCli(['run', scenarioFile(DEATH), '--target', 'caddy'], missing);
    expect(code).toBe(103);
    expect(stderr).toContain('Caddy is not at BADGATEWAY_CADDY=/nowhere/caddy');
  });
});

describe('nobody in the gateway’s place', () => {
  it(
    'lets clients go to the workers, and around one that is dead',
    async () => {
      const args = ['run', scenarioFile(DEATH), '--target', 'direct', '--json', '--quiet'];
      const result = JSON.parse((await runConclusively(args)).stdout) as Result;
      expect(result.target).toBe('direct');
      expect(result.variants[0]!.windows.outage!.availability).toBeGreaterThan(0.9);
      expect(result.variants[0]!.requests.every(({ attempts }) => attempts[0]!.rayId === '')).toBe(true);
    },
    RUN_MS,
  );
});
