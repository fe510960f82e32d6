/** How a challenge ends, in words: what was right, what the mitigation came to, and what it had been. */
import { formatRatio } from '../../core/units.js';
import { explain } from '../explain/explain.js';
import type { VariantResult } from '../result.js';
import { CAUSES } from './causes.js';
import type { Challenge, Option } from './challenge.js';
import { EVIDENCE, type EvidenceKind } from './evidence.js';
import { type Answer, type Grade, type Outcomes, POINTS } from './grade.js';

/** A challenge that has been answered. */
export interface Played {
  readonly challenge: Challenge;
  readonly answer: Answer;
  /** Evidence that was looked at. */
  readonly asked: readonly EvidenceKind[];
  readonly outcomes: Outcomes;
}

/** What one part of an answer was worth. */
export interface VerdictRow {
  readonly title: string;
  readonly points: number;
  readonly of: number;
  readonly isRight: boolean;
  readonly text: string;
}

const textOf = (options: readonly Option[], name: string): string =>
  options.find((one) => one.name === name)?.text ?? name;

const removedText = ({ removedRatio, helped, availability }: Grade): string => {
  const [before, after] = [formatRatio(availability.nothingDone), formatRatio(availability.done)];
  const served = `${before} good answers without it, ${after} with it`;
  if (helped) return `it helped: ${served}`;
  if (removedRatio > 0.02) return `it helped a little: ${served}`;
  return removedRatio < -0.02 ? `it made things worse: ${served}` : `it changed nothing: ${served}`;
};

const evidenceText = (asked: readonly EvidenceKind[], isCauseRight: boolean): string => {
  if (!isCauseRight) return 'points for doing without are for who finds the cause';
  const seen = [...new Set(asked)];
  if (seen.length === 0) return 'nothing but what is free was looked at';
  return `looked at: ${seen.map((kind) => EVIDENCE[kind].title.toLowerCase()).join('; ')}`;
};

const givenText = (isRight: boolean, options: readonly Option[], given: string, meant: string): string =>
  isRight
    ? textOf(options, given)
    : `you said: ${textOf(options, given)}. It was: ${textOf(options, meant)}.`;

/** Cause, place, mitigation and evidence, with their points. */
export const verdictRows = ({ challenge, answer, asked }: Played, grade: Grade): VerdictRow[] => {
  const { causes, places, mitigations, truth } = challenge;
  const { points, isCauseRight, isPlaceRight, helped } = grade;
  const row = (key: keyof typeof POINTS, title: string, isRight: boolean, text: string): VerdictRow => ({
    ...{ title, points: points[key], of: POINTS[key], isRight, text },
  });
  const mitigation = `${textOf(mitigations, answer.mitigation)}: ${removedText(grade)}`;
  return [
    row('cause', 'cause', isCauseRight, givenText(isCauseRight, causes, answer.cause, truth.cause)),
    row('on', 'place', isPlaceRight, givenText(isPlaceRight, places, answer.on, truth.on)),
    row('mitigation', 'mitigation', helped, mitigation),
    row('evidence', 'evidence', points.evidence > 0, evidenceText(asked, isCauseRight)),
  ];
};

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/** Of the failures that were seen, one that an attempt at a worker came before. */
const explainedText = (result: VariantResult, { actMs }: Challenge['times']): string | null => {
  const seen = result.requests.filter(({ endMs }) => endMs <= actMs);
  const request =
    seen.findLast(({ attempts }) => attempts.some(({ upstreams }) => upstreams.length > 0)) ?? seen.at(-1);
  const [explanation] = request === undefined ? [] : explain(result, [request]);
  return explanation === undefined
    ? null
    : `Of one failed request, ${explanation.rayId}: ${lowerFirst(explanation.because)}`;
};

/** What it was, what gave it away, why a request failed, what ends it: a sentence each. */
export const storyTexts = ({ challenge, outcomes }: Played): string[] => {
  const { truth, times, places, mitigations } = challenge;
  const { tell, text } = CAUSES[truth.cause];
  const at = (times.onsetMs / 1_000).toFixed(1);
  const explained = explainedText(outcomes.nothingDone, times);
  return [
    `From ${at} s on, ${textOf(places, truth.on)}: ${text}.`,
    `What gave it away: ${tell}.`,
    ...(explained === null ? [] : [explained]),
    `What ends it: ${textOf(mitigations, truth.mitigation)}.`,
  ];
};
