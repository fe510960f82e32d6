/** Every fault of a worker in virtual time: what its clients see while it lasts, and that it is over when it is healed. */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { WORKER_FAULT_NAMES, type WorkerFaultName } from '../../src/upstream/faults/worker-faults.js';
import { runHere } from '../support/virtual-run.js';

const SEED = 42;

/** Two workers; the fault is on one of them for the four seconds of the outage. */
const scenarioOf = (fault: WorkerFaultName, options = ''): string => `
version: 1
name: fault
title: one fault on one of two workers
fleet: { workers: 2, slots: 8, serviceTime: { distribution: exponential, mean: 20ms }, memory: { heapLimit: 64MiB } }
gateway: { timeouts: { attempt: 1s, body: 1s }, healthCheck: { interval: 500ms, timeout: 400ms, rise: 1, fall: 2 } }
clients: { patience: 5s }
load: { stages: [{ rate: 100/s, for: 12s }] }
timeline: [{ at: 4s, inject: ${fault}, on: worker-1${options} }]
windows: { baseline: 1s..3s, outage: 4s..8s, after: 10s..12s }
`;

const FOR = ', for: 4s';

interface Symptom {
  readonly options?: string;
  readonly seen: (result: VariantResult) => void;
}

const outageOf = ({ windows }: VariantResult) => windows.outage!;

/** A cause that some of the requests failed by, and no other. */
const failsBy =
  (...causes: readonly string[]): Symptom['seen'] =>
  (result) => {
    const { cause, availability } = outageOf(result);
    expect(availability).toBeLessThan(0.99);
    expect(availability).toBeGreaterThan(0.3);
    for (const found of Object.keys(cause)) expect(causes).toContain(found);
  };

/** Nobody fails, and the slowest are slower than the slowest before by so many times. */
const slowsBy =
  (factor: number): Symptom['seen'] =>
  (result) => {
    const { p99 } = result.windows.baseline!.latencyMs;
    expect(outageOf(result).availability).toBeGreaterThan(0.9);
    expect(outageOf(result).latencyMs.p99).toBeGreaterThan(factor * p99);
  };

const diesBy =
  (signal: string | null): Symptom['seen'] =>
  (result) => {
    const exits = result.events.filter(({ type }) => type === 'worker.exited');
    expect(exits.length).toBeGreaterThan(0);
    expect(exits[0]).toMatchObject({ worker: 'worker-1', signal });
  };

const REFUSED = ['connection_refused', 'connection_closed', 'connection_reset'] as const;

const SYMPTOMS: Readonly<Record<WorkerFaultName, Symptom>> = {
  leak: {
    options: `${FOR}, perRequest: 2MiB`,
    seen: (result) => {
      diesBy('SIGABRT')(result);
      expect(result.crashes).toBeGreaterThan(1);
    },
  },
  'gc-pressure': {
    options: `${FOR}, live: 40MiB, perSecond: 2GiB`,
    seen: ({ windows: { baseline, outage } }) =>
      expect(outage!.latencyMs.p50).toBeGreaterThan(1.1 * baseline!.latencyMs.p50),
  },
  'queue-memory': { options: `${FOR}, perRequest: 20MiB`, seen: (result) => expect(result.crashes).toBe(0) },
  crash: { options: '', seen: diesBy(null) },
  poison: { options: `${FOR}, share: 10%`, seen: diesBy(null) },
  hang: { seen: failsBy('response_timeout') },
  deadlock: { seen: failsBy('response_timeout') },
  'event-loop-block': { seen: failsBy('response_timeout') },
  stop: { seen: failsBy('response_timeout') },
  slow: { options: `${FOR}, factor: 5`, seen: slowsBy(2) },
  'cold-start': { options: `${FOR}, factor: 8`, seen: slowsBy(1.2) },
  'cache-lost': { seen: slowsBy(1.2) },
  errors: { seen: failsBy('upstream_response') },
  'fast-fail': { seen: failsBy('upstream_response') },
  'file-exhaustion': { seen: (result) => expect(outageOf(result).availability).toBeGreaterThan(0.3) },
  readiness: { seen: (result) => expect(outageOf(result).availability).toBe(1) },
  reset: { seen: failsBy('connection_reset') },
  close: { seen: failsBy('connection_closed') },
  malformed: { seen: failsBy('protocol') },
  'stalled-body': { seen: failsBy('body_broken') },
  'dripping-headers': { seen: failsBy('response_timeout') },
  'early-response': { seen: (result) => expect(outageOf(result).availability).toBe(1) },
};

describe('in virtual time', () => {
  it.each(WORKER_FAULT_NAMES)('%s shows, and heals', async (fault) => {
    const { options = FOR, seen } = SYMPTOMS[fault];
    const { result } = await runHere(scenarioOf(fault, options), SEED, VIRTUAL_COSTS);
    expect(result.windows.baseline!.availability).toBe(1);
    seen(result);
    expect(result.windows.after!.availability, 'after the heal').toBe(1);
  });

  it('a worker that died is refused until it is back', async () => {
    const { result } = await runHere(scenarioOf('crash'), SEED, VIRTUAL_COSTS);
    failsBy(...REFUSED)(result);
  });
});
