/** `badgateway bench`: what a request costs a gateway, and whether it costs more than it did. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import pc from 'picocolors';
import {
  type BenchOptions,
  DEFAULT_PLAN,
  measureAgainst,
  measureTargets,
  type Plan,
  RUNNING_PLAN,
} from '../bench/benchmark.js';
import { LoadGenerator } from '../bench/load.js';
import type { Target, Workload } from '../bench/measure.js';
import { BENCH_CATALOGUE, toTargetResult } from '../bench/metrics.js';
import { startOrigin } from '../bench/origin-server.js';
import { NOT_PINNED, pin } from '../bench/pinning.js';
import { renderBench, renderBenchMarkdown } from '../bench/report.js';
import { type BenchResult, BenchResultSchema, type Comparison, type TargetResult } from '../bench/result.js';
import { checkOutRevision } from '../bench/revision.js';
import { addressTarget, EVERY_POLICY, gatewayTarget, parseAddress } from '../bench/targets.js';
import { checkBenchThresholds, type Judgement, judgeBench, notesOn, OTHERS } from '../bench/verdict.js';
import { WORKLOADS } from '../bench/workloads.js';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { Reaper } from '../core/reaper.js';
import { parseThreshold, type Threshold, ThresholdError, variantsOf } from '../core/thresholds.js';
import { parseDurationMs, parseRatio, parseSizeBytes } from '../core/units.js';
import { findProblems } from '../core/validate.js';
import { flagList, flagValue, parseCount, parseOutputs, parseQuantity } from './flags.js';
import { readConfig } from './gateway.js';
import { addToJobSummary, annotate } from './github.js';
import { listenForInterruption } from './interruption.js';
import { renderJunit } from './junit.js';
import { prepareOutput } from './output.js';

type Flags = Readonly<Record<string, unknown>>;

const EXIT_OF_VERDICT: Readonly<Record<BenchResult['verdict'], number>> = {
  pass: EXIT_CODES.pass,
  fail: EXIT_CODES.failed,
  inconclusive: EXIT_CODES.inconclusive,
  invalid: EXIT_CODES.inconclusive,
};

const junitOf = (result: BenchResult): string => {
  const cases = result.thresholds.map(
    ({ expression, observed, expected, observedText, expectedText, pass }) => {
      const text = `observed ${observedText}, expected ${expectedText}`;
      const measured = observed !== null && expected !== null;
      return {
        name: expression,
        failure: pass || !measured ? null : text,
        skipped: pass || measured ? null : `${text}: not measured`,
      };
    },
  );
  // What is not a threshold has a case of its own: a benchmark without thresholds can fail too.
  const others = result.reasons.filter((reason) => !cases.some(({ name }) => reason.startsWith(`${name}:`)));
  const text = others.length === 0 ? null : others.join('\n');
  const failed = result.verdict === 'fail';
  const whole = { name: 'the benchmark', failure: failed ? text : null, skipped: failed ? null : text };
  return renderJunit(`bench ${result.targets.map(({ name }) => name).join(' against ')}`, [whole, ...cases]);
};

const OUTPUTS = {
  json: (result: BenchResult) => `${JSON.stringify(result)}\n`,
  junit: junitOf,
  md: renderBenchMarkdown,
} as const satisfies Record<string, (result: BenchResult) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

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

interface Request {
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

const isAddress = (text: string | undefined): boolean => text !== undefined && /^https?:/.test(text);

const parseRequest = (url: string | undefined, flags: Flags): Request => {
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
  const { processes } = readConfig(flags);
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

interface Measured {
  readonly targets: readonly TargetResult[];
  readonly comparison: Comparison | null;
}

/** Cleans up in reverse, whatever went wrong. */
class Cleanup {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.unshift(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps) await step();
  }
}

const measure = async (
  request: Request,
  reaper: Reaper,
  options: Pick<BenchOptions, 'signal' | 'onProgress'>,
): Promise<Measured> => {
  const cleanup = new Cleanup();
  try {
    const generator = new LoadGenerator(reaper);
    cleanup.add(() => generator.stop());
    await generator.ready();
    const all: BenchOptions = { ...options, generator, workload: request.workload, plan: request.plan };
    const tools: Tools = { ...options, reaper, cleanup, generatorPid: generator.pid };
    const [target, against] = await findTargets(request, tools);
    if (against === undefined) {
      const [trials] = await measureTargets([target], all);
      return { targets: [toTargetResult(target.name, trials!)], comparison: null };
    }
    const { trials, comparison } = await measureAgainst(target, against, all);
    const ofTarget = trials.map((trial) => trial.target);
    const ofOther = trials.map((trial) => trial.against);
    return {
      targets: [toTargetResult(target.name, ofTarget), toTargetResult(against.name, ofOther)],
      comparison,
    };
  } finally {
    await cleanup.run();
  }
};

interface Tools extends Pick<BenchOptions, 'signal' | 'onProgress'> {
  readonly reaper: Reaper;
  readonly cleanup: Cleanup;
  readonly generatorPid: number;
}

const findTargets = async (request: Request, tools: Tools): Promise<[Target, Target?]> => {
  const { address, against, gatewayArgs, remote } = request;
  const { reaper, cleanup } = tools;
  const other = (name: string): Target => addressTarget(parseAddress(name, remote));
  if (address !== null) {
    const target = addressTarget(address);
    return against === undefined ? [target] : [target, other(against)];
  }
  const origin = await startOrigin(reaper);
  cleanup.add(() => origin.stop());
  const { launcher } = request.pinned ? await pin(reaper, [origin.pid, tools.generatorPid]) : NOT_PINNED;
  const gateway = (name: string, command?: string): Target =>
    gatewayTarget({
      name,
      args: gatewayArgs,
      upstream: origin.address,
      reaper,
      launcher,
      ...(command && { command }),
    });
  if (against === undefined) return [gateway('gateway')];
  if (isAddress(against)) return [gateway('gateway'), other(against)];
  tools.onProgress(`checking out and building ${against}`);
  const revision = await checkOutRevision(against, reaper, tools.signal);
  cleanup.add(() => revision.remove());
  return [gateway('gateway'), gateway(`gateway at ${revision.commit}`, revision.command)];
};

const toResult = (
  request: Request,
  { targets, comparison }: Measured,
  { startedMs, partial }: { startedMs: number; partial: boolean },
): BenchResult => {
  const host = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
  };
  const baseline = request.baseline?.targets[0] ?? null;
  const results = partial
    ? []
    : checkBenchThresholds(request.thresholds, targets[0]!, { baseline, against: targets[1] ?? null });
  const judgement: Judgement = partial
    ? { verdict: 'inconclusive', reasons: ['the benchmark was interrupted'] }
    : judgeBench({ targets, comparison, thresholds: request.thresholds, results });
  const started = request.address === null && !isAddress(request.against);
  const { warmupMs, rounds, roundMs } = request.plan;
  return {
    version: 1,
    kind: 'bench',
    ...judgement,
    partial,
    notes: notesOn(targets, request.baseline, host, started),
    startedAt: new Date(startedMs).toISOString(),
    host,
    workload: { ...request.workload },
    plan: { warmupMs, rounds, roundMs },
    targets: [...targets],
    comparison,
    baseline,
    thresholds: results,
  };
};

const NOTHING_MEASURED = 'interrupted before anything was measured';

export const benchCommand = async (url: string | undefined, flags: Flags): Promise<number> => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  const request = parseRequest(url, flags);
  for (const { file } of outputs) prepareOutput(file);
  const startedMs = wallClock.nowMs();
  const { signal, release } = listenForInterruption();
  const reaper = new Reaper();
  const onProgress = (text: string): void => {
    if (!flags.quiet) process.stderr.write(`${text}\n`);
  };
  try {
    const measured = await measure(request, reaper, { signal, onProgress });
    if (measured.targets[0]!.trials.length === 0) throw new UserError('interrupted', NOTHING_MEASURED);
    const result = toResult(request, measured, { startedMs, partial: signal.aborted });
    for (const { kind, file } of outputs) writeFileSync(file, OUTPUTS[kind](result));
    process.stdout.write(
      flags.json ? `${JSON.stringify(result)}\n` : renderBench(result, pc.isColorSupported),
    );
    addToJobSummary(renderBenchMarkdown(result));
    if (result.verdict !== 'pass') {
      const level = result.verdict === 'fail' ? 'error' : 'warning';
      annotate(level, 'badgateway bench', result.reasons.join('\n'));
    }
    return result.partial ? EXIT_CODES.interrupted : EXIT_OF_VERDICT[result.verdict];
  } catch (error) {
    // Ctrl-C reaches every process of a terminal: what it ended elsewhere is no failure.
    throw signal.aborted ? new UserError('interrupted', NOTHING_MEASURED, { cause: error }) : error;
  } finally {
    release();
    await reaper.stop();
  }
};
