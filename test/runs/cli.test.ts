/** The command line from outside: what it prints where, and what it ends with. */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli, runConclusively, scenarioFile, startCli } from '../support/cli.js';

const scenario = (thresholds: string): string => `
version: 1
name: quick
title: Two seconds of nothing special
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 10ms } }
load: { arrivals: constant, stages: [{ rate: 40/s, for: 2s }] }
windows: { baseline: 0s..2s }
thresholds: { default: [${thresholds}] }
`;

describe('badgateway run', () => {
  it('ends with 0 when every threshold holds, and says so on stdout', async () => {
    const { code, stdout, stderr } = await runConclusively([
      'run',
      scenarioFile(scenario('"availability[baseline] > 99%"')),
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('✓ availability[baseline] > 99%');
    expect(stdout).toMatch(/^PASS$/m);
  });

  it('ends with 99 when a threshold does not hold, and names it with what was observed and expected', async () => {
    const { code, stdout } = await runConclusively([
      'run',
      scenarioFile(scenario('"availability[baseline] < 99%"')),
    ]);
    expect(code).toBe(99);
    expect(stdout).toContain('default: availability[baseline] < 99%: observed 100%, expected < 99%');
  });

  it('prints the result alone on stdout with --json, and nothing on stderr with --quiet', async () => {
    const file = scenarioFile(scenario(''));
    const { code, stdout, stderr } = await runConclusively(['run', file, '--json', '--quiet', '--seed', '7']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ version: 1, engine: 'real', seed: 7, verdict: 'pass' });
    expect(result.variants[0].windows.baseline.requests).toBe(80);
    expect(result.host.dependencies).toMatchObject({
      opossum: expect.stringMatching(/^9\./),
      'p-queue': expect.stringMatching(/^9\./),
    });
  });

  it('takes a seed from the environment, and a flag before it', async () => {
    const file = scenarioFile(scenario(''));
    const run = await runCli(['run', file, '--json', '--seed', '8'], { BADGATEWAY_SEED: '9' });
    expect(JSON.parse(run.stdout).seed).toBe(8);
  });

  it('changes the scenario with --set', async () => {
    const file = scenarioFile(scenario(''));
    const run = await runCli(['run', file, '--json', '--set', 'load.scale=0.5', '--set', 'fleet.workers=1']);
    const [variant] = JSON.parse(run.stdout).variants;
    expect(variant.windows.baseline.requests).toBe(40);
    expect(variant.series[0].workers).toHaveLength(1);
  });

  it('is invalid, with 98, when it was bad before anything happened', async () => {
    const text = scenario('')
      .replace('mean: 10ms', 'mean: 300ms')
      .replace('title:', 'clients: { patience: 100ms }\ntitle:');
    const { code, stdout } = await runConclusively(['run', scenarioFile(text)]);
    expect(code).toBe(98);
    expect(stdout).toContain('INVALID');
    // As long as the terminal is wide, and so broken anywhere.
    expect(stdout.replace(/\s+/g, ' ')).toContain('it was bad before anything happened');
  });
});

describe('a run that does not come to its end', () => {
  it('by Ctrl-C ends with 105; what was measured is printed and written, and not judged', async () => {
    const text = scenario('"availability[baseline] > 99%"').replace(
      'rate: 40/s, for: 2s',
      'rate: 2000/s, for: 120s',
    );
    const file = scenarioFile(text);
    const junit = join(dirname(file), 'junit.xml');
    const command = startCli(['run', file, '--engine', 'virtual', '--out', `junit=${junit}`]);
    await command.said('of the virtual time');
    command.process.kill('SIGINT');
    const { code, stdout } = await command.finished;
    expect(code).toBe(105);
    expect(stdout).toContain('INTERRUPTED');
    expect(readFileSync(junit, 'utf8')).toContain('the run was interrupted');
  });

  it('because something cannot start ends with 103, and says what', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    onTestFinished(() => void server.close());
    const file = scenarioFile(`${scenario('')}links: { apiPort: ${port} }\n`);
    const { code, stderr } = await runCli(['run', file, '--quiet']);
    expect(code).toBe(103);
    expect(stderr).toContain(String(port));
  });
});

describe('bad input', () => {
  const CASES: readonly (readonly [title: string, args: readonly string[], code: number, says: string])[] = [
    ['an unknown verb', ['fly'], 2, 'there is no verb "fly"'],
    ['no verb', [], 2, ''],
    [
      'an unknown scenario',
      ['run', 'no-such-thing'],
      2,
      'bundled are cache-flush-stampede, chatgpt-2024-11-08',
    ],
    ['an unknown flag', ['run', 'chatgpt-2024-11-08', '--fast'], 2, '--fast'],
    [
      'an unknown variant',
      ['run', 'chatgpt-2024-11-08', '--variant', 'x'],
      2,
      'as-it-happened, limits-and-breakers, fast-rollback, canary',
    ],
    ['a seed that is none', ['run', 'chatgpt-2024-11-08', '--seed', 'x'], 2, 'a whole number'],
    ['a --set that is none', ['run', 'chatgpt-2024-11-08', '--set', 'x'], 2, 'PATH=VALUE'],
    [
      'a --set of an unknown key',
      ['run', 'chatgpt-2024-11-08', '--set', 'fleet.wrkers=2'],
      104,
      'fleet.wrkers',
    ],
    ['an output of an unknown kind', ['run', 'chatgpt-2024-11-08', '--out', 'pdf=x'], 2, 'json=FILE'],
    ['a missing argument', ['run'], 2, 'scenario'],
    ['a name that is none', ['init', 'My outage'], 2, 'small letters, digits and hyphens'],
    ['the name of a bundled scenario', ['init', 'chatgpt-2024-11-08'], 2, 'is a bundled scenario'],
  ];

  it.each(CASES)('such as %s ends with its code and a reason on stderr', async (_title, args, code, says) => {
    const finished = await runCli(args);
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain(says);
  });

  it('in a file is reported with path, line and column, all of it at once, with 104', async () => {
    const file = scenarioFile(scenario('').replace('for: 2s', 'for: 2').replace('slots: 8', 'slotz: 8'));
    for (const verb of ['run', 'validate']) {
      const { code, stderr } = await runCli([verb, file]);
      expect(code).toBe(104);
      expect(stderr).toContain(`${file}:5:22: fleet.slotz: unknown key`);
      expect(stderr).toMatch(/:6:\d+: load\.stages\[0\]\.for: expected a duration .* write 2ms or 2s/);
    }
  });
});

describe('the other verbs', () => {
  it('list names the bundled scenarios, as JSON too', async () => {
    expect((await runCli(['list'])).stdout).toContain('chatgpt-2024-11-08');
    const listed = JSON.parse((await runCli(['list', '--json'])).stdout);
    const one = listed.find(({ name }: { name: string }) => name === 'chatgpt-2024-11-08');
    expect(one).toMatchObject({ engines: ['real', 'virtual'], realTimeMs: 162_500 });
    expect(one.reproduces).toContain('seed-002');
  });

  it('init writes a scenario that validate takes, with its schema, and never over a file', async () => {
    const folder = dirname(scenarioFile(''));
    const first = await runCli(['init', 'mine'], {}, folder);
    expect(first.code, first.stderr).toBe(0);
    expect((await runCli(['validate', 'mine.yaml'], {}, folder)).stdout).toContain('mine is valid');
    const schema = readFileSync(join(folder, 'scenario.schema.json'), 'utf8');
    expect(schema).toBe((await runCli(['schema'])).stdout);
    const again = await runCli(['init', 'mine'], {}, folder);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('mine.yaml is there already');
  });

  it('doctor says what the machine can run, and ends with 0 where that is the real engine', async () => {
    const { code, stdout } = await runCli(['doctor', '--json']);
    const { checks, engines, machine } = JSON.parse(stdout);
    expect(machine.listening['127.0.0.1']).toBe('');
    expect(checks.find(({ name }: { name: string }) => name === 'processes').level).toBe('ok');
    expect(code).toBe(engines.real === 'no' ? 103 : 0);
    const all = (await runCli(['doctor'])).stdout;
    expect(all).toContain('--engine virtual  yes, in seconds');
    expect(all).toMatch(/Bundled scenarios for --engine real: \d+ of \d+/);
  });

  it('doctor says so of what it is asked about', async () => {
    const { stdout } = await runCli(['doctor', 'ddos-l7-flood', 'deploy-restart']);
    expect(stdout).toContain('Can this machine run ddos-l7-flood?');
    expect(stdout).toContain('Can this machine run deploy-restart?');
    expect(stdout).not.toContain('Bundled');
    const { code, stderr } = await runCli(['doctor', 'deploy-restrat']);
    expect(code).toBe(2);
    expect(stderr).toContain('deploy-restrat');
  });

  it('validate prints the resolved load and timeline', async () => {
    const { code, stdout } = await runCli(['validate', 'chatgpt-2024-11-08']);
    expect(code).toBe(0);
    expect(stdout).toContain('200/s, poisson');
    expect(stdout).toContain('push a config, canary');
    expect(stdout).toContain('in all about 6200 requests, at most 200/s');
    expect(stdout).toMatch(/\n {3}windows\n {4}baseline: /);
    expect(stdout).toMatch(/\n {3}thresholds\n {4}\S/);
  });

  it('validate says of a variant what differs from the first, and how an order goes the clients’ way', async () => {
    const { stdout } = await runCli(['validate', 'control-plane-lockout']);
    const [, first, impatient] = stdout.split(/\n {2}(?=\S)/);
    expect(first).toMatch(/^as-it-happened\n {3}load\n {4}0ms/);
    expect(impatient).toContain(
      '\n   load: as in as-it-happened\n   clients: as in as-it-happened\n   timeline\n',
    );
    expect(impatient).toMatch(/through \/admin \(patience \S+, again after \S+\)/);
    expect(impatient).not.toContain('in all about');
  });

  it('validate tells deploys apart by all that they say', async () => {
    const { stdout } = await runCli(['validate', 'deploy-restart']);
    expect(stdout).toContain('8s: deploy version 2, rolling, boots for 2.5s, born with cold-start\n');
    expect(stdout).toContain(
      '8s: deploy version 2, rolling, drained for 2s, boots for 2.5s, born with cold-start\n',
    );
    expect(stdout).toMatch(
      /deploy version 2, canary watched for \S+, at most 1.5 times as slow, .*another service time/,
    );
  });

  it('schema prints what the editors’ file holds', async () => {
    const committed = readFileSync(new URL('../../docs/scenario.schema.json', import.meta.url), 'utf8');
    expect((await runCli(['schema'])).stdout).toBe(committed);
  });

  it('--help and --version end with 0', async () => {
    expect((await runCli(['--help'])).code).toBe(0);
    expect((await runCli(['--version'])).stdout).toContain('badgateway/0.1.0');
  });
});

describe('outputs', () => {
  it('that cannot be written are refused before the run', async () => {
    const { code, stderr } = await runCli(['run', 'chatgpt-2024-11-08', '--out', 'json=/proc/nope/x.json']);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot write /proc/nope/x.json');
  });

  it('are written into folders that do not exist yet, the page without anything to load', async () => {
    const file = scenarioFile(scenario(''));
    const page = file.replace('scenario.yaml', 'deep/er/report.html');
    const { code } = await runConclusively(['run', file, '--quiet', '--out', `html=${page}`]);
    expect(code).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('Two seconds of nothing special');
    // What a browser asks for is seen in test/browser/report-page.test.ts; it may ask for nothing.
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script[^>]*\ssrc=|<link\s|@import/);
  });
});
