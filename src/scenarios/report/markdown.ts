/** A result as Markdown: for a pull request, a CI system's summary, or a post-mortem. */
import { markdownTable } from '../../core/markdown.js';
import { observedText } from '../../core/thresholds.js';
import { replicationRows } from '../replications/report.js';
import type { Replications } from '../replications/schema.js';
import type { Result } from '../result.js';
import { byTarget } from '../targets/names.js';
import { causalSentence } from './cascade.js';
import { conclude } from './story.js';
import { summaryRows } from './summary.js';

/** Reasons that are listed: a summary of a job holds 1 MiB, and nobody reads that many. */
const MAX_REASONS = 20;

/** Texts of the user are shown as they are, and not as Markdown. */
const escapeMarkdown = (text: string): string => text.replace(/[\\`*_[\]<>]/g, '\\$&');

const bullets = (lines: readonly string[]): string[] => {
  const more = lines.length - MAX_REASONS;
  const shown = lines.slice(0, MAX_REASONS).map((line) => `- ${escapeMarkdown(line)}`);
  return [...shown, ...(more > 0 ? [`- and ${more} more`] : []), ...(lines.length > 0 ? [''] : [])];
};

const reasonsOf = ({ variants, replications }: Result): string[] =>
  replications === undefined
    ? variants.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`))
    : replications.reasons;

const HEAD = ['', 'variant', 'threshold', ''] as const;

const skippedRows = ({ skippedVariants = [] }: Result): string[][] =>
  skippedVariants.flatMap(({ name, reasons, thresholds }) =>
    // One without thresholds is told of all the same.
    (thresholds.length === 0 ? [''] : thresholds).map((expression) => [
      ...['skipped', name, expression === '' ? '' : `\`${expression}\``],
      escapeMarkdown(reasons.join('; ')),
    ]),
  );

const thresholdRows = (result: Result): string[][] => [...checkedRows(result), ...skippedRows(result)];

const checkedRows = ({ variants }: Result): string[][] =>
  variants.flatMap(({ name, verdict, thresholds, skippedThresholds }) => [
    ...thresholds.map((one) => {
      const judged = verdict === 'pass' || verdict === 'fail';
      const mark = one.pass ? 'pass' : '**fail**';
      return [judged ? mark : verdict, name, `\`${one.expression}\``, observedText(one)];
    }),
    ...skippedThresholds.map(({ expression, reason }) => [
      ...['skipped', name, `\`${expression}\``],
      escapeMarkdown(reason),
    ]),
  ]);

const replicatedRows = ({ variants, seeds }: Replications): string[][] =>
  variants.flatMap(({ name, thresholds }) =>
    thresholds.map(({ expression, passed }) => [
      passed === seeds.length ? 'pass' : '**fail**',
      name,
      `\`${expression}\``,
      `held in ${passed} of ${seeds.length}`,
    ]),
  );

const howText = ({ scenario, engine, target, seed, replications, startedAt, host }: Result): string => {
  const seeds = replications?.seeds;
  const which = seeds === undefined ? `seed ${seed}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`;
  const through = target === 'gateway' ? '' : `, through ${target.replaceAll(',', ', ')}`;
  return `\`${scenario.name}\`, engine ${engine}${through}, ${which}, ${startedAt}; Node ${host.node}, ${host.cpus} processors.`;
};

export const renderMarkdown = (result: Result): string => {
  const { variants, replications } = result;
  const partial =
    (variants.length === 0 && result.skippedVariants === undefined) ||
    variants.some((variant) => variant.partial);
  const lines = [`### ${result.verdict.toUpperCase()}: ${escapeMarkdown(result.scenario.title)}`, ''];
  if (partial) lines.push('Interrupted: these are partial results.', '');
  lines.push(...bullets(reasonsOf(result)));
  for (const at of byTarget(variants)) lines.push(escapeMarkdown(causalSentence({ variants: at })), '');
  if (variants.length > 0)
    lines.push(
      ...markdownTable(replications === undefined ? summaryRows(variants) : replicationRows(replications)),
      '',
    );
  const rows = replications === undefined ? thresholdRows(result) : replicatedRows(replications);
  if (rows.length > 0) lines.push(...markdownTable([HEAD, ...rows]), '');
  const conclusion = byTarget(variants).flatMap((at) => conclude({ variants: at }));
  if (conclusion.length > 1) lines.push('What made the difference:', '', ...bullets(conclusion));
  lines.push(howText(result), '');
  return lines.join('\n');
};
