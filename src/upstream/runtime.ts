/**
 * What a worker runs on: its memory, its event loop and its end. Node's own in a worker process (`node-runtime.ts`), a
 * model of them in virtual time (`model/runtime.ts`). Faults reach for it through the `WorkerSite`.
 */
import type { ParameterValue } from './faults/parameters.js';

/** Where memory lies: in V8's heap, which has a limit and a collector, or beside it. */
export type MemoryKind = ParameterValue<'memory'>;

export interface WorkerRuntime {
  /** Whether what it holds is there, or only counted. */
  readonly isModel: boolean;
  /** V8's heap in use. */
  heapBytes(): number;
  /** Everything the process has of the machine's memory; 0 where that cannot be read. */
  residentBytes(): number;
  /** Takes so much memory. @returns gives it back. */
  hold(bytes: number, kind: MemoryKind): () => void;
  /** Keeps an array that is there already. @returns lets it go. */
  keep(array: readonly unknown[]): () => void;
  /** Makes garbage all the time beside so much that stays alive. @returns ends it. */
  churn(liveBytes: number, bytesPerSecond: number): () => void;
  /** Nothing else runs for so long. */
  block(forMs: number, work: ParameterValue<'work'>): void;
  /** Takes all files that the process may have open. @returns gives them back. */
  exhaustFiles(): () => void;
  /** The process ends. */
  die(how: ParameterValue<'how'>): void;
}
