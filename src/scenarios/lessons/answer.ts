/** What an answer to a lesson's question is worth: its run decides, by the thresholds that the lesson says show it. */
import type { VariantResult } from '../result.js';
import type { Lesson, Shown } from './lesson.js';

/** A threshold that shows the answer, as the run came out. */
export interface Evidence extends Shown {
  /** What was measured; `null`: it was not judged, since the run was not whole. */
  readonly observedText: string | null;
  readonly pass: boolean;
}

export interface LessonGrade {
  /** `not-shown`: this run does not bear the answer out, as one that the machine spoiled; so nobody is wrong by it. */
  readonly verdict: 'right' | 'wrong' | 'not-shown';
  /** Letter of the choice that is right. */
  readonly answer: string;
  readonly evidence: readonly Evidence[];
}

/** Where the run shows the answer, with what was measured. */
export const evidenceOf = (
  { shown }: Pick<Lesson, 'shown'>,
  variants: readonly VariantResult[],
): Evidence[] =>
  shown.map((one) => {
    const judged = variants
      .find(({ name }) => name === one.variant)
      ?.thresholds.find(({ expression }) => expression === one.expression);
    return { ...one, observedText: judged?.observedText ?? null, pass: judged?.pass ?? false };
  });

/** @param given letter of a choice. @param variants of a run of the lesson's scenario. */
export const gradeLesson = (
  lesson: Pick<Lesson, 'shown' | 'answer'>,
  variants: readonly VariantResult[],
  given: string,
): LessonGrade => {
  const { answer } = lesson;
  const evidence = evidenceOf(lesson, variants);
  if (!evidence.every(({ pass }) => pass)) return { verdict: 'not-shown', answer, evidence };
  return { verdict: given === answer ? 'right' : 'wrong', answer, evidence };
};
