/** One tick, from what a world says of itself at its end. */
import type { DependencyStatus } from '../../upstream/dependencies/dependency-fleet.js';
import type { WorkerSample, WorkerStatus } from '../../upstream/fleet.js';
import type { PlaceStatus } from '../front/front.js';
import type { AtWork, Tick, WorkerTick } from './feed.js';
import type { Counts } from './tick-counts.js';
import { queuedTogether, type Together, UNSEEN } from './upstream-views.js';

export interface TickParts {
  readonly t: number;
  readonly spanMs: number;
  readonly counts: Counts;
  readonly workers: readonly WorkerStatus[];
  /** The last one of each worker whose process is there. */
  readonly samples: ReadonlyMap<string, WorkerSample>;
  /** By worker; nothing of those whom nobody tells of. */
  readonly upstreams: ReadonlyMap<string, Together>;
  readonly front: readonly PlaceStatus[];
  readonly dependencies: readonly DependencyStatus[];
  readonly atWork: readonly AtWork[];
}

const workerTick = (
  status: WorkerStatus,
  sample: WorkerSample | undefined,
  { healthy, ejected, circuit, inFlight }: Together,
): WorkerTick => {
  const { worker: id, up, active, drained, exits, configVersion, heapBytes, faults } = status;
  const reading = up ? sample : undefined;
  return {
    ...{ id, up, active, drained, exits, configVersion },
    heapBytes: up ? (reading?.heapBytes ?? heapBytes) : null,
    busy: reading?.busy ?? null,
    queued: reading?.queued ?? null,
    faults: faults.map(({ fault }) => fault),
    ...{ healthy, ejected, circuit, inFlight },
  };
};

const dependencyState = ({ up, faults }: DependencyStatus): string => {
  const names = faults.map(({ fault }) => fault).join(', ');
  if (!up) return names === '' ? 'down' : names;
  return names === '' ? 'up' : names;
};

export const makeTick = (parts: TickParts): Tick => {
  const { t, spanMs, counts, workers, samples, upstreams, front, dependencies, atWork } = parts;
  return {
    type: 'tick',
    ...{ t, spanMs },
    ...counts,
    gatewayQueued: queuedTogether(upstreams),
    gateways: front.map(({ id, up }) => ({ id, up })),
    workers: workers.map((status) =>
      workerTick(status, samples.get(status.worker), upstreams.get(status.worker) ?? UNSEEN),
    ),
    dependencies: dependencies.map((one) => ({ id: one.dependency, state: dependencyState(one) })),
    atWork,
  };
};
