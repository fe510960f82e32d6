/** A result as text for a terminal: the story, the table, the thresholds, the verdict. */
import pc from 'picocolors';
import { replicationLines, replicationReasons } from './replications-report.js';
import type { Result, VariantResult, Verdict } from './result.js';
import { conclude, tellVariant } from './story.js';
import { summaryRows } from './summary.js';

type Colors = ReturnType<typeof pc.createColors>;

const VERDICT_TEXT: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  invalid: 'INVALID',
};

const verdictColor = (verdict: Verdict, colors: Colors) =>
  verdict === 'pass' ? colors.green : verdict === 'fail' ? colors.red : colors.yellow;

/** A table of plain cells: the first column to the left, the others to the right. */
const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
};

const storyLines = (variant: VariantResult, colors: Colors): string[] => [
  colors.bold(variant.name),
  ...tellVariant(variant).map(({ t, text }) => `  ${colors.dim(`${t.toFixed(1).padStart(5)}s`)}  ${text}`),
];

const thresholdLines = (variant: VariantResult, colors: Colors): string[] => {
  const lines = variant.thresholds.map(({ expression, observedText, expectedText, pass }) => {
    const mark = pass ? colors.green('✓') : colors.red('✗');
    const literal = expression.endsWith(expectedText);
    const values = literal ? observedText : `${observedText} against ${expectedText}`;
    return `  ${mark} ${expression}  ${colors.dim(`observed ${values}`)}`;
  });
  const skipped = variant.skippedThresholds.map(
    (text) => `  - ${text}  ${colors.dim('skipped: variant not run')}`,
  );
  return lines.length + skipped.length === 0 ? [] : [colors.bold(variant.name), ...lines, ...skipped];
};

const reasonLines = (variants: readonly VariantResult[]): string[] =>
  variants.flatMap(({ name, reasons }) => reasons.map((reason) => `  ${name}: ${reason}`));

/** @param interrupted the run was ended from outside, so its verdict means nothing. */
export const renderReport = (result: Result, options: { color: boolean; interrupted: boolean }): string => {
  const colors = pc.createColors(options.color);
  const { variants } = result;
  if (variants.length === 0) return 'Interrupted before anything was measured.\n';
  const lines = [
    '',
    colors.bold(`${result.scenario.title}`) + colors.dim(`  ${result.scenario.name}, seed ${result.seed}`),
    '',
    ...variants.flatMap((variant) => [...storyLines(variant, colors), '']),
    ...table(summaryRows(variants)).map((line, index) => (index === 0 ? colors.bold(line) : line)),
    '',
  ];
  const { replications } = result;
  if (replications !== undefined) lines.push(...replicationLines(replications, table, colors));
  if (options.interrupted) {
    const judged = replications === undefined ? '; thresholds were not judged.' : ': fewer replications.';
    lines.push(colors.yellow(`INTERRUPTED: these are partial results${judged}`), '');
    return lines.join('\n');
  }
  if (replications === undefined)
    lines.push('Thresholds', ...variants.flatMap((variant) => thresholdLines(variant, colors)), '');
  const conclusion = conclude(result);
  if (conclusion.length > 1)
    lines.push('What made the difference', ...conclusion.map((line) => `  ${line}`), '');
  const verdict = verdictColor(result.verdict, colors)(colors.bold(VERDICT_TEXT[result.verdict]));
  const reasons = replications === undefined ? reasonLines(variants) : replicationReasons(replications);
  lines.push(verdict, ...reasons, '');
  return lines.join('\n');
};
