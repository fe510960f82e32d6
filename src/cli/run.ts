/** `badgateway run`: runs a scenario, prints what happened, and ends with what it proves. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import pc from 'picocolors';
import { wallClock } from '../core/clock.js';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { openControl } from '../scenarios/control.js';
import { ENGINES, type Engine } from '../scenarios/engines.js';
import { parseOverride, parseScenario } from '../scenarios/parse.js';
import { RealWorld } from '../scenarios/real-world.js';
import { renderReport } from '../scenarios/report.js';
import type { Result, VariantResult, Verdict } from '../scenarios/result.js';
import { runScenario } from '../scenarios/runner.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { overallVerdict } from '../scenarios/verdict.js';
import { runVirtually } from '../scenarios/virtual/engine.js';
import type { ScenarioSource } from '../scenarios/virtual/messages.js';
import { renderHtml } from '../web/report.js';
import { flagList, parseChoice, parseOutputs, parseSeed } from './flags.js';
import { listenForInterruption } from './interruption.js';
import { openInBrowser } from './open.js';
import { prepareOutput } from './output.js';
import { Progress, type ProgressOutput } from './progress.js';
import { findScenario } from './scenario-file.js';
import { VirtualProgress } from './virtual-progress.js';

const EXIT_OF_VERDICT: Readonly<Record<Verdict, number>> = {
  pass: EXIT_CODES.pass,
  fail: EXIT_CODES.failed,
  inconclusive: EXIT_CODES.inconclusive,
  invalid: EXIT_CODES.inconclusive,
};

/** Libraries whose behaviour a result depends on. */
const NOTED_DEPENDENCIES = ['fastify', '@fastify/reply-from', 'undici', 'opossum', 'p-queue'] as const;

/** What the virtual engine is given. */
interface VirtualRun {
  readonly scenario: Scenario;
  readonly variants: readonly Variant[];
  readonly source: ScenarioSource;
}

/** What `--out` can write. */
const OUTPUTS = {
  json: (result: Result) => `${JSON.stringify(result)}\n`,
  html: renderHtml,
} as const satisfies Record<string, (result: Result) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

/** Where the page goes that `--open` shows, when no `--out html=` says so. */
const DEFAULT_PAGE = 'results/report.html';

const chooseVariants = (scenario: Scenario, flag: unknown): readonly Variant[] => {
  if (flag === undefined) return scenario.variants;
  const known = scenario.variants.map(({ name }) => name);
  const wanted = flagList(flag).flatMap((text) => text.split(','));
  for (const name of wanted) {
    if (!known.includes(name)) {
      throw new UserError('usage', `there is no variant "${name}"; ${scenario.name} has ${known.join(', ')}`);
    }
  }
  return scenario.variants.filter(({ name }) => wanted.includes(name));
};

/** The version in the package's own file, found from its entry: not every package exports that file. */
const versionOf = (name: string): string => {
  let folder = new URL('.', import.meta.resolve(name));
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version;
};

const dependencyVersions = (): Record<string, string> =>
  Object.fromEntries(NOTED_DEPENDENCIES.map((name) => [name, versionOf(name)]));

const toResult = (
  engine: Engine,
  scenario: Scenario,
  variants: VariantResult[],
  startedAt: Date,
): Result => ({
  version: 1,
  engine,
  target: 'gateway',
  seed: scenario.seed,
  verdict: overallVerdict(variants),
  startedAt: startedAt.toISOString(),
  scenario: {
    name: scenario.name,
    title: scenario.title,
    story: scenario.story,
    reproduces: [...scenario.reproduces],
  },
  host: {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpus: availableParallelism(),
    dependencies: dependencyVersions(),
  },
  variants,
});

const runReally = (
  scenario: Scenario,
  variants: readonly Variant[],
  signal: AbortSignal,
  output: ProgressOutput | null,
): Promise<VariantResult[]> => {
  const progress = output && new Progress(output, wallClock, variants);
  return runScenario(scenario, variants, {
    makeWorld: (variant) => new RealWorld(variant),
    openControl,
    signal,
    onVariantStart: (variant, world, control) => progress?.start(variant, world, control?.address ?? null),
    onVariantEnd: (result) => progress?.end(result),
  });
};

const runInVirtualTime = async (
  { scenario, variants, source }: VirtualRun,
  signal: AbortSignal,
  output: ProgressOutput | null,
): Promise<VariantResult[]> => {
  const progress = output && new VirtualProgress(output);
  const results = await runVirtually(scenario, variants, source, {
    signal,
    onProgress: (doneRatio) => progress?.update(doneRatio),
  });
  progress?.end();
  return results;
};

export const runCommand = async (nameOrFile: string, flags: Record<string, unknown>): Promise<number> => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  if (flags.open && !outputs.some(({ kind }) => kind === 'html')) {
    outputs.push({ kind: 'html', file: DEFAULT_PAGE });
  }
  for (const { file: target } of outputs) prepareOutput(target);
  const engine = parseChoice('engine', flags.engine, ENGINES);
  const { file, text } = findScenario(nameOrFile);
  const options = {
    engine,
    seed: parseSeed(flags.seed),
    overrides: flagList(flags.set).map(parseOverride),
  };
  const scenario = parseScenario(text, file, options);
  const variants = chooseVariants(scenario, flags.variant);
  const { stderr } = process;
  const output = {
    write: (line: string) => void stderr.write(line),
    isTTY: stderr.isTTY ?? false,
    columns: stderr.columns ?? 80,
  };
  const { signal, release } = listenForInterruption();
  const startedAt = new Date(wallClock.nowMs());
  try {
    const results =
      engine === 'real'
        ? await runReally(scenario, variants, signal, flags.quiet ? null : output)
        : await runInVirtualTime(
            { scenario, variants, source: { file, text, options } },
            signal,
            flags.quiet ? null : output,
          );
    const result = toResult(engine, scenario, results, startedAt);
    for (const { kind, file: target } of outputs) writeFileSync(target, OUTPUTS[kind](result));
    const report = flags.json
      ? `${JSON.stringify(result)}\n`
      : renderReport(result, { color: pc.isColorSupported, interrupted: signal.aborted });
    process.stdout.write(report);
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
