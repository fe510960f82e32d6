/** The incident of a run: when users were hurt, when that was noticed, what was suspected, and when it was over. */
import type { Alert } from '../monitoring/alerts.js';
import type { Tick } from '../monitoring/ticks.js';
import type { ResultEvent } from '../result-events.js';
import { type Change, findChanges } from './changes.js';
import { findImpacts, IMPACT_LIMITS, type Impact } from './impact.js';
import type { IncidentResult } from './incident-schema.js';
import { findTransitions, isBurnAlert, joinClocks } from './incident-timeline.js';
import { CAUSE_SLACK_MS } from './section.js';
import type { Transition } from './status.js';
import { type Evidence, findSymptoms, rankSuspects, type Suspect } from './suspects.js';

/** What a scenario says of its incident beforehand. */
export interface Foreknowledge {
  /** When the change was made that caused it, milliseconds of the run; `null`: no change did, or nobody says which. */
  readonly causeMs: number | null;
  /** What a status page said of it, in order. */
  readonly published: readonly Transition[];
}

/** What is looked through. */
export interface Observed {
  readonly ticks: readonly Tick[];
  readonly alerts: readonly Alert[];
  readonly events: readonly ResultEvent[];
  readonly workers: readonly string[];
}

/** The change that the scenario says was the cause; `null`: it names none, or there was none then. */
const findCause = (changes: readonly Change[], causeMs: number | null): Change | null => {
  if (causeMs === null) return null;
  const distance = ({ atMs }: Change): number => Math.abs(atMs - causeMs);
  const [nearest] = changes.toSorted((a, b) => distance(a) - distance(b));
  return nearest !== undefined && distance(nearest) <= CAUSE_SLACK_MS ? nearest : null;
};

/** When it could be known that it was over; infinity: it was not. */
const knownOverMs = ({ recoveredMs }: Impact): number =>
  (recoveredMs ?? Number.POSITIVE_INFINITY) + IMPACT_LIMITS.recoveredMs;

/** The first alert that was raised before it was known to be over, and not cleared before users were hurt. */
const findDetection = (alerts: readonly Alert[], impact: Impact): Alert | null =>
  alerts.find(
    ({ raisedMs, clearedMs }) =>
      (clearedMs ?? Number.POSITIVE_INFINITY) >= impact.onsetMs && raisedMs <= knownOverMs(impact),
  ) ?? null;

/** When somebody was first alerted: to the first time that users were hurt, or, if nobody was, to a later one. */
const findAlertedMs = (alerts: readonly Alert[], impact: Impact): number | null => {
  const first =
    findDetection(alerts, impact) ??
    alerts.find((alert) => isBurnAlert(alert) && alert.raisedMs > knownOverMs(impact));
  return first?.raisedMs ?? null;
};

/** When the cause was first suspected most: not before somebody looks, and whenever there is new evidence. */
const findIdentifiedMs = (
  evidence: Evidence,
  cause: Change,
  { onsetMs, fromMs, toMs }: { readonly onsetMs: number; readonly fromMs: number; readonly toMs: number },
): number | null => {
  const news = [
    ...evidence.symptoms.map(({ atMs }) => atMs),
    ...evidence.changes.flatMap(({ knownMs, reach }) => [
      knownMs,
      ...(reach === 'everybody' ? [] : reach.map(({ atMs }) => atMs)),
    ]),
  ];
  const moments = [fromMs, ...news.filter((ms) => ms > fromMs && ms <= toMs).sort((a, b) => a - b)];
  return moments.find((nowMs) => rankSuspects(evidence, onsetMs, nowMs)[0]?.change === cause) ?? null;
};

/** Whoever undoes something, or has it undone, believes that he knows what it was. */
const UNDOING: ReadonlySet<string> = new Set([
  'config.rolled-back',
  'deploy.rolled-back',
  'rule.switched-off',
]);

/** When something was first undone, once somebody looked. */
const findUndoneMs = (events: readonly ResultEvent[], fromMs: number): number | null => {
  const first = events.find(({ type, t }) => UNDOING.has(type) && t * 1_000 >= fromMs);
  return first === undefined ? null : first.t * 1_000;
};

const earlier = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);

const roundMs = (ms: number): number => Number(ms.toFixed(0));

const suspectResults = (suspects: readonly Suspect[], cause: Change | null): IncidentResult['suspects'] =>
  suspects.map(({ change, fitRatio, score }) => ({
    atMs: roundMs(change.atMs),
    what: change.what,
    fit: Number(fitRatio.toFixed(3)),
    score: Number(score.toFixed(3)),
    isCause: change === cause,
  }));

/** Who was suspected of it, and since when of what did it. */
const investigate = (
  { ticks, events, workers: names }: Observed,
  causeMs: number | null,
  span: {
    readonly onsetMs: number;
    readonly fromMs: number;
    readonly toMs: number;
    readonly isDetected: boolean;
  },
): Pick<IncidentResult, 'cause' | 'identifiedMs' | 'suspects'> => {
  const workers = new Set(names);
  const changes = findChanges({ events }, ticks);
  const evidence: Evidence = { changes, symptoms: findSymptoms(events, workers), workers };
  const cause = findCause(changes, causeMs);
  // Of what nobody noticed, nobody looks for the cause.
  const identifiedMs = cause === null || !span.isDetected ? null : findIdentifiedMs(evidence, cause, span);
  const suspects = rankSuspects(evidence, span.onsetMs, identifiedMs ?? span.fromMs);
  return {
    cause: cause?.what ?? null,
    identifiedMs: identifiedMs === null ? null : roundMs(identifiedMs),
    suspects: suspectResults(suspects, cause),
  };
};

/** @returns `null`: users were not hurt. */
export const findIncident = (
  observed: Observed,
  { causeMs, published }: Foreknowledge,
): IncidentResult | null => {
  const { ticks, alerts, events } = observed;
  const [impact, ...again] = findImpacts(ticks);
  if (impact === undefined) return null;
  const { onsetMs } = impact;
  const endMs = ticks.at(-1)!.nowMs;
  const detection = findDetection(alerts, impact);
  const alertedMs = findAlertedMs(alerts, impact);
  const fromMs = Math.max(alertedMs ?? endMs, onsetMs);
  const toMs = Math.min(knownOverMs(impact), endMs);
  const isDetected = detection !== null;
  const found = investigate(observed, causeMs, { onsetMs, fromMs, toMs, isDetected });
  const believedMs = earlier(found.identifiedMs, findUndoneMs(events, fromMs));
  const onsetsMs = [impact, ...again].map((one) => one.onsetMs);
  const transitions = findTransitions({ ticks, alerts, onsetsMs, alertedMs, identifiedMs: believedMs });
  return {
    ...impact,
    again,
    detectedMs: detection?.raisedMs ?? null,
    detectedBy: detection?.rule ?? null,
    ...found,
    timeline: joinClocks(transitions, published),
  };
};
