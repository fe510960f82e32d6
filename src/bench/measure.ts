/**
 * Measures targets beside each other: rounds of equal load, interleaved, so that whatever else the machine does meets
 * all of them alike.
 */
import type { Load, LoadGenerator, LoadReport } from './load.js';
import { cpuMs, peakBytes, processesServing, resetPeak } from './procfs.js';

/** Something that answers HTTP while it runs. */
export interface RunningTarget {
  /** Scheme, host and port. */
  readonly origin: string;
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

export interface Round extends Omit<LoadReport, 'elapsedMs'> {
  readonly durationMs: number;
  /** Good answers (2xx and 3xx) a second. */
  readonly rps: number;
  /** Share of the requests sent that got no good answer. */
  readonly errorRatio: number;
  /** Processor time of the target's processes, milliseconds per answer; `null` where it cannot be read. */
  readonly cpuMs: number | null;
  /** Processors that the target kept busy. */
  readonly cores: number | null;
  /** Most resident memory of the target's processes. */
  readonly memoryBytes: number | null;
}

const LOOPBACK = /^(127(\.\d+){3}|localhost|\[::1\])$/;

/** Whether an address is on this machine, and on no network. */
export const isLoopback = (url: URL): boolean => LOOPBACK.test(url.hostname);

const pidsOf = (origin: string): number[] => {
  const url = new URL(origin);
  return isLoopback(url) ? processesServing(Number(url.port || 80)) : [];
};

const isGoodStatus = (status: string): boolean => status.startsWith('2') || status.startsWith('3');

const goodAnswers = (statuses: Readonly<Record<string, number>>): number =>
  Object.entries(statuses).reduce((sum, [status, count]) => sum + (isGoodStatus(status) ? count : 0), 0);

export const measureRound = async (
  generator: LoadGenerator,
  origin: string,
  workload: Workload,
  durationMs: number,
): Promise<Round> => {
  const pids = pidsOf(origin);
  const load: Load = {
    url: `${origin}${workload.path}`,
    method: workload.method,
    bodyBytes: workload.bodyBytes,
    connections: workload.connections,
    durationMs,
  };
  resetPeak(pids);
  const cpuBeforeMs = cpuMs(pids);
  const { elapsedMs, ...report } = await generator.run(load);
  const usedMs = cpuMs(pids) - cpuBeforeMs;
  const good = goodAnswers(report.statuses);
  const watched = pids.length > 0;
  return {
    ...report,
    durationMs: elapsedMs,
    rps: (good / elapsedMs) * 1000,
    errorRatio:
      report.sent === 0 ? 1 : Math.max(0, 1 - good / Math.max(1, report.sent - workload.connections)),
    cpuMs: watched && report.answered > 0 ? usedMs / report.answered : null,
    cores: watched ? usedMs / elapsedMs : null,
    memoryBytes: watched ? peakBytes(pids) : null,
  };
};
