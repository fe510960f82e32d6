/** `badgateway bench`: what a request costs a gateway, and whether it costs more than it did. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import pc from 'picocolors';
import { type BenchOptions, measureAgainst, measureTargets } from '../bench/benchmark.js';
import { LoadGenerator } from '../bench/load.js';
import type { Target } from '../bench/measure.js';
import { toTargetResult } from '../bench/metrics.js';
import { startOrigin } from '../bench/origin-server.js';
import { NOT_PINNED, pin } from '../bench/pinning.js';
import { renderBench, renderBenchMarkdown } from '../bench/report.js';
import type { BenchResult, Comparison, TargetResult } from '../bench/result.js';
import { checkOutRevision } from '../bench/revision.js';
import { addressTarget, gatewayTarget, parseAddress } from '../bench/targets.js';
import { checkBenchThresholds, type Judgement, judgeBench, notesOn } from '../bench/verdict.js';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { Reaper } from '../core/reaper.js';
import { observedText } from '../core/thresholds.js';
import { type BenchRequest, isAddress, parseBenchRequest } from './bench-request.js';
import { parseOutputs } from './flags.js';
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
  const cases = result.thresholds.map((threshold) => {
    const { expression, observed, expected, pass } = threshold;
    const text = observedText(threshold);
    const measured = observed !== null && expected !== null;
    return {
      name: expression,
      failure: pass || !measured ? null : text,
      skipped: pass || measured ? null : `${text}: not measured`,
    };
  });
  // What is not a threshold has a case of its own: a benchmark without thresholds can fail too.
  const others = result.reasons.filter((reason) => !cases.some(({ name }) => reason.startsWith(`${name}:`)));
  const text = others.length === 0 ? null : others.join('\n');
  const failed = result.verdict === 'fail';
  const whole = { name: 'the benchmark', failure: failed ? text : null, skipped: failed ? null : text };
  const { rounds, roundMs } = result.plan;
  const trials = result.targets.reduce((sum, target) => sum + target.trials.length, 0);
  return renderJunit([
    {
      name: `bench ${result.targets.map(({ name }) => name).join(' against ')}`,
      className: 'bench',
      startedAt: result.startedAt,
      durationMs: trials * rounds * roundMs,
      properties: { workload: result.workload.name, node: result.host.node },
      cases: [whole, ...cases],
    },
  ]);
};

const OUTPUTS = {
  json: (result: BenchResult) => `${JSON.stringify(result)}\n`,
  junit: junitOf,
  md: renderBenchMarkdown,
} as const satisfies Record<string, (result: BenchResult) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

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
  request: BenchRequest,
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

const findTargets = async (request: BenchRequest, tools: Tools): Promise<[Target, Target?]> => {
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
  request: BenchRequest,
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
  const request = parseBenchRequest(url, flags);
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
      annotate({ level, title: 'badgateway bench', message: result.reasons.join('\n') });
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
