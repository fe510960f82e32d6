/** `badgateway bench` from outside: what it prints and writes, and what it ends with. Nothing here is about speed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BenchResultSchema } from '../../src/bench/result.js';
import { findProblems } from '../../src/core/validate.js';
import { runCli, startCli } from '../support/cli.js';
import { descendants, isAlive } from '../support/processes.js';

const LINUX = process.platform === 'linux';

const SHORT = ['--warmup', '100ms', '--duration', '200ms', '--trials', '3', '--connections', '4', '--quiet'];

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** @param path the only one there is; default: any. */
const serve = (statusCode = 200, path?: string): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const found = path === undefined || request.url === path;
      response.writeHead(found ? statusCode : 404, { 'content-length': 2 });
      response.end('ok');
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    });
  });

describe('badgateway bench', () => {
  it('measures an address, and ends with 0 when every threshold holds', async () => {
    const { code, stdout, stderr } = await runCli([
      'bench',
      await serve(),
      ...SHORT,
      '--threshold',
      'rps > 1',
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/good answers a second +\d+ +\d+ +\d+/);
    expect(stdout).toContain('✓ rps > 1');
    expect(stdout).toMatch(/^PASS$/m);
    expect(stderr).toBe('');
  });

  it('ends with 99 when a threshold does not hold, and writes it wherever it was asked to', async () => {
    const path = folder();
    const files = { json: join(path, 'a/b.json'), junit: join(path, 'b.xml'), md: join(path, 'b.md') };
    const outs = Object.entries(files).flatMap(([kind, file]) => ['--out', `${kind}=${file}`]);
    const summary = join(path, 'summary.md');
    const { code, stdout, stderr } = await runCli(
      [
        'bench',
        await serve(),
        ...SHORT,
        '--threshold',
        'latency.p50 < 1us',
        '--threshold',
        'rps > 1',
        ...outs,
      ],
      { GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true' },
    );
    expect(code).toBe(99);
    expect(stdout).toContain('✗ latency.p50 < 1us');
    const result = JSON.parse(readFileSync(files.json, 'utf8'));
    expect(findProblems(BenchResultSchema, result)).toEqual([]);
    expect(result).toMatchObject({ kind: 'bench', verdict: 'fail', comparison: null, baseline: null });
    expect(readFileSync(files.junit, 'utf8')).toContain('tests="3" failures="1"');
    expect(readFileSync(files.md, 'utf8')).toContain('| **fail** | `latency.p50 < 1us` |');
    expect(readFileSync(summary, 'utf8')).toContain('### FAIL');
    expect(stderr).toContain('::error title=badgateway bench::latency.p50 < 1us');
  });

  it('compares with a stored result, and prints the new one alone with --json', async () => {
    const address = await serve();
    const baseline = join(folder(), 'baseline.json');
    await runCli(['bench', address, ...SHORT, '--out', `json=${baseline}`]);
    const { code, stdout } = await runCli([
      'bench',
      address,
      ...SHORT,
      '--json',
      '--baseline',
      baseline,
      '--threshold',
      'rps > 0.001 * baseline',
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.baseline.summary.rps.median).toBeGreaterThan(0);
    expect(result.thresholds[0].expected).toBeCloseTo(0.001 * result.baseline.summary.rps.median);
  });

  it('measures two addresses in pairs, and says what may be said of them', async () => {
    const [address, other] = [await serve(), await serve()];
    const { code, stdout } = await runCli([
      'bench',
      address,
      ...SHORT,
      '--json',
      '--against',
      other,
      '--trials',
      '6',
      '--max-trials',
      '6',
      '--tolerance',
      '10000%',
    ]);
    expect(code).toBe(0);
    const { comparison, targets } = JSON.parse(stdout);
    expect(comparison).toMatchObject({ trials: 6, verdict: 'equal', confidence: 0.95 });
    expect(targets.map(({ trials }: { trials: unknown[] }) => trials.length)).toEqual([6, 6]);
  });

  it('asks each address for the path that it names', async () => {
    const address = await serve(200, '/good');
    const args = [`${address}/good`, '--against', `${address}/bad`, '--max-trials', '3'];
    const { code, stdout } = await runCli(['bench', ...SHORT, ...args]);
    expect(code).toBe(98);
    expect(stdout).toContain(
      `${address}/bad: in a trial 100% of the requests got no good answer (answers: 404 ×`,
    );
    expect(stdout).not.toContain(`${address}/good: in a trial`);
  });

  it('measures the built-in gateway, and what it costs', async () => {
    const { code, stdout } = await runCli([
      'bench',
      ...SHORT,
      '--rounds',
      '1',
      '--json',
      '--threshold',
      'errors < 1%',
    ]);
    expect(code).toBe(0);
    const { targets, partial } = JSON.parse(stdout);
    expect(partial).toBe(false);
    expect(targets).toMatchObject([{ name: 'gateway', trials: [[{ errors: {} }], [{}], [{}]] }]);
    if (LINUX) expect(targets[0].summary.cpu.min).toBeGreaterThan(0);
  });

  it.runIf(existsSync('.git'))(
    'measures the gateway beside a revision of itself, and leaves nothing of that behind',
    { timeout: 120_000 },
    async () => {
      const worktrees = (): string => execFileSync('git', ['worktree', 'list'], { encoding: 'utf8' });
      const before = worktrees();
      const single = ['--trials', '1', '--max-trials', '1', '--rounds', '1'];
      const { code, stdout } = await runCli(['bench', '--against', 'HEAD', ...SHORT, ...single, '--json']);
      expect(code, 'one trial decides nothing').toBe(98);
      const { comparison, targets, verdict } = JSON.parse(stdout);
      expect(verdict).toBe('inconclusive');
      expect(comparison).toMatchObject({ trials: 1, verdict: 'undecided', decidedBy: LINUX ? 'cpu' : 'rps' });
      const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
      expect(targets.map(({ name }: { name: string }) => name)).toEqual(['gateway', `gateway at ${commit}`]);
      expect(worktrees()).toBe(before);
    },
  );

  it('is invalid, with 98, when most requests fail', async () => {
    const { code, stdout } = await runCli(['bench', await serve(503), ...SHORT]);
    expect(code).toBe(98);
    expect(stdout).toContain('INVALID');
    expect(stdout).toContain('503');
  });

  it('ended by Ctrl-C ends soon with 105, and leaves no process', async () => {
    const command = startCli(['bench', await serve(), '--duration', '500ms']);
    await command.said('trial 1');
    const started = descendants(command.process.pid!).map(({ pid }) => pid);
    expect(started.length).toBeGreaterThanOrEqual(2);
    command.process.kill('SIGINT');
    expect((await command.finished).code).toBe(105);
    expect(started.filter(isAlive)).toEqual([]);
  });
});

describe('an interrupted benchmark', () => {
  it('says what it had measured, in every output, and judges nothing', async () => {
    const file = join(folder(), 'partial.json');
    const args = ['--duration', '200ms', '--trials', '100', '--threshold', 'rps > 1000000000'];
    const command = startCli(['bench', await serve(), ...args, '--out', `json=${file}`]);
    await command.said('trial 3 of');
    command.process.kill('SIGINT');
    const { code, stdout } = await command.finished;
    expect(code).toBe(105);
    expect(stdout).toContain('INTERRUPTED');
    const result = JSON.parse(readFileSync(file, 'utf8'));
    expect(result).toMatchObject({ partial: true, verdict: 'inconclusive', thresholds: [] });
    expect(result.targets[0].trials.length).toBeGreaterThanOrEqual(2);
  });
});

describe('bad input to a benchmark', () => {
  const CASES: readonly (readonly [title: string, args: readonly string[], code: number, says: string])[] = [
    ['no address', ['ftp://x'], 2, 'an address such as http://127.0.0.1:3000'],
    ['another machine', ['http://192.0.2.1/'], 2, '--remote'],
    ['nobody at the address', ['http://127.0.0.1:9'], 103, 'nothing answers at http://127.0.0.1:9'],
    ['an unknown workload', ['--workload', 'x'], 2, 'small-get'],
    ['a duration without a unit', ['--duration', '5'], 2, '--duration: expected a duration'],
    ['too few rounds', ['--rounds', '0'], 2, 'a whole number from 1 on'],
    ['an unknown metric', ['--threshold', 'speed > 1'], 2, 'there is no metric "speed"'],
    ['a threshold of another kind', ['--threshold', 'cpu < 5'], 2, 'a duration such as 500ms'],
    [
      'a revision beside an address',
      ['http://127.0.0.1:9', '--against', 'main'],
      2,
      'compared with an address',
    ],
    ['an unknown revision', ['--against', 'no-such-revision'], 2, '"no-such-revision" is neither'],
    ['a baseline that is not there', ['--baseline', 'nope.json'], 2, 'nope.json'],
    [
      'a threshold on a baseline that is not given',
      ['--threshold', 'cpu < 1.2 * baseline'],
      2,
      'no --baseline',
    ],
    [
      'a config for what is not our gateway',
      ['http://127.0.0.1:9', '--set', 'retry.attempts=2'],
      2,
      '--set is for',
    ],
    [
      'fewer trials at most than at least',
      ['--max-trials', '4'],
      2,
      '--max-trials takes a whole number from 8 on',
    ],
    ['a key the gateway does not know', ['--set', 'breaker.foo=1'], 104, '--set breaker.foo: unknown key'],
    ['an output of an unknown kind', ['--out', 'pdf=x'], 2, 'junit=FILE'],
  ];

  it.each(CASES)('such as %s ends with its code and a reason on stderr', async (_title, args, code, says) => {
    const finished = await runCli(['bench', ...args]);
    expect(finished.stderr).toContain(says);
    expect(finished.code).toBe(code);
  });

  it('such as a baseline that is something else names what is wrong with it', async () => {
    const file = join(folder(), 'other.json');
    writeFileSync(file, '{"version":1,"kind":"run"}');
    const { code, stderr } = await runCli(['bench', '--baseline', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--baseline ${file} is no result of a benchmark`);
    expect(existsSync(file)).toBe(true);
  });
});
