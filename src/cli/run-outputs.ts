/** What `badgateway run` writes of its result, by `--out` and for GitHub Actions. */
import { writeFileSync } from 'node:fs';
import { observedText } from '../core/thresholds.js';
import type { FindThresholdPlace } from '../scenarios/metrics/threshold-places.js';
import { causalSentence, effectSentence } from '../scenarios/report/cascade.js';
import { renderMarkdown } from '../scenarios/report/markdown.js';
import { renderSeriesCsv } from '../scenarios/report/series-csv.js';
import type { Result, VariantResult } from '../scenarios/result.js';
import { renderHtml } from '../web/report.js';
import type { Output } from './flags.js';
import { addToJobSummary, annotate } from './github.js';
import { type JunitCase, type JunitSuite, renderJunit } from './junit.js';

/** A result, and where what it judges is written. */
export interface FinishedRun {
  readonly result: Result;
  readonly placeOf: FindThresholdPlace;
}

/** A threshold that did not hold, in words. */
export interface Failure {
  readonly variant: string;
  readonly expression: string;
  /** Observed, expected, and what the variant came to. */
  readonly text: string;
}

/** What a variant made of the outage of the first; of the first, what stopped it and what did not. */
const sentenceOf = ({ variants }: Result, name: string): string => {
  const [reference] = variants;
  const variant = variants.find((one) => one.name === name);
  if (reference === undefined || variant === undefined) return '';
  return variant === reference ? causalSentence({ variants }) : effectSentence(variant, reference);
};

const isJudged = ({ verdict }: VariantResult): boolean => verdict === 'pass' || verdict === 'fail';

/** Seeds that a failure lists with their values. */
const MAX_SEEDS = 10;

const seedsText = (reasons: readonly string[], variant: string, expression: string): string[] => {
  const own = reasons.filter((reason) => reason.includes(`, ${variant}: ${expression}: `));
  const more = own.length - MAX_SEEDS;
  return [...own.slice(0, MAX_SEEDS), ...(more > 0 ? [`and ${more} more seeds`] : [])];
};

/** Every threshold that did not hold; with replications, in any of them. */
export const failuresOf = (result: Result): Failure[] => {
  const { replications, variants } = result;
  const failure = (variant: string, expression: string, lines: readonly string[]): Failure => {
    const text = [...lines, sentenceOf(result, variant)].filter((line) => line !== '').join('\n');
    return { variant, expression, text };
  };
  if (replications === undefined)
    return variants
      .filter(isJudged)
      .flatMap(({ name, thresholds }) =>
        thresholds
          .filter(({ pass }) => !pass)
          .map((one) => failure(name, one.expression, [observedText(one)])),
      );
  const { seeds, reasons } = replications;
  return replications.variants.flatMap(({ name, thresholds }) =>
    thresholds
      .filter(({ passed }) => passed < seeds.length)
      .map(({ expression, passed }) =>
        failure(name, expression, [
          `held in ${passed} of ${seeds.length} replications`,
          ...seedsText(reasons, name, expression),
        ]),
      ),
  );
};

/** Why nothing can be said of a run, apart from its thresholds. */
const spoiltReasons = ({ verdict, replications, variants }: Result, name: string): string | null => {
  if (verdict !== 'inconclusive' && verdict !== 'invalid') return null;
  const own = variants.find((variant) => variant.name === name);
  if (replications === undefined) return own === undefined || isJudged(own) ? null : own.reasons.join('\n');
  const { seeds, verdicts, reasons } = replications;
  const spoilt = seeds.filter((_, index) => !['pass', 'fail'].includes(verdicts[index]!));
  const of = reasons.filter((reason) => spoilt.some((seed) => reason.startsWith(`seed ${seed}, ${name}: `)));
  return of.length === 0 ? null : of.join('\n');
};

const thresholdCases = ({ result, placeOf }: FinishedRun, variant: VariantResult): JunitCase[] => {
  const failures = failuresOf(result).filter((one) => one.variant === variant.name);
  const judged = result.replications !== undefined || isJudged(variant);
  return variant.thresholds.map((threshold) => {
    const { expression } = threshold;
    if (!judged)
      return { name: expression, failure: null, skipped: `${variant.verdict}: ${observedText(threshold)}` };
    const failed = failures.find((one) => one.expression === expression);
    if (failed === undefined) return { name: expression, failure: null };
    const place = placeOf(variant.name, expression);
    const at = place === null ? '' : `\n${place.file}:${place.line}:${place.column}`;
    return { name: expression, failure: `${failed.text}${at}` };
  });
};

/** The case of a variant that has no thresholds, or of which nothing can be said. */
const WHOLE = 'the run';

const suiteOf = (run: FinishedRun, variant: VariantResult): JunitSuite => {
  const { scenario, engine, seed, startedAt, replications } = run.result;
  const spoilt = spoiltReasons(run.result, variant.name);
  const cases = [
    ...thresholdCases(run, variant),
    ...variant.skippedThresholds.map(({ expression, reason }) => ({
      ...{ name: expression, failure: null, skipped: reason },
    })),
  ];
  // A file without a case counts as broken in some systems.
  const whole = spoilt !== null || cases.length === 0 ? [{ name: WHOLE, failure: null, error: spoilt }] : [];
  return {
    name: `${scenario.name} / ${variant.name}`,
    className: `${scenario.name}.${variant.name}`,
    startedAt,
    durationMs: variant.durationMs,
    properties: {
      engine,
      target: variant.target ?? 'gateway',
      seed: replications === undefined ? String(seed) : replications.seeds.join(','),
    },
    cases: [...whole, ...cases],
  };
};

const skippedSuite = (
  { scenario, startedAt, engine, seed }: Result,
  { name, target, reasons, thresholds }: NonNullable<Result['skippedVariants']>[number],
): JunitSuite => {
  const skipped = reasons.join('; ');
  return {
    ...{
      name: `${scenario.name} / ${name}`,
      className: `${scenario.name}.${name}`,
      startedAt,
      durationMs: 0,
    },
    properties: { engine, target, seed: String(seed) },
    cases: [WHOLE, ...thresholds].map((one) => ({ name: one, failure: null, skipped })),
  };
};

/** One test case for each threshold, grouped by variant. */
export const renderRunJunit = (run: FinishedRun): string => {
  const { variants, skippedVariants = [], scenario, startedAt, engine, seed } = run.result;
  const suites = [
    ...variants.map((variant) => suiteOf(run, variant)),
    ...skippedVariants.map((one) => skippedSuite(run.result, one)),
  ];
  if (suites.length > 0) return renderJunit(suites);
  const error = 'interrupted before anything was measured';
  const nothing = {
    name: scenario.name,
    className: scenario.name,
    startedAt,
    durationMs: 0,
    properties: { engine, seed: String(seed) },
    cases: [{ name: WHOLE, failure: null, error }],
  };
  return renderJunit([nothing]);
};

const OUTPUTS = {
  json: ({ result }) => `${JSON.stringify(result)}\n`,
  junit: renderRunJunit,
  html: ({ result }) => renderHtml(result),
  md: ({ result }) => renderMarkdown(result),
  csv: ({ result }) => renderSeriesCsv(result),
} as const satisfies Record<string, (run: FinishedRun) => string>;

type OutputKind = keyof typeof OUTPUTS;

/** What `--out` can write. */
export const OUTPUT_KINDS = Object.keys(OUTPUTS) as OutputKind[];

export const writeOutputs = (run: FinishedRun, outputs: readonly Output<OutputKind>[]): void => {
  for (const { kind, file } of outputs) writeFileSync(file, OUTPUTS[kind](run));
};

/**
 * The job's summary, an error at the line of each threshold that did not hold, and a warning when nothing can be said.
 * @param bundled the scenario is no file of the user's, so there is no line to show anything at.
 */
export const tellGithub = ({ result, placeOf }: FinishedRun, bundled: boolean): void => {
  addToJobSummary(renderMarkdown(result));
  for (const { variant, expression, text } of failuresOf(result)) {
    const place = bundled ? undefined : (placeOf(variant, expression) ?? undefined);
    annotate({
      level: 'error',
      title: `${result.scenario.name} / ${variant}`,
      message: `${expression}: ${text}`,
      place,
    });
  }
  for (const { name } of result.variants) {
    const spoilt = spoiltReasons(result, name);
    if (spoilt === null) continue;
    const title = `${result.scenario.name} / ${name}: ${result.verdict}`;
    annotate({ level: 'warning', title, message: spoilt });
  }
};
