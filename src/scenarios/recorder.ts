/** Everything a run produced, as it came in. Nothing is computed here; `measure.ts` does that afterwards. */
import type { Event } from '../core/events.js';
import type { WorkerSample } from '../upstream/fleet.js';
import type { RequestRecord } from './clients.js';

export interface ProbeReport {
  readonly atMs: number;
  /** How long each piece of the probe's work had to wait for a processor. */
  readonly waitsMs: readonly number[];
}

export class Recorder {
  readonly requests: RequestRecord[] = [];
  readonly events: Event[] = [];
  readonly samples: WorkerSample[] = [];
  readonly probeReports: ProbeReport[] = [];
  gatewayStallMs = 0;
  /** The clock's time at which the load began. */
  originMs: number;

  /** @param nowMs stands for the beginning of the load until that is known. */
  constructor(nowMs: number) {
    this.originMs = nowMs;
  }

  /** Milliseconds of the clock as milliseconds of the run. */
  sinceOriginMs(atMs: number): number {
    return atMs - this.originMs;
  }
}
