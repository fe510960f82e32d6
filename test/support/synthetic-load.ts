/** As many requests as wanted, made one by one, so that whoever takes them is the only one to keep any. */
import { resolveClasses } from '../../src/scenarios/clients/classes.js';
import type { ClientAttempt, RequestRecord } from '../../src/scenarios/clients/clients.js';
import type { RecordedPlan, Recorder } from '../../src/scenarios/measure/recorder.js';
import { ORIGIN_MS, recordedPlan } from './recording.js';

const CLASSES = ['web', 'ios', 'api'];
const STATUSES = [200, 200, 200, 502, 200, 503, 200, 0];
const CAUSES: Readonly<Record<number, string>> = {
  0: 'client_left',
  200: '',
  502: 'connection_refused',
  503: 'no_upstream',
};

/** One request in so many comes with a sample and a probe. */
const SAMPLE_EVERY = 100;

/** Three classes, and three windows beside the run. */
export const syntheticPlan = (durationMs: number): RecordedPlan =>
  recordedPlan({
    durationMs,
    clients: resolveClasses({
      patience: '2s',
      classes: {
        web: { share: '50%', tier: 'free' },
        ios: { share: '30%', tier: 'premium' },
        api: { share: '20%', tier: 'premium', path: '/v1' },
      },
    }),
    windows: [
      { name: 'baseline', fromMs: 0, toMs: durationMs / 4 },
      { name: 'outage', fromMs: durationMs / 4, toMs: durationMs / 2 },
      { name: 'after', fromMs: durationMs / 2, toMs: durationMs },
    ],
  });

/** The request of that number: three of eight fail, and there are a million different latencies. */
const syntheticRequest = (id: number, arrivalMs: number): RequestRecord => {
  const status = STATUSES[id % STATUSES.length]!;
  const cause = CAUSES[status]!;
  const endMs = arrivalMs + 1 + ((id * 7_919) % 1_000_003) / 600;
  const rayId = status === 0 ? '' : `ray-${id}`;
  const attempts: ClientAttempt[] = [{ status, cause, rayId, startMs: arrivalMs, endMs }];
  const ok = status === 200;
  return { id, class: CLASSES[id % 3]!, arrivalMs, lateMs: id % 7, endMs, ok, status, cause, attempts };
};

const recordReports = (recorder: Recorder, { id, attempts, cause, endMs }: RequestRecord): void => {
  const { rayId } = attempts[0]!;
  const report = (of: string): void =>
    recorder.event({
      ...{ atMs: ORIGIN_MS + endMs, type: 'attempt.failed', rayId: of },
      ...{ upstream: 'worker-1', cause, afterMs: 1 },
    });
  if (rayId !== '') report(rayId);
  // Of a flood, or of a client that left before it was told its Ray ID.
  report(`nobody-${id}`);
};

const recordSample = (recorder: Recorder, id: number, arrivalMs: number): void => {
  const work = { heapBytes: id, busy: 1, queued: 0, served: id, wasted: 0, abandoned: 0 };
  recorder.sample({ worker: `worker-${id % 3}`, atMs: ORIGIN_MS + arrivalMs, ...work });
  recorder.probe({ atMs: ORIGIN_MS + arrivalMs, waitsMs: [0, 1] });
};

/** Tells of so many requests, spread over so long a run, and of what the gateway saw of those that failed. */
export const recordSynthetic = (recorder: Recorder, count: number, durationMs: number): void => {
  recorder.begin(ORIGIN_MS);
  for (let id = 0; id < count; id++) {
    const one = syntheticRequest(id, (id / count) * durationMs);
    if (id % SAMPLE_EVERY === 0) recordSample(recorder, id, one.arrivalMs);
    if (!one.ok) recordReports(recorder, one);
    recorder.record(one);
  }
};
