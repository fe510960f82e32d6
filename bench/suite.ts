/**
 * `npm run bench`: the gateway beside its peers, on the same work, in one run; and what each policy adds. The target has
 * a processor of its own where there are two; load generator and origin share another. Writes `results/bench.json` and
 * the tables of `docs/performance.md`. `npm run bench -- --runs 3` measures the peers three times, from the start each
 * time, and shows how far the runs agree; `--trials 3` starts each target three times in a run and not six times.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import {
  addressTarget,
  EVERY_POLICY,
  estimateRatio,
  gatewayTarget,
  LoadGenerator,
  measureTargets,
  type Origin,
  outcomesText,
  type Plan,
  Program,
  pin,
  Reaper,
  type Round,
  startOrigin,
  type Target,
  type TargetResult,
  toTargetResult,
  trialRatio,
  V8_FLAGS,
  WORKLOADS,
  type Workload,
} from 'badgateway';
import { readCount } from './count.js';
import { errorsMarkdown, measureErrors, writeErrors } from './errors.js';
import { nativeTargets } from './native.js';
import { writePart } from './page.js';
import { type Row, type Table, toMarkdown } from './table.js';

/**
 * Six trials are the fewest that give a 95 % interval. After half the warm-up, uploads would still be measured with V8
 * compiling. With these rounds the suite takes some twenty minutes.
 */
const PLAN: Plan = { trials: 6, maxTrials: 6, warmupMs: 3_000, rounds: 4, roundMs: 300, tolerance: 0.05 };

const CONFIDENCE = 0.95;

/** Every ratio is to this peer: the library that the gateway is built on, by itself. */
const REFERENCE = '@fastify/reply-from';

const PEERS = {
  'node:http + undici': 'undici',
  [REFERENCE]: 'reply-from',
  '@fastify/http-proxy': 'fastify-http-proxy',
  'http-proxy': 'http-proxy',
} as const;

const set = (...values: string[]): string[] => values.flatMap((value) => ['--set', value]);

const POLICIES: Readonly<Record<string, readonly string[]>> = {
  'no policy': [],
  'concurrency limit': set('concurrency.limit=1024', 'concurrency.queue=1024'),
  'adaptive limit (gradient2)': set('concurrency.adaptive={algorithm: gradient2, min: 100}'),
  breaker: set('breaker.minRequests=20'),
  'outlier ejection': set('outlierEjection.interval=10s'),
  retry: set('retry.attempts=2'),
  hedge: set('hedge.percentile=99%'),
  'rate limit': set('rateLimit.rate=1000000/s'),
  'admission control': set('admission.formula=sre'),
  criticality: set('criticality.otherwise=critical', 'concurrency.limit=1024'),
  'cache, nothing stored': set('cache.maxEntries=1000'),
  'peak-ewma': set('balancer=peak-ewma'),
  'ring-hash': set('balancer=ring-hash'),
  'routes (three)': set('routes=[{path: /a}, {path: /b}, {path: /}]'),
  'Forwarded and X-Forwarded': set('listener.forwarded=both'),
  'no deadline header': set('deadlineHeader=off'),
  'every policy of the first table': EVERY_POLICY,
};

/** No policy, but health checks, timeouts and deadline, which are always there. */
const BARE = 'no policy';

const START_WITHIN_MS = 15_000;
const STOP_GRACE_MS = 2_000;

interface Bench {
  readonly reaper: Reaper;
  readonly generator: LoadGenerator;
  readonly origin: Origin;
  /** Puts a program on the processor that is kept for the target. */
  readonly launcher: readonly string[];
  readonly pinned: boolean;
  readonly plan: Plan;
}

const peerTarget = (bench: Bench, name: string, file: string): Target => ({
  name,
  start: async () => {
    const entry = new URL(`peers/${file}.js`, import.meta.url).pathname;
    // With the gateway's flags of V8: what is compared is the proxies' work, and not how V8 guesses at it.
    const node = [process.execPath, ...V8_FLAGS];
    const [command, ...args] = [...bench.launcher, ...node, entry, bench.origin.address];
    const program = new Program({ name, command: command!, args, reaper: bench.reaper });
    const stop = (): Promise<void> => program.stop(STOP_GRACE_MS);
    try {
      const [, origin] = await program.says(/(http:\/\/\S+)/, START_WITHIN_MS);
      return { origin: origin!, isNew: true, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
});

const ownTarget = (bench: Bench, name: string, args: readonly string[]): Target =>
  gatewayTarget({
    name,
    args,
    upstream: bench.origin.address,
    reaper: bench.reaper,
    launcher: bench.launcher,
  });

const setUp = async (reaper: Reaper, plan: Plan): Promise<Bench> => {
  const origin = await startOrigin(reaper);
  const generator = new LoadGenerator(reaper);
  await generator.ready();
  const { launcher } = await pin(reaper, [origin.pid, generator.pid]);
  return { reaper, generator, origin, launcher, pinned: launcher.length > 0, plan };
};

const signal = new AbortController().signal;

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** With more failing, the figures are those of failing. */
const MAX_ERROR_RATIO = 0.01;

/**
 * Requests that only waited do not count here: the connections of a round are opened all at once, and those that find no
 * place in a target's accept queue are tried again by the kernel after a second, when the round is over.
 *
 * @throws when a target's figures must not be published.
 */
const refuseBad = ({ name, summary, trials }: TargetResult): void => {
  if (summary.cpu === null) throw new Error(`${name}: processor time cannot be read here`);
  const rounds = trials.flat();
  const settled = rounds.reduce((sum, { answered }) => sum + answered, 0);
  const failed = rounds.reduce((sum, { answered, rps, durationMs, errors }) => {
    const { unanswered: _waited, ...others } = errors;
    const unanswered = Object.values(others).reduce((count, one) => count + one, 0);
    return sum + unanswered + answered - Math.round((rps * durationMs) / 1000);
  }, 0);
  if (failed > settled * MAX_ERROR_RATIO) throw new Error(`${name} failed requests: ${outcomesText(rounds)}`);
};

const measureAll = async (
  bench: Bench,
  targets: readonly Target[],
  workload: Workload,
): Promise<Map<string, Round[][]>> => {
  const { generator, plan } = bench;
  const options = { generator, workload, plan, signal, onProgress: progress };
  const trials = await measureTargets(targets, options);
  targets.forEach(({ name }, index) => {
    refuseBad(toTargetResult(name, trials[index]!));
  });
  return new Map(targets.map(({ name }, index) => [name, trials[index]!]));
};

/** What was measured of each target, by its name. */
type Trials = ReadonlyMap<string, Round[][]>;

const ratiosOf = (run: Trials, name: string, reference: string): number[] =>
  run.get(name)!.flatMap((target, trial) => {
    const ratio = trialRatio({ target, against: run.get(reference)![trial]! }, 'cpu');
    return ratio === null ? [] : [ratio];
  });

const toTable = (title: string, runs: readonly Trials[], reference: string): Table => {
  const toRow = (name: string): Row => {
    const byRun = runs.map((run) => ratiosOf(run, name, reference));
    return {
      name,
      result: toTargetResult(
        name,
        runs.flatMap((run) => run.get(name)!),
      ),
      ratio: estimateRatio(byRun.flat(), CONFIDENCE),
      byRun: byRun.map((ratios) => estimateRatio(ratios, CONFIDENCE).value),
    };
  };
  return { title, reference, rows: [...runs[0]!.keys()].map(toRow) };
};

interface PeersRun {
  /** By workload. */
  readonly workloads: ReadonlyMap<string, Trials>;
  readonly missing: readonly string[];
}

const measurePeers = async (bench: Bench): Promise<PeersRun> => {
  const { targets: natives, missing } = nativeTargets({
    upstream: bench.origin.address,
    launcher: bench.launcher,
    reaper: bench.reaper,
  });
  const targets: Target[] = [
    { ...addressTarget(new URL(bench.origin.address)), name: 'direct, no proxy' },
    ...natives,
    ...Object.entries(PEERS).map(([name, file]) => peerTarget(bench, name, file)),
    ownTarget(bench, 'badgateway, every policy', EVERY_POLICY),
  ];
  const workloads = new Map<string, Trials>();
  for (const workload of Object.values(WORKLOADS)) {
    progress(`\n${workload.name}`);
    workloads.set(workload.name, await measureAll(bench, targets, workload));
  }
  return { workloads, missing };
};

const measurePolicies = async (bench: Bench): Promise<Table> => {
  progress('\npolicies');
  const targets = Object.entries(POLICIES).map(([name, args]) => ownTarget(bench, name, args));
  return toTable('policies', [await measureAll(bench, targets, WORKLOADS['small-get'])], BARE);
};

const PAGE = new URL('../../docs/performance.md', import.meta.url);

/** With everything set up anew. */
const withBench = async <Result>(plan: Plan, measure: (bench: Bench) => Promise<Result>): Promise<Result> => {
  const reaper = new Reaper();
  const bench = await setUp(reaper, plan);
  try {
    return await measure(bench);
  } finally {
    await bench.generator.stop();
    await bench.origin.stop();
    await reaper.stop();
  }
};

const MAX_RUNS = 9;
const MAX_TRIALS = 20;

const readArgs = (): { readonly count: number; readonly plan: Plan } => {
  const { runs, trials } = parseArgs({
    options: {
      runs: { type: 'string', default: '1' },
      trials: { type: 'string', default: String(PLAN.trials) },
    },
  }).values;
  const each = readCount('trials', trials, MAX_TRIALS);
  return { count: readCount('runs', runs, MAX_RUNS), plan: { ...PLAN, trials: each, maxTrials: each } };
};

const main = async (): Promise<void> => {
  const { count, plan } = readArgs();
  const startedAt = new Date().toISOString();
  const runs: PeersRun[] = [];
  for (let run = 1; run <= count; run++) {
    if (count > 1) progress(`\nrun ${run} of ${count}`);
    runs.push(await withBench(plan, measurePeers));
  }
  const { policies, pinned } = await withBench(plan, async (bench) => {
    return { policies: await measurePolicies(bench), pinned: bench.pinned };
  });
  const { missing } = runs[0]!;
  const tables = Object.values(WORKLOADS).map(({ name }) =>
    toTable(
      name,
      runs.map(({ workloads }) => workloads.get(name)!),
      REFERENCE,
    ),
  );
  const host = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    node: process.version,
    pinned,
  };
  const measured = { startedAt, host, plan, runs: count, missing, tables, policies };
  mkdirSync(new URL('../../results/', import.meta.url), { recursive: true });
  writeFileSync(
    new URL('../../results/bench.json', import.meta.url),
    `${JSON.stringify(measured, null, 2)}\n`,
  );
  const markdown = toMarkdown(measured);
  writePart(PAGE, 'measured', markdown);
  progress('\nerrors');
  const errors = measureErrors();
  writeErrors(errors);
  process.stdout.write(
    `${markdown}\n\n${errorsMarkdown(errors)}\nresults/bench.json and docs/performance.md are written\n`,
  );
};

await main();
