/** The schema of a result: what the program makes is valid by it, and what it does not know is refused. */
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { resolveClasses } from '../../../src/scenarios/clients/classes.js';
import { measureClients } from '../../../src/scenarios/measure/clients.js';
import { ResultSchema } from '../../../src/scenarios/result.js';
import { resolveFlood } from '../../../src/scenarios/timeline/clients.js';
import { recorded } from '../../support/recording.js';
import {
  attempt,
  failedAttempt,
  failedRequest,
  goodRequest,
  result,
  threshold,
  variantResult,
  workerExit,
} from '../../support/records.js';

const validator = Compile(ResultSchema);
const requests = [
  goodRequest(10),
  failedRequest(20, 503, 'no_upstream', { attempts: [attempt({ status: 503, rayId: 'ray-1' })] }),
  failedRequest(30, 0, 'client_left'),
];

const whole = result([
  variantResult({
    ...recorded(
      { requests, events: [failedAttempt('ray-1', 'worker-1', 'connection_refused')] },
      { durationMs: 1_000, windows: [{ name: 'empty', fromMs: 500, toMs: 1_000 }] },
      ['worker-1'],
    ),
    events: [workerExit(0.5, 'worker-1')],
    thresholds: [threshold(), threshold({ observed: null, observedText: 'never' })],
    recoveredMs: null,
    recoveryMs: 250,
  }),
]);

describe('the schema of a result', () => {
  it('takes a whole result, as it is and as it comes back from JSON', () => {
    expect([...validator.Errors(whole)]).toEqual([]);
    expect(validator.Check(JSON.parse(JSON.stringify(whole)))).toBe(true);
  });

  it('takes requests with all that is known of their attempts, and as they were before it was', () => {
    const one = attempt({ status: 503, cause: 'upstream_response', rayId: 'ray-1', upstream: 'worker-2' });
    const at = { atMs: 0, rayId: 'ray-1' } as const;
    const { requests: told } = recorded({
      requests: [failedRequest(20, 503, 'upstream_response', { attempts: [one] })],
      events: [
        {
          ...{ ...at, type: 'attempt.retried', attempt: 2, cause: 'status_502', waitMs: 5 },
          ...{ upstream: 'worker-1', afterMs: 3 },
        },
        { ...at, type: 'request.hedged', afterMs: 3 },
        { ...at, type: 'hedge.won' },
        { ...at, type: 'hedge.refused', detail: 'spent' },
        { ...at, type: 'retry.refused', cause: 'status_502', reason: 'budget', detail: 'spent' },
      ],
    });
    expect(told[0]!.attempts[0]!.retries).toHaveLength(5);
    expect([...validator.Errors(result([variantResult({ requests: told })]))]).toEqual([]);
    const old = told.map((request) => ({
      ...request,
      attempts: request.attempts.map(({ retries: _, upstreams, ...before }) => ({
        ...before,
        upstreams: upstreams.map(({ upstream, cause, afterMs }) => ({ upstream, cause, afterMs })),
      })),
    }));
    expect(validator.Check(result([variantResult({ requests: old })]))).toBe(true);
  });

  it('takes one with classes, users and floods', () => {
    const classes = resolveClasses({
      classes: { web: { share: '60%', tier: 'free' }, ios: { share: '40%' } },
    });
    const ofClasses = requests.map((request) => ({ ...request, class: 'web' }));
    const recorder = {
      population: { web: { users: 3, usersLost: 1, sessions: 5, sessionsFailed: 2 } },
      floods: [{ sent: 5, skipped: 1, ok: 2, status: { 0: 1, 200: 2 } }],
    };
    const flood = resolveFlood({ rate: '10/s', for: '1s' }, 500);
    const variant = variantResult({
      windows: recorded({ requests: ofClasses }, { durationMs: 1_000, clients: classes }).windows,
      ...measureClients({ clients: classes, floods: [flood] }, recorder),
    });
    expect(variant.floods).toEqual([
      { t: 0.5, path: '/', identities: 20, sent: 5, skipped: 1, ok: 2, status: { none: 1, 200: 2 } },
    ]);
    expect([...validator.Errors(result([variant]))]).toEqual([]);
  });

  it('takes a result without variants', () => {
    expect(validator.Check(result([]))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a key it does not know', { ...whole, extra: 1 }],
    ['a key it does not know in a variant', { ...whole, variants: [{ ...variantResult(), extra: 1 }] }],
    ['another version', { ...whole, version: 2 }],
    ['a verdict it does not know', { ...whole, verdict: 'maybe' }],
    ['no seed', { ...whole, seed: undefined }],
    ['a number that does not exist', { ...whole, variants: [variantResult({ recoveryMs: Number.NaN })] }],
    ['an event without its time', { ...whole, variants: [{ ...variantResult(), events: [{ type: 'x' }] }] }],
  ])('refuses one with %s', (_name, one) => {
    expect(validator.Check(one)).toBe(false);
  });
});
