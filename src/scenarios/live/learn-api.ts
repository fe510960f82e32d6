/**
 * The API of lessons and challenges. All that is graded is graded here, by the same code as on the command line; what
 * would give an answer away is not sent before.
 *
 *     GET  /lessons                    what there is to learn, without the answers
 *     POST /lessons/:number/run        runs it in virtual time, beside what runs
 *     GET  /lessons/:number/run        { run }: its last one, also one in the lab's place; null: there was none
 *     POST /lessons/:number/answer     { letter } → whether the run shows it
 *     POST /challenges                 { level?, seed? } → an outage with a hidden cause
 *     GET  /challenges/:id             as it stands
 *     POST /challenges/:id/evidence    { kind } → more to look at, for points
 *     POST /challenges/:id/answer      { cause, on, mitigation } → the grade, and what it was
 */
import type { FastifyInstance } from 'fastify';
import { OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { CAUSES } from '../challenge/causes.js';
import { EVIDENCE, EVIDENCE_KINDS, type EvidenceKind } from '../challenge/evidence.js';
import { type Game, oddKey, optionsOf } from '../challenge/game.js';
import { MAX_POINTS } from '../challenge/grade.js';
import { usersPicture, workersPicture } from '../challenge/pictures.js';
import { LEVELS, type Level } from '../challenge/scene.js';
import { storyTexts, verdictRows } from '../challenge/verdict.js';
import { gradeLesson } from '../lessons/answer.js';
import type { Lesson } from '../lessons/lesson.js';
import { lessonRows } from '../lessons/lesson-rows.js';
import type { Result } from '../result.js';
import type {
  ChallengeAnswer,
  ChallengeVerdict,
  EvidenceAnswer,
  LessonAnswer,
  LessonRunAnswer,
  LessonVerdict,
} from './learn-answers.js';
import type { Learning } from './learning.js';

const LetterSchema = Section({ letter: Type.String({ description: 'Of a choice.' }) }, 'An answer.');

const BeginSchema = Section(
  {
    level: Optional(
      Type.Unsafe<Level>({ type: 'integer', enum: [...LEVELS], description: 'How hard; default 1.' }),
    ),
    seed: Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Default: any.' })),
  },
  'A challenge.',
);

const EvidenceSchema = Section({ kind: OneOf(EVIDENCE_KINDS, 'What to look at.') }, 'Evidence.');

const AnswerSchema = Section(
  {
    cause: Type.String({ description: 'Name of a cause.' }),
    on: Type.String({ description: 'Name of a place.' }),
    mitigation: Type.String({ description: 'Name of a mitigation.' }),
  },
  'An answer.',
);

const refused = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode });

const lessonAnswer = (learning: Learning, lesson: Lesson): LessonAnswer => {
  const { number, name, title, idea, setting, look, question, choices } = lesson;
  const realTimeMs = learning.realTimeMs(lesson);
  return { number, name, title, idea, setting, look, question, choices, realTimeMs };
};

const runAnswer = (learning: Learning, result: Result): LessonRunAnswer => ({
  engine: result.engine,
  report: learning.pack(result),
  rows: lessonRows(result.variants),
  spoiled: result.variants
    .filter(({ verdict, partial }) => partial === true || verdict === 'inconclusive' || verdict === 'invalid')
    .map(({ name }) => name),
});

const serveLessons = (app: FastifyInstance, learning: Learning): void => {
  const find = (text: string): Lesson => {
    const lesson = learning.lesson(Number(text));
    if (lesson === undefined) throw refused(404, `there is no lesson ${text}`);
    return lesson;
  };
  const lastRun = (lesson: Lesson): Result => {
    const result = learning.lastRun(lesson);
    if (result === null) throw refused(404, `lesson ${lesson.number} was not run yet`);
    return result;
  };
  type Params = { number: string };
  app.get('/lessons', () => learning.lessons.map((lesson) => lessonAnswer(learning, lesson)));
  app.get<{ Params: Params }>('/lessons/:number/run', ({ params }) => {
    const result = learning.lastRun(find(params.number));
    return { run: result === null ? null : runAnswer(learning, result) };
  });
  app.post<{ Params: Params }>('/lessons/:number/run', async ({ params }) =>
    runAnswer(learning, await learning.run(find(params.number))),
  );
  app.post<{ Params: Params; Body: Static<typeof LetterSchema> }>(
    '/lessons/:number/answer',
    { schema: { body: LetterSchema } },
    ({ params, body: { letter } }): LessonVerdict => {
      const lesson = find(params.number);
      const letters = lesson.choices.map((choice) => choice.letter);
      if (!letters.includes(letter)) throw refused(422, `letter is one of ${letters.join(', ')}`);
      const { variants } = lastRun(lesson);
      return { given: letter, why: lesson.why, ...gradeLesson(lesson, variants, letter) };
    },
  );
};

const evidenceAnswer = (game: Game, kind: EvidenceKind): EvidenceAnswer => {
  const { title, lines, isPicture } = game.view(kind);
  const { challenge, nothingDone } = game;
  return isPicture === true
    ? { kind, title, lines: [], picture: workersPicture(challenge, nothingDone) }
    : { kind, title, lines, picture: null };
};

/** `null`: nothing of it may be told. */
const verdictOf = (learning: Learning, game: Game): ChallengeVerdict | null => {
  const { played, grade } = game;
  if (played === null || grade === null) return null;
  return {
    rows: verdictRows(played, grade),
    total: grade.total,
    max: MAX_POINTS,
    story: storyTexts(played),
    lesson: CAUSES[played.challenge.truth.cause].lesson,
    report: learning.reportOf(game),
  };
};

const challengeAnswer = (learning: Learning, id: string, game: Game): ChallengeAnswer => {
  const { challenge, nothingDone, asked, views, pointsLeft } = game;
  const { seed, level, times } = challenge;
  const { cause, on, mitigation } = optionsOf(challenge);
  return {
    ...{ id, seed, level, nowS: times.actMs / 1_000, views, pointsLeft },
    picture: usersPicture(challenge, nothingDone),
    kinds: EVIDENCE_KINDS.map((kind) => ({ kind, title: EVIDENCE[kind].title, cost: EVIDENCE[kind].cost })),
    seen: asked.map((kind) => evidenceAnswer(game, kind)),
    ...{ causes: cause, places: on, mitigations: mitigation },
    verdict: verdictOf(learning, game),
  };
};

const serveChallenges = (app: FastifyInstance, learning: Learning): void => {
  const find = (id: string): Game => {
    const game = learning.game(id);
    if (game === undefined) throw refused(404, `there is no challenge ${id}; begin another`);
    return game;
  };
  const answerOf = (id: string): ChallengeAnswer => challengeAnswer(learning, id, find(id));
  type Params = { id: string };
  app.post<{ Body: Static<typeof BeginSchema> }>(
    '/challenges',
    { schema: { body: BeginSchema } },
    async ({ body: { level = 1, seed } }, reply) => {
      const id = await learning.begin(level, seed);
      return reply.code(201).send(answerOf(id));
    },
  );
  app.get<{ Params: Params }>('/challenges/:id', ({ params: { id } }) => answerOf(id));
  app.post<{ Params: Params; Body: Static<typeof EvidenceSchema> }>(
    '/challenges/:id/evidence',
    { schema: { body: EvidenceSchema } },
    ({ params: { id }, body: { kind } }) => {
      find(id).look(kind);
      return answerOf(id);
    },
  );
  app.post<{ Params: Params; Body: Static<typeof AnswerSchema> }>(
    '/challenges/:id/answer',
    { schema: { body: AnswerSchema } },
    async ({ params: { id }, body }) => {
      const game = find(id);
      if (game.played !== null) throw refused(409, 'it was answered already');
      const odd = oddKey(game.challenge, body);
      if (odd !== null) {
        const names = optionsOf(game.challenge)[odd].map(({ name }) => name);
        throw refused(422, `${odd} is one of ${names.join(', ')}`);
      }
      await learning.answer(game, body);
      return answerOf(id);
    },
  );
};

/** Every route for learning. */
export const serveLearning = (app: FastifyInstance, learning: Learning): void => {
  serveLessons(app, learning);
  serveChallenges(app, learning);
};
