/** `badgateway challenge`: an outage with a hidden cause. Whoever plays looks at evidence, answers, and is graded by a second run. */
import pc from 'picocolors';
import { EXIT_CODES, usageError } from '../core/errors.js';
import { wrapText } from '../core/text-table.js';
import { CAUSES } from '../scenarios/challenge/causes.js';
import {
  type Challenge,
  challengeScenario,
  drawChallenge,
  NOTHING_DONE,
  type Option,
} from '../scenarios/challenge/challenge.js';
import {
  EVIDENCE,
  EVIDENCE_KINDS,
  type EvidenceKind,
  evidenceView,
} from '../scenarios/challenge/evidence.js';
import { ANSWER_KEYS, type AnswerKey, optionsOf } from '../scenarios/challenge/game.js';
import { type Answer, gradeAnswer, POINTS } from '../scenarios/challenge/grade.js';
import { openingViews, type View } from '../scenarios/challenge/opening.js';
import { LEVELS, type Level } from '../scenarios/challenge/scene.js';
import type { VariantResult } from '../scenarios/result.js';
import { askFor, canAsk, textColumns } from './ask.js';
import { verdictLines } from './challenge-verdict.js';
import { flagList, flagValue, parseChoice, parseSeed } from './flags.js';
import { anySeed, runSmall, smallRunOutput } from './small-run.js';

type Flags = Readonly<Record<string, unknown>>;

const say = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

const VIRTUAL_FIRST = ['virtual', 'real'] as const;
type Engine = (typeof VIRTUAL_FIRST)[number];

const parseLevel = (flag: unknown): Level => {
  const text = flagValue(flag) ?? '1';
  const found = LEVELS.find((level) => String(level) === text);
  if (found === undefined) throw usageError(`--level takes 1, 2 or 3, got "${text}"`);
  return found;
};

const parseEvidence = (flag: unknown): EvidenceKind[] =>
  flagList(flag)
    .flatMap((text) => text.split(','))
    .map((text) => {
      const kind = EVIDENCE_KINDS.find((one) => one === text);
      if (kind === undefined)
        throw usageError(`--evidence takes ${EVIDENCE_KINDS.join(', ')}, got "${text}"`);
      return kind;
    });

/** `cause=…,on=…,mitigation=…`. @throws UserError for a name that is none of the choices. */
const parseAnswer = (challenge: Challenge, text: string): Answer => {
  const given = new Map(
    text.split(',').map((part) => [part.split('=', 1)[0], part.slice(part.indexOf('=') + 1)]),
  );
  const of = (key: AnswerKey): string => {
    const names = optionsOf(challenge)[key].map(({ name }) => name);
    const value = given.get(key) ?? '';
    if (!names.includes(value))
      throw usageError(`--answer: ${key} is one of ${names.join(', ')}, got "${value}"`);
    return value;
  };
  return { cause: of('cause'), on: of('on'), mitigation: of('mitigation') };
};

/** Where a text stands that has a time before it. */
const TEXT_COLUMN = 8;

/** Curves and tables are as wide as they are; sentences are broken, and what stands in stays so. */
const fitted = (line: string): string[] => {
  const columns = textColumns() - 2;
  if (line.length <= columns || /[▁▂▃▄▅▆▇█]/.test(line)) return [line];
  const margin = line.length - line.trimStart().length;
  return wrapText(line.trimStart(), columns - margin, TEXT_COLUMN - margin).map(
    (one) => `${' '.repeat(margin)}${one}`,
  );
};

const viewLines = ({ title, lines }: View): string[] => [
  pc.bold(title),
  ...lines.flatMap(fitted).map((line) => `  ${line}`.trimEnd()),
  '',
];

const numbered = (title: string, options: readonly Option[], withNames: boolean): string[] => {
  const width = Math.max(...options.map(({ name }) => name.length));
  return [
    pc.bold(title),
    ...options.map(({ name, text }, index) => {
      const label = withNames ? `  ${pc.dim(name.padEnd(width))}` : '';
      return `  ${String(index + 1).padStart(2)}${label}  ${text}`;
    }),
    '',
  ];
};

const TITLES = {
  cause: 'What is wrong?',
  on: 'Where?',
  mitigation: 'What do you do now?',
} as const satisfies Record<AnswerKey, string>;

const intro = ({ seed, level, times }: Challenge): string[] => [
  '',
  pc.bold(`Challenge ${seed}, level ${level}`),
  '',
  ...wrapText(
    `It is ${(times.actMs / 1_000).toFixed(1)} s, and users have been hurt for some seconds. You are on call. Find out what is wrong and where, and do something.`,
    textColumns(),
  ),
  '',
];

const evidenceMenu = (asked: readonly EvidenceKind[]): string[] => [
  pc.bold('More to look at'),
  ...EVIDENCE_KINDS.map((kind, index) => {
    const { title, cost } = EVIDENCE[kind];
    return `  ${String(index + 1).padStart(2)}  ${title}  ${pc.dim(asked.includes(kind) ? 'seen' : `costs ${cost} points of ${POINTS.evidence}`)}`;
  }),
  '   a  answer',
  '',
];

/** @returns what was looked at; `null`: whoever played has left. */
const askEvidence = async (challenge: Challenge, result: VariantResult): Promise<EvidenceKind[] | null> => {
  const asked: EvidenceKind[] = [];
  const words = [...EVIDENCE_KINDS.map((_, index) => String(index + 1)), 'a'];
  for (;;) {
    say(evidenceMenu(asked));
    const word = await askFor('Look at, or answer: ', words);
    if (word === null) return null;
    if (word === 'a') return asked;
    const kind = EVIDENCE_KINDS[Number(word) - 1]!;
    if (!asked.includes(kind)) asked.push(kind);
    say(['', ...viewLines(evidenceView(challenge, result, kind))]);
  }
};

const askAnswer = async (challenge: Challenge): Promise<Answer | null> => {
  const answer: Record<string, string> = {};
  for (const key of ANSWER_KEYS) {
    const options = optionsOf(challenge)[key];
    say(['', ...numbered(TITLES[key], options, false)]);
    const word = await askFor(
      `1 to ${options.length}: `,
      options.map((_, index) => String(index + 1)),
    );
    if (word === null) return null;
    answer[key] = options[Number(word) - 1]!.name;
  }
  return answer as unknown as Answer;
};

interface Round {
  readonly place: string;
  readonly engine: Engine;
  readonly variant: string;
}

/** @returns `null`: it was interrupted. */
const runRound = async (
  challenge: Challenge,
  { place, engine, variant }: Round,
): Promise<VariantResult | null> => {
  if (engine === 'real')
    process.stderr.write(`running for ${Math.round(challenge.times.endMs / 1_000)} s …\n`);
  const text = challengeScenario(challenge, place);
  const file = `challenge-${challenge.seed}`;
  // The progress of a real run would tell what is done to the workers.
  const output = engine === 'virtual' ? smallRunOutput(engine) : null;
  const results = await runSmall({ text, file, engine, variants: [variant], output });
  return results?.[0] ?? null;
};

const howToAnswer = ({ seed, level }: Challenge): string[] => [
  ...wrapText(
    `To answer: badgateway challenge --seed ${seed} --level ${level} --answer cause=…,on=…,mitigation=…  with names as above; --evidence ${EVIDENCE_KINDS.join(',')} shows more, and costs points. At a terminal you are asked.`,
    textColumns(),
    2,
  ),
];

interface Game {
  readonly challenge: Challenge;
  readonly nothingDone: VariantResult;
  readonly asked: readonly EvidenceKind[];
  readonly answer: Answer | null;
}

const play = async (challenge: Challenge, nothingDone: VariantResult, flags: Flags): Promise<Game | null> => {
  const shown = parseEvidence(flags.evidence);
  const text = flagValue(flags.answer);
  const answer = text === undefined ? null : parseAnswer(challenge, text);
  if (flags.json) return { challenge, nothingDone, asked: shown, answer };
  say([...intro(challenge), ...openingViews(challenge, nothingDone).flatMap(viewLines)]);
  for (const kind of shown) say(viewLines(evidenceView(challenge, nothingDone, kind)));
  if (answer !== null) return { challenge, nothingDone, asked: shown, answer };
  if (!canAsk()) {
    say([
      ...ANSWER_KEYS.flatMap((key) => numbered(TITLES[key], optionsOf(challenge)[key], true)),
      ...howToAnswer(challenge),
    ]);
    return { challenge, nothingDone, asked: shown, answer: null };
  }
  const asked = await askEvidence(challenge, nothingDone);
  const given = asked === null ? null : await askAnswer(challenge);
  return given === null ? null : { challenge, nothingDone, asked: [...shown, ...asked!], answer: given };
};

const jsonOf = ({ challenge, nothingDone, asked, answer }: Game, done: VariantResult | null): unknown => {
  const { seed, level, causes, places, mitigations, truth } = challenge;
  const open = {
    ...{ seed, level, causes, places, mitigations },
    views: openingViews(challenge, nothingDone),
    evidence: asked.map((kind) => ({ kind, ...evidenceView(challenge, nothingDone, kind) })),
  };
  if (answer === null || done === null) return open;
  const grade = gradeAnswer(challenge, answer, { nothingDone, done }, asked);
  return { ...open, answer, grade, truth, lesson: CAUSES[truth.cause].lesson };
};

/** A real run that the machine spoiled says nothing of a mitigation. */
const exitOf = (variants: readonly VariantResult[]): number =>
  variants.some(({ verdict }) => verdict === 'inconclusive') ? EXIT_CODES.inconclusive : EXIT_CODES.pass;

/** @returns 0 however good the answer was; 98 where the machine spoiled a run on real processes. */
export const challengeCommand = async (flags: Flags): Promise<number> => {
  const engine = parseChoice('engine', flags.engine, VIRTUAL_FIRST);
  const seed = parseSeed(flags.seed) ?? anySeed();
  const challenge = drawChallenge(seed, parseLevel(flags.level));
  const text = flagValue(flags.answer);
  // Mistakes are told before a run.
  parseEvidence(flags.evidence);
  if (text !== undefined) parseAnswer(challenge, text);
  const first = { place: challenge.truth.on, engine, variant: NOTHING_DONE };
  const nothingDone = await runRound(challenge, first);
  if (nothingDone === null) return EXIT_CODES.interrupted;
  const game = await play(challenge, nothingDone, flags);
  if (game === null) return EXIT_CODES.interrupted;
  const { answer, asked } = game;
  const second = answer && { place: answer.on, engine, variant: answer.mitigation };
  const done = second && (await runRound(challenge, second));
  if (second !== null && done === null) return EXIT_CODES.interrupted;
  if (flags.json) say([JSON.stringify(jsonOf(game, done))]);
  else if (answer !== null && done !== null) {
    const style = { colors: pc.createColors(pc.isColorSupported), columns: textColumns() };
    say(verdictLines({ challenge, answer, asked, outcomes: { nothingDone, done } }, style));
  }
  return exitOf(done === null ? [nothingDone] : [nothingDone, done]);
};
