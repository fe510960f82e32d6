/** What an answer is worth. The cause and the place are right or wrong; what the mitigation is worth, its own run says. */
import type { VariantResult } from '../result.js';
import type { Challenge } from './challenge.js';
import { EVIDENCE, EVIDENCE_KINDS, type EvidenceKind } from './evidence.js';

export interface Answer {
  readonly cause: string;
  readonly on: string;
  readonly mitigation: string;
}

/** What the same outage came to without and with the mitigation. */
export interface Outcomes {
  readonly nothingDone: VariantResult;
  readonly done: VariantResult;
}

export const POINTS = { cause: 35, on: 20, mitigation: 25, evidence: 20 } as const;

export const MAX_POINTS = 100;

/** Of the failures that nobody had ended, so many are gone: it has helped. */
export const HELPS_RATIO = 0.5;
/** It has helped a little. */
const SOFTENS_RATIO = 0.2;

export interface Grade {
  readonly points: Readonly<Record<keyof typeof POINTS, number>>;
  readonly total: number;
  readonly isCauseRight: boolean;
  readonly isPlaceRight: boolean;
  /** Of the failures after the moment of action, the share that the mitigation took away; below 0: it added some. */
  readonly removedRatio: number;
  readonly helped: boolean;
  /** Availability when it had had its time. */
  readonly availability: { readonly nothingDone: number; readonly done: number };
}

const goodAfter = ({ windows }: VariantResult): number => windows.after?.availability ?? 0;

/** Of the failures in one run, the share that is not in the other. */
export const removedRatio = ({ nothingDone, done }: Outcomes): number => {
  const failed = 1 - goodAfter(nothingDone);
  return failed === 0 ? 0 : 1 - (1 - goodAfter(done)) / failed;
};

const mitigationPoints = (removed: number): number => {
  if (removed >= HELPS_RATIO) return POINTS.mitigation;
  return removed >= SOFTENS_RATIO ? Math.floor(POINTS.mitigation / 2) : 0;
};

/** What is left for doing without evidence; whoever is wrong has saved nothing. */
const evidencePoints = (asked: readonly EvidenceKind[], isCauseRight: boolean): number => {
  if (!isCauseRight) return 0;
  const spent = EVIDENCE_KINDS.filter((kind) => asked.includes(kind)).reduce(
    (sum, kind) => sum + EVIDENCE[kind].cost,
    0,
  );
  return Math.max(0, POINTS.evidence - spent);
};

/** @param asked evidence that was looked at. */
export const gradeAnswer = (
  { truth }: Challenge,
  answer: Answer,
  outcomes: Outcomes,
  asked: readonly EvidenceKind[],
): Grade => {
  const isCauseRight = answer.cause === truth.cause;
  const isPlaceRight = answer.on === truth.on;
  const removed = removedRatio(outcomes);
  const points = {
    cause: isCauseRight ? POINTS.cause : 0,
    on: isPlaceRight ? POINTS.on : 0,
    mitigation: mitigationPoints(removed),
    evidence: evidencePoints(asked, isCauseRight),
  };
  return {
    ...{ points, total: points.cause + points.on + points.mitigation + points.evidence },
    ...{ isCauseRight, isPlaceRight, removedRatio: removed, helped: removed >= HELPS_RATIO },
    availability: { nothingDone: goodAfter(outcomes.nothingDone), done: goodAfter(outcomes.done) },
  };
};
