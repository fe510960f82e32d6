/** What `badgateway run` writes, from outside, in virtual time: every output at once, and what GitHub Actions is told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findProblems } from '../../src/core/validate.js';
import { ComparisonResultSchema } from '../../src/scenarios/compare/comparison-schema.js';
import { ResultSchema } from '../../src/scenarios/result.js';
import { runCli, scenarioFile } from '../support/cli.js';
import { junitProblems } from '../support/junit-schema.js';

const SCENARIO = `version: 1
name: quick
title: Two seconds of nothing special
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 10ms } }
load: { arrivals: constant, stages: [{ rate: 40/s, for: 2s }] }
windows: { baseline: 0s..2s }
thresholds:
  default:
    - availability[baseline] > 99%
    - crashes > 0
`;

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

describe('badgateway run', () => {
  it('writes every kind of output at once', async () => {
    const folder = newFolder();
    const fileOf = (kind: string): string => join(folder, `a/result.${kind}`);
    const kinds = ['json', 'junit', 'html', 'md', 'csv'];
    const outs = kinds.flatMap((kind) => ['--out', `${kind}=${fileOf(kind)}`]);
    const file = scenarioFile(SCENARIO);
    const { code, stderr } = await runCli(['run', file, '--engine', 'virtual', ...outs]);
    expect(code, stderr).toBe(99);
    const [json, junit, html, md, csv] = kinds.map((kind) => readFileSync(fileOf(kind), 'utf8'));
    expect(findProblems(ResultSchema, JSON.parse(json!))).toEqual([]);
    expect(junitProblems(junit!)).toEqual([]);
    expect(junit).toContain(`${file}:10:7`);
    expect(html).toContain('id="source"');
    expect(html).toContain('Two seconds of nothing special');
    expect(md).toMatch(/^### FAIL: Two seconds/);
    expect(csv!.trimEnd().split('\r\n')).toHaveLength(1 + JSON.parse(json!).variants[0].series.length);
  });

  it('tells GitHub Actions what failed, at its line', async () => {
    const file = scenarioFile(SCENARIO);
    const summary = join(newFolder(), 'summary.md');
    const github = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_WORKSPACE: dirname(file) };
    const { stderr } = await runCli(['run', file, '--engine', 'virtual', '--quiet'], github);
    const [annotation, ...more] = stderr.trimEnd().split('\n');
    expect(more).toEqual([]);
    expect(annotation).toMatch(
      /^::error file=scenario\.yaml,line=10,col=7,title=quick \/ default::crashes > 0: observed 0, expected > 0%0A/,
    );
    expect(readFileSync(summary, 'utf8')).toMatch(/^### FAIL/);
  });

  it('tells GitHub Actions of every mistake in a file, at its line', async () => {
    const file = scenarioFile(SCENARIO.replace('40/s', '40').replace('slots: 8', 'slotz: 8'));
    const github = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: dirname(file) };
    for (const verb of ['run', 'validate']) {
      const { code, stderr } = await runCli([verb, file], github);
      expect(code).toBe(104);
      expect(stderr).toContain('::error file=scenario.yaml,line=4,col=22,title=fleet.slotz::unknown key');
      expect(stderr).toContain(
        '::error file=scenario.yaml,line=5,col=46,title=load.stages[0].rate::expected a rate',
      );
    }
  });

  it('refuses to write two outputs into one file, before the run', async () => {
    const args = ['run', 'overload-flash-crowd', '--out', 'md=/tmp/x', '--out', 'csv=/tmp/../tmp/x'];
    const { code, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stderr).toContain('the second would write over the first');
  });
});

describe('badgateway compare', () => {
  it('says what changed between two results, and ends with 99 where it is for the worse', async () => {
    const folder = newFolder();
    // Under another name: a bad baseline would make the second run invalid, and the comparison undecided.
    const file = scenarioFile(SCENARIO.replaceAll('baseline', 'served'));
    const fileOf = (name: string): string => join(folder, name);
    const write = (name: string, ...set: string[]) =>
      runCli(['run', file, '--engine', 'virtual', '--quiet', '--out', `json=${fileOf(name)}`, ...set]);
    await write('before.json');
    await write('after.json', '--set', 'clients.patience=5ms');
    const args = ['compare', fileOf('before.json'), fileOf('after.json')];
    const summary = fileOf('summary.md');
    const worse = await runCli([...args, '--out', `json=${fileOf('compare.json')}`], {
      GITHUB_STEP_SUMMARY: summary,
    });
    expect(worse.code, worse.stderr).toBe(99);
    expect(worse.stdout).toMatch(/^WORSE$/m);
    const compared = JSON.parse(readFileSync(fileOf('compare.json'), 'utf8'));
    expect(findProblems(ComparisonResultSchema, compared)).toEqual([]);
    expect(readFileSync(summary, 'utf8')).toMatch(/^### WORSE/);
    const same = await runCli(['compare', fileOf('before.json'), fileOf('before.json')]);
    expect(same.code).toBe(0);
    expect(same.stdout).toContain('every value is the same, to the last digit');
    const wrong = await runCli(['compare', fileOf('before.json'), fileOf('compare.json')]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('compare.json is no result of a run');
  });
});
