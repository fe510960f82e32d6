/** The API of lessons and challenges: it keeps its secrets, and grades as the command line does. */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAUSES } from '../../src/scenarios/challenge/causes.js';
import { drawChallenge } from '../../src/scenarios/challenge/challenge.js';
import { EVIDENCE_KINDS } from '../../src/scenarios/challenge/evidence.js';
import type { Level } from '../../src/scenarios/challenge/scene.js';
import { orderServer } from '../../src/scenarios/control/control.js';
import { readLessons } from '../../src/scenarios/lessons/lessons.js';
import type { ChallengeAnswer, LessonVerdict } from '../../src/scenarios/live/learn-answers.js';
import { serveLearning } from '../../src/scenarios/live/learn-api.js';
import { Learning, type LearningWork } from '../../src/scenarios/live/learning.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { Result } from '../../src/scenarios/result.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';

/** In virtual time a run takes a second; a neighbour may have the processor meanwhile. */
const WAIT_MS = 300_000;

const run = async ({ file, text, variants: wanted }: LearningWork): Promise<Result> => {
  const options = { engine: 'virtual' } as const;
  const scenario = parseScenario(text, file, options);
  const variants = scenario.variants.filter(({ name }) => wanted?.includes(name) ?? true);
  const { signal } = new AbortController();
  const results = await runVirtually(scenario, variants, { text, file, options }, { signal });
  return { engine: 'virtual', variants: results } as unknown as Result;
};

describe('the API of lessons and challenges', () => {
  let app: FastifyInstance;

  beforeAll(async () => {
    app = orderServer();
    serveLearning(app, new Learning({ run, pack: () => 'packed', drawSeed: () => 4 }));
    await app.ready();
  });
  afterAll(() => app.close());

  const ask = async (method: 'GET' | 'POST', url: string, payload: object = {}) => {
    const { statusCode, body } = await app.inject({ method, url, ...(method === 'POST' && { payload }) });
    return { statusCode, body, answer: JSON.parse(body) as unknown };
  };

  const begin = async (level: Level, seed: number): Promise<ChallengeAnswer> =>
    (await ask('POST', '/challenges', { level, seed })).answer as ChallengeAnswer;

  it('lists the lessons without their answers', async () => {
    const { body, answer } = await ask('GET', '/lessons');
    expect((answer as unknown[]).length).toBe(10);
    for (const { why, shown } of readLessons()) {
      expect(body).not.toContain(JSON.stringify(why).slice(1, -1));
      for (const { expression } of shown) expect(body).not.toContain(`"${expression}"`);
    }
  });

  it(
    'grades an answer against the run',
    async () => {
      expect((await ask('POST', '/lessons/1/answer', { letter: 'b' })).statusCode).toBe(404);
      expect((await ask('GET', '/lessons/1/run')).answer).toEqual({ run: null });
      await ask('POST', '/lessons/1/run');
      expect((await ask('GET', '/lessons/1/run')).answer).toMatchObject({ run: { report: 'packed' } });
      const right = (await ask('POST', '/lessons/1/answer', { letter: 'b' })).answer as LessonVerdict;
      expect(right.verdict).toBe('right');
      expect(right.evidence.every(({ observedText }) => observedText !== null)).toBe(true);
      const wrong = (await ask('POST', '/lessons/1/answer', { letter: 'a' })).answer as LessonVerdict;
      expect([wrong.verdict, wrong.answer]).toEqual(['wrong', 'b']);
      expect((await ask('POST', '/lessons/1/answer', { letter: 'z' })).statusCode).toBe(422);
      expect((await ask('POST', '/lessons/11/run')).statusCode).toBe(404);
    },
    WAIT_MS,
  );

  it.each<[Level, number]>([
    [1, 15],
    [2, 7],
    [3, 7],
    [3, 12],
  ])(
    'says nothing of the cause of level %i, seed %i, before it is answered',
    async (level, seed) => {
      const { truth, timeline } = drawChallenge(seed, level);
      const { id } = await begin(level, seed);
      for (const kind of EVIDENCE_KINDS.filter((one) => one !== 'changes'))
        await ask('POST', `/challenges/${id}/evidence`, { kind });
      const { answer } = await ask('GET', `/challenges/${id}`);
      // The choices name every cause there is.
      const { causes, places, mitigations, ...seen } = answer as ChallengeAnswer;
      expect(causes.map(({ name }) => name)).toContain(truth.cause);
      expect([places.length > 4, mitigations.length > 4, seen.verdict]).toEqual([true, true, null]);
      const text = JSON.stringify(seen);
      for (const word of [CAUSES[truth.cause].tell, 'fault.injected', '"truth"', 'the fault', 'the toxic'])
        expect(text).not.toContain(word);
      // What is looked at tells how attempts failed, and a fault may have its name from that.
      const free = JSON.stringify({ ...seen, seen: [] });
      const faults = JSON.stringify(timeline).matchAll(/"(?:inject|toxic|disturb|fault)":"([a-z-]+)"/g);
      for (const [, name] of faults) expect(free).not.toMatch(new RegExp(`(^|[^a-z-])${name}([^a-z-]|$)`));
      const { times, pointS } = seen.picture;
      expect(times.at(-1)! - pointS / 2).toBeLessThan(seen.nowS);
      expect(seen.pointsLeft).toBe(5);
    },
    WAIT_MS,
  );

  it(
    'grades once, by what the answer comes to, and says then what it was',
    async () => {
      const { truth } = drawChallenge(15, 1);
      const { id, kinds } = await begin(1, 15);
      await ask('POST', `/challenges/${id}/evidence`, { kind: 'clients' });
      await ask('POST', `/challenges/${id}/evidence`, { kind: 'clients' });
      const { cause, on, mitigation } = truth;
      const bad = await ask('POST', `/challenges/${id}/answer`, { cause: 'x', on, mitigation });
      expect([bad.statusCode, bad.body]).toEqual([422, expect.stringContaining('cause is one of memory')]);
      const { answer } = await ask('POST', `/challenges/${id}/answer`, { cause, on, mitigation });
      const { verdict } = answer as ChallengeAnswer;
      const cost = kinds.find(({ kind }) => kind === 'clients')!.cost;
      expect(verdict).toMatchObject({ total: 100 - cost, max: 100, report: 'packed' });
      expect(verdict!.story.join(' ')).toContain(CAUSES[cause].tell);
      const again = await ask('POST', `/challenges/${id}/answer`, { cause, on, mitigation });
      expect(again.statusCode).toBe(409);
      expect((await ask('GET', '/challenges/none')).statusCode).toBe(404);
    },
    WAIT_MS,
  );

  it('refuses levels that there are not', async () => {
    expect((await ask('POST', '/challenges', { level: 4 })).statusCode).toBe(400);
  });
});
