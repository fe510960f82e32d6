/**
 * What a run proves: pass and fail by its thresholds, and neither when the machine or the baseline was bad.
 */
import { describe, expect, it } from 'vitest';
import { parseThreshold, type ScenarioScope } from '../../../src/scenarios/metrics/thresholds.js';
import {
  checkThresholds,
  judge,
  MACHINE_LIMITS,
  overallVerdict,
} from '../../../src/scenarios/metrics/verdict.js';
import type { VariantResult, Verdict } from '../../../src/scenarios/result.js';
import { threshold, variantResult, windowResult } from '../../support/records.js';

const MIN_BASELINE = 0.99;

const passed = threshold();
const failed = threshold({
  expression: 'availability[after] >= 99%',
  observedText: '42%',
  expectedText: '99%',
  pass: false,
});
const baseline = (availability: number | null): Partial<VariantResult> => ({
  windows: { baseline: windowResult({ availability }) },
});
const machine = (fields: Partial<VariantResult['machine']>): Partial<VariantResult> => ({
  machine: { lateSends: 0, starvedSamples: 0, gatewayStallMs: 0, ...fields },
});

describe('the verdict', () => {
  it.each<[string, Partial<VariantResult>, Verdict]>([
    ['without thresholds', {}, 'pass'],
    ['when all thresholds hold', { thresholds: [passed, passed] }, 'pass'],
    ['when one threshold does not hold', { thresholds: [passed, failed] }, 'fail'],
    [
      'when thresholds were skipped',
      { skippedThresholds: [{ expression: 'crashes < other.crashes', reason: 'variant other was not run' }] },
      'pass',
    ],
    ['when the baseline is as good as it must be', baseline(0.99), 'pass'],
    ['when the baseline is worse', baseline(0.9899), 'invalid'],
    ['when the baseline had no requests', baseline(null), 'pass'],
    [
      'when the baseline is worse and a threshold fails',
      { ...baseline(0.5), thresholds: [failed] },
      'invalid',
    ],
    ['when the machine is at its limits', machine({ lateSends: MACHINE_LIMITS.lateSendShare }), 'pass'],
    ['when probes are at their limit', machine({ starvedSamples: MACHINE_LIMITS.starvedShare }), 'pass'],
    ['when the stall is at its limit', machine({ gatewayStallMs: MACHINE_LIMITS.gatewayStallMs }), 'pass'],
    [
      'when nothing is known of the machine',
      machine({ lateSends: null, starvedSamples: null }),
      'inconclusive',
    ],
    ['when sends were late', machine({ lateSends: 0.011 }), 'inconclusive'],
    ['when probes starved', machine({ starvedSamples: 0.76 }), 'inconclusive'],
    ['when the gateway stalled', machine({ gatewayStallMs: 251 }), 'inconclusive'],
    [
      'when the machine was bad and everything else too',
      { ...baseline(0.5), thresholds: [failed], ...machine({ lateSends: 0.5 }) },
      'inconclusive',
    ],
  ])('%s', (_name, fields, expected) => {
    const { verdict, reasons } = judge(variantResult(fields), MIN_BASELINE);
    expect(verdict).toBe(expected);
    expect(reasons.length > 0).toBe(expected !== 'pass');
  });

  it('fail names every threshold that failed, what was observed and what was expected', () => {
    const other = threshold({
      expression: 'crashes < canary.crashes + 1',
      observedText: '9',
      expectedText: '3',
      pass: false,
    });
    expect(judge(variantResult({ thresholds: [failed, passed, other] }), MIN_BASELINE).reasons).toEqual([
      'availability[after] >= 99%: observed 42%, expected >= 99%',
      'crashes < canary.crashes + 1: observed 9, expected < 3',
    ]);
  });

  it('invalid names the baseline, what it was and what it must be', () => {
    const { reasons } = judge(variantResult(baseline(0.9)), MIN_BASELINE);
    expect(reasons).toEqual([expect.stringContaining('window baseline was 90%, below 99%')]);
  });

  it.each<[Partial<VariantResult['machine']>, string, string]>([
    [{ lateSends: 0.25 }, 'the load generator starved', '25% of the sends'],
    [{ starvedSamples: 0.9 }, 'the workers starved', '90% of the probes'],
    [{ gatewayStallMs: 1_200 }, 'the gateway starved', '1.2s'],
  ])('inconclusive for %j says that %s, by how much, and what to do', (fields, who, howMuch) => {
    const { reasons } = judge(variantResult(machine(fields)), MIN_BASELINE);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(who);
    expect(reasons[0]).toContain(howMuch);
    expect(reasons[0]).toContain('--set load.scale=0.5');
  });

  it('inconclusive names everything that starved', () => {
    const all = machine({ lateSends: 0.5, starvedSamples: 0.9, gatewayStallMs: 900 });
    expect(judge(variantResult(all), MIN_BASELINE).reasons).toHaveLength(3);
  });
});

describe('the verdict of a run', () => {
  it.each<[Verdict[], Verdict]>([
    [[], 'pass'],
    [['pass', 'pass'], 'pass'],
    [['pass', 'fail', 'pass'], 'fail'],
    [['invalid', 'fail'], 'invalid'],
    [['fail', 'inconclusive', 'invalid'], 'inconclusive'],
  ])('of variants with %j is %s', (verdicts, expected) => {
    expect(overallVerdict(verdicts.map((verdict) => variantResult({ verdict })))).toBe(expected);
  });
});

describe('the thresholds of a variant', () => {
  const SCOPE: ScenarioScope = { variants: ['as-it-happened', 'canary'], windows: [] };
  const thresholds = [
    'crashes == 1',
    'crashes < as-it-happened.crashes',
    'crashes < 1 + 2 * as-it-happened.crashes',
    'crashes == canary.crashes',
  ].map((text) => parseThreshold(text, SCOPE));
  const canary = variantResult({ name: 'canary', crashes: 1 });

  it('are checked against its own values and those of the others', () => {
    const asItHappened = variantResult({ name: 'as-it-happened', crashes: 1 });
    const checked = checkThresholds(thresholds, canary, [asItHappened, canary]);
    expect(checked.skippedThresholds).toEqual([]);
    expect(checked.thresholds.map(({ pass }) => pass)).toEqual([true, false, true, true]);
    expect(checked.thresholds[2]).toMatchObject({ observed: 1, expected: 3 });
  });

  it('are skipped, and said to be, when they speak of a variant that was not run', () => {
    const checked = checkThresholds(thresholds, canary, [canary]);
    expect(checked.thresholds.map(({ expression }) => expression)).toEqual([
      'crashes == 1',
      'crashes == canary.crashes',
    ]);
    const reason = 'variant as-it-happened was not run';
    expect(checked.skippedThresholds).toEqual([
      { expression: 'crashes < as-it-happened.crashes', reason },
      { expression: 'crashes < 1 + 2 * as-it-happened.crashes', reason },
    ]);
  });

  it('speak of the other variants at the same target', () => {
    const at = (name: string, crashes: number) => variantResult({ name, crashes });
    const measured = [
      at('as-it-happened@gateway', 5),
      at('as-it-happened@nginx', 1),
      at('canary@gateway', 1),
      at('canary@nginx', 1),
    ];
    const pass = (name: string) =>
      checkThresholds(thresholds, measured.find((one) => one.name === name)!, measured).thresholds.map(
        (one) => one.pass,
      );
    expect(pass('canary@gateway')).toEqual([true, true, true, true]);
    expect(pass('canary@nginx')).toEqual([true, false, true, true]);
  });

  it.each<[string, string, boolean]>([
    ['an event of the gateway’s own', 'first.circuit.opened > 5s', true],
    ['upstreams that it put out', 'first.upstream.ejected > 5s', true],
    ['a cause that it names', 'cause.circuit_open < 1%', true],
    ['an error of an upstream, told from its own', 'cause.upstream_response < 1%', true],
    ['a cause in a sum', 'status.503 < 1% + cause.shed', true],
    ['what only clients see', 'cause.gateway_unreachable < 1%', false],
    ['clients that left', 'cause.client_left < 1%', false],
    ['what was ordered', 'first.upstream.drained > 5s', false],
    ['a config', 'first.config.refused > 5s', false],
    ['a status', 'status.503 < 1%', false],
    ['deaths', 'first.worker.exited > 5s', false],
  ])('about %s (%s) are skipped where another gateway stands: %j', (_what, text, isSkipped) => {
    const thresholds = [parseThreshold(text, SCOPE)];
    const at = (target?: string) => variantResult({ name: 'x', ...(target !== undefined && { target }) });
    expect(checkThresholds(thresholds, at(), [at()]).skippedThresholds).toEqual([]);
    for (const target of ['nginx', 'naive', 'direct', 'http://127.0.0.1:80']) {
      const checked = checkThresholds(thresholds, at(target), [at(target)]);
      expect(checked.skippedThresholds.length).toBe(isSkipped ? 1 : 0);
      expect(checked.thresholds.length).toBe(isSkipped ? 0 : 1);
      if (isSkipped)
        expect(checked.skippedThresholds[0]!.reason).toContain(`and ${target} stands in its place`);
    }
  });

  it('are skipped for what another variant was to tell, too', () => {
    const told = [parseThreshold('availability > 1 * canary.cause.shed', SCOPE)];
    const at = (name: string) => variantResult({ name: `${name}@nginx`, target: 'nginx' });
    const measured = [at('as-it-happened'), at('canary')];
    expect(checkThresholds(told, measured[0]!, measured).skippedThresholds[0]!.reason).toBe(
      'only the built-in gateway tells cause.shed, and nginx stands in its place',
    );
  });
});
