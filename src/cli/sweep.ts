/** `badgateway sweep`: a scenario over a grid of its values, in virtual time, as a map of where it breaks. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import pc from 'picocolors';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { parseOverride } from '../scenarios/parse.js';
import { parseParameters } from '../scenarios/sweep/parameters.js';
import { runSweep } from '../scenarios/sweep/run-sweep.js';
import { renderCsv } from '../scenarios/sweep/sweep-csv.js';
import { planSweep, type SweepPlan } from '../scenarios/sweep/sweep-plan.js';
import { renderSweep } from '../scenarios/sweep/sweep-report.js';
import { type SweepResult, toSweepResult } from '../scenarios/sweep/sweep-result.js';
import { SweepState } from '../scenarios/sweep/sweep-state.js';
import { renderSweepPage, renderSweepSvg } from '../web/sweep-page.js';
import { flagList, flagValue, parseCount, parseOutputs, parseSeed } from './flags.js';
import { listenForInterruption } from './interruption.js';
import { prepareOutput } from './output.js';
import { findScenario } from './scenario-file.js';
import { SweepProgress } from './sweep-progress.js';
import { chooseVariants } from './variants.js';

type Flags = Readonly<Record<string, unknown>>;

/** The least that has a middle, and shows where chance decides. */
const DEFAULT_SEEDS = 3;

/** Of a map that nobody looks at on a terminal, which may be as wide as it is. */
const UNBOUNDED_COLUMNS = 10_000;

const OUTPUTS = {
  json: (result: SweepResult) => `${JSON.stringify(result)}\n`,
  csv: renderCsv,
  svg: renderSweepSvg,
  html: renderSweepPage,
} as const satisfies Record<string, (result: SweepResult) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

const SEEDS_TAKE = '--seeds takes a number of seeds, such as 5, or a list of them, such as 1,2,3';

/** `5`: as many, from that of the scenario on; `1,2,3`: these. @throws UserError */
export const parseSeeds = (flag: unknown): ((first: number) => readonly number[]) => {
  const text = flagValue(flag) ?? String(DEFAULT_SEEDS);
  const numbers = text.split(',').map((one) => (one.trim() === '' ? Number.NaN : Number(one)));
  const wrong = new UserError('usage', `${SEEDS_TAKE}, got "${text}"`);
  if (numbers.some((one) => !Number.isInteger(one) || one < 0 || one >= 2 ** 31)) throw wrong;
  const [count] = numbers as [number];
  if (numbers.length > 1) {
    if (new Set(numbers).size < numbers.length) {
      throw new UserError('usage', `--seeds ${text}: a seed is there twice`);
    }
    return () => numbers;
  }
  if (count < 1) throw wrong;
  return (first) => Array.from({ length: count }, (_, index) => (first + index) % 2 ** 31);
};

const planOf = (nameOrFile: string, flags: Flags): SweepPlan => {
  const parameters = parseParameters(flagList(flags.vary));
  if (parameters.length === 0) {
    throw new UserError('usage', 'a sweep varies something: give --vary, such as load.scale=0.2..1.2/0.1');
  }
  const seeds = parseSeeds(flags.seeds);
  const seed = parseSeed(flags.seed);
  return planSweep({
    ...findScenario(nameOrFile),
    overrides: flagList(flags.set).map(parseOverride),
    parameters,
    chooseVariants: (scenario) => chooseVariants(scenario, flags.variant).map(({ name }) => name),
    seeds: (ofFile) => seeds(seed ?? ofFile),
    metrics: flagList(flags.metric),
  });
};

const progressOf = ({ runs }: SweepPlan): SweepProgress => {
  const { stderr } = process;
  const output = {
    write: (text: string) => void stderr.write(text),
    isTTY: stderr.isTTY ?? false,
    columns: stderr.columns ?? 80,
  };
  return new SweepProgress(output, wallClock, runs.length);
};

const resumeText = (file: string | undefined): string =>
  file === undefined
    ? 'Interrupted; with --resume FILE it could go on where it was.\n'
    : `Interrupted; the same command goes on where it was, with --resume ${file}.\n`;

export const sweepCommand = async (nameOrFile: string, flags: Flags): Promise<number> => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  const threads = parseCount('threads', flags.threads, 1, availableParallelism());
  const plan = planOf(nameOrFile, flags);
  const resume = flagValue(flags.resume);
  const clash = outputs.find(({ file }) => resume !== undefined && resolve(file) === resolve(resume));
  if (clash !== undefined) {
    throw new UserError('usage', `--resume ${resume}: --out writes the same file; name another`);
  }
  for (const { file } of outputs) prepareOutput(file);
  if (resume !== undefined) prepareOutput(resume);
  const state = new SweepState(resume ?? null, plan);
  const progress = flags.quiet ? null : progressOf(plan);
  const { signal, release } = listenForInterruption();
  const startedAt = new Date(wallClock.nowMs()).toISOString();
  try {
    const onProgress = (done: number): void => progress?.update(done);
    const measured = await runSweep(plan, state, { signal, threads, onProgress });
    progress?.end();
    const result = toSweepResult(plan, measured, { startedAt, partial: measured.length < plan.runs.length });
    for (const { kind, file } of outputs) writeFileSync(file, OUTPUTS[kind](result));
    const { isTTY, columns = 80 } = process.stdout;
    const report = { color: pc.isColorSupported, columns: isTTY ? columns : UNBOUNDED_COLUMNS };
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : renderSweep(result, report));
    if (!result.partial) return EXIT_CODES.pass;
    if (!flags.quiet) process.stderr.write(resumeText(resume));
    return EXIT_CODES.interrupted;
  } finally {
    release();
  }
};
