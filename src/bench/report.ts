/** A benchmark's result as text for a terminal, and as Markdown for a pull request or a CI summary. */
import pc from 'picocolors';
import { markdownTable } from '../core/markdown.js';
import { formatRatio } from '../core/units.js';
import { formatValue } from '../core/values.js';
import type { Round } from './measure.js';
import { BENCH_METRIC_NAMES, BENCH_METRICS } from './metrics.js';
import type { BenchResult } from './result.js';

const PARTIAL = 'INTERRUPTED: these are partial results; nothing was judged.';

const HEADERS = ['', 'median', 'min', 'max'] as const;

const VERDICT_TEXT: Readonly<Record<BenchResult['verdict'], string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  invalid: 'INVALID',
};

/** Rows of one target: a metric with its middle and its spread. */
const rowsOf = (target: BenchResult['targets'][number]): string[][] =>
  BENCH_METRIC_NAMES.map((metric) => {
    const summary = target.summary[metric];
    const { kind, label } = BENCH_METRICS[metric];
    if (summary === null) return [label, 'not measured', '', ''];
    const text = (value: number): string => formatValue(metric === 'rps' ? Math.round(value) : value, kind);
    return [label, text(summary.median), text(summary.min), text(summary.max)];
  });

const countsText = (counts: readonly Readonly<Record<string, number>>[]): string => {
  const sums = new Map<string, number>();
  for (const [name, count] of counts.flatMap(Object.entries)) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums].map(([name, count]) => `${name} × ${count.toLocaleString('en-GB')}`).join(', ');
};

/** What became of all requests: answers by status, and those without one by kind. */
export const outcomesText = (rounds: readonly Round[]): string => {
  const unanswered = countsText(rounds.map(({ errors }) => errors));
  const answers = `answers: ${countsText(rounds.map(({ statuses }) => statuses)) || 'none'}`;
  return unanswered === '' ? answers : `${answers}; without one: ${unanswered}`;
};

const ratioRows = ({ ratios }: NonNullable<BenchResult['comparison']>): string[][] =>
  ratios.map(({ metric, value, low, high }) => [
    BENCH_METRICS[metric as keyof typeof BENCH_METRICS].label,
    value.toFixed(3),
    low?.toFixed(3) ?? '-',
    high?.toFixed(3) ?? '-',
  ]);

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const workloadText = ({ workload, plan, targets }: BenchResult): string => {
  const body = workload.bodyBytes > 0 ? ` with ${workload.bodyBytes / 1024} KiB` : '';
  return (
    `${workload.method} ${workload.path}${body}, ${counted(workload.connections, 'connection')}, closed loop, ` +
    `${counted(targets[0]?.trials.length ?? 0, 'trial')} of ${counted(plan.rounds, 'round')} of ${plan.roundMs / 1000}s`
  );
};

const columns = (rows: readonly (readonly string[])[]): string[] => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')}`.trimEnd(),
  );
};

const comparisonText = (comparison: NonNullable<BenchResult['comparison']>): string =>
  `${comparison.verdict}, by ${BENCH_METRICS[comparison.decidedBy as keyof typeof BENCH_METRICS].label}, at a tolerance of ` +
  `${formatRatio(comparison.tolerance)}, after ${counted(comparison.trials, 'trial')}`;

export const renderBench = (result: BenchResult, color: boolean): string => {
  const colors = pc.createColors(color);
  const { targets, comparison, thresholds, notes, reasons } = result;
  const lines = ['', colors.dim(workloadText(result)), ''];
  if (result.partial) lines.push(colors.yellow(PARTIAL), '');
  for (const target of targets) {
    lines.push(
      colors.bold(target.name),
      ...columns([[...HEADERS], ...rowsOf(target)]),
      `  ${outcomesText(target.trials.flat())}`,
      '',
    );
  }
  if (comparison !== null) {
    lines.push(
      colors.bold(`${targets[0]!.name} against ${targets[1]!.name}`),
      ...columns([
        ['', 'ratio', `${formatRatio(comparison.confidence)} from`, 'to'],
        ...ratioRows(comparison),
      ]),
      `  ${comparisonText(comparison)}`,
      '',
    );
  }
  if (thresholds.length > 0) {
    lines.push(
      'Thresholds',
      ...thresholds.map(({ expression, observedText, pass }) => {
        const mark = pass ? colors.green('✓') : colors.red('✗');
        return `  ${mark} ${expression}  ${colors.dim(`observed ${observedText}`)}`;
      }),
      '',
    );
  }
  const paint =
    result.verdict === 'pass' ? colors.green : result.verdict === 'fail' ? colors.red : colors.yellow;
  lines.push(...notes.map((note) => `note: ${note}`), ...(notes.length > 0 ? [''] : []));
  lines.push(paint(colors.bold(VERDICT_TEXT[result.verdict])), ...reasons.map((reason) => `  ${reason}`), '');
  return lines.join('\n');
};

export const renderBenchMarkdown = (result: BenchResult): string => {
  const { targets, comparison, thresholds, notes, reasons, host } = result;
  const lines = [
    `### ${VERDICT_TEXT[result.verdict]}: benchmark of ${targets.map(({ name }) => name).join(' against ')}`,
    '',
    ...(result.partial ? [PARTIAL, ''] : []),
  ];
  lines.push(...reasons.map((reason) => `- ${reason}`), ...(reasons.length > 0 ? [''] : []));
  if (comparison !== null) {
    lines.push(
      `${comparisonText(comparison)}.`,
      '',
      ...markdownTable([
        ['ratio', 'value', `${formatRatio(comparison.confidence)} from`, 'to'],
        ...ratioRows(comparison),
      ]),
      '',
    );
  }
  for (const target of targets) {
    lines.push(
      ...markdownTable([[target.name, 'median', 'min', 'max'], ...rowsOf(target)]),
      '',
      `${outcomesText(target.trials.flat())}.`,
      '',
    );
  }
  if (thresholds.length > 0) {
    const rows = thresholds.map(({ expression, observedText, pass }) => [
      pass ? 'pass' : '**fail**',
      `\`${expression}\``,
      observedText,
    ]);
    lines.push(...markdownTable([['', 'threshold', 'observed'], ...rows]), '');
  }
  lines.push(`${workloadText(result)}. ${host.cpus} × ${host.cpu}, Node ${host.node}.`, '');
  lines.push(...notes.map((note) => `> ${note}`), ...(notes.length > 0 ? [''] : []));
  return lines.join('\n');
};
