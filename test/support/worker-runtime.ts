/** A runtime of workers that counts what is kept in it, and does nothing else. */
import type { WorkerRuntime } from '../../src/upstream/runtime.js';

export interface CountingRuntime extends WorkerRuntime {
  /** Entries of all arrays that are kept. */
  readonly entries: number;
}

const nothing = (): void => {};

export const countingRuntime = (): CountingRuntime => {
  let entries = 0;
  return {
    isModel: false,
    get entries() {
      return entries;
    },
    heapBytes: () => 0,
    residentBytes: () => 0,
    hold: () => nothing,
    keep: (array) => {
      entries += array.length;
      return () => {
        entries -= array.length;
      };
    },
    churn: () => nothing,
    block: nothing,
    exhaustFiles: () => nothing,
    die: nothing,
  };
};
