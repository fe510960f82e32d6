/**
 * The worker burns CPU and gives nothing else a turn, as a runaway loop or a backtracking regular expression does. The
 * kernel still completes TCP handshakes for it, so a check that only connects stays green.
 */
import type { WorkerFault } from './fault.js';

export const eventLoopBlock: WorkerFault = {
  description: 'burns CPU without a pause; nothing else in the worker runs',
  inject: (forMs, clock) => {
    const untilMs = clock.nowMs() + forMs;
    while (clock.nowMs() < untilMs);
  },
};
