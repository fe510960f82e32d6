/** A comparison as text for a terminal, and as Markdown. */
import pc from 'picocolors';
import { markdownTable } from '../../core/markdown.js';
import { textTable } from '../../core/text-table.js';
import { formatRatio } from '../../core/units.js';
import { formatValue, type Kind } from '../../core/values.js';
import type { Measured } from '../measure/measured.js';
import type {
  ComparisonResult,
  Measure,
  OfSide,
  ThresholdChange,
  VariantComparison,
} from './comparison-schema.js';

/** Reasons that are listed: the tables have them all. */
const MAX_REASONS = 10;

const HEAD = ['before', 'after', 'difference', ''] as const;

const measuredText = (value: Measured, kind: string): string => {
  if (value === null) return '–';
  return value === 'never' ? 'never' : formatValue(value, kind as Kind);
};

const sideText = ({ value, min = value, max = value }: OfSide, kind: string): string => {
  const [middle, least, most] = [value, min, max].map((one) => measuredText(one, kind)) as [
    string,
    string,
    string,
  ];
  return least === most ? middle : `${middle} (${least} to ${most})`;
};

const signed = (value: number, kind: string): string =>
  `${value > 0 ? '+' : ''}${formatValue(value, kind as Kind)}`;

const differenceText = ({ difference, low, high, kind }: Measure): string => {
  if (difference === null) return '–';
  const interval =
    low === undefined || high === undefined ? '' : ` (${signed(low, kind)} to ${signed(high, kind)})`;
  return `${signed(difference, kind)}${interval}`;
};

const CHANGE_TEXT: Readonly<Record<Measure['change'], string>> = {
  better: 'better',
  worse: 'WORSE',
  none: 'within noise',
  undecided: 'too few runs',
  unknown: 'not judged',
};

const nameOf = ({ metric, window }: Measure): string =>
  window === undefined ? metric : `${metric}[${window}]`;

const rowOf = (measure: Measure): string[] => [
  nameOf(measure),
  sideText(measure.before, measure.kind),
  sideText(measure.after, measure.kind),
  differenceText(measure),
  CHANGE_TEXT[measure.change],
];

/** What reads the same on both sides, and was not judged to be anything else, is counted and not listed. */
const isShown = (measure: Measure): boolean => {
  if (measure.change === 'better' || measure.change === 'worse') return true;
  return sideText(measure.before, measure.kind) !== sideText(measure.after, measure.kind);
};

const rowsOf = (variant: VariantComparison): string[][] => variant.measures.filter(isShown).map(rowOf);

const sameText = ({ measures }: VariantComparison): string => {
  const same = measures.filter((measure) => !isShown(measure)).length;
  return same === 0 ? '' : `${same} of ${measures.length} metrics read the same`;
};

const heldText = ({ expression, before, after }: ThresholdChange): string =>
  before.runs === 1 && after.runs === 1
    ? `${expression}: ${after.held === 1 ? 'holds now' : 'does not hold any more'}`
    : `${expression}: held in ${before.held} of ${before.runs}, now in ${after.held} of ${after.runs}`;

const sideLine = (of: 'before' | 'after', { [of]: side }: ComparisonResult): string => {
  const seeds =
    side.seeds.length === 1 ? `seed ${side.seeds[0]}` : `seeds ${side.seeds[0]} to ${side.seeds.at(-1)}`;
  return `${of.padEnd('before'.length)}  ${side.file}: ${side.scenario}, engine ${side.engine}, ${seeds}, ${side.verdict}`;
};

const ruleText = ({ rule, confidence, judged, leastRuns }: ComparisonResult): string => {
  const share = `${judged} judged, ${formatRatio(confidence)} together`;
  return rule === 'requests'
    ? `beyond noise: the interval of the difference of two shares of requests is on one side of 0 (Newcombe 1998); ${share}`
    : `beyond noise: the ranges of ${leastRuns} or more runs on each side do not meet (rank sum); ${share}`;
};

const onlyLines = ({ onlyBefore, onlyAfter }: ComparisonResult): string[] => [
  ...(onlyBefore.length > 0 ? [`only before: ${onlyBefore.join(', ')}`] : []),
  ...(onlyAfter.length > 0 ? [`only after: ${onlyAfter.join(', ')}`] : []),
];

const listed = (reasons: readonly string[]): string[] => {
  const more = reasons.length - MAX_REASONS;
  return [...reasons.slice(0, MAX_REASONS), ...(more > 0 ? [`and ${more} more`] : [])];
};

export const renderComparison = (result: ComparisonResult, color: boolean): string => {
  const colors = pc.createColors(color);
  const paint = { worse: colors.red, better: colors.green, same: colors.green, undecided: colors.yellow };
  const lines = ['', sideLine('before', result), sideLine('after', result), ...onlyLines(result), ''];
  for (const variant of result.variants) {
    const verdicts =
      variant.before === variant.after ? '' : `: ${variant.before} before, ${variant.after} now`;
    lines.push(`${colors.bold(variant.name)}${verdicts}`);
    const rows = rowsOf(variant);
    if (rows.length > 0)
      lines.push(
        ...textTable([['', ...HEAD], ...rows]).map((line) => {
          if (line.endsWith('WORSE')) return `  ${colors.red(line)}`;
          return `  ${line.endsWith('  better') ? colors.green(line) : line}`;
        }),
      );
    const same = sameText(variant);
    if (same !== '') lines.push(colors.dim(`  ${same}`));
    lines.push(...variant.thresholds.map((one) => `  ${heldText(one)}`), '');
  }
  lines.push(colors.dim(ruleText(result)), ...result.notes.map((note) => `note: ${note}`), '');
  lines.push(
    paint[result.verdict](colors.bold(result.verdict.toUpperCase())),
    ...listed(result.reasons).map((reason) => `  ${reason}`),
    '',
  );
  return lines.join('\n');
};

export const renderComparisonMarkdown = (result: ComparisonResult): string => {
  const lines = [
    `### ${result.verdict.toUpperCase()}: ${result.after.scenario}, \`${result.before.file}\` and \`${result.after.file}\``,
    '',
    ...listed(result.reasons).map((reason) => `- ${reason}`),
    ...(result.reasons.length > 0 ? [''] : []),
    ...onlyLines(result).flatMap((line) => [`${line}.`, '']),
  ];
  for (const variant of result.variants) {
    const rows = rowsOf(variant).map((row) => row.map((cell) => (cell === 'WORSE' ? '**worse**' : cell)));
    const same = sameText(variant);
    if (rows.length > 0) lines.push(...markdownTable([[variant.name, ...HEAD], ...rows]), '');
    if (same !== '') lines.push(`${variant.name}: ${same}.`, '');
    lines.push(
      ...variant.thresholds.map(
        (one) => `- ${variant.name}: \`${one.expression}\`${heldText(one).slice(one.expression.length)}`,
      ),
    );
    if (variant.thresholds.length > 0) lines.push('');
  }
  lines.push(
    `${ruleText(result)}.`,
    '',
    ...result.notes.map((note) => `> ${note}`),
    ...(result.notes.length > 0 ? [''] : []),
  );
  return lines.join('\n');
};
