/**
 * Which of the changes before an outage is to be suspected: the nearer before its onset, and the better the workers that it
 * reached fit those that are in trouble. A decision core: it gets the time, and knows nothing that came after it.
 */
import type { ResultEvent } from '../result-events.js';
import type { Change } from './changes.js';

/** A change that is so much older before the onset is suspected half as much: an hour of the alerts' clock. */
export const SUSPICION_HALF_LIFE_MS = 5_000;

/** One worker in trouble, as could be seen from outside. */
export interface Symptom {
  readonly worker: string;
  readonly atMs: number;
}

export interface Suspect {
  readonly change: Change;
  /** How well the workers it reached fit those in trouble, from 0 to 1. */
  readonly fitRatio: number;
  /** The fit, halved for each half-life before the onset. */
  readonly score: number;
}

const SYMPTOMS: Readonly<Record<string, 'worker' | 'upstream'>> = {
  'worker.exited': 'worker',
  'worker.killed': 'worker',
  'worker.turned-unready': 'worker',
  'upstream.turned-unhealthy': 'upstream',
  'upstream.ejected': 'upstream',
  'circuit.opened': 'upstream',
};

/** Workers in trouble, in order of time. */
export const findSymptoms = (events: readonly ResultEvent[], workers: ReadonlySet<string>): Symptom[] =>
  events.flatMap((event): Symptom[] => {
    const key = SYMPTOMS[event.type];
    if (key === undefined) return [];
    const worker = String((event as Record<string, unknown>)[key]);
    return workers.has(worker) ? [{ worker, atMs: event.t * 1_000 }] : [];
  });

export interface Evidence {
  readonly changes: readonly Change[];
  readonly symptoms: readonly Symptom[];
  /** All there are. */
  readonly workers: ReadonlySet<string>;
}

const workersUntil = (list: readonly Symptom[], nowMs: number): ReadonlySet<string> =>
  new Set(list.filter(({ atMs }) => atMs <= nowMs).map(({ worker }) => worker));

/**
 * Of the workers in trouble the share that it reached, times the share of those it reached that are in trouble. As long as
 * no single worker is in trouble, the share that it reached of all: the more, the more it can explain.
 */
const fitOf = ({ reach }: Change, { symptoms, workers }: Evidence, nowMs: number): number => {
  const reached = reach === 'everybody' ? workers : workersUntil(reach, nowMs);
  if (reached.size === 0) return 0;
  const troubled = workersUntil(symptoms, nowMs);
  if (troubled.size === 0) return reached.size / Math.max(1, workers.size);
  const both = [...troubled].filter((worker) => reached.has(worker)).length;
  return (both / troubled.size) * (both / reached.size);
};

/** The most suspected first; of those that are suspected alike, the latest. */
export const rankSuspects = (evidence: Evidence, onsetMs: number, nowMs: number): Suspect[] =>
  evidence.changes
    .filter(({ atMs, knownMs }) => atMs <= onsetMs && knownMs <= nowMs)
    .map((change) => {
      const fitRatio = fitOf(change, evidence, nowMs);
      return {
        change,
        fitRatio,
        score: fitRatio * 0.5 ** ((onsetMs - change.atMs) / SUSPICION_HALF_LIFE_MS),
      };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || b.change.atMs - a.change.atMs);
