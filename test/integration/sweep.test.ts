/** `badgateway sweep` and `run --repeat` from outside, in virtual time. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCli, scenarioFile, startCli } from '../support/cli.js';
import { SWEPT } from '../support/sweeps.js';

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const GRID = ['--vary', 'load.scale=0.2,0.4', '--vary', 'timeline.0.for=100ms,200ms', '--seeds', '2'];

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

describe('badgateway sweep', () => {
  it('writes every form of its result, and goes on where it was', async () => {
    const folder = newFolder();
    const scenario = scenarioFile(SWEPT);
    const [state, json, csv] = ['state.jsonl', 'out.json', 'out.csv'].map((name) => join(folder, name));
    const outs = ['json', 'csv', 'svg', 'html'].flatMap((kind) => ['--out', `${kind}=${folder}/out.${kind}`]);
    const args = ['sweep', scenario, ...GRID, '--resume', state!, ...outs];
    const first = await runCli(args);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('timeline.0.for   0.2  0.4');
    expect(first.stderr).toContain('8 of 8 runs, 100%');
    expect(linesOf(csv!)).toHaveLength(9);
    for (const kind of ['svg', 'html']) expect(existsSync(join(folder, `out.${kind}`))).toBe(true);
    const whole = JSON.parse(readFileSync(json!, 'utf8'));
    expect(whole).toMatchObject({ version: 1, kind: 'sweep', partial: false, seeds: [7, 8] });

    // As a kill leaves it: six runs, and half of a seventh.
    const text = readFileSync(state!, 'utf8');
    const lines = text.split('\n');
    writeFileSync(state!, `${lines.slice(0, 7).join('\n')}\n${lines[7]!.slice(0, 10)}`);
    const second = await runCli([...args, '--json']);
    expect(second.stderr).toContain('6 of 8 runs');
    const { startedAt: _now, ...again } = JSON.parse(second.stdout);
    const { startedAt: _then, ...before } = whole;
    expect(again).toEqual(before);
    expect(new Set(linesOf(state!))).toEqual(new Set(text.trimEnd().split('\n')));
  });

  it('that is interrupted ends with 105, and what was measured is written', async () => {
    const folder = newFolder();
    const scenario = scenarioFile(SWEPT);
    const [state, json] = [join(folder, 'state.jsonl'), join(folder, 'out.json')];
    const wide = ['--vary', 'load.scale=0.2..0.39/0.01', '--seeds', '50', '--threads', '1'];
    const command = startCli(['sweep', scenario, ...wide, '--resume', state, '--out', `json=${json}`]);
    await command.said('100 of 1000 runs');
    command.process.kill('SIGINT');
    const { code, stdout, stderr } = await command.finished;
    expect(code).toBe(105);
    const { partial, runs } = JSON.parse(readFileSync(json, 'utf8'));
    expect(partial).toBe(true);
    expect(runs.length).toBeGreaterThanOrEqual(100);
    expect(linesOf(state)).toHaveLength(runs.length + 1);
    expect(stdout).toContain(`INTERRUPTED: ${runs.length} of 1000 runs were measured.`);
    expect(stderr).toContain(`goes on where it was, with --resume ${state}`);
  });

  it.each([
    ['nothing to vary', [], 2, 'a sweep varies something: give --vary'],
    ['too many runs', ['--vary', 'load.scale=1..100/1', '--seeds', '101'], 2, 'are 10100 runs'],
    ['a variant that is none', ['--vary', 'load.scale=1', '--variant', 'x'], 2, 'there is no variant "x"'],
    ['a value that is none', ['--vary', 'load.scale=0,1'], 104, '--vary load.scale: must be > 0'],
    [
      'a file that is no state',
      ['--vary', 'load.scale=1', '--resume', 'package.json'],
      2,
      'is not the file of',
    ],
  ])('with %s ends at once, with a reason', async (_what, flags, code, says) => {
    const finished = await runCli(['sweep', scenarioFile(SWEPT), ...flags]);
    expect(finished.stderr).toContain(says);
    expect(finished.code).toBe(code);
    expect(finished.stdout).toBe('');
  });

  it('of the shipped example shows what brings a system back', async () => {
    const { code, stdout } = await runCli([
      ...['sweep', 'examples/vulnerability-map.yaml', '--json', '--quiet', '--seeds', '1'],
      ...['--vary', 'load.scale=0.3,0.7', '--vary', 'timeline.0.for=4s'],
      ...['--variant', 'no-retry,immediate,retry-budget,fifo,lifo'],
    ]);
    expect(code).toBe(0);
    const recovered = JSON.parse(stdout).runs.map(
      (run: { variant: string; point: [number]; recovered: boolean }) =>
        `${run.variant} ${run.point[0]} ${run.recovered}`,
    );
    expect(recovered).toEqual([
      'no-retry 0.3 true',
      'no-retry 0.7 true',
      'immediate 0.3 true',
      'immediate 0.7 false',
      'retry-budget 0.3 true',
      'retry-budget 0.7 true',
      'fifo 0.3 true',
      'fifo 0.7 false',
      'lifo 0.3 true',
      'lifo 0.7 true',
    ]);
  });

  it('has a schema', async () => {
    const { code, stdout } = await runCli(['schema', 'sweep']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).properties.kind).toEqual({ type: 'string', const: 'sweep' });
  });
});

describe('badgateway run --repeat', () => {
  const REPEATED = `${SWEPT}variants: { one: {}, two: { seed: 9, clients: { retry: { attempts: 1 } } } }
thresholds: { one: ['requests == 200', 'availability[after] > 0%', 'availability[after] >= two - 100%'] }
`;

  it('has the results of every seed, and the same as that seed alone', async () => {
    const file = scenarioFile(REPEATED);
    const flags = ['--engine', 'virtual', '--json', '--quiet'];
    const { code, stdout } = await runCli(['run', file, ...flags, '--repeat', '3']);
    const { replications, variants } = JSON.parse(stdout);
    expect(replications.seeds).toEqual([7, 8, 9]);
    expect(code).toBe(0);
    const [one] = replications.variants;
    expect(one.thresholds.map(({ passed }: { passed: number }) => passed)).toEqual([3, 3, 3]);
    const last = JSON.parse((await runCli(['run', file, ...flags, '--seed', '9'])).stdout);
    const first = JSON.parse((await runCli(['run', file, ...flags, '--seed', '7'])).stdout);
    expect(variants).toEqual(first.variants);
    const spread = one.metrics.find(
      ({ metric, window }: { metric: string; window?: string }) =>
        metric === 'latency.max' && window === 'after',
    );
    const seen = [first, last].map(({ variants: [{ windows }] }) => windows.after.latencyMs.max);
    for (const value of seen) {
      expect(value).toBeGreaterThanOrEqual(spread.min);
      expect(value).toBeLessThanOrEqual(spread.max);
    }
  });

  it('fails when one replication does, and says how many passed', async () => {
    const text = REPEATED.replace('requests == 200', 'requests == 201');
    const finished = await runCli([
      'run',
      scenarioFile(text),
      '--engine',
      'virtual',
      '--repeat',
      '2',
      '--quiet',
    ]);
    expect(finished.code).toBe(99);
    expect(finished.stdout).toContain('held in 0 of 2');
    expect(finished.stdout).toContain('0 of 2 replications passed');
  });

  it.each(['0', '1001'])('takes no %s', async (repeat) => {
    const { code, stderr } = await runCli(['run', scenarioFile(SWEPT), '--repeat', repeat]);
    expect(code).toBe(2);
    expect(stderr).toContain('--repeat takes');
  });
});
