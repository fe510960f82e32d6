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
import {
  isComplete,
  MAX_REPLICATIONS,
  type Replication,
  summarizeReplications,
  withoutSeries,
} from '../scenarios/replications.js';
import { renderReport } from '../scenarios/report.js';
import type { Result, VariantResult, Verdict } from '../scenarios/result.js';
import { runScenario } from '../scenarios/runner.js';
import type { Scenario, Variant } from '../scenarios/scenario.js';
import { overallVerdict } from '../scenarios/verdict.js';
import { runVirtually } from '../scenarios/virtual/engine.js';
import { replicateVirtually, type VirtualReplications } from '../scenarios/virtual/replicate.js';
import { renderHtml } from '../web/report.js';
import { flagList, parseChoice, parseCount, parseOutputs, parseSeed } from './flags.js';
import { listenForInterruption } from './interruption.js';
import { openInBrowser } from './open.js';
import { prepareOutput } from './output.js';
import { Progress, type ProgressOutput } from './progress.js';
import { findScenario } from './scenario-file.js';
import { chooseVariants } from './variants.js';
import { VirtualProgress } from './virtual-progress.js';

const EXIT_OF_VERDICT: Readonly<Record<Verdict, number>> = {
  pass: EXIT_CODES.pass,
  fail: EXIT_CODES.failed,
  inconclusive: EXIT_CODES.inconclusive,
  invalid: EXIT_CODES.inconclusive,
};

/** Libraries whose behaviour a result depends on. */
const NOTED_DEPENDENCIES = ['fastify', '@fastify/reply-from', 'undici', 'opossum', 'p-queue'] as const;

/** What is run. */
interface Plan extends VirtualReplications {
  readonly engine: Engine;
}

/** @returns what was begun. */
type Run = (plan: Plan, signal: AbortSignal, output: ProgressOutput | null) => Promise<Replication[]>;

/** What `--out` can write. */
const OUTPUTS = {
  json: (result: Result) => `${JSON.stringify(result)}\n`,
  html: renderHtml,
} as const satisfies Record<string, (result: Result) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

/** Where the page goes that `--open` shows, when no `--out html=` says so. */
const DEFAULT_PAGE = 'results/report.html';

/** The version in the package's own file, found from its entry: not every package exports that file. */
const versionOf = (name: string): string => {
  let folder = new URL('.', import.meta.resolve(name));
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version;
};

const dependencyVersions = (): Record<string, string> =>
  Object.fromEntries(NOTED_DEPENDENCIES.map((name) => [name, versionOf(name)]));

/** @param replications those that came to the end, if there was to be more than one; at least one. */
const toResult = (
  { engine, scenario, seeds, variants: { length } }: Plan,
  replications: readonly Replication[],
  startedAt: Date,
): Result => {
  const variants = [...(replications[0]?.variants ?? [])];
  const complete = replications.filter((one) => isComplete(one, length));
  const summary =
    seeds.length > 1 && complete.length > 0 ? { replications: summarizeReplications(complete) } : {};
  return {
    ...documentOf(engine, scenario, variants, startedAt),
    ...summary,
    verdict: overallVerdict(replications.flatMap((one) => [...one.variants])),
  };
};

const documentOf = (
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

const runOnce = (
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

/** One seed after another: two runs at once would share the machine. */
const runReally: Run = async ({ scenario, variants, source, seeds }, signal, output) => {
  const replications: Replication[] = [];
  for (const [index, seed] of seeds.entries()) {
    if (signal.aborted) break;
    if (seeds.length > 1) output?.write(`seed ${seed} (${index + 1} of ${seeds.length})\n`);
    const { text, file, options } = source;
    const seeded = index === 0 ? { variants } : parseScenario(text, file, { ...options, seed });
    const names = variants.map(({ name }) => name);
    const chosen = seeded.variants.filter(({ name }) => names.includes(name));
    const results = await runOnce(scenario, chosen, signal, output);
    replications.push({ seed, variants: index === 0 ? results : results.map(withoutSeries) });
  }
  return replications;
};

const runInVirtualTime: Run = async (plan, signal, output) => {
  const progress = output && new VirtualProgress(output);
  const onProgress = (doneRatio: number): void => progress?.update(doneRatio);
  const { scenario, variants, source, seeds } = plan;
  const replications =
    seeds.length > 1
      ? await replicateVirtually(plan, { signal, onProgress })
      : [
          {
            seed: scenario.seed,
            variants: await runVirtually(scenario, variants, source, { signal, onProgress }),
          },
        ];
  progress?.end();
  return replications;
};

const RUNS: Readonly<Record<Engine, Run>> = { real: runReally, virtual: runInVirtualTime };

/** From that of the file on; one run has the seeds of the file as they are, which may be one for each variant. */
const seedsOf = ({ seed }: Scenario, repeat: number): number[] =>
  Array.from({ length: repeat }, (_, index) => (seed + index) % 2 ** 31);

const planOf = (nameOrFile: string, flags: Record<string, unknown>): Plan => {
  const engine = parseChoice('engine', flags.engine, ENGINES);
  const repeat = parseCount('repeat', flags.repeat, 1, 1);
  if (repeat > MAX_REPLICATIONS) {
    throw new UserError('usage', `--repeat takes at most ${MAX_REPLICATIONS}, got ${repeat}`);
  }
  const { file, text } = findScenario(nameOrFile);
  const given = {
    engine,
    seed: parseSeed(flags.seed),
    overrides: flagList(flags.set).map(parseOverride),
  };
  const read = parseScenario(text, file, given);
  // Repeated, a variant with a seed of its own has that of the others too: they are compared seed by seed.
  const options = repeat === 1 ? given : { ...given, seed: read.seed };
  const scenario = repeat === 1 ? read : parseScenario(text, file, options);
  const variants = chooseVariants(scenario, flags.variant);
  return { engine, scenario, variants, source: { file, text, options }, seeds: seedsOf(scenario, repeat) };
};

export const runCommand = async (nameOrFile: string, flags: Record<string, unknown>): Promise<number> => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  if (flags.open && !outputs.some(({ kind }) => kind === 'html')) {
    outputs.push({ kind: 'html', file: DEFAULT_PAGE });
  }
  for (const { file: target } of outputs) prepareOutput(target);
  const plan = planOf(nameOrFile, flags);
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
