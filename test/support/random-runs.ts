/**
 * Runs at random, as they are delivered: a request when it ends, what the gateway saw of it before or after that, samples
 * and probes between them, and all of it later than it happened.
 */
import fc from 'fast-check';
import type { Event } from '../../src/core/events.js';
import { type ClientClass, resolveClasses } from '../../src/scenarios/clients/classes.js';
import type { ClientAttempt, RequestRecord } from '../../src/scenarios/clients/clients.js';
import type { ProbeReport } from '../../src/scenarios/measure/machine.js';
import type { RecordedPlan } from '../../src/scenarios/measure/recorder.js';
import type { Window } from '../../src/scenarios/scenario.js';
import type { WorkerSample } from '../../src/upstream/fleet.js';
import { ORIGIN_MS, recordedPlan } from './recording.js';

export const WORKERS = ['worker-1', 'worker-2', 'worker-3'];

const PATIENCE_MS = 4_000;
/** When it is said when the load begins, milliseconds before it does. */
const LEAD_MS = 250;

/** One thing that comes in. */
export type Delivery =
  | { readonly type: 'record'; readonly item: RequestRecord }
  | { readonly type: 'event'; readonly item: Event }
  | { readonly type: 'sample'; readonly item: WorkerSample }
  | { readonly type: 'probe'; readonly item: ProbeReport };

export interface RandomRun {
  readonly plan: RecordedPlan;
  /** Before it is known when the load begins. */
  readonly before: readonly Delivery[];
  readonly after: readonly Delivery[];
}

/** With when it comes, milliseconds of the run. */
type Timed = Delivery & { readonly comesMs: number };

const CLASSES = resolveClasses({
  patience: '4s',
  classes: {
    web: { share: '60%', tier: 'free' },
    ios: { share: '30%', tier: 'premium' },
    api: { share: '10%', tier: 'premium', path: '/v1' },
  },
});

const classes = fc.constantFrom<readonly ClientClass[]>(resolveClasses({ patience: '4s' }), CLASSES);

const windowsOf = (durationMs: number): fc.Arbitrary<readonly Window[]> =>
  fc.uniqueArray(
    fc
      .record({
        name: fc.constantFrom('baseline', 'outage', 'after'),
        ends: fc.uniqueArray(fc.integer({ min: 0, max: durationMs }), { minLength: 2, maxLength: 2 }),
      })
      .map(({ name, ends }) => ({ name, fromMs: Math.min(...ends), toMs: Math.max(...ends) })),
    { maxLength: 3, selector: ({ name }) => name },
  );

/** Most of them short; the others long enough for buckets to be settled before the run is over. */
const durations = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 8_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 30_000 }) },
);

const plans: fc.Arbitrary<RecordedPlan> = fc
  .record({ durationMs: durations, clients: classes })
  .chain(({ durationMs, clients }) =>
    windowsOf(durationMs).map((windows) => recordedPlan({ durationMs, clients, windows })),
  );

/** How late things come. */
const lag = fc.double({ min: 0, max: 400, noNaN: true });

const ANSWERS = [
  { status: 200, cause: '' },
  { status: 200, cause: '', degraded: true as const },
  { status: 301, cause: '' },
  { status: 429, cause: 'rate_limited' },
  { status: 502, cause: 'connection_refused' },
  { status: 503, cause: 'no_upstream' },
  { status: 503, cause: 'upstream_response' },
  { status: 0, cause: 'client_left' },
] as const;

const tries = fc.array(
  fc.record({
    answer: fc.constantFrom(...ANSWERS),
    tookMs: fc.double({ min: 0, max: 900, noNaN: true }),
    /** What the gateway reports of its own attempts, and how long after the try began that comes. */
    reports: fc.array(
      fc.record({
        cause: fc.constantFrom('timeout', 'connection_reset'),
        afterMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
      }),
      { maxLength: 2 },
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

const requestsOf = (
  { durationMs, clients }: RecordedPlan,
  sizes: fc.ArrayConstraints,
): fc.Arbitrary<Timed[]> => {
  const names = clients[0]!.name === '' ? [undefined] : [...clients.map(({ name }) => name), 'nobody'];
  const request = fc.record({
    arrivalMs: fc.double({ min: 0, max: durationMs, maxExcluded: true, noNaN: true }),
    lateMs: fc.double({ min: 0, max: 40, noNaN: true }),
    name: fc.constantFrom(...names),
    tries,
    lag,
  });
  return fc.array(request, sizes).map((requests) =>
    requests.flatMap(({ arrivalMs, lateMs, name, tries, lag }, id): Timed[] => {
      const attempts: ClientAttempt[] = [];
      const reports: Timed[] = [];
      let startMs = arrivalMs + lateMs;
      for (const [index, { answer, tookMs, reports: seen }] of tries.entries()) {
        const rayId = answer.status === 0 ? '' : `ray-${id}-${index}`;
        attempts.push({ ...answer, rayId, startMs, endMs: startMs + tookMs });
        for (const { cause, afterMs } of seen) {
          const atMs = ORIGIN_MS + startMs;
          const item = {
            atMs,
            type: 'attempt.failed',
            rayId: `ray-${id}-${index}`,
            upstream: 'worker-1',
            cause,
            afterMs,
          } as const;
          reports.push({ type: 'event', item, comesMs: startMs + afterMs });
        }
        startMs += tookMs;
      }
      const { status, cause, degraded } = { degraded: undefined, ...tries.at(-1)!.answer };
      const endMs = Math.min(startMs, arrivalMs + PATIENCE_MS);
      const item: RequestRecord = {
        ...{ id, arrivalMs, lateMs, endMs, status, cause, attempts },
        ...(name !== undefined && { class: name }),
        ...(degraded && { degraded }),
        ok: status >= 200 && status < 400,
      };
      return [...reports, { type: 'record', item, comesMs: endMs + lag }];
    }),
  );
};

/** From before the load to after it. */
const momentOf = ({ durationMs }: RecordedPlan) =>
  fc.double({ min: -1_000, max: durationMs + 500, noNaN: true });

const eventsOf = (plan: RecordedPlan): fc.Arbitrary<Timed[]> => {
  const what = fc.oneof(
    fc.record({
      type: fc.constant('worker.exited'),
      worker: fc.constantFrom(...WORKERS),
      lastHeapBytes: fc.nat(),
    }),
    fc.record({ type: fc.constant('run.noted'), text: fc.string() }),
    fc.record({ type: fc.constant('request.shed'), criticality: fc.constant('low') }),
    fc.record({
      type: fc.constant('circuit.opened'),
      upstream: fc.constantFrom(...WORKERS),
      from: fc.constantFrom('closed', 'half-open'),
      failed: fc.nat(),
      outcomes: fc.nat(),
      errorRatio: fc.constant(0.5),
      openMs: fc.nat(),
    }),
    fc.record({
      type: fc.constant('request.refused'),
      rayId: fc.constant('nobody'),
      cause: fc.constant('shed'),
      detail: fc.string(),
    }),
    fc.record({
      type: fc.constant('attempt.failed'),
      rayId: fc.constant('nobody'),
      upstream: fc.constant('worker-1'),
      cause: fc.constant('timeout'),
      afterMs: fc.nat(),
    }),
  );
  return fc.array(
    fc.record({ what, runMs: momentOf(plan), lag }).map(({ what, runMs, lag }): Timed => {
      const item = { ...what, atMs: ORIGIN_MS + runMs } as unknown as Event;
      return { type: 'event', item, comesMs: runMs + lag };
    }),
    { maxLength: 20 },
  );
};

const samplesOf = (plan: RecordedPlan): fc.Arbitrary<Timed[]> =>
  fc.array(
    fc
      .record({
        worker: fc.constantFrom(...WORKERS, 'worker-unknown'),
        runMs: momentOf(plan),
        counts: fc.record({
          ...{ heapBytes: fc.nat(), busy: fc.nat(9), queued: fc.nat(9), abandoned: fc.nat(9) },
          ...{ served: fc.nat(50), wasted: fc.nat(50) },
        }),
        lag,
      })
      .map(
        ({ worker, runMs, counts, lag }): Timed => ({
          type: 'sample',
          item: { worker, atMs: ORIGIN_MS + runMs, ...counts },
          comesMs: runMs + lag,
        }),
      ),
    { maxLength: 60 },
  );

const probesOf = (plan: RecordedPlan): fc.Arbitrary<Timed[]> =>
  fc.array(
    fc
      .record({
        runMs: momentOf(plan),
        waitsMs: fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { maxLength: 4 }),
        lag,
      })
      .map(
        ({ runMs, waitsMs, lag }): Timed => ({
          type: 'probe',
          item: { atMs: ORIGIN_MS + runMs, waitsMs },
          comesMs: runMs + lag,
        }),
      ),
    { maxLength: 20 },
  );

/** @param sizes of its requests. */
export const randomRuns = (sizes: fc.ArrayConstraints): fc.Arbitrary<RandomRun> =>
  plans.chain((plan) =>
    fc.tuple(requestsOf(plan, sizes), eventsOf(plan), samplesOf(plan), probesOf(plan)).map((parts) => {
      const all = parts.flat().sort((a, b) => a.comesMs - b.comesMs);
      const isBefore = ({ comesMs }: Timed): boolean => comesMs < -LEAD_MS;
      return { plan, before: all.filter(isBefore), after: all.filter((one) => !isBefore(one)) };
    }),
  );
