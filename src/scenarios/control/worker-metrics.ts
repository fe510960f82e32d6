/**
 * The workers of a run in Prometheus's text format. They are here and not in the gateway's metrics, because a gateway
 * knows no more of a worker than what it answers; heap, slots and deaths are the fleet's.
 */
import { MetricRegistry } from '../../gateway/metrics/registry.js';
import type { Fleet, WorkerStatus } from '../../upstream/fleet.js';

/** What is shown of one worker; `null`: it does not tell. */
type Read = (status: WorkerStatus) => number | null;

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['up', '1 when its process serves.', ({ up }) => Number(up)],
  ['heap_bytes', 'Heap in use, by its last sample.', ({ heapBytes }) => heapBytes],
  ['heap_limit_bytes', 'Heap at which V8 ends it.', ({ heapLimitBytes }) => heapLimitBytes],
  ['slots', 'Requests that it serves at once.', ({ slots }) => slots],
  ['busy', 'Slots in use.', ({ requests }) => requests?.busy ?? null],
  ['queued', 'Requests waiting for a slot.', ({ requests }) => requests?.queued ?? null],
  ['faults', 'Faults at work on it.', ({ faults }) => faults.length],
  ['config_version', 'Version of the config that it has applied.', ({ configVersion }) => configVersion],
  ['drained', '1 when the gateway was told to send it nothing.', ({ drained }) => Number(drained)],
];

const COUNTERS: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['exits_total', 'Deaths of its processes.', ({ exits }) => exits],
  [
    'served_total',
    'Requests served to the end, by the process that stands there.',
    ({ requests }) => requests?.served ?? null,
  ],
  [
    'wasted_total',
    'Requests worked on although their sender had left.',
    ({ requests }) => requests?.wasted ?? null,
  ],
];

export const workerMetrics = (fleet: Pick<Fleet, 'status'>): MetricRegistry => {
  const registry = new MetricRegistry();
  const of = (name: string, help: string) => ({
    name: `badgateway_worker_${name}`,
    help,
    labels: ['worker'],
  });
  const all = (read: Read) => (put: (value: number, labels: { readonly worker: string }) => void) => {
    for (const status of fleet.status()) {
      const value = read(status);
      if (value !== null) put(value, { worker: status.worker });
    }
  };
  for (const [name, help, read] of GAUGES) registry.readGauge(of(name, help), all(read));
  for (const [name, help, read] of COUNTERS) registry.readCounter(of(name, help), all(read));
  return registry;
};
