/** `badgateway run`. */
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { ENGINES } from '../scenarios/engines.js';
import { findThresholdPlaces } from '../scenarios/metrics/threshold-places.js';
import { parseOverride, parseScenario } from '../scenarios/parse.js';
import { MAX_REPLICATIONS } from '../scenarios/replications/replications.js';
import { renderReport } from '../scenarios/report/report.js';
import type { Verdict } from '../scenarios/result.js';
import type { Scenario } from '../scenarios/scenario.js';
import { placeVariants } from '../scenarios/targets/place.js';
import { flagList, parseChoice, parseCount, parseOutputs, parseSeed } from './flags.js';
import { listenForInterruption } from './interruption.js';
import { openInBrowser } from './open.js';
import { prepareOutput } from './output.js';
import { RUNS, type RunPlan } from './run-engines.js';
import { type FinishedRun, OUTPUT_KINDS, tellGithub, writeOutputs } from './run-outputs.js';
import { toResult } from './run-result.js';
import { findScenario } from './scenario-file.js';
import { chooseTargets } from './targets.js';
import { chooseVariants } from './variants.js';
import { checkWorkersAt } from './workers-at.js';

const EXIT_OF_VERDICT: Readonly<Record<Verdict, number>> = {
  pass: EXIT_CODES.pass,
  fail: EXIT_CODES.failed,
  inconclusive: EXIT_CODES.inconclusive,
  invalid: EXIT_CODES.inconclusive,
  // Nothing was judged.
  skipped: EXIT_CODES.inconclusive,
};

/** Where the page goes that `--open` shows, when no `--out html=` says so. */
const DEFAULT_PAGE = 'results/report.html';

/** From that of the file on; one run has the seeds of the file as they are, which may be one for each variant. */
const seedsOf = ({ seed }: Scenario, repeat: number): number[] =>
  Array.from({ length: repeat }, (_, index) => (seed + index) % 2 ** 31);

/** A run as it was asked for, and where what it came from is. */
interface PlannedRun extends RunPlan {
  /** It came with badgateway: no file of the user's. */
  readonly bundled: boolean;
}

const planOf = async (nameOrFile: string, flags: Record<string, unknown>): Promise<PlannedRun> => {
  const engine = parseChoice('engine', flags.engine, ENGINES);
  const repeat = parseCount('repeat', flags.repeat, 1, 1);
  if (repeat > MAX_REPLICATIONS) {
    throw new UserError('usage', `--repeat takes at most ${MAX_REPLICATIONS}, got ${repeat}`);
  }
  const { file, text, bundled } = findScenario(nameOrFile);
  const given = {
    engine,
    seed: parseSeed(flags.seed),
    overrides: flagList(flags.set).map(parseOverride),
    remote: flags.remote === true,
  };
  const read = parseScenario(text, file, given);
  // Repeated, a variant with a seed of its own has that of the others too: they are compared seed by seed.
  const options = repeat === 1 ? given : { ...given, seed: read.seed };
  const scenario = repeat === 1 ? read : parseScenario(text, file, options);
  const chosen = chooseVariants(scenario, flags.variant);
  const { targets, missing } = await chooseTargets(flags, engine);
  for (const { text } of missing) process.stderr.write(`skipped: ${text}\n`);
  const source = { file, text, options };
  const placed = placeVariants(chosen, targets, missing);
  checkWorkersAt(placed.variants);
  return {
    ...{ engine, scenario, source, bundled, targets, missing },
    ...placed,
    seeds: seedsOf(scenario, repeat),
  };
};

export const runCommand = async (nameOrFile: string, flags: Record<string, unknown>): Promise<number> => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  if (flags.open && !outputs.some(({ kind }) => kind === 'html')) {
    outputs.push({ kind: 'html', file: DEFAULT_PAGE });
  }
  for (const { file: target } of outputs) prepareOutput(target);
  const plan = await planOf(nameOrFile, flags);
  const { stderr } = process;
  const output = {
    write: (line: string) => void stderr.write(line),
    isTTY: stderr.isTTY ?? false,
    columns: stderr.columns ?? 80,
  };
  const { signal, release } = listenForInterruption();
  const startedAt = new Date(wallClock.nowMs());
  try {
    const replications = await RUNS[plan.engine](plan, signal, flags.quiet ? null : output);
    const result = toResult(plan, replications, startedAt);
    const run: FinishedRun = { result, placeOf: findThresholdPlaces(plan.source, plan.scenario) };
    writeOutputs(run, outputs);
    const report = flags.json
      ? `${JSON.stringify(result)}\n`
      : renderReport(result, {
          color: pc.isColorSupported,
          interrupted: signal.aborted,
          ...(process.stdout.isTTY && { columns: process.stdout.columns }),
        });
    process.stdout.write(report);
    tellGithub(run, plan.bundled);
    const page = outputs.find(({ kind }) => kind === 'html');
    if (page !== undefined) {
      const address = pathToFileURL(page.file).href;
      if (!flags.quiet) stderr.write(`The curves: ${address}\n`);
      if (flags.open) openInBrowser(address);
    }
    return signal.aborted ? EXIT_CODES.interrupted : EXIT_OF_VERDICT[result.verdict];
  } finally {
    release();
  }
};
