/** How a challenge ends, in words: what was right, what the mitigation came to, and what it had been. */
import { wrapText } from '../core/text-table.js';
import { formatRatio } from '../core/units.js';
import { CAUSES } from '../scenarios/challenge/causes.js';
import type { Challenge, Option } from '../scenarios/challenge/challenge.js';
import { EVIDENCE, type EvidenceKind } from '../scenarios/challenge/evidence.js';
import {
  type Answer,
  type Grade,
  gradeAnswer,
  MAX_POINTS,
  type Outcomes,
  POINTS,
} from '../scenarios/challenge/grade.js';
import { explain } from '../scenarios/explain/explain.js';
import { readLessons } from '../scenarios/lessons/lessons.js';
import { curveLines, type Style } from '../scenarios/report/report.js';
import type { VariantResult } from '../scenarios/result.js';

export interface Played {
  readonly challenge: Challenge;
  readonly answer: Answer;
  readonly asked: readonly EvidenceKind[];
  readonly outcomes: Outcomes;
}

const textOf = (options: readonly Option[], name: string): string =>
  options.find((one) => one.name === name)?.text ?? name;

const removedText = ({ removedRatio, helped, availability }: Grade): string => {
  const [before, after] = [formatRatio(availability.nothingDone), formatRatio(availability.done)];
  const served = `${before} good answers without it, ${after} with it`;
  if (helped) return `it helped: ${served}`;
  if (removedRatio > 0.02) return `it helped a little: ${served}`;
  return removedRatio < -0.02 ? `it made things worse: ${served}` : `it changed nothing: ${served}`;
};

const evidenceText = (asked: readonly EvidenceKind[], isCauseRight: boolean): string => {
  if (!isCauseRight) return 'points for doing without are for who finds the cause';
  const seen = [...new Set(asked)];
  if (seen.length === 0) return 'nothing but what is free was looked at';
  return `looked at: ${seen.map((kind) => EVIDENCE[kind].title.toLowerCase()).join('; ')}`;
};

const gradeLines = ({ challenge, answer, asked }: Played, grade: Grade, style: Style): string[] => {
  const { causes, places, mitigations, truth } = challenge;
  const { points, isCauseRight, isPlaceRight, helped } = grade;
  const { colors, columns } = style;
  const row = (key: keyof typeof POINTS, title: string, text: string, right: boolean): string[] => {
    const head = `${right ? colors.green('✓') : colors.red('✗')} ${title.padEnd(12)}${String(points[key]).padStart(3)} of ${POINTS[key]}`;
    return [head, ...wrapText(text, columns - 6).map((line) => `      ${line}`)];
  };
  const verdict = (right: boolean, given: string, meant: string): string =>
    right ? given : `you said: ${given}. It was: ${meant}.`;
  return [
    ...row(
      'cause',
      'cause',
      verdict(isCauseRight, textOf(causes, answer.cause), textOf(causes, truth.cause)),
      isCauseRight,
    ),
    ...row(
      'on',
      'place',
      verdict(isPlaceRight, textOf(places, answer.on), textOf(places, truth.on)),
      isPlaceRight,
    ),
    ...row(
      'mitigation',
      'mitigation',
      `${textOf(mitigations, answer.mitigation)}: ${removedText(grade)}`,
      helped,
    ),
    ...row('evidence', 'evidence', evidenceText(asked, isCauseRight), points.evidence > 0),
    `  ${colors.bold(`${'in all'.padEnd(12)}${String(grade.total).padStart(3)} of ${MAX_POINTS}`)}`,
    '',
  ];
};

/** Of the failures that were seen, one that an attempt at a worker came before. */
const explainedText = (result: VariantResult, { actMs }: Challenge['times']): string => {
  const seen = result.requests.filter(({ endMs }) => endMs <= actMs);
  const request =
    seen.findLast(({ attempts }) => attempts.some(({ upstreams }) => upstreams.length > 0)) ?? seen.at(-1);
  const [explanation] = request === undefined ? [] : explain(result, [request]);
  return explanation === undefined
    ? ''
    : `Of one failed request, ${explanation.rayId}: ${lowerFirst(explanation.because)}`;
};

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

const storyLines = ({ challenge, outcomes }: Played, { colors, columns }: Style): string[] => {
  const { truth, times, places, mitigations, seed, level } = challenge;
  const { tell, text, lesson: number } = CAUSES[truth.cause];
  const lesson = readLessons().find((one) => one.number === number);
  const paragraph = (words: string): string[] => wrapText(words, columns - 2).map((line) => `  ${line}`);
  const at = (times.onsetMs / 1_000).toFixed(1);
  return [
    colors.bold('What it was'),
    ...paragraph(`From ${at} s on, ${textOf(places, truth.on)}: ${text}.`),
    ...paragraph(`What gave it away: ${tell}.`),
    ...paragraph(explainedText(outcomes.nothingDone, times)),
    ...paragraph(`What ends it: ${textOf(mitigations, truth.mitigation)}.`),
    '',
    ...(lesson === undefined
      ? []
      : [colors.dim(`The lesson about it: badgateway learn ${number}  (${lesson.title})`)]),
    colors.dim(`The same again: badgateway challenge --seed ${seed} --level ${level}`),
    '',
  ];
};

/** With both runs side by side. */
export const verdictLines = (played: Played, style: Style): string[] => {
  const { challenge, answer, asked, outcomes } = played;
  const grade = gradeAnswer(challenge, answer, outcomes, asked);
  const at = (challenge.times.actMs / 1_000).toFixed(1);
  return [
    '',
    style.colors.bold(`The same outage, with what you did at ${at} s`),
    ...curveLines([outcomes.nothingDone, outcomes.done], style),
    ...gradeLines(played, grade, style),
    ...storyLines(played, style),
  ];
};
