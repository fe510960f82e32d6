/** What can be seen of a challenge as numbers over time, for whoever can draw: the same that its views have as text. */
import type { VariantResult } from '../result.js';
import type { Challenge } from './challenge.js';
import { untilNow } from './until-now.js';

/** A value for each moment. `null`: there was none. */
type Line = readonly (number | null)[];

interface Moments {
  /** Seconds of the run: the middle of each point. */
  readonly times: readonly number[];
  /** How long a point is. */
  readonly pointS: number;
}

/** What clients get: it is free. */
export interface UsersPicture extends Moments {
  /** Requests of each point. */
  readonly offered: readonly number[];
  /** Requests of each point, by the status that they ended with; `none`: without an answer. */
  readonly status: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds. */
  readonly p99: Line;
}

/** Each worker: it is evidence. */
export interface WorkersPicture extends Moments {
  readonly slots: number;
  readonly heapLimitBytes: number | null;
  readonly workers: readonly {
    readonly id: string;
    /** Bytes; `null`: it was down, as in the other two. */
    readonly heap: Line;
    readonly busy: Line;
    readonly queued: Line;
  }[];
}

const momentsOf = ({ series, bucketMs }: VariantResult): Moments => {
  const pointS = bucketMs / 1_000;
  return { times: series.map(({ t }) => Number((t + pointS / 2).toFixed(3))), pointS };
};

/** @param result of the run in which nothing was done. */
export const usersPicture = ({ times }: Challenge, result: VariantResult): UsersPicture => {
  const now = untilNow(result, times.actMs);
  const { series } = now;
  const statuses = [...new Set(series.flatMap(({ status }) => Object.keys(status)))].sort();
  return {
    ...momentsOf(now),
    offered: series.map(({ offered }) => offered),
    status: Object.fromEntries(statuses.map((name) => [name, series.map(({ status }) => status[name] ?? 0)])),
    p99: series.map(({ latencyMs }) => (latencyMs.max === 0 ? null : latencyMs.p99)),
  };
};

/** @param result of the run in which nothing was done. */
export const workersPicture = ({ times, scene }: Challenge, result: VariantResult): WorkersPicture => {
  const now = untilNow(result, times.actMs);
  return {
    ...momentsOf(now),
    slots: scene.slots,
    heapLimitBytes: now.heapLimitBytes ?? null,
    workers: scene.workers.map((id) => {
      const points = now.series.map(({ workers }) => workers.find(({ worker }) => worker === id));
      const of = (key: 'heapBytes' | 'busy' | 'queued') =>
        points.map((point) => (point === undefined || point.heapBytes === null ? null : point[key]));
      return { id, heap: of('heapBytes'), busy: of('busy'), queued: of('queued') };
    }),
  };
};
