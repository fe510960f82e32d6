/** A fault that a worker enacts upon itself. */
import type { Clock } from '../../core/clock.js';

export interface WorkerFault {
  /** What the fault is, for the list of faults. */
  readonly description: string;
  /** Begins. A fault that ends by itself ends after `forMs`. */
  inject(forMs: number, clock: Clock): void;
}
