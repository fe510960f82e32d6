/**
 * Where somebody who learns is, and what came of it: the lessons that were run and answered, the challenge that is being
 * played. Where it is stands in the page's address too, so that it can be gone back to and loaded again.
 */
import { useEffect, useState } from 'preact/hooks';
import type {
  ChallengeAnswer,
  LessonAnswer,
  LessonRunAnswer,
  LessonVerdict,
} from '../../../scenarios/live/learn-answers.js';
import type { Api, Outcome } from '../lab/api.js';
import type { Order } from '../lab/commands.js';
import type { ReportData } from '../report/report-data.js';
import { unpack } from '../unpack.js';
import type { Exercise } from './exercises.js';
import { hashOf, type Place, placeOf } from './place.js';

export interface LessonRun extends Pick<LessonRunAnswer, 'engine' | 'rows' | 'spoiled'> {
  readonly report: ReportData;
}

export interface LearnState {
  readonly place: Place;
  /** `null`: they were not asked for yet. */
  readonly lessons: readonly LessonAnswer[] | null;
  readonly runs: ReadonlyMap<number, LessonRun>;
  readonly verdicts: ReadonlyMap<number, LessonVerdict>;
  readonly game: ChallengeAnswer | null;
  /** Both runs of the game, once it was answered. */
  readonly gameReport: ReportData | null;
  /** What takes a while, in words; `null`: nothing does. */
  readonly busy: string | null;
  /** What the last order was refused for. */
  readonly problem: string | null;
  /** To be done in the lab. */
  readonly exercise: Exercise | null;
  /** The lesson whose scenario runs in the lab's place. */
  readonly watched: number | null;
}

const INITIAL: LearnState = {
  place: { name: 'lab' },
  lessons: null,
  runs: new Map(),
  verdicts: new Map(),
  game: null,
  gameReport: null,
  busy: null,
  problem: null,
  exercise: null,
  watched: null,
};

export interface ChallengeChoice {
  readonly level: number;
  /** Left out: any. */
  readonly seed?: number;
}

/** What an order of a lesson or a challenge asks the API for. */
export const runOrder = (number: number): Order => ({
  method: 'POST',
  path: `lessons/${number}/run`,
  said: 'it was run',
});

export const beginOrder = (choice: ChallengeChoice): Order => ({
  method: 'POST',
  path: 'challenges',
  body: { ...choice },
  said: 'it begins',
});

export const watchOrder = ({ name }: Pick<LessonAnswer, 'name'>): Order => ({
  method: 'POST',
  path: 'run',
  body: { scenario: name },
  said: 'it runs in the lab’s place',
});

const LAB_ORDER: Order = { method: 'POST', path: 'lab', said: 'the lab begins' };

export class Learner {
  readonly api: Api;
  #state: LearnState = INITIAL;
  readonly #listeners = new Set<() => void>();

  constructor(api: Api) {
    this.api = api;
  }

  get state(): LearnState {
    return this.#state;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows the page's address. @returns what ends it. */
  follow(): () => void {
    const look = (): void => {
      const place = placeOf(location.hash);
      if (place !== null) void this.#arrive(place);
    };
    addEventListener('hashchange', look);
    look();
    return () => removeEventListener('hashchange', look);
  }

  go(place: Place): void {
    const hash = hashOf(place);
    if (location.hash === hash) void this.#arrive(place);
    else location.hash = hash;
  }

  /** Runs a lesson in virtual time, beside the lab. @returns whether it was. */
  async run({ number }: LessonAnswer): Promise<boolean> {
    const answer = await this.#give(runOrder(number), `Lesson ${number} is being run, in virtual time.`);
    if (answer === null) return false;
    await this.#keepRun(number, answer as LessonRunAnswer);
    return true;
  }

  /** Runs it before, where it has not been. */
  async answer(lesson: LessonAnswer, letter: string): Promise<void> {
    const { number } = lesson;
    if (!this.#state.runs.has(number) && !(await this.run(lesson))) return;
    const order: Order = { method: 'POST', path: `lessons/${number}/answer`, body: { letter }, said: '' };
    const verdict = await this.#give(order, 'Your answer is held against the run.');
    if (verdict === null) return;
    const verdicts = new Map(this.#state.verdicts).set(number, verdict as LessonVerdict);
    this.#set({ verdicts });
  }

  /** A lesson's scenario on real processes, in the lab's place. */
  async watch(lesson: LessonAnswer): Promise<void> {
    const answer = await this.#give(watchOrder(lesson), 'The lab makes room.');
    if (answer === null) return;
    this.#set({ watched: lesson.number, exercise: null });
    this.go({ name: 'lab' });
  }

  /** Back from the lab to the lesson that was watched or practised there, and the lab to its own world. */
  async back(number: number): Promise<void> {
    const { watched } = this.#state;
    this.#set({ watched: null, exercise: null });
    this.go({ name: 'lesson', number });
    if (watched === null) return;
    const last = await this.api.lessonRun(number);
    if (last !== null) await this.#keepRun(number, last);
    await this.#give(LAB_ORDER, null);
  }

  /** @param isLab the lab's own world runs already. */
  async practise(exercise: Exercise, isLab: boolean): Promise<void> {
    if (!isLab && (await this.#give(LAB_ORDER, 'The lab begins.')) === null) return;
    this.#set({ exercise, watched: null });
    this.go({ name: 'lab' });
  }

  endExercise(): void {
    this.#set({ exercise: null });
  }

  async begin(choice: ChallengeChoice): Promise<void> {
    this.#set({ game: null, gameReport: null });
    const game = await this.#give(beginOrder(choice), 'The outage is being run, in virtual time.');
    if (game === null) return;
    await this.#keepGame(game as ChallengeAnswer);
    this.go({ name: 'challenge', id: (game as ChallengeAnswer).id });
  }

  /** To choose another. */
  leaveGame(): void {
    this.#set({ game: null, gameReport: null });
    this.go({ name: 'challenge', id: null });
  }

  look(kind: string): Promise<void> {
    return this.#play('evidence', { kind }, null);
  }

  answerGame(answer: Readonly<Record<string, string>>): Promise<void> {
    return this.#play('answer', answer, 'The same outage is being run, with what you do.');
  }

  async #play(what: string, body: Readonly<Record<string, unknown>>, busy: string | null): Promise<void> {
    const { game } = this.#state;
    if (game === null) return;
    const order: Order = { method: 'POST', path: `challenges/${game.id}/${what}`, body, said: '' };
    const next = await this.#give(order, busy);
    if (next !== null) await this.#keepGame(next as ChallengeAnswer);
  }

  async #keepGame(game: ChallengeAnswer): Promise<void> {
    const gameReport = game.verdict === null ? null : ((await unpack(game.verdict.report)) as ReportData);
    this.#set({ game, gameReport });
  }

  async #keepRun(number: number, { report, ...about }: LessonRunAnswer): Promise<void> {
    const run: LessonRun = { ...about, report: (await unpack(report)) as ReportData };
    // What was said of another run does not hold for this one.
    const verdicts = new Map(this.#state.verdicts);
    if (this.#state.runs.has(number)) verdicts.delete(number);
    this.#set({ runs: new Map(this.#state.runs).set(number, run), verdicts });
  }

  async #arrive(place: Place): Promise<void> {
    this.#set({ place, problem: null });
    scrollTo(0, 0);
    if (place.name === 'lesson') await this.#arriveAtLesson(place.number);
    if (place.name === 'challenge') await this.#arriveAtGame(place.id);
  }

  async #arriveAtLesson(number: number): Promise<void> {
    if (this.#state.lessons === null) {
      try {
        this.#set({ lessons: await this.api.lessons() });
      } catch (error) {
        this.#set({ problem: (error as Error).message });
        return;
      }
    }
    if (this.#state.runs.has(number)) return;
    const last = await this.api.lessonRun(number);
    if (last !== null && !this.#state.runs.has(number)) await this.#keepRun(number, last);
  }

  async #arriveAtGame(id: string | null): Promise<void> {
    if (id === null || this.#state.game?.id === id) return;
    try {
      await this.#keepGame(await this.api.challenge(id));
    } catch (error) {
      this.go({ name: 'challenge', id: null });
      this.#set({ problem: (error as Error).message });
    }
  }

  /** @returns the answer; `null`: it was refused, and says why. */
  async #give(order: Order, busy: string | null): Promise<unknown> {
    this.#set({ busy, problem: null });
    const outcome: Outcome = await this.api.send(order);
    this.#set({ busy: null, problem: outcome.done ? null : outcome.message });
    return outcome.done ? outcome.answer : null;
  }

  #set(change: Partial<LearnState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Part of where it is; drawn again when that part is another. */
export const useLearner = <Part>(learner: Learner, pick: (state: LearnState) => Part): Part => {
  const [part, setPart] = useState(() => pick(learner.state));
  useEffect(() => {
    const look = (): void => setPart(() => pick(learner.state));
    look();
    return learner.listen(look);
  }, [learner]);
  return part;
};
