/**
 * Measures targets beside each other: rounds of equal load, interleaved, so that whatever else the machine does meets
 * all of them alike.
 */
import { isLoopbackHost } from '../core/http-address.js';
import type { Load, LoadGenerator, LoadReport } from './load.js';
import { peakBytes, processesServing, resetPeak } from './procfs.js';

/** Something that answers HTTP while it runs. */
export interface RunningTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  /** What is asked for there; default: what the workload says. */
  readonly path?: string;
  /** Started for this trial, so not warm yet; false: it ran before. */
  readonly isNew: boolean;
  stop(): Promise<void>;
}

export interface Target {
  readonly name: string;
  /** Of a target that runs already, this only says where it is. */
  start(): Promise<RunningTarget>;
}

/** What one request is. */
export interface Workload {
  readonly name: string;
  readonly method: string;
  /** Added to a target's origin. */
  readonly path: string;
  readonly bodyBytes: number;
  readonly connections: number;
}

export interface Round extends Omit<LoadReport, 'elapsedMs' | 'usedMs'> {
  readonly durationMs: number;
  /** Good answers (2xx and 3xx) a second. */
  readonly rps: number;
  /** Share of the requests that came to an end without a good answer. */
  readonly errorRatio: number;
  /** Processor time of the target's processes, milliseconds per answer; `null` where it cannot be read. */
  readonly cpuMs: number | null;
  /** Processors that the target kept busy. */
  readonly cores: number | null;
  /** Most resident memory of the target's processes. */
  readonly memoryBytes: number | null;
}

/** Whether an address is on this machine, and on no network. */
export const isLoopback = (url: URL): boolean => isLoopbackHost(url.hostname.replace(/^\[(.*)\]$/, '$1'));

const pidsOf = (origin: string): number[] => {
  const url = new URL(origin);
  return isLoopback(url) ? processesServing(Number(url.port || 80)) : [];
};

const isGoodStatus = (status: string): boolean => status.startsWith('2') || status.startsWith('3');

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const goodAnswers = (statuses: Readonly<Record<string, number>>): number =>
  Object.entries(statuses).reduce((sum, [status, count]) => sum + (isGoodStatus(status) ? count : 0), 0);

/** Requests of a round that came to an end: an answer, or the certainty of none. */
export const settledIn = ({ answered, errors }: Pick<LoadReport, 'answered' | 'errors'>): number =>
  answered + sumOf(errors);

const areSame = (some: readonly number[], others: readonly number[]): boolean =>
  some.length === others.length && some.every((pid) => others.includes(pid));

export const measureRound = async (
  generator: LoadGenerator,
  { origin, path }: Pick<RunningTarget, 'origin' | 'path'>,
  workload: Workload,
  durationMs: number,
): Promise<Round> => {
  const pids = pidsOf(origin);
  const load: Load = {
    url: `${origin}${path ?? workload.path}`,
    method: workload.method,
    bodyBytes: workload.bodyBytes,
    connections: workload.connections,
    durationMs,
    pids,
  };
  resetPeak(pids);
  const { elapsedMs, usedMs, ...report } = await generator.run(load);
  // Of other processes than before, what was used is not known.
  const used = areSame(pids, pidsOf(origin)) ? usedMs : null;
  const good = goodAnswers(report.statuses);
  const settled = settledIn(report);
  return {
    ...report,
    durationMs: elapsedMs,
    rps: (good / elapsedMs) * 1000,
    errorRatio: settled === 0 ? 1 : 1 - good / settled,
    cpuMs: used !== null && report.answered > 0 ? used / report.answered : null,
    cores: used === null ? null : used / elapsedMs,
    memoryBytes: pids.length > 0 ? peakBytes(pids) : null,
  };
};
