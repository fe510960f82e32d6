/** `badgateway compare`: two results, and what changed by more than noise. */
import { writeFileSync } from 'node:fs';
import pc from 'picocolors';
import { EXIT_CODES, UserError } from '../core/errors.js';
import { compareResults, type ResultFile } from '../scenarios/compare/compare.js';
import { renderComparison, renderComparisonMarkdown } from '../scenarios/compare/comparison-report.js';
import type { ComparisonResult } from '../scenarios/compare/comparison-schema.js';
import { parseOutputs } from './flags.js';
import { addToJobSummary, annotate } from './github.js';
import { prepareOutput } from './output.js';
import { readResultFile } from './result-file.js';

const EXIT_OF_VERDICT: Readonly<Record<ComparisonResult['verdict'], number>> = {
  same: EXIT_CODES.pass,
  better: EXIT_CODES.pass,
  worse: EXIT_CODES.failed,
  undecided: EXIT_CODES.inconclusive,
};

const OUTPUTS = {
  json: (result: ComparisonResult) => `${JSON.stringify(result)}\n`,
  md: renderComparisonMarkdown,
} as const satisfies Record<string, (result: ComparisonResult) => string>;

const OUTPUT_KINDS = Object.keys(OUTPUTS) as (keyof typeof OUTPUTS)[];

const readCompared = (file: string): ResultFile => ({ file, result: readResultFile(file) });

/** @returns 0 when nothing is worse beyond noise, 99 when something is, 98 when nothing can be said. */
export const compareCommand = (
  [before, after]: readonly [string, string],
  flags: Readonly<Record<string, unknown>>,
): number => {
  const outputs = parseOutputs(flags.out, OUTPUT_KINDS);
  const [first, second] = [readCompared(before), readCompared(after)];
  for (const { file } of outputs) prepareOutput(file);
  const result = compareResults(first, second);
  if (result.variants.length === 0) {
    throw new UserError(
      'usage',
      `${before} and ${after} have no variant in common: ${result.onlyBefore.join(', ')}; ${result.onlyAfter.join(', ')}`,
    );
  }
  for (const { kind, file } of outputs) writeFileSync(file, OUTPUTS[kind](result));
  process.stdout.write(
    flags.json ? `${JSON.stringify(result)}\n` : renderComparison(result, pc.isColorSupported),
  );
  addToJobSummary(renderComparisonMarkdown(result));
  if (result.verdict === 'worse' || result.verdict === 'undecided') {
    const level = result.verdict === 'worse' ? 'error' : 'warning';
    annotate({ level, title: 'badgateway compare', message: result.reasons.join('\n') });
  }
  return EXIT_OF_VERDICT[result.verdict];
};
