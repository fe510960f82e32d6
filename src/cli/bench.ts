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
import { checkBenchThresholds, judgeBench, notesOn, OTHERS } from '../bench/verdict.js';
import { WORKLOADS } from '../bench/workloads.js';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { Reaper } from '../core/reaper.js';
import { parseThreshold, type Threshold, ThresholdError } from '../core/thresholds.js';
import { parseDurationMs, parseRatio, parseSizeBytes } from '../core/units.js';
import { findProblems } from '../core/validate.js';
import { flagList, flagValue, parseCount, parseOutputs, parseQuantity } from './flags.js';
import { addToJobSummary, annotateError } from './github.js';
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
  const cases = result.thresholds.map(({ expression, observedText, expectedText, pass }) => ({
    name: expression,
    failure: pass ? null : `observed ${observedText}, expected ${expectedText}`,
  }));
  // What is not a threshold has a case of its own: a benchmark without thresholds can fail too.
  const others = result.reasons.filter((reason) => !cases.some(({ name }) => reason.startsWith(`${name}:`)));
  const whole = { name: 'the benchmark', failure: others.length === 0 ? null : others.join('\n') };
  return renderJunit(`bench ${result.targets.map(({ name }) => name).join(' against ')}`, [whole, ...cases]);
};

const OUTPUTS = {
  json: (result: BenchResult) => `${JSON.stringify(result)}\n`,
  junit: junitOf,
  md: renderBenchMarkdown,
} as const satisfies Record<string, (result: BenchResult) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

const parseThresholds = (flag: unknown): Threshold[] =>
  flagList(flag).map((text) => {
    try {
      return parseThreshold(text, { metrics: BENCH_CATALOGUE, variants: OTHERS, windows: [] });
    } catch (error) {
      if (!(error instanceof ThresholdError)) throw error;
      throw new UserError('usage', `--threshold "${text}", column ${error.column}: ${error.message}`);
    }
  });

const readBaseline = (file: string | undefined): BenchResult | null => {
  if (file === undefined) return null;
  let result: unknown;
  try {
    result = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError('usage', `--baseline ${file}: ${(error as Error).message}`);
  }
  const [problem] = findProblems(BenchResultSchema, result);
  if (problem !== undefined) {
    throw new UserError(
      'usage',
      `--baseline ${file} is no result of a benchmark: ${problem.path || 'the document'} ${problem.message}; ` +
        'write one with badgateway bench --out json=FILE',
    );
  }
  return result as BenchResult;
};

const parsePlan = (flags: Flags, defaults: Plan): Plan => {
  const trials = parseCount('trials', flags.trials, 1, defaults.trials);
  return {
    trials,
    maxTrials: Math.max(trials, parseCount('max-trials', flags.maxTrials, 1, defaults.maxTrials)),
    warmupMs: parseQuantity('warmup', flags.warmup, parseDurationMs, defaults.warmupMs),
    rounds: parseCount('rounds', flags.rounds, 1, defaults.rounds),
    roundMs: parseQuantity('duration', flags.duration, parseDurationMs, defaults.roundMs),
    tolerance: parseQuantity('tolerance', flags.tolerance, parseRatio, defaults.tolerance),
  };
};

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
    path: address === null ? known.path : `${address.pathname}${address.search}`,
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
  /** More than one process serves. */
  readonly shared: boolean;
}

const parseRequest = (url: string | undefined, flags: Flags): Request => {
  const remote = flags.remote === true;
  const address = url === undefined ? null : parseAddress(url, remote);
  const against = flagValue(flags.against);
  const againstAddress = against !== undefined && /^https?:/.test(against);
  if (address !== null && against !== undefined && !againstAddress) {
    throw new UserError('usage', `an address is compared with an address; "${against}" is none`);
  }
  const sets = flagList(flags.set).flatMap((text) => ['--set', text]);
  const config = flags.config === undefined ? EVERY_POLICY : ['--config', String(flags.config)];
  const processes = flags.processes === undefined ? [] : ['--processes', String(flags.processes)];
  return {
    address,
    against,
    workload: parseWorkload(flags, address),
    plan: parsePlan(flags, address === null ? DEFAULT_PLAN : RUNNING_PLAN),
    thresholds: parseThresholds(flags.threshold),
    baseline: readBaseline(flagValue(flags.baseline)),
    gatewayArgs: [...config, ...sets, ...processes],
    remote,
    shared: processes.length > 0 && flagValue(flags.processes) !== '1',
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
    const tools: Tools = { reaper, cleanup, generatorPid: generator.pid, onProgress: options.onProgress };
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

interface Tools {
  readonly reaper: Reaper;
  readonly cleanup: Cleanup;
  readonly generatorPid: number;
  readonly onProgress: (text: string) => void;
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
  // Several processes of one gateway are there to use several processors, so they are left to the kernel.
  const { launcher } = request.shared ? NOT_PINNED : await pin(reaper, [origin.pid, tools.generatorPid]);
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
  if (/^https?:/.test(against)) return [gateway('gateway'), other(against)];
  tools.onProgress(`checking out and building ${against}`);
  const revision = await checkOutRevision(against, reaper);
  cleanup.add(() => revision.remove());
  return [gateway('gateway'), gateway(`gateway at ${revision.commit}`, revision.command)];
};

const toResult = (request: Request, { targets, comparison }: Measured, startedMs: number): BenchResult => {
  const host = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
  };
  const baseline = request.baseline?.targets[0] ?? null;
  const thresholds = checkBenchThresholds(request.thresholds, targets[0]!, {
    baseline,
    against: targets[1] ?? null,
  });
  const { warmupMs, rounds, roundMs } = request.plan;
  return {
    version: 1,
    kind: 'bench',
    ...judgeBench(targets, comparison, thresholds),
    notes: notesOn(targets, request.baseline, host),
    startedAt: new Date(startedMs).toISOString(),
    host,
    workload: { ...request.workload },
    plan: { warmupMs, rounds, roundMs },
    targets: [...targets],
    comparison,
    baseline,
    thresholds,
  };
};

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
    const result = toResult(request, await measure(request, reaper, { signal, onProgress }), startedMs);
    for (const { kind, file } of outputs) writeFileSync(file, OUTPUTS[kind](result));
    process.stdout.write(
      flags.json ? `${JSON.stringify(result)}\n` : renderBench(result, pc.isColorSupported),
    );
    addToJobSummary(renderBenchMarkdown(result));
    if (result.verdict !== 'pass') annotateError('badgateway bench', result.reasons.join('\n'));
    return EXIT_OF_VERDICT[result.verdict];
  } finally {
    release();
    await reaper.stop();
  }
};
