/** Every worker fault by the name a timeline uses. To add one: a file beside this one and a line here. */
import { eventLoopBlock } from './event-loop-block.js';
import type { WorkerFault } from './fault.js';

export const WORKER_FAULTS = {
  'event-loop-block': eventLoopBlock,
} as const satisfies Record<string, WorkerFault>;

export type WorkerFaultName = keyof typeof WORKER_FAULTS;
