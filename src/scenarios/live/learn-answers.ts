/**
 * What the API of the lab says to whoever learns (`learn-api.ts`). Of a lesson nothing is told that its answer says before
 * one was given, and of a challenge nothing of its cause: neither stands anywhere in a page until it is graded.
 */
import type { EvidenceKind } from '../challenge/evidence.js';
import type { UsersPicture, WorkersPicture } from '../challenge/pictures.js';
import type { Level } from '../challenge/scene.js';
import type { Engine } from '../engines.js';
import type { Lesson } from '../lessons/lesson.js';

/** A lesson as it stands before its question was answered. Texts are Markdown, as in `docs/learn`. */
export interface LessonAnswer
  extends Pick<Lesson, 'number' | 'name' | 'title' | 'idea' | 'setting' | 'look' | 'question' | 'choices'> {
  /** How long all variants take in real time, about. */
  readonly realTimeMs: number;
}

/** The last run of a lesson. */
export interface LessonRunAnswer {
  readonly engine: Engine;
  /** Packed, as in the page of a report. */
  readonly report: string;
  /** The first row is the head. */
  readonly rows: readonly (readonly string[])[];
  /** Variants that say little, since the machine was too busy or the run was stopped. */
  readonly spoiled: readonly string[];
}

export interface LessonVerdict {
  readonly given: string;
  /** `not-shown`: the run does not bear the answer out. */
  readonly verdict: 'right' | 'wrong' | 'not-shown';
  /** Letter of the choice that is right. */
  readonly answer: string;
  /** Markdown. */
  readonly why: string;
  readonly evidence: readonly {
    readonly variant: string;
    readonly expression: string;
    /** Markdown. */
    readonly text: string;
    readonly observedText: string | null;
    readonly pass: boolean;
  }[];
}

interface OptionAnswer {
  /** As an answer has it. */
  readonly name: string;
  readonly text: string;
}

export interface ViewAnswer {
  readonly title: string;
  readonly lines: readonly string[];
  readonly table?: readonly (readonly string[])[];
}

export interface EvidenceAnswer extends ViewAnswer {
  readonly kind: EvidenceKind;
  /** Instead of lines, where it is drawn. */
  readonly picture: WorkersPicture | null;
}

export interface ChallengeVerdict {
  readonly rows: readonly {
    readonly title: string;
    readonly points: number;
    readonly of: number;
    readonly isRight: boolean;
    readonly text: string;
  }[];
  readonly total: number;
  readonly max: number;
  /** What it was, in sentences. */
  readonly story: readonly string[];
  /** The lesson that is about it. */
  readonly lesson: number;
  /** Both runs, without and with what was done; packed, as in the page of a report. */
  readonly report: string;
}

export interface ChallengeAnswer {
  readonly id: string;
  readonly seed: number;
  readonly level: Level;
  /** Seconds of the run: the moment at which it was stopped for whoever plays. */
  readonly nowS: number;
  readonly views: readonly ViewAnswer[];
  readonly picture: UsersPicture;
  /** What there is to look at, and what it costs. */
  readonly kinds: readonly { readonly kind: EvidenceKind; readonly title: string; readonly cost: number }[];
  /** What was looked at, in this order. */
  readonly seen: readonly EvidenceAnswer[];
  /** Of those for doing without. */
  readonly pointsLeft: number;
  readonly causes: readonly OptionAnswer[];
  readonly places: readonly OptionAnswer[];
  readonly mitigations: readonly OptionAnswer[];
  /** `null`: nothing was answered yet. */
  readonly verdict: ChallengeVerdict | null;
}
