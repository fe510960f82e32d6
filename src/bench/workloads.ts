/** The kinds of request that a benchmark of the built-in gateway can send. */
import type { Workload } from './measure.js';

const BODY_BYTES = 64 * 1024;

/** Enough to keep a proxy on one processor busy, few enough that its latency is its own and not the queue's. */
const CONNECTIONS = 50;

const workload = (name: string, fields: Partial<Workload> = {}): Workload => ({
  name,
  method: 'GET',
  path: '/',
  bodyBytes: 0,
  connections: CONNECTIONS,
  ...fields,
});

export const WORKLOADS = {
  'small-get': workload('small-get'),
  'large-response': workload('large-response', { path: `/bytes/${BODY_BYTES}` }),
  upload: workload('upload', { method: 'POST', bodyBytes: BODY_BYTES }),
  'many-connections': workload('many-connections', { connections: 1_000 }),
} as const satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof WORKLOADS;
