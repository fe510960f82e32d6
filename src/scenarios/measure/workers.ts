/** What workers tell of themselves, folded as it comes in: their heaps and queues by bucket, and work for nobody. */
import type { WorkerSample } from '../../upstream/fleet.js';
import type { SeriesPoint } from '../result.js';
import type { Window } from '../scenario.js';
import { type BucketPlan, bucketCount } from './series.js';
import { isWithin } from './windows.js';

/** One worker, by bucket. */
interface Columns {
  /** The most of the bucket; `NaN`: there was no sample. */
  readonly heapBytes: Float64Array;
  /** Of the last sample of the bucket, and so are the next. */
  readonly busy: Float64Array;
  readonly queued: Float64Array;
}

export class WorkerSeries {
  readonly #plan: BucketPlan;
  readonly #workers = new Map<string, Columns>();

  constructor(plan: BucketPlan) {
    this.#plan = plan;
  }

  /** @param runMs when it was taken, since the load began. */
  sample({ worker, heapBytes, busy, queued }: WorkerSample, runMs: number): void {
    const bucket = Math.floor(runMs / this.#plan.bucketMs);
    if (bucket < 0 || bucket >= bucketCount(this.#plan)) return;
    const columns = this.#columnsOf(worker);
    const before = columns.heapBytes[bucket]!;
    columns.heapBytes[bucket] = Number.isNaN(before) ? heapBytes : Math.max(heapBytes, before);
    columns.busy[bucket] = busy;
    columns.queued[bucket] = queued;
  }

  at(worker: string, bucket: number): SeriesPoint['workers'][number] {
    const columns = this.#workers.get(worker);
    const heapBytes = columns?.heapBytes[bucket] ?? Number.NaN;
    return {
      worker,
      heapBytes: Number.isNaN(heapBytes) ? null : heapBytes,
      busy: columns?.busy[bucket] ?? 0,
      queued: columns?.queued[bucket] ?? 0,
    };
  }

  #columnsOf(worker: string): Columns {
    let columns = this.#workers.get(worker);
    if (columns === undefined) {
      const count = bucketCount(this.#plan);
      columns = {
        heapBytes: new Float64Array(count).fill(Number.NaN),
        busy: new Float64Array(count),
        queued: new Float64Array(count),
      };
      this.#workers.set(worker, columns);
    }
    return columns;
  }
}

/**
 * Of the work that workers finished in a window, the share that nobody waited for any more. Workers count since they
 * began; a count that falls is another process's.
 */
export class WastedWork {
  readonly #windows: readonly Window[];
  readonly #served: Float64Array;
  readonly #wasted: Float64Array;

  constructor(windows: readonly Window[]) {
    this.#windows = windows;
    this.#served = new Float64Array(windows.length);
    this.#wasted = new Float64Array(windows.length);
  }

  /** @param last of the same worker, if there was one. */
  sample({ served, wasted }: WorkerSample, last: WorkerSample | undefined, runMs: number): void {
    const restarted = last === undefined || served < last.served || wasted < last.wasted;
    for (let index = 0; index < this.#windows.length; index++) {
      if (!isWithin(this.#windows[index]!, runMs)) continue;
      this.#served[index]! += served - (restarted ? 0 : last.served);
      this.#wasted[index]! += wasted - (restarted ? 0 : last.wasted);
    }
  }

  /** By window, in the order they were given; `null`: no work was finished. */
  shares(): (number | null)[] {
    return Array.from(this.#wasted, (wasted, index) => {
      const finished = this.#served[index]! + wasted;
      return finished === 0 ? null : wasted / finished;
    });
  }
}
