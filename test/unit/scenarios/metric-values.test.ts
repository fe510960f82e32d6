/** Every metric that a threshold can name: what it counts, and where in a result its value comes from. */
import { describe, expect, it } from 'vitest';
import { METRICS, metricValue, WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import { parseThreshold } from '../../../src/scenarios/metrics/thresholds.js';
import { resultEvent, variantResult, windowResult, workerExit } from '../../support/records.js';

const variant = variantResult({
  windows: {
    [WHOLE_RUN]: windowResult({ availability: 0.9, goodputRps: 9, amplification: 1.5 }),
    outage: windowResult({
      requests: 50,
      availability: 0.4,
      goodputRps: 2,
      amplification: 2,
      status: { '200': 20, '503': 25, none: 5 },
      cause: { no_upstream: 25, client_left: 5 },
      latencyMs: { p50: 1, p95: 2, p99: 3, max: 4 },
    }),
    silence: windowResult({ requests: 0, availability: null, amplification: null, status: {} }),
  },
  crashes: 3,
  workersLost: 2,
  firstStatusMs: { '502': 900, none: 1_500 },
  recoveredMs: 8_000,
  recoveryMs: null,
  events: [
    resultEvent(1, 'config.assigned', { version: 1, reader: 'worker-1' }),
    resultEvent(1, 'config.assigned', { version: 1, reader: 'worker-2' }),
    resultEvent(4, 'config.assigned', { version: 2, reader: 'worker-1' }),
    resultEvent(4, 'config.assigned', { version: 2, reader: 'worker-1' }),
    workerExit(4.5, 'worker-1'),
    workerExit(6, 'worker-1'),
    resultEvent(7, 'config.rolled-back', { from: 2, version: 1, reason: 'ordered', to: 'workers' }),
  ],
});

describe('the blast radius', () => {
  it('is of the workers that the push went to, and not of places where nobody runs', () => {
    const pushed = { version: 2, to: 'workers', strategy: 'canary', readers: 1 };
    const events = [resultEvent(4, 'config.pushed', pushed), ...variant.events];
    expect(metricValue({ ...variant, events }, 'blast-radius', '')).toBe(1);
  });

  it('is of the workers’ config, whatever became of a version of the gateway’s with the same number', () => {
    const given = resultEvent(2, 'config.assigned', { version: 3, reader: 'worker-2' });
    const pushed = { version: 3, to: 'gateway', strategy: 'staged', readers: 8 };
    const rolledBack = { from: 3, version: 2, reason: 'errors', to: 'gateway' };
    const events = [
      given,
      resultEvent(3, 'config.pushed', pushed),
      resultEvent(4, 'config.rolled-back', rolledBack),
      ...variant.events,
    ];
    expect(metricValue({ ...variant, events }, 'blast-radius', '')).toBe(1 / 2);
  });
});

describe('a metric', () => {
  it.each([
    ['availability', 'outage', 0.4],
    ['availability', '', 0.9],
    ['goodput', 'outage', 2],
    ['latency.p50', 'outage', 1],
    ['latency.p95', 'outage', 2],
    ['latency.p99', 'outage', 3],
    ['latency.max', 'outage', 4],
    ['status.503', 'outage', 0.5],
    ['status.none', 'outage', 0.1],
    ['status.504', 'outage', 0],
    ['cause.no_upstream', 'outage', 0.5],
    ['cause.connection_refused', 'outage', 0],
    ['amplification', 'outage', 2],
    ['requests', 'outage', 50],
    ['crashes', '', 3],
    ['workers-lost', '', 2],
    ['blast-radius', '', 0.5],
    ['heap-at-death', '', 60 / 64],
    ['first.502', '', 900],
    ['first.none', '', 1_500],
    ['first.503', '', Number.POSITIVE_INFINITY],
    ['first.worker.exited', '', 4_500],
    ['count.worker.exited', '', 2],
    ['count.config.refused', '', 0],
    ['first.config.promoted', '', Number.POSITIVE_INFINITY],
    ['recovered', '', 8_000],
    ['recovery', '', Number.POSITIVE_INFINITY],
  ])('%s over the window "%s" is %d', (name, window, expected) => {
    expect(metricValue(variant, name, window)).toBe(expected);
  });

  it.each(['availability', 'amplification', 'status.503', 'cause.no_upstream'])(
    '%s has no value in a window without requests',
    (name) => {
      expect(metricValue(variant, name, 'silence')).toBeNaN();
    },
  );

  it('has no value in a window that this variant does not have', () => {
    expect(metricValue(variant, 'availability', 'after')).toBeNaN();
  });

  it('has no heap at death where nobody died', () => {
    expect(metricValue(variantResult(), 'heap-at-death', '')).toBeNaN();
  });

  it.each(METRICS.map(({ example }) => example))(
    '%s, its example, can be written in a threshold',
    (example) => {
      const scope = { variants: [], windows: ['baseline', 'outage', 'after'] };
      expect(parseThreshold(`${example} == ${example}`, scope).left).toMatchObject({ type: 'metric' });
    },
  );
});
