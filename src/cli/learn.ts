/** `badgateway learn`: ten short lessons, each with a run and a question that the run answers. */
import pc from 'picocolors';
import { EXIT_CODES, usageError } from '../core/errors.js';
import { plainInline, plainMarkdown } from '../core/plain-markdown.js';
import { listed, wrapText } from '../core/text-table.js';
import { type Evidence, evidenceOf, gradeLesson } from '../scenarios/lessons/answer.js';
import type { Lesson } from '../scenarios/lessons/lesson.js';
import { lessonRows } from '../scenarios/lessons/lesson-rows.js';
import { lessonScenario, readLessons } from '../scenarios/lessons/lessons.js';
import { overallVerdict } from '../scenarios/metrics/verdict.js';
import { curveLines, tableLines } from '../scenarios/report/report.js';
import type { VariantResult } from '../scenarios/result.js';
import { askFor, canAsk, textColumns } from './ask.js';
import { flagValue, parseChoice } from './flags.js';
import { runSmall, smallRunOutput } from './small-run.js';

/** A lesson takes a second in virtual time, and its real time on processes. */
const VIRTUAL_FIRST = ['virtual', 'real'] as const;

type Flags = Readonly<Record<string, unknown>>;

const say = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

const heading = (text: string): string => pc.bold(text);

/** @param hanging how far every line but the first stands in. */
const indented = (text: string, indent = 2, hanging = 0): string[] =>
  wrapText(plainInline(text), textColumns() - indent, hanging).map((line) => `${' '.repeat(indent)}${line}`);

const runLines = (variants: readonly VariantResult[]): string[] => {
  const style = { colors: pc.createColors(pc.isColorSupported), columns: textColumns() };
  return [...curveLines(variants, style), ...tableLines(lessonRows(variants), style)];
};

const evidenceLines = (evidence: readonly Evidence[]): string[] =>
  evidence.flatMap(({ expression, variant, text, observedText, pass }) => [
    `  ${pass ? pc.green('✓') : pc.red('✗')} ${pc.bold(variant)}  ${expression}${pc.dim(`  observed ${observedText ?? 'nothing'}`)}`,
    ...indented(text, 6),
  ]);

const listLessons = (lessons: readonly Lesson[], json: boolean): number => {
  if (json) {
    say([JSON.stringify(lessons, null, 2)]);
    return EXIT_CODES.pass;
  }
  say([
    'Ten short lessons. Each is one idea, a run of some seconds, and a question that the run answers.',
    '',
    ...lessons.map(({ number, title }) => `  ${String(number).padStart(2)}  ${title}`),
    '',
    'badgateway learn 1      the first of them',
    'badgateway challenge    an outage with a hidden cause, when you have been through them',
  ]);
  return EXIT_CODES.pass;
};

const findLesson = (lessons: readonly Lesson[], text: string): Lesson => {
  const found = lessons.find(({ number, name }) => String(number) === text || name === text);
  if (found === undefined) throw usageError(`there is no lesson ${text}; they are 1 to ${lessons.length}`);
  return found;
};

const questionLines = ({ question, choices }: Lesson): string[] => [
  heading('Question'),
  ...indented(question),
  '',
  ...choices.flatMap(({ letter, text }) => indented(`${letter}. ${text}`, 2, 3)),
  '',
];

const judgementText = (lesson: Lesson, variants: readonly VariantResult[], given: string | null): string => {
  const { answer } = lesson;
  if (given === null) return heading(`Answer: ${answer}`);
  const { verdict } = gradeLesson(lesson, variants, given);
  if (verdict === 'not-shown')
    return pc.yellow(heading(`It is ${answer}, though this run does not show it.`));
  return verdict === 'right'
    ? pc.green(heading(`${given} is right.`))
    : pc.yellow(heading(`${given} is not what happened; it is ${answer}.`));
};

const answerLines = (lesson: Lesson, variants: readonly VariantResult[], given: string | null): string[] => {
  const { answer, why, choices } = lesson;
  const right = choices.find(({ letter }) => letter === answer)!;
  return [
    judgementText(lesson, variants, given),
    ...(given === answer ? [] : indented(right.text)),
    '',
    ...plainMarkdown(why, textColumns() - 2).map((line) => (line === '' ? '' : `  ${line}`)),
    '',
    heading('The run shows it'),
    ...evidenceLines(evidenceOf(lesson, variants)),
    '',
  ];
};

const intro = ({ number, title, idea, setting }: Lesson): string[] => [
  '',
  heading(`${number}. ${title}`),
  '',
  ...plainMarkdown(idea, textColumns()),
  '',
  heading('What is run'),
  '',
  ...plainMarkdown(setting, textColumns()),
  '',
];

const nextLines = (lessons: readonly Lesson[], { number, name }: Lesson): string[] => {
  const next = lessons.find((one) => one.number === number + 1);
  const then = next === undefined ? 'badgateway challenge' : `badgateway learn ${next.number}`;
  return [
    pc.dim(`Next: ${then}${next === undefined ? '' : `  (${next.title})`}`),
    pc.dim(`To try it with other numbers: docs/learn/${name}.yaml`),
    '',
  ];
};

/** An answer given beforehand. @throws UserError for a letter that is none of the choices. */
const givenAnswer = ({ choices }: Lesson, flag: unknown): string | undefined => {
  const given = flagValue(flag);
  const letters = choices.map(({ letter }) => letter);
  if (given !== undefined && !letters.includes(given))
    throw usageError(`--answer takes ${letters.join(', ')}, got "${given}"`);
  return given;
};

/** Of the run alone: a wrong answer is no failure. */
const exitOf = (variants: readonly VariantResult[]): number => {
  const verdict = overallVerdict([...variants]);
  if (verdict === 'pass') return EXIT_CODES.pass;
  return verdict === 'fail' ? EXIT_CODES.failed : EXIT_CODES.inconclusive;
};

/** Instead of all the reasons, what to do: a lesson has no load to lower. */
const spoiledLines = (variants: readonly VariantResult[]): string[] => {
  const spoiled = variants.filter(({ verdict }) => verdict === 'inconclusive' || verdict === 'invalid');
  if (spoiled.length === 0) return [];
  const names = listed(spoiled.map(({ name }) => name));
  const text = `This machine was too busy for ${names}, so they say little: run it again, or without --engine real.`;
  return [...indented(text, 0).map((line) => pc.yellow(line)), ''];
};

/** @param wanted its number; left out: they are listed. @returns 99 where the run does not show what it should. */
export const learnCommand = async (wanted: string | undefined, flags: Flags): Promise<number> => {
  const lessons = readLessons();
  if (wanted === undefined) return listLessons(lessons, flags.json === true);
  const engine = parseChoice('engine', flags.engine, VIRTUAL_FIRST);
  const lesson = findLesson(lessons, wanted);
  const beforehand = givenAnswer(lesson, flags.answer);
  if (!flags.json) say(intro(lesson));
  const output = flags.json || flags.quiet ? null : smallRunOutput(engine);
  const variants = await runSmall({ ...lessonScenario(lesson), engine, output });
  if (variants === null) return EXIT_CODES.interrupted;
  if (flags.json) {
    say([JSON.stringify({ ...lesson, evidence: evidenceOf(lesson, variants), variants })]);
    return exitOf(variants);
  }
  say([...runLines(variants), ...spoiledLines(variants)]);
  say([heading('What to look at'), ...lesson.look.flatMap((item) => indented(`- ${item}`, 2, 2)), '']);
  say(questionLines(lesson));
  const letters = lesson.choices.map(({ letter }) => letter);
  const asks = beforehand === undefined && canAsk();
  const given = asks ? await askFor(`Your answer (${letters.join(', ')}): `, letters) : (beforehand ?? null);
  say(['', ...answerLines(lesson, variants, given), ...nextLines(lessons, lesson)]);
  return exitOf(variants);
};
