/**
 * The `fleet:` section of a scenario as it is written, and the same with its defaults filled in.
 */

import { type HttpAddress, parseHttpAddress } from '../core/http-address.js';
import { Count, Duration, OneOf, Optional, Section, Size, type Static, Type } from '../core/schema.js';
import { parseDurationMsOr, parseSizeBytes } from '../core/units.js';
import { findProblems } from '../core/validate.js';
import { DependenciesSchema, resolveDependencies } from './dependencies/config.js';
import type { DependencyConfig } from './dependencies/messages.js';
import type { DownstreamConfig } from './downstream.js';
import {
  MechanismProperties,
  type MechanismsConfig,
  membersOf,
  resolveMechanisms,
  workersOf,
} from './fleet/mechanisms.js';
import type { ServiceTime } from './service-time.js';
import { resolveServiceTime, serviceTimeSchema } from './service-time-section.js';

const DownstreamConfigSchema = Section(
  {
    service: Type.String({ minLength: 1, description: 'Name of the downstream service.' }),
    endpoints: Type.Array(
      Section(
        {
          name: Type.String({ minLength: 1, description: 'Name of the endpoint.' }),
          weight: Count(0, 'Share of the calls, relative to the other weights.'),
        },
        'One endpoint.',
      ),
      { minItems: 1 },
    ),
  },
  'Load balancing of calls to a downstream service.',
);

/** What a worker reads from config delivery. */
export const WorkerConfigSchema = Section(
  { downstream: DownstreamConfigSchema },
  'Config that every worker reads.',
);

export interface WorkerConfig {
  readonly downstream: DownstreamConfig;
}

/** A config that did not come from a scenario file. @throws an error with status 422, as Fastify wants it. */
export const parseWorkerConfig = (sent: unknown): WorkerConfig => {
  const [problem] = findProblems(WorkerConfigSchema, sent);
  if (problem === undefined) return sent as WorkerConfig;
  throw Object.assign(new Error(`config${problem.path}: ${problem.message}`), { statusCode: 422 });
};

/** What is wrong with a config that has the right form; `null` when nothing is. */
export const checkWorkerConfig = ({ downstream }: WorkerConfig): string | null => {
  const names = downstream.endpoints.map((endpoint) => endpoint.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `endpoint ${twice} is named twice`;
  if (downstream.endpoints.every((endpoint) => endpoint.weight === 0)) {
    return 'every endpoint has weight 0, so no call could go anywhere; give at least one a weight';
  }
  return null;
};

/** Node itself has some twenty open before the first connection. */
const MIN_OPEN_FILES = 64;

/**
 * The hard limit that the Linux kernel gives a process unless somebody says otherwise (INR_OPEN_MAX). More connections
 * than an overloaded worker of these scenarios has, and few enough to be used up within milliseconds.
 */
const DEFAULT_OPEN_FILES = 4_096;

/** Those of the machine on which the model of a process was measured, and of most that run CI. */
const DEFAULT_PROCESSORS = 2;

/** More workers than this are no fleet on one such machine: unless the scenario says otherwise, each has its own. */
const MOST_ON_ONE_MACHINE = 16;

export const ServiceTimeSchema = serviceTimeSchema(
  'How long a worker takes for a request, without waiting; default exponential with a mean of 100ms.',
  'Mean time a request keeps its slot.',
);

const DEFAULT_SERVICE_TIME: ServiceTime = { distribution: 'exponential', meanMs: 100 };

export const MemorySchema = Section(
  { heapLimit: Optional(Size("V8's heap limit, at least 24MiB; default 64MiB.")) },
  "A worker's memory.",
);

/**
 * What becomes of a request whose sender is gone. Where work can be interrupted, its slot is free at once: a worker has to
 * look out for that in everything it does, so few do.
 */
const ABANDONED = ['finish', 'cancel', 'interrupt'] as const;

export type Abandoned = (typeof ABANDONED)[number];

export const FleetSchema = Type.Object(
  {
    workers: Optional(Count(1, 'How many workers there are, at first.')),
    slots: Optional(Count(1, 'Requests that one worker serves at once; default 8. More wait in its queue.')),
    serviceTime: Optional(ServiceTimeSchema),
    abandoned: Optional(
      OneOf(
        ABANDONED,
        'What a worker does with a request whose sender is gone. finish: serves it all the same, as most servers do (default); cancel: drops it while it waits; interrupt: ends it while it is served, too.',
      ),
    ),
    memory: Optional(MemorySchema),
    openFiles: Optional(
      Type.Integer({
        minimum: MIN_OPEN_FILES,
        maximum: 65_536,
        description: 'Files and connections a worker may have open; default 4096, as Linux itself has it.',
      }),
    ),
    processors: Optional(
      Type.Integer({
        minimum: 1,
        maximum: 65_536,
        description:
          'In virtual time: processors that the workers share; default 2, and above 16 workers one for each. Processes share the machine’s own.',
      }),
    ),
    restart: Optional(
      Section(
        {
          delay: Optional(Duration('Wait before the first restart; default 1s.')),
          factor: Optional(
            Type.Number({ minimum: 1, description: 'Growth of the wait from crash to crash; default 2.' }),
          ),
          maxDelay: Optional(Duration('The wait grows no further; default 4s.')),
          resetAfter: Optional(
            Duration('A worker that lived this long starts over with the first wait; default 10s.'),
          ),
        },
        'How a worker that died comes back.',
      ),
    ),
    deadPorts: Optional(
      Count(0, 'Upstreams dead-1 and so on, where nobody listens: for routes that lead there; default 0.'),
    ),
    upstreams: Optional(
      Type.Array(Type.String({ description: 'Its address, such as http://127.0.0.1:3000.' }), {
        minItems: 1,
        description:
          'Servers of your own in place of workers, as `worker-1` and so on: addresses where they listen already, such as http://127.0.0.1:3000.',
      }),
    ),
    ...MechanismProperties,
    dependencies: Optional(DependenciesSchema),
    config: Optional(WorkerConfigSchema),
    configReaders: Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description:
          'Workers or clusters that read the config which is pushed to workers; default all. The others keep the one they began with.',
      }),
    ),
  },
  {
    additionalProperties: false,
    anyOf: [{ required: ['workers'] }, { required: ['upstreams'] }],
    description: 'The simulated upstream workers, or upstreams of your own.',
  },
);

export type FleetSection = Static<typeof FleetSchema>;

export interface RestartConfig {
  readonly delayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly resetAfterMs: number;
}

export interface FleetConfig extends MechanismsConfig {
  readonly workers: number;
  /** The user's own, one in each place, where no worker is started; `null`: workers. */
  readonly upstreams: readonly HttpAddress[] | null;
  readonly slots: number;
  /** Upstreams beside the workers where nobody listens. */
  readonly deadPorts: number;
  readonly serviceTime: ServiceTime;
  readonly abandoned: Abandoned;
  readonly heapLimitBytes: number;
  /** Files and connections a worker may have open at once; new connections are closed as they come beyond it. */
  readonly openFiles: number;
  /** Shared by all workers, in virtual time; processes share the machine's own. */
  readonly processors: number;
  readonly restart: RestartConfig;
  readonly dependencies: readonly DependencyConfig[];
  readonly initialConfig: WorkerConfig;
  /** Who gets what is pushed; `null`: every worker. */
  readonly configReaders: readonly string[] | null;
}

/** Below this a bare Node server has no room to serve in before V8 gives up. */
const MIN_HEAP_LIMIT_BYTES = 24 * 1024 ** 2;

/** What is wrong with a heap limit as it is written, or left out; `null`: nothing. */
export const explainHeapLimit = (written: string | undefined): string | null =>
  written === undefined || parseSizeBytes(written) >= MIN_HEAP_LIMIT_BYTES
    ? null
    : `must be at least 24MiB, or V8 has no room to serve in; got ${written}`;

/**
 * Fills in the defaults: 8 slots of 100 ms make 80 requests a second per worker, few enough that two cores host a
 * fleet; restarts follow the Kubernetes crash-loop back-off (doubling), on a clock compressed like the scenario's.
 */
export const resolveFleetConfig = (section: FleetSection): FleetConfig => {
  const mechanisms = resolveMechanisms(section);
  const { maxWorkers } = mechanisms;
  const workers = workersOf(section);
  return {
    ...mechanisms,
    workers,
    upstreams: section.upstreams?.map(parseHttpAddress) ?? null,
    slots: section.slots ?? 8,
    deadPorts: section.deadPorts ?? 0,
    serviceTime: resolveServiceTime(section.serviceTime, DEFAULT_SERVICE_TIME),
    abandoned: section.abandoned ?? 'finish',
    heapLimitBytes: parseSizeBytes(section.memory?.heapLimit ?? '64MiB'),
    openFiles: section.openFiles ?? DEFAULT_OPEN_FILES,
    processors: section.processors ?? (maxWorkers > MOST_ON_ONE_MACHINE ? maxWorkers : DEFAULT_PROCESSORS),
    restart: {
      delayMs: parseDurationMsOr(section.restart?.delay, 1_000),
      factor: section.restart?.factor ?? 2,
      maxDelayMs: parseDurationMsOr(section.restart?.maxDelay, 4_000),
      resetAfterMs: parseDurationMsOr(section.restart?.resetAfter, 10_000),
    },
    dependencies: resolveDependencies(section.dependencies, workers),
    initialConfig: section.config ?? {
      downstream: { service: 'store', endpoints: [{ name: 'store-1', weight: 1 }] },
    },
    configReaders: section.configReaders === undefined ? null : membersOf(section.configReaders, section),
  };
};
