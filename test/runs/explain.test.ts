/** For failed requests of a real run, drawn at random, the explanation names the fault that the run was given. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Explanation, explain } from '../../src/scenarios/explain/explain.js';
import type { SampledRequest } from '../../src/scenarios/result.js';
import { runReally } from '../support/real-run.js';

/** When each is there; in between there is time for all to be well again. */
const FAULTS = {
  crash: { fromMs: 500, forMs: 1_200 },
  hang: { fromMs: 3_500, forMs: 1_200 },
  errors: { fromMs: 6_500, forMs: 1_200 },
} as const;

type Fault = keyof typeof FAULTS;

const { crash, hang, errors } = FAULTS;

const SCENARIO = `version: 1
name: three-faults
title: Three faults, one after another
fleet: { workers: 3, slots: 8, serviceTime: { mean: 5ms }, restart: { delay: ${crash.forMs}ms } }
gateway: { timeouts: { attempt: 800ms }, healthCheck: off, retry: { attempts: 2 } }
clients: { patience: 1s, retry: { attempts: 2, backoff: constant, delay: 300ms } }
load: { arrivals: constant, stages: [{ rate: 15/s, for: 8s }] }
timeline:
  - { at: ${crash.fromMs}ms, inject: crash, on: [worker-1, worker-2], how: kill }
  - { at: ${hang.fromMs}ms, inject: hang, on: [worker-2, worker-3], for: ${hang.forMs}ms }
  - { at: ${errors.fromMs}ms, inject: errors, on: [worker-1, worker-2, worker-3], statuses: [503], for: ${errors.forMs}ms }
`;

const DRAWN = 20;

/** Which fault was there when it came; `null`: it came before one, or after. */
const faultOf = ({ arrivalMs }: SampledRequest): Fault | null =>
  (Object.keys(FAULTS) as Fault[]).find((name) => {
    const { fromMs, forMs } = FAULTS[name];
    return arrivalMs > fromMs && arrivalMs < fromMs + forMs;
  }) ?? null;

/** What may have been behind it: a worker that is slow to come back refuses connections after the crash is over, too. */
const truthOf = (request: SampledRequest): readonly (Fault | null)[] => {
  const met = request.attempts.flatMap(({ upstreams }) => upstreams.map(({ cause }) => cause));
  return met.some((cause) => cause.startsWith('connection_'))
    ? ['crash', faultOf(request)]
    : [faultOf(request)];
};

const textOf = ({ steps }: Explanation): string => steps.map(({ text }) => text).join('\n');

it('names the fault, the worker that had the request, and what was decided', async () => {
  const variant = await runReally(SCENARIO);
  const failed = variant.requests.filter((request) => faultOf(request) !== null);
  const told = (fault: Fault): string[] =>
    explain(
      variant,
      failed.filter((request) => faultOf(request) === fault),
    ).map(textOf);

  // fast-check prints the seed of a draw that fails.
  fc.assert(
    fc.property(fc.constantFrom(...failed), (request) => {
      const [explanation] = explain(variant, [request]);
      expect(truthOf(request), textOf(explanation!)).toContain(explanation!.root.name);
      const times = explanation!.steps.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(explanation!.root.fromMs).toBeLessThan(request.endMs);
    }),
    { numRuns: DRAWN },
  );

  expect(told('crash').join('\n')).toMatch(/worker-[12] fails it (?:at once|after .*): connection /);
  // Who leaves its client waiting is known by name, though the client never had an answer.
  expect(told('hang').join('\n')).toMatch(/worker-[23] has not answered after /);
  const answered = told('errors').filter((text) => text.includes('the client gets 503'));
  expect(answered.length).toBeGreaterThan(0);
  for (const text of answered) expect(text).toMatch(/worker-[123] answers 503 itself /);
  expect(answered.join('\n')).toMatch(
    /attempt 1: worker-. answers 503 itself .*\nthe gateway sends it again /,
  );
  const all = [...told('crash'), ...told('hang')].join('\n');
  expect(all).toMatch(/the gateway sends it again (?:at once|after .*): attempt 2|no retry: /);
});
