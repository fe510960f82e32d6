/** Everything a run produced, as it came in. Nothing is computed here; `metrics.ts` does that afterwards. */
import type { Event } from '../core/events.js';
import type { LoopDelay } from '../core/loop-watch.js';
import type { WorkerSample } from '../upstream/fleet.js';
import type { RequestRecord } from './clients.js';

export interface DelayReport {
  readonly atMs: number;
  readonly delay: LoopDelay;
}

export class Recorder {
  readonly requests: RequestRecord[] = [];
  readonly events: Event[] = [];
  readonly samples: WorkerSample[] = [];
  readonly probeDelays: DelayReport[] = [];
  gatewayStallMs = 0;
  /** The clock's time at which the load began. */
  originMs = 0;

  /** Milliseconds of the clock as milliseconds of the run. */
  sinceOriginMs(atMs: number): number {
    return atMs - this.originMs;
  }
}
