/** How a challenge ends, as lines for a terminal. */
import { wrapText } from '../core/text-table.js';
import { CAUSES } from '../scenarios/challenge/causes.js';
import { type Grade, gradeAnswer, MAX_POINTS } from '../scenarios/challenge/grade.js';
import { type Played, storyTexts, verdictRows } from '../scenarios/challenge/verdict.js';
import { readLessons } from '../scenarios/lessons/lessons.js';
import { curveLines, type Style } from '../scenarios/report/report.js';

const gradeLines = (played: Played, grade: Grade, { colors, columns }: Style): string[] => [
  ...verdictRows(played, grade).flatMap(({ title, points, of, isRight, text }) => [
    `${isRight ? colors.green('✓') : colors.red('✗')} ${title.padEnd(12)}${String(points).padStart(3)} of ${of}`,
    ...wrapText(text, columns - 6).map((line) => `      ${line}`),
  ]),
  `  ${colors.bold(`${'in all'.padEnd(12)}${String(grade.total).padStart(3)} of ${MAX_POINTS}`)}`,
  '',
];

const storyLines = (played: Played, { colors, columns }: Style): string[] => {
  const { truth, seed, level } = played.challenge;
  const { lesson: number } = CAUSES[truth.cause];
  const lesson = readLessons().find((one) => one.number === number);
  return [
    colors.bold('What it was'),
    ...storyTexts(played).flatMap((text) => wrapText(text, columns - 2).map((line) => `  ${line}`)),
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
