/**
 * The lessons and challenges of a lab: what was run for whoever learns, and what was answered. Their runs are in virtual
 * time, beside what the lab runs, and one after another.
 */
import { Turns } from '../../upstream/fleet/turns.js';
import { challengeScenario, drawChallenge, NOTHING_DONE } from '../challenge/challenge.js';
import { Game } from '../challenge/game.js';
import type { Answer } from '../challenge/grade.js';
import type { Level } from '../challenge/scene.js';
import type { Lesson } from '../lessons/lesson.js';
import { type LessonScenario, lessonScenario, readLessons } from '../lessons/lessons.js';
import { parseScenario } from '../parse.js';
import type { Result, VariantResult } from '../result.js';

export interface LearningWork extends LessonScenario {
  /** Only these variants; default all. */
  readonly variants?: readonly string[];
}

/** What it needs of whoever runs the lab. */
export interface LearningHost {
  /** Runs a scenario in virtual time. Rejects when the lab is closed meanwhile. */
  readonly run: (work: LearningWork) => Promise<Result>;
  /** What a page shows of a result, packed. */
  readonly pack: (result: Result) => string;
  /** Another challenge each time, for those who ask for none. */
  readonly drawSeed: () => number;
}

/** Games that are kept; the oldest goes. A page that was left open for so long begins another. */
const MAX_GAMES = 20;

const variantOf = ({ variants }: Result, name: string): VariantResult => {
  const found = variants.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the run has no variant ${name}`);
  return found;
};

export class Learning {
  readonly lessons: readonly Lesson[] = readLessons();
  readonly #host: LearningHost;
  readonly #turns = new Turns();
  /** The last run of each lesson, by its number. */
  readonly #runs = new Map<number, Result>();
  readonly #games = new Map<string, Game>();
  readonly #reports = new WeakMap<Game, string>();
  #gamesBegun = 0;

  constructor(host: LearningHost) {
    this.#host = host;
  }

  get pack(): LearningHost['pack'] {
    return this.#host.pack;
  }

  /** @returns `undefined`: there is no such lesson. */
  lesson(number: number): Lesson | undefined {
    return this.lessons.find((one) => one.number === number);
  }

  /** How long it takes on processes, all variants together. */
  realTimeMs(lesson: Lesson): number {
    const { file, text } = lessonScenario(lesson);
    const { variants } = parseScenario(text, file, { engine: 'real' });
    return variants.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }

  /** `null`: it was not run yet. */
  lastRun({ number }: Lesson): Result | null {
    return this.#runs.get(number) ?? null;
  }

  async run(lesson: Lesson): Promise<Result> {
    const result = await this.#turns.take(() => this.#host.run(lessonScenario(lesson)));
    this.#runs.set(lesson.number, result);
    return result;
  }

  /** A scenario was run in the lab's place. @param name as the order had it; most are of no lesson. */
  took(name: string, result: Result): void {
    const lesson = this.lessons.find((one) => one.name === name);
    if (lesson !== undefined) this.#runs.set(lesson.number, result);
  }

  game(id: string): Game | undefined {
    return this.#games.get(id);
  }

  /** @param seed left out: any. @returns under which name it is kept. */
  async begin(level: Level, seed = this.#host.drawSeed()): Promise<string> {
    const challenge = drawChallenge(seed, level);
    const nothingDone = await this.#round(challenge, challenge.truth.on, NOTHING_DONE);
    this.#gamesBegun += 1;
    const id = `${this.#gamesBegun}-${seed}-${level}`;
    this.#games.set(id, new Game(challenge, variantOf(nothingDone, NOTHING_DONE)));
    const [oldest] = this.#games.keys();
    if (this.#games.size > MAX_GAMES && oldest !== undefined) this.#games.delete(oldest);
    return id;
  }

  /** Runs the same outage with the answer's mitigation at the answer's place. */
  async answer(game: Game, answer: Answer): Promise<void> {
    const { on, mitigation } = answer;
    const result = await this.#round(game.challenge, on, mitigation);
    const done = variantOf(result, mitigation);
    if (game.played !== null) return;
    game.answer(answer, done);
    this.#reports.set(game, this.#host.pack({ ...result, variants: [game.nothingDone, done] }));
  }

  /** Both runs of a game that was answered, side by side. */
  reportOf(game: Game): string {
    return this.#reports.get(game) ?? '';
  }

  async #round(challenge: Game['challenge'], place: string, variant: string): Promise<Result> {
    const text = challengeScenario(challenge, place);
    const file = `challenge-${challenge.seed}`;
    return this.#turns.take(() => this.#host.run({ file, text, variants: [variant] }));
  }
}
