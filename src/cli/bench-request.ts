/** What the flags of `badgateway bench` ask for, checked as a whole: a mistake must not show after minutes of measuring. */
import { readFileSync } from 'node:fs';
import { DEFAULT_PLAN, type Plan, RUNNING_PLAN } from '../bench/benchmark.js';
import type { Workload } from '../bench/measure.js';
import { BENCH_CATALOGUE } from '../bench/metrics.js';
import { type BenchResult, BenchResultSchema } from '../bench/result.js';
import { EVERY_POLICY, parseAddress } from '../bench/targets.js';
import { OTHERS } from '../bench/verdict.js';
import { WORKLOADS } from '../bench/workloads.js';
import { UserError } from '../core/errors.js';
import { parseThreshold, type Threshold, ThresholdError, variantsOf } from '../core/thresholds.js';
import { parseDurationMs, parseRatio, parseSizeBytes } from '../core/units.js';
import { findProblems } from '../core/validate.js';
import { flagList, flagValue, parseCount, parseQuantity } from './flags.js';
import { readConfig } from './gateway.js';

type Flags = Readonly<Record<string, unknown>>;

/** @param given of the flags that name something to compare with. */
const parseThresholds = (
  flag: unknown,
  given: Readonly<Record<(typeof OTHERS)[number], boolean>>,
): Threshold[] =>
  flagList(flag).map((text) => {
    try {
      const threshold = parseThreshold(text, { metrics: BENCH_CATALOGUE, variants: OTHERS, windows: [] });
      for (const name of OTHERS) {
        if (given[name] || !variantsOf(threshold).includes(name)) continue;
        throw new UserError('usage', `--threshold "${text}" speaks of ${name}, but there is no --${name}`);
      }
      return threshold;
    } catch (error) {
      if (!(error instanceof ThresholdError)) throw error;
      throw new UserError('usage', `--threshold "${text}", column ${error.column}: ${error.message}`);
    }
  });

const SAME_WORKLOAD = ['method', 'path', 'bodyBytes', 'connections'] as const;

const readBaseline = (file: string | undefined, workload: Workload): BenchResult | null => {
  if (file === undefined) return null;
  const refuse = (why: string): never => {
    throw new UserError(
      'usage',
      `--baseline ${file} ${why}; write one with badgateway bench --out json=FILE`,
    );
  };
  let result: unknown;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return refuse(`cannot be read: ${(error as Error).message}`);
  }
  const [problem] = findProblems(BenchResultSchema, result);
  if (problem !== undefined)
    return refuse(`is no result of a benchmark: ${problem.path || 'the document'} ${problem.message}`);
  const baseline = result as BenchResult;
  if (baseline.targets.length === 0 || baseline.partial || baseline.verdict === 'invalid')
    return refuse('holds a benchmark that is invalid, or was interrupted');
  const other = SAME_WORKLOAD.filter((field) => baseline.workload[field] !== workload[field]);
  if (other.length > 0) {
    const [of, is] = [baseline.workload, workload].map((one) => other.map((field) => one[field]).join(', '));
    return refuse(`is of another workload (${other.join(', ')}: ${of}; here ${is})`);
  }
  return baseline;
};

const parsePlan = (flags: Flags, defaults: Plan): Plan => {
  const trials = parseCount('trials', flags.trials, 1, defaults.trials);
  return {
    trials,
    maxTrials: parseCount('max-trials', flags.maxTrials, trials, Math.max(trials, defaults.maxTrials)),
    warmupMs: parseQuantity('warmup', flags.warmup, parseDurationMs, defaults.warmupMs),
    rounds: parseCount('rounds', flags.rounds, 1, defaults.rounds),
    roundMs: parseQuantity('duration', flags.duration, parseDurationMs, defaults.roundMs),
    tolerance: parseQuantity('tolerance', flags.tolerance, parseRatio, defaults.tolerance),
  };
};

/** An address alone names no path: then the workload's is asked for. */
const hasPath = (address: URL | null): address is URL =>
  address !== null && `${address.pathname}${address.search}` !== '/';

/** @param address of the target, where it is not the built-in gateway. */
const parseWorkload = (flags: Flags, address: URL | null): Workload => {
  const name = flagValue(flags.workload) ?? 'small-get';
  if (!Object.hasOwn(WORKLOADS, name)) {
    throw new UserError('usage', `--workload is one of ${Object.keys(WORKLOADS).join(', ')}; got "${name}"`);
  }
  const known: Workload = WORKLOADS[name as keyof typeof WORKLOADS];
  return {
    name,
    method: (flagValue(flags.method) ?? known.method).toUpperCase(),
    path: hasPath(address) ? `${address.pathname}${address.search}` : known.path,
    bodyBytes: parseQuantity('body', flags.body, parseSizeBytes, known.bodyBytes),
    connections: parseCount('connections', flags.connections, 1, known.connections),
  };
};

/** What a benchmark was asked for. */
export interface BenchRequest {
  readonly address: URL | null;
  readonly against: string | undefined;
  readonly workload: Workload;
  readonly plan: Plan;
  readonly thresholds: readonly Threshold[];
  readonly baseline: BenchResult | null;
  readonly gatewayArgs: readonly string[];
  readonly remote: boolean;
  /** The target has a processor of its own, where there are two: not when several processes serve, or it runs already. */
  readonly pinned: boolean;
}

/** What configures the built-in gateway, which is not the target when there is an address. */
const GATEWAY_FLAGS = ['config', 'set', 'processes'] as const;

export const isAddress = (text: string | undefined): boolean => text !== undefined && /^https?:/.test(text);

/** @throws UserError for what cannot be measured, before anything is. */
export const parseBenchRequest = (url: string | undefined, flags: Flags): BenchRequest => {
  const remote = flags.remote === true;
  const address = url === undefined ? null : parseAddress(url, remote);
  const against = flagValue(flags.against);
  if (address !== null && against !== undefined && !isAddress(against)) {
    throw new UserError('usage', `an address is compared with an address; "${against}" is none`);
  }
  const idle = address === null ? undefined : GATEWAY_FLAGS.find((name) => flags[name] !== undefined);
  if (idle !== undefined) {
    throw new UserError('usage', `--${idle} is for the built-in gateway, and ${address!.href} is measured`);
  }
  // Refused here, with its place, and not by the gateway that is started in the first trial.
  const { processes } = readConfig(flags, ['upstream-1']);
  const sets = flagList(flags.set).flatMap((text) => ['--set', text]);
  const config = flags.config === undefined ? EVERY_POLICY : ['--config', String(flags.config)];
  const workload = parseWorkload(flags, address);
  const baseline = flagValue(flags.baseline);
  return {
    address,
    against,
    workload,
    plan: parsePlan(flags, address === null ? DEFAULT_PLAN : RUNNING_PLAN),
    thresholds: parseThresholds(flags.threshold, {
      baseline: baseline !== undefined,
      against: against !== undefined,
    }),
    baseline: readBaseline(baseline, workload),
    gatewayArgs: [
      ...config,
      ...sets,
      ...(flags.processes === undefined ? [] : ['--processes', String(processes)]),
    ],
    remote,
    pinned: processes === 1 && !isAddress(against),
  };
};
