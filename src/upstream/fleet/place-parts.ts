/** What a worker's place is given by its fleet, and what it tells it. */
import type { Clock } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { FleetConfig } from '../config.js';
import type { DependencyTarget } from '../dependencies/messages.js';
import type { Traffic, WorkerSample } from '../fleet.js';
import type { Machine } from '../machine.js';
import type { FromWorker } from '../messages.js';
import type { LifeSpans } from './life-spans.js';
import type { Waits } from './waits.js';
import type { WorkerPlace } from './worker-place.js';

export interface PlaceParts {
  readonly config: FleetConfig;
  readonly host: string;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly emit: Emit;
  readonly traffic: Traffic;
  readonly spans: LifeSpans;
  readonly waits: Waits;
  readonly onSample: (place: WorkerPlace, sample: WorkerSample) => void;
  /** It serves, and gets requests as soon as this returns. */
  readonly onUp: (place: WorkerPlace) => void;
  /** It is gone; `ordered`: because it was told to. */
  readonly onDown: (place: WorkerPlace, ordered: boolean) => void;
  /** A request that its worker tells of. */
  readonly onRequest: (place: WorkerPlace, message: Extract<FromWorker, { type: 'began' | 'ended' }>) => void;
  readonly quarantined: () => readonly string[];
  /** What its worker calls; they have their ports before a worker starts. */
  readonly dependencies: () => readonly DependencyTarget[];
}
