/** A mock service behind a concurrency limit: requests that a test sends, and what becomes of them. */
import type { Clock } from '../../src/core/clock.js';
import type { GatewayError } from '../../src/core/errors.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { ConcurrencyLimit, type ConcurrencyOptions } from '../../src/policies/concurrency.js';
import { FixedLimit } from '../../src/policies/limits/fixed.js';
import type { LimitAlgorithm, LimitSample } from '../../src/policies/limits/limit-algorithm.js';
import { Call } from '../../src/policies/service.js';
import { type MockResponse, mockService, REQUEST } from './mock-service.js';

/** Lets everything run that has been settled. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface LimitedOptions extends Partial<ConcurrencyOptions> {
  readonly limit?: number;
  readonly algorithm?: LimitAlgorithm;
  readonly clock?: Clock;
}

export interface Outcome {
  code?: string;
  message?: string;
  response?: MockResponse;
}

/** 2 slots, 2 places to wait in and 100 ms to wait, unless a test says something else. */
export const limitedService = ({
  limit: slots = 2,
  algorithm,
  clock: given,
  ...options
}: LimitedOptions = {}) => {
  const clock = new VirtualClock();
  const { service, pending } = mockService();
  const changes: number[] = [];
  const drops: string[] = [];
  const limit = new ConcurrencyLimit({
    options: { queue: 2, maxWaitMs: 100, ...options },
    algorithm: algorithm ?? new FixedLimit({ limit: slots }),
    clock: given ?? clock,
    onChange: (limit) => changes.push(limit),
    onDrop: (reason) => drops.push(reason),
  });
  const layered = limit.layer(service);
  const send = (more: { criticality?: number; deadlineMs?: number } = {}) => {
    const call = Object.assign(new Call('ray', clock), more);
    const outcome: Outcome = {};
    layered(REQUEST, call).then(
      (response) => {
        outcome.response = response as MockResponse;
      },
      (error: GatewayError) => {
        outcome.code = error.code;
        outcome.message = error.message;
      },
    );
    return { call, outcome };
  };
  return { clock, limit, pending, send, changes, drops };
};

/** A limit that a test moves, and that writes its samples down. */
export const movableLimit = (limit: number) => {
  const samples: LimitSample[] = [];
  const algorithm = {
    limit,
    limitAt: (): number => algorithm.limit,
    onSample: (sample: LimitSample): void => {
      samples.push(sample);
    },
  };
  return { algorithm, samples };
};
