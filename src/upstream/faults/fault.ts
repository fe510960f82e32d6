/**
 * Faults that a worker enacts upon itself. To add one: a file beside this one and a line in the map.
 */
import type { Clock } from '../../core/clock.js';
import { eventLoopBlock } from './event-loop-block.js';

export interface WorkerFault {
  /** What the fault is, for the list of faults. */
  readonly description: string;
  /** Begins. A fault that ends by itself ends after `forMs`. */
  inject(forMs: number, clock: Clock): void;
}

export const WORKER_FAULTS = {
  'event-loop-block': eventLoopBlock,
} as const satisfies Record<string, WorkerFault>;

export type WorkerFaultName = keyof typeof WORKER_FAULTS;
