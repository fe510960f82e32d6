/** A result as text for a terminal: the story, the curves, the table, the thresholds, the verdict. */
import pc from 'picocolors';
import { foldTable, wrapText } from '../../core/text-table.js';
import { formatDuration } from '../../core/units.js';
import { incidentRows, suspectsText } from '../incident/incident-rows.js';
import { replicationLines, replicationReasons } from '../replications/report.js';
import type { Result, VariantResult, Verdict } from '../result.js';
import { byTarget } from '../targets/names.js';
import { causalSentence } from './cascade.js';
import { markLegend, sparkAxis, sparkline, sparkScale } from './sparkline.js';
import { conclude, tellVariant } from './story.js';
import { alertsText, firstErrorsText, summaryRows } from './summary.js';

type Colors = ReturnType<typeof pc.createColors>;

/** Where nobody says how wide the terminal is, as in a log of CI. */
export const DEFAULT_COLUMNS = 100;

/** Narrower, and the words of a sentence would stand below each other. */
const MIN_COLUMNS = 40;

export interface ReportOptions {
  readonly color: boolean;
  /** The run was ended from outside, so its verdict means nothing. */
  readonly interrupted: boolean;
  /** Width of the terminal; default 100. */
  readonly columns?: number;
}

/** How a report is drawn. */
export interface Style {
  readonly colors: Colors;
  readonly columns: number;
}

const VERDICT_TEXT: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  invalid: 'INVALID',
  skipped: 'SKIPPED',
};

const verdictColor = (verdict: Verdict, colors: Colors) =>
  verdict === 'pass' ? colors.green : verdict === 'fail' ? colors.red : colors.yellow;

/** A table in pieces with a line between them. */
export const tableLines = (rows: readonly (readonly string[])[], { colors, columns }: Style): string[] =>
  foldTable(rows, columns).flatMap((piece) => [
    ...piece.map((line, index) => (index === 0 ? colors.bold(line) : line)),
    '',
  ]);

const paragraph = (text: string, { columns }: Style): string[] =>
  wrapText(text, columns - 2, 2).map((line) => `  ${line}`);

const STORY_INDENT = 10;

const storyLines = (variant: VariantResult, { colors, columns }: Style): string[] => [
  colors.bold(variant.name),
  ...tellVariant(variant).flatMap(({ t, text }) => {
    const [first, ...more] = wrapText(text, columns - STORY_INDENT);
    const time = colors.dim(`${t.toFixed(1).padStart(5)}s`);
    return [`  ${time}  ${first}`, ...more.map((line) => `${' '.repeat(STORY_INDENT)}${line}`)];
  }),
];

const MARK_COLORS: Readonly<Record<string, 'red' | 'yellow' | 'magenta' | 'cyan' | 'dim'>> = {
  '2': 'red',
  '3': 'yellow',
  '4': 'magenta',
  x: 'cyan',
  o: 'cyan',
  '·': 'dim',
};

const paintMarks = (marks: string, colors: Colors): string =>
  marks.replace(/(.)\1*/g, (run, mark: string) => colors[MARK_COLORS[mark] ?? 'dim'](run));

/** Beside the names of the variants there is room for the curves of at least so many columns, or they stand below. */
const MIN_CURVE_COLUMNS = 40;
/** More tell nothing: a run of a minute has 240 buckets. */
const MAX_CURVE_COLUMNS = 100;

/** Good answers and errors of every variant, on one scale. */
export const curveLines = (variants: readonly VariantResult[], { colors, columns }: Style): string[] => {
  const nameWidth = Math.max(...variants.map(({ name }) => name.length)) + 2;
  const beside = columns - nameWidth >= MIN_CURVE_COLUMNS;
  const indent = beside ? nameWidth : 2;
  const scale = sparkScale(variants, Math.min(MAX_CURVE_COLUMNS, columns - indent));
  const pad = ' '.repeat(indent);
  const drawn = variants.map((variant) => ({ variant, curve: sparkline(variant, scale) }));
  const marks = markLegend(drawn.map(({ curve }) => curve[1]).join(''));
  const legend = `Good answers, and below them the most frequent error (a column is ${formatDuration(scale.columnMs)}${marks})`;
  return [
    ...wrapText(legend, columns),
    `${pad}${colors.dim(sparkAxis(scale))}`,
    ...drawn.flatMap(({ variant, curve: [bars, below] }) => {
      const name = colors.bold(beside ? variant.name.padEnd(nameWidth) : variant.name);
      return [
        ...(beside ? [`${name}${colors.green(bars)}`] : [name, `${pad}${colors.green(bars)}`]),
        `${pad}${paintMarks(below, colors)}`,
        ...[firstErrorsText(variant), alertsText(variant)].flatMap((text) =>
          wrapText(text, columns - indent).map((line) => `${pad}${colors.dim(line)}`),
        ),
      ].map((line) => line.trimEnd());
    }),
    '',
  ];
};

const incidentLines = (variant: VariantResult, style: Style): string[] => {
  const rows = incidentRows(variant);
  if (rows.length === 0) return [];
  const suspects = suspectsText(variant);
  return [
    ...tableLines(rows, style).slice(0, -1),
    ...(suspects === '' ? [] : wrapText(suspects, style.columns, 2)),
    '',
  ];
};

const thresholdLines = (variant: VariantResult, { colors, columns }: Style): string[] => {
  /** With its note behind it, or below it where there is no room. */
  const noted = (mark: string, text: string, note: string): string[] =>
    text.length + note.length + 6 <= columns
      ? [`  ${mark} ${text}  ${colors.dim(note)}`]
      : [`  ${mark} ${text}`, `      ${colors.dim(note)}`];
  const lines = variant.thresholds.flatMap(({ expression, observedText, expectedText, pass }) => {
    const literal = expression.endsWith(expectedText);
    const observed = `observed ${literal ? observedText : `${observedText} against ${expectedText}`}`;
    return noted(pass ? colors.green('✓') : colors.red('✗'), expression, observed);
  });
  const skipped = variant.skippedThresholds.flatMap(({ expression, reason }) =>
    noted('-', expression, `skipped: ${reason}`),
  );
  return lines.length + skipped.length === 0 ? [] : [colors.bold(variant.name), ...lines, ...skipped];
};

/** What each target lacks, once for all variants at it. */
const lossLines = (variants: readonly VariantResult[], { colors, columns }: Style): string[] => {
  const ofTarget = new Map<string, Set<string>>();
  for (const { target = 'gateway', losses = [] } of variants) {
    const texts = ofTarget.get(target) ?? new Set();
    for (const { path, text, degree } of losses)
      texts.add(`${degree === 'missing' ? '-' : '~'} ${path}: ${text}`);
    if (texts.size > 0) ofTarget.set(target, texts);
  }
  return [...ofTarget].flatMap(([target, texts]) => {
    const lines = [...texts].flatMap((text) => wrapText(text, columns - 2, 2));
    return [
      `${colors.bold(target)} cannot do all that the scenario asks of its gateway (- missing, ~ otherwise)`,
      ...lines.map((line) => `  ${line}`),
      '',
    ];
  });
};

const skippedLines = (name: string, reasons: readonly string[], { colors, columns }: Style): string[] => [
  `${colors.bold(name)} was not run, and its thresholds are skipped`,
  ...reasons.flatMap((reason) => wrapText(`- ${reason}`, columns - 2, 2)).map((line) => `  ${line}`),
  '',
];

const reasonLines = (variants: readonly VariantResult[], style: Style): string[] =>
  variants.flatMap(({ name, reasons }) =>
    reasons.flatMap((reason) => paragraph(`${name}: ${reason}`, style)),
  );

const conclusionLines = (result: Result, style: Style): string[] => {
  const told = byTarget(result.variants).flatMap((variants) => {
    const lines = conclude({ variants });
    return lines.length < 2 ? [] : [causalSentence({ variants }), ...lines];
  });
  if (told.length === 0) return [];
  return ['What made the difference', ...told.flatMap((line) => paragraph(line, style)), ''];
};

/** `, through nginx 1.22.1`; empty for the built-in gateway. */
const targetText = ({ target, host: { proxies = {} } }: Result): string => {
  if (target === 'gateway') return '';
  const named = target
    .split(',')
    .map((name) => (proxies[name] === undefined ? name : `${name} ${proxies[name]}`));
  return `, through ${named.join(', ')}`;
};

/** Everything but the verdict and what it rests on. */
const measuredLines = (result: Result, style: Style): string[] => {
  const { scenario, engine, seed, variants } = result;
  return [
    '',
    ...wrapText(
      `${scenario.title}  ${scenario.name}, seed ${seed}${engine === 'virtual' ? ', virtual time' : ''}${targetText(result)}`,
      style.columns,
    ).map((line, index) =>
      index === 0 && line.startsWith(scenario.title)
        ? style.colors.bold(scenario.title) + style.colors.dim(line.slice(scenario.title.length))
        : line,
    ),
    '',
    ...variants.flatMap((variant) => [...storyLines(variant, style), '']),
    // Where the target can be none of the variants, nothing was measured.
    ...(variants.length === 0 ? [] : curveLines(variants, style)),
    ...(variants.length === 0 ? [] : tableLines(summaryRows(variants), style)),
    ...variants.flatMap((variant) => incidentLines(variant, style)),
  ];
};

export const renderReport = (result: Result, options: ReportOptions): string => {
  const colors = pc.createColors(options.color);
  const style: Style = { colors, columns: Math.max(MIN_COLUMNS, options.columns ?? DEFAULT_COLUMNS) };
  const { variants, replications } = result;
  if (variants.length === 0 && result.skippedVariants === undefined) {
    return 'Interrupted before anything was measured.\n';
  }
  const lines = measuredLines(result, style);
  if (replications !== undefined) {
    lines.push(...replicationLines(replications, (rows) => tableLines(rows, style), colors));
  }
  if (options.interrupted) {
    const missing = replications === undefined ? '; thresholds were not judged.' : ': fewer replications.';
    lines.push(colors.yellow(`INTERRUPTED: these are partial results${missing}`), '');
    return lines.join('\n');
  }
  const { skippedVariants = [] } = result;
  lines.push(...skippedVariants.flatMap(({ name, reasons }) => skippedLines(name, reasons, style)));
  const judged =
    replications === undefined ? variants.flatMap((variant) => thresholdLines(variant, style)) : [];
  lines.push(...lossLines(variants, style));
  if (judged.length > 0) lines.push('Thresholds', ...judged, '');
  lines.push(...conclusionLines(result, style));
  const verdict = verdictColor(result.verdict, colors)(colors.bold(VERDICT_TEXT[result.verdict]));
  const reasons =
    replications === undefined ? reasonLines(variants, style) : replicationReasons(replications);
  lines.push(verdict, ...reasons, '');
  return lines.join('\n');
};
