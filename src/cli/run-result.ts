/** The result document of a run, from what its variants measured. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { overallVerdict } from '../scenarios/metrics/verdict.js';
import {
  isComplete,
  type Replication,
  summarizeReplications,
} from '../scenarios/replications/replications.js';
import type { Result, VariantResult } from '../scenarios/result.js';
import type { SkippedVariant } from '../scenarios/targets/place.js';
import type { RunPlan } from './run-engines.js';
import { proxyVersions, targetNames } from './targets.js';

/** Libraries whose behaviour a result depends on. */
const NOTED_DEPENDENCIES = ['fastify', '@fastify/reply-from', 'undici', 'opossum', 'p-queue'] as const;

/** The version in the package's own file, found from its entry: not every package exports that file. */
const versionOf = (name: string): string => {
  let folder = new URL('.', import.meta.resolve(name));
  while (!existsSync(new URL('package.json', folder))) folder = new URL('..', folder);
  return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version;
};

const dependencyVersions = (): Record<string, string> =>
  Object.fromEntries(NOTED_DEPENDENCIES.map((name) => [name, versionOf(name)]));

/** @param replications those that came to the end, if there was to be more than one; at least one. */
export const toResult = (plan: RunPlan, replications: readonly Replication[], startedAt: Date): Result => {
  const {
    seeds,
    skipped,
    variants: { length },
  } = plan;
  const variants = [...(replications[0]?.variants ?? [])];
  const complete = replications.filter((one) => isComplete(one, length));
  const summary =
    seeds.length > 1 && complete.length > 0 ? { replications: summarizeReplications(complete) } : {};
  return {
    ...documentOf(plan, variants, startedAt),
    ...summary,
    ...(skipped.length > 0 && { skippedVariants: skipped.map(skippedResult) }),
    verdict: length === 0 ? 'skipped' : overallVerdict(replications.flatMap((one) => [...one.variants])),
  };
};

const skippedResult = ({ variant: { name, thresholds }, target, needed }: SkippedVariant) => ({
  ...{ name, target },
  reasons: needed.map(({ path, text }) => (path.length === 0 ? text : `${path.join('.')}: ${text}`)),
  thresholds: thresholds.map(({ text }) => text),
});

const documentOf = (
  { engine, scenario, targets }: Pick<RunPlan, 'engine' | 'scenario' | 'targets'>,
  variants: VariantResult[],
  startedAt: Date,
): Result => ({
  version: 1,
  engine,
  target: targetNames(targets),
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
    ...(targets.some(({ kind }) => kind === 'proxy') && { proxies: proxyVersions(targets) }),
  },
  variants,
});
