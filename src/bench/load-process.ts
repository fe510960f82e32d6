/**
 * The load generator's process. autocannon sends and reads; what it got is counted here, since its own figures are
 * whole milliseconds and whole seconds. No rate is asked of it: with one it sends a second's worth at once, and its
 * correction for coordinated omission invents samples.
 */
import autocannon from 'autocannon';
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Histogram } from '../core/histogram.js';
import type { FromLoad, Load, LoadReport, ToLoad } from './load.js';

/**
 * A round ends after this many failures: against a port that refuses, autocannon reconnects in a loop without a pause,
 * tens of thousands of times a second.
 */
const MAX_FAILURES = 1_000;

/** autocannon looks for the end of its time once in this interval. */
const SAMPLE_INTERVAL_MS = 100;

const REQUEST_TIMEOUT_S = 10;

const toOptions = (load: Load): autocannon.Options => ({
  url: load.url,
  method: load.method as NonNullable<autocannon.Options['method']>,
  connections: load.connections,
  duration: load.durationMs / 1000,
  timeout: REQUEST_TIMEOUT_S,
  bailout: MAX_FAILURES,
  ...(load.bodyBytes > 0 && { body: Buffer.alloc(load.bodyBytes, 'x') }),
  ...({ sampleInt: SAMPLE_INTERVAL_MS } as object),
});

const fire = (load: Load): { instance: autocannon.Instance; finished: Promise<autocannon.Result> } => {
  let instance!: autocannon.Instance;
  const finished = new Promise<autocannon.Result>((resolve, reject) => {
    instance = autocannon(toOptions(load), (error, result) => (error ? reject(error) : resolve(result)));
  });
  return { instance, finished };
};

const run = async (load: Load): Promise<LoadReport> => {
  const latencies = new Histogram();
  const statuses: Record<string, number> = {};
  const errors: Record<string, number> = {};
  const startMs = wallClock.nowMs();
  const cpuBefore = process.cpuUsage();
  let answered = 0;
  const { instance, finished } = fire(load);
  instance.on('response', (_client, statusCode, _bytes, responseMs) => {
    answered++;
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
    latencies.record(responseMs);
  });
  instance.on('reqError', (error: NodeJS.ErrnoException) => {
    const code = error.code ?? (error.message === 'request timed out' ? 'timeout' : error.message);
    errors[code] = (errors[code] ?? 0) + 1;
  });
  const result = await finished;
  const elapsedMs = wallClock.nowMs() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  const sent = (result.requests as unknown as { sent: number }).sent;
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return {
    elapsedMs,
    sent,
    answered,
    statuses,
    errors,
    lost: Math.max(0, sent - answered - failed - load.connections),
    latencyMs: {
      p50: latencies.percentileMs(50),
      p90: latencies.percentileMs(90),
      p99: latencies.percentileMs(99),
      max: latencies.maxMs,
    },
    generatorCores: (user + system) / 1000 / elapsedMs,
  };
};

childArgument<null>();
const link = parentLink<ToLoad, FromLoad>();
link.onMessage(async (message) => {
  if (message.type === 'stop') process.exit(0);
  link.send({ type: 'done', report: await run(message.load) });
});
link.send({ type: 'ready' });
