/** Versions of the worker: what `deploy` may change, laid over the fleet's settings. Version 1 is the fleet as written. */
import { Count, OneOf, Optional, type Schema, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseSizeBytes } from '../../core/units.js';
import { type FleetConfig, MemorySchema, ServiceTimeSchema } from '../config.js';
import { resolveOptions } from '../faults/options.js';
import { FAULT_PARAMETERS } from '../faults/parameters.js';
import { WORKER_FAULT_NAMES, WORKER_FAULTS, type WorkerFaultName } from '../faults/worker-faults.js';
import type { ServiceTime } from '../service-time.js';

const FaultProperties = Object.fromEntries(
  Object.entries(FAULT_PARAMETERS).map(([name, { schema }]) => [name, Optional(schema)]),
) as unknown as Record<keyof typeof FAULT_PARAMETERS, ReturnType<typeof Optional<Schema>>>;

export const ChangesSchema = Section(
  {
    slots: Optional(Count(1, 'Requests that one worker serves at once.')),
    serviceTime: Optional(ServiceTimeSchema),
    memory: Optional(MemorySchema),
    faults: Optional(
      Type.Array(
        Section(
          {
            fault: OneOf(WORKER_FAULT_NAMES, 'Which one, with the keys that belong to it.'),
            ...FaultProperties,
          },
          'A fault that the version has by birth.',
        ),
        { description: 'What is wrong with the version, such as a leak or a cold start.' },
      ),
    ),
  },
  'What differs from the fleet’s settings.',
);

export type ChangesSection = Static<typeof ChangesSchema>;

export interface BirthFault {
  readonly fault: WorkerFaultName;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface WorkerVersion {
  readonly number: number;
  readonly slots: number;
  readonly serviceTime: ServiceTime;
  readonly heapLimitBytes: number;
  readonly faults: readonly BirthFault[];
}

export interface VersionChanges {
  readonly slots?: number;
  readonly serviceTime?: Partial<ServiceTime>;
  readonly heapLimitBytes?: number;
  readonly faults: readonly BirthFault[];
}

/** @param section one whose faults `findOptionProblems` has nothing against. */
export const resolveChanges = ({ slots, serviceTime, memory, faults }: ChangesSection): VersionChanges => ({
  ...(slots !== undefined && { slots }),
  ...(serviceTime !== undefined && {
    serviceTime: {
      ...(serviceTime.distribution !== undefined && { distribution: serviceTime.distribution }),
      meanMs: parseDurationMs(serviceTime.mean),
    },
  }),
  ...(memory?.heapLimit !== undefined && { heapLimitBytes: parseSizeBytes(memory.heapLimit) }),
  faults: (faults ?? []).map(({ fault, ...written }) => ({
    fault,
    options: resolveOptions(WORKER_FAULTS[fault], written),
  })),
});

export const FIRST_VERSION = 1;

export const versionOf = (
  { slots, serviceTime, heapLimitBytes }: FleetConfig,
  number = FIRST_VERSION,
  changes: VersionChanges = { faults: [] },
): WorkerVersion => ({
  slots,
  heapLimitBytes,
  ...changes,
  number,
  serviceTime: { ...serviceTime, ...changes.serviceTime },
});
