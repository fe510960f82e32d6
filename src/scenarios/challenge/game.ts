/** A challenge that is being played: what was looked at, what was answered. Its answer is kept here until it is graded. */
import type { VariantResult } from '../result.js';
import type { Challenge, Option } from './challenge.js';
import { EVIDENCE, type EvidenceKind, evidenceView } from './evidence.js';
import { type Answer, type Grade, gradeAnswer, POINTS } from './grade.js';
import { openingViews, type View } from './opening.js';
import type { Played } from './verdict.js';

/** What an answer says, by its keys. */
export const ANSWER_KEYS = ['cause', 'on', 'mitigation'] as const satisfies readonly (keyof Answer)[];

export type AnswerKey = (typeof ANSWER_KEYS)[number];

/** What there is to choose from for each. */
export const optionsOf = (
  challenge: Pick<Challenge, 'causes' | 'places' | 'mitigations'>,
): Readonly<Record<AnswerKey, readonly Option[]>> => ({
  cause: challenge.causes,
  on: challenge.places,
  mitigation: challenge.mitigations,
});

/** @returns the first key of an answer whose value is none of the choices; `null`: all are. */
export const oddKey = (challenge: Challenge, answer: Answer): AnswerKey | null =>
  ANSWER_KEYS.find((key) => !optionsOf(challenge)[key].some(({ name }) => name === answer[key])) ?? null;

export class Game {
  readonly challenge: Challenge;
  readonly #nothingDone: VariantResult;
  readonly #asked: EvidenceKind[] = [];
  #played: Played | null = null;

  /** @param nothingDone its run, with nothing done. */
  constructor(challenge: Challenge, nothingDone: VariantResult) {
    this.challenge = challenge;
    this.#nothingDone = nothingDone;
  }

  /** What is free, but for what is drawn. */
  get views(): View[] {
    return openingViews(this.challenge, this.#nothingDone).filter(({ isPicture }) => isPicture !== true);
  }

  get nothingDone(): VariantResult {
    return this.#nothingDone;
  }

  get asked(): readonly EvidenceKind[] {
    return this.#asked;
  }

  /** Points that are left for doing without. */
  get pointsLeft(): number {
    const spent = this.#asked.reduce((sum, kind) => sum + EVIDENCE[kind].cost, 0);
    return Math.max(0, POINTS.evidence - spent);
  }

  /** `null`: it was not answered yet. */
  get played(): Played | null {
    return this.#played;
  }

  get grade(): Grade | null {
    if (this.#played === null) return null;
    const { challenge, answer, outcomes, asked } = this.#played;
    return gradeAnswer(challenge, answer, outcomes, asked);
  }

  /** Looks at something; what was seen once, costs nothing more. After the answer it costs nothing at all. */
  look(kind: EvidenceKind): void {
    if (!this.#asked.includes(kind)) this.#asked.push(kind);
  }

  view(kind: EvidenceKind): View {
    return evidenceView(this.challenge, this.#nothingDone, kind);
  }

  /** @param done the run with the answer's mitigation. The first answer counts: nobody is graded twice. */
  answer(answer: Answer, done: VariantResult): void {
    this.#played ??= {
      ...{ challenge: this.challenge, answer, asked: [...this.#asked] },
      outcomes: { nothingDone: this.#nothingDone, done },
    };
  }
}
