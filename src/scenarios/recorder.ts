/** Everything a run produced, as it came in. Nothing is computed here; `measure.ts` does that afterwards. */
import type { Event } from '../core/events.js';
import type { WorkerSample } from '../upstream/fleet.js';
import type { RequestRecord } from './clients.js';
import type { FloodCounts } from './flood.js';
import type { PopulationCounts } from './population.js';

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
  /** Requests that clients have sent so far, without their further tries. */
  offered = 0;
  /** Of the users of each class; `null`: there is no population. */
  population: Readonly<Record<string, PopulationCounts>> | null = null;
  /** In the order of the variant's floods. */
  floods: readonly FloodCounts[] = [];
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
