/**
 * Two results of a scenario: what changed, and whether by more than noise.
 *
 * With replications on both sides a metric changed when the two ranges do not meet. If nothing had changed, every order of
 * all the values would be as likely as any other, so that is as unlikely as `chanceOfSeparation` says. With one run on a
 * side, only shares of requests can be judged, by the interval of their difference; requests of one run are not quite
 * independent of each other, so that rule says what these two runs were, and not what the next ones will be.
 */
import { chanceOfSeparation, estimateShareDifference } from '../../core/statistics.js';
import { WHOLE_RUN } from '../metrics/metrics.js';
import type { Result, VariantResult } from '../result.js';
import type { Change, ComparisonResult, Measure, Side, VariantComparison } from './comparison-schema.js';
import {
  differenceOf,
  rangeOf,
  type Subject,
  sideOf,
  subjectsOf,
  thresholdChanges,
  type VariantSide,
  variantSides,
} from './measures.js';
import { notesOn } from './notes.js';

/** Of everything that is judged together: one comparison in twenty may see what is not there. */
const CONFIDENCE = 0.95;

/** What is better. What is in neither has no better: a fleet that dies costs fewer worker-seconds. */
const MORE_IS_BETTER: ReadonlySet<string> = new Set(['availability', 'goodput']);
const UNJUDGED: ReadonlySet<string> = new Set(['worker-seconds']);

/** A result, and the file it was read from. */
export interface ResultFile {
  readonly file: string;
  readonly result: Result;
}

interface Pair {
  readonly before: VariantSide;
  readonly after: VariantSide;
}

const sideDocument = ({ file, result }: ResultFile): Side => ({
  file,
  scenario: result.scenario.name,
  engine: result.engine,
  verdict: result.verdict,
  startedAt: result.startedAt,
  seeds: result.replications?.seeds ?? [result.seed],
  partial: result.variants.some(({ partial }) => partial),
});

const changeOf = (metric: string, rises: boolean): Change =>
  rises === MORE_IS_BETTER.has(metric) ? 'better' : 'worse';

/** Whether a rule can say anything of a metric, by what there is of it. */
type Rule = {
  readonly name: ComparisonResult['rule'];
  applies(subject: Subject, pair: Pair): boolean;
  /** @param chance that a difference is seen where there is none. */
  judge(measure: Measure, pair: Pair, chance: number): Measure;
};

const requestsIn = ({ windows }: VariantResult, { window }: Subject): number =>
  windows[window === '' ? WHOLE_RUN : window]?.requests ?? 0;

const byRequests: Rule = {
  name: 'requests',
  applies: (subject, { before, after }) =>
    subject.metric === 'availability' &&
    requestsIn(before.variant, subject) > 0 &&
    requestsIn(after.variant, subject) > 0,
  judge(measure, { before, after }, chance) {
    const share = ({ variant }: VariantSide) => {
      const window = variant.windows[measure.window ?? WHOLE_RUN]!;
      return { count: Math.round((window.availability ?? 0) * window.requests), of: window.requests };
    };
    const { low, high } = estimateShareDifference(share(after), share(before), 1 - chance);
    const beyond = low > 0 || high < 0;
    return { ...measure, low, high, change: beyond ? changeOf(measure.metric, low > 0) : 'none' };
  },
};

const byReplications: Rule = {
  name: 'replications',
  applies: (subject, { before, after }) =>
    !UNJUDGED.has(subject.metric) && sideOf(before, subject).runs > 0 && sideOf(after, subject).runs > 0,
  judge(measure, _pair, chance) {
    const [was, is] = [rangeOf(measure.before)!, rangeOf(measure.after)!];
    const meet = was.min <= is.max && is.min <= was.max;
    if (meet) return { ...measure, change: 'none' };
    if (chanceOfSeparation(measure.before.runs, measure.after.runs) > chance)
      return { ...measure, change: 'undecided' };
    return { ...measure, change: changeOf(measure.metric, is.min > was.max) };
  },
};

const measureOf = (subject: Subject, { before, after }: Pair): Measure => {
  const [was, is] = [sideOf(before, subject), sideOf(after, subject)];
  return {
    metric: subject.metric,
    ...(subject.window !== '' && { window: subject.window }),
    kind: subject.kind,
    before: was,
    after: is,
    difference: differenceOf(was.value, is.value),
    change: 'unknown',
  };
};

/** With how many runs on each side ranges that do not meet are beyond noise. */
export const leastRuns = (chance: number): number => {
  let runs = 1;
  while (chanceOfSeparation(runs, runs) > chance) runs++;
  return runs;
};

const compareVariants = (pair: Pair, rule: Rule, chance: number): VariantComparison => {
  const { before, after } = pair;
  return {
    name: before.variant.name,
    before: before.variant.verdict,
    after: after.variant.verdict,
    measures: subjectsOf(before.variant, after.variant).map((subject) => {
      const measure = measureOf(subject, pair);
      return rule.applies(subject, pair) ? rule.judge(measure, pair, chance) : measure;
    }),
    thresholds: thresholdChanges(before, after),
  };
};

const measureText = ({ metric, window }: Measure): string =>
  window === undefined ? metric : `${metric}[${window}]`;

const verdictOf = (
  variants: readonly VariantComparison[],
  sides: readonly Side[],
  least: number,
): Pick<ComparisonResult, 'verdict' | 'reasons'> => {
  const changed = (change: Change): string[] =>
    variants.flatMap(({ name, measures }) =>
      measures
        .filter((one) => one.change === change)
        .map((one) => `${name}: ${measureText(one)} is ${change}`),
    );
  const spoilt = sides.filter(
    ({ partial, verdict }) => partial || ['inconclusive', 'invalid'].includes(verdict),
  );
  if (spoilt.length > 0) {
    const reasons = spoilt.map(
      ({ file, partial, verdict }) => `${file} is ${partial ? 'of an interrupted run' : verdict}`,
    );
    return { verdict: 'undecided', reasons };
  }
  const names = [...new Set(sides.map(({ scenario }) => scenario))];
  if (names.length > 1) {
    return { verdict: 'undecided', reasons: [`these are different scenarios: ${names.join(' and ')}`] };
  }
  const [worse, better] = [changed('worse'), changed('better')];
  if (worse.length > 0) return { verdict: 'worse', reasons: worse };
  if (better.length > 0) return { verdict: 'better', reasons: better };
  const open = changed('undecided');
  if (open.length === 0 && changed('none').length > 0) {
    // A threshold on what nobody judges may have turned all the same.
    const turned = variants
      .filter(({ before, after }) => before !== after)
      .map(
        ({ name, before, after }) =>
          `${name}: ${before} before, ${after} now, by thresholds and not by what is judged`,
      );
    return { verdict: 'same', reasons: turned };
  }
  const reason = `too few runs: it takes ${least} on each side (run --repeat ${least})`;
  return { verdict: 'undecided', reasons: [reason, ...open] };
};

/** @param first the one that was before. */
export const compareResults = (first: ResultFile, second: ResultFile): ComparisonResult => {
  const [before, after] = [variantSides(first.result), variantSides(second.result)];
  const pairs = before.flatMap((was): Pair[] => {
    const is = after.find(({ variant }) => variant.name === was.variant.name);
    return is === undefined ? [] : [{ before: was, after: is }];
  });
  const named = (sides: readonly VariantSide[], others: readonly VariantSide[]): string[] =>
    sides
      .map(({ variant }) => variant.name)
      .filter((name) => !others.some(({ variant }) => variant.name === name));
  const replicated = [first, second].some(({ result }) => result.replications !== undefined);
  const rule = replicated ? byReplications : byRequests;
  const judged = pairs.flatMap((pair) =>
    subjectsOf(pair.before.variant, pair.after.variant).filter((subject) => rule.applies(subject, pair)),
  ).length;
  // Bonferroni: so many questions, and one false alarm among all of them.
  const chance = (1 - CONFIDENCE) / Math.max(1, judged);
  const variants = pairs.map((pair) => compareVariants(pair, rule, chance));
  const sides = [sideDocument(first), sideDocument(second)] as const;
  const least = replicated ? leastRuns(chance) : 0;
  return {
    version: 1,
    kind: 'compare',
    ...verdictOf(variants, sides, least),
    before: sides[0],
    after: sides[1],
    rule: rule.name,
    confidence: CONFIDENCE,
    judged,
    leastRuns: least,
    notes: notesOn(first.result, second.result, variants),
    onlyBefore: named(before, after),
    onlyAfter: named(after, before),
    variants,
  };
};
