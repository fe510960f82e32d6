/** `badgateway run`. */
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES } from '../core/errors.js';
import { findThresholdPlaces } from '../scenarios/metrics/threshold-places.js';
import { renderReport } from '../scenarios/report/report.js';
import type { Verdict } from '../scenarios/result.js';
import { parseOutputs } from './flags.js';
import { listenForInterruption } from './interruption.js';
import { openInBrowser } from './open.js';
import { prepareOutput } from './output.js';
import { RUNS } from './run-engines.js';
import { type FinishedRun, OUTPUT_KINDS, tellGithub, writeOutputs } from './run-outputs.js';
import { planRun } from './run-plan.js';
import { toResult } from './run-result.js';
import { findScenario } from './scenario-file.js';
import { watchRun } from './watched-run.js';

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

export const runCommand = async (nameOrFile: string, flags: Record<string, unknown>): Promise<number> => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  if (flags.open && !outputs.some(({ kind }) => kind === 'html')) {
    outputs.push({ kind: 'html', file: DEFAULT_PAGE });
  }
  for (const { file: target } of outputs) prepareOutput(target);
  const plan = await planRun(findScenario(nameOrFile), flags);
  const { stderr } = process;
  const output = {
    write: (line: string) => void stderr.write(line),
    isTTY: stderr.isTTY ?? false,
    columns: stderr.columns ?? 80,
  };
  const interruption = listenForInterruption();
  // In virtual time there is nothing to watch: the page is opened when it is whole.
  const live = flags.open && plan.engine === 'real' ? await watchRun(plan, interruption.signal) : null;
  const signal = live?.signal ?? interruption.signal;
  if (live !== null) {
    if (!flags.quiet) stderr.write(`The run, while it goes on: ${live.address}\n`);
    openInBrowser(live.address);
  }
  const startedAt = new Date(wallClock.nowMs());
  try {
    const replications = await RUNS[plan.engine](plan, signal, flags.quiet ? null : output, live);
    const result = toResult(plan, replications, startedAt);
    live?.end(result);
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
      // The page of the run has become the same.
      if (flags.open && live === null) openInBrowser(address);
    }
    return signal.aborted ? EXIT_CODES.interrupted : EXIT_OF_VERDICT[result.verdict];
  } finally {
    await live?.close();
    interruption.release();
  }
};
