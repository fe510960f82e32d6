/** Results made by hand for pages of them: everything that is seldom, and texts that would be markup if they were not escaped. */
import type { Result, SampledRequest } from '../../src/scenarios/result.js';
import { result, resultEvent, seriesPoint, threshold, variantResult } from './records.js';

export const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)>';

const request: SampledRequest = {
  ...{ rayId: 'a1b2c3d4e5f60718', arrivalMs: 1_000, endMs: 1_010, status: 502, cause: 'upstream_response' },
  attempts: [
    {
      ...{ startMs: 1_000, endMs: 1_010, status: 502, cause: 'upstream_response', rayId: 'a1b2c3d4e5f60718' },
      upstreams: [],
      evidence: { text: HOSTILE, line: `connect() failed ${HOSTILE}` },
    },
  ],
};

const variant = variantResult({
  name: `as <it> "happened"@nginx`,
  target: 'nginx',
  verdict: 'inconclusive',
  reasons: [`the load generator starved ${HOSTILE}`],
  partial: true,
  losses: [{ path: 'gateway.queue', text: HOSTILE, degree: 'missing' }],
  series: Array.from({ length: 40 }, (_, index) =>
    seriesPoint([HOSTILE, 'worker-2'], {
      t: index / 4,
      offered: 10,
      status: { '200': 5, '502': 3, none: 2 },
    }),
  ),
  events: [resultEvent(1, 'run.noted', { text: HOSTILE })],
  requests: [request],
  thresholds: [threshold({ expression: 'availability > 99%', pass: false, observedText: HOSTILE })],
  skippedThresholds: [{ expression: 'crashes == 0', reason: HOSTILE }],
  alerts: [{ rule: 'fast-burn', raisedMs: 1_000, clearedMs: null, reason: HOSTILE }],
  population: { '': { users: 10, usersLost: 1, sessions: 5, sessionsFailed: 2 } },
  floods: [{ t: 1, path: HOSTILE, identities: 3, sent: 10, skipped: 1, ok: 2, status: { '503': 8 } }],
  upstreams: [{ worker: 'worker-1', address: '127.0.0.1:8080' }],
});

/** Through another proxy, interrupted, with a variant that was not run. */
export const hostileResult = (): Result =>
  result([variant], {
    verdict: 'inconclusive',
    target: 'nginx',
    scenario: { name: 'small', title: HOSTILE, story: HOSTILE, reproduces: [HOSTILE] },
    skippedVariants: [
      { name: 'fast rollback', target: 'nginx', reasons: [HOSTILE], thresholds: ['crashes == 0'] },
    ],
  });
