/** Outlier ejection: what each detector notices, who is ejected for how long, and how many at most. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { OutlierDetector, watchOutliers } from '../../../src/policies/outlier.js';
import {
  type Ejected,
  OUTLIER_DEFAULTS,
  type OutlierDecision,
  type OutlierOptions,
  type OutlierResult,
  outlierResultOf,
} from '../../../src/policies/outlier-options.js';
import { Call } from '../../../src/policies/service.js';
import { mockResponse, REQUEST } from '../../support/mock-service.js';

/** Only what a test is about. */
const QUIET: OutlierOptions = {
  ...OUTLIER_DEFAULTS,
  consecutive5xx: null,
  consecutiveGatewayFailures: null,
  consecutiveLocalOriginFailures: null,
  successRate: null,
  failureRatio: null,
};

const ROW_OF_5 = { failures: 5, enforcedRatio: 1 };

const make = (hosts: number, fields: Partial<OutlierOptions> = {}) => {
  const detector = new OutlierDetector({ ...OUTLIER_DEFAULTS, ...fields }, new Random(1));
  for (let host = 0; host < hosts; host++) detector.add(`u${host}`);
  return detector;
};

const tell = (
  detector: OutlierDetector,
  id: string,
  results: readonly OutlierResult[],
  nowMs = 0,
): OutlierDecision[] => results.flatMap((result) => detector.onResult(id, result, nowMs));

const many = (count: number, result: OutlierResult): OutlierResult[] => new Array(count).fill(result);

/** So many requests of one interval, so many of them bad. */
const interval = (bad: number, total: number): OutlierResult[] => [
  ...many(bad, '5xx'),
  ...many(total - bad, 'success'),
];

const ejectedIds = (decisions: readonly OutlierDecision[]): string[] =>
  decisions.filter(({ type }) => type === 'ejected').map(({ id }) => id);

describe('a result', () => {
  it.each<[number, OutlierResult]>([
    [200, 'success'],
    [404, 'success'],
    [429, 'success'],
    [500, '5xx'],
    [501, '5xx'],
    [502, 'gateway-failure'],
    [503, 'gateway-failure'],
    [504, 'gateway-failure'],
    [599, '5xx'],
  ])('of status %i is %s', (status, expected) => {
    expect(outlierResultOf(status)).toBe(expected);
  });

  it.each<[ErrorCode, OutlierResult]>([
    ['BGW_ERR_CONNECTION_REFUSED', 'local-origin-failure'],
    ['BGW_ERR_CONNECTION_RESET', 'local-origin-failure'],
    ['BGW_ERR_RESPONSE_TIMEOUT', 'local-origin-failure'],
    ['BGW_ERR_CONNECT_TIMEOUT', 'local-origin-failure'],
    ['BGW_ERR_PROTOCOL', 'gateway-failure'],
    ['BGW_ERR_HEADERS_TOO_LARGE', 'gateway-failure'],
  ])('%s is %s', (code, expected) => {
    expect(outlierResultOf(new GatewayError(code))).toBe(expected);
  });

  it('that is the gateway’s or the client’s doing says nothing', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      if (ERRORS[code].blame === 'upstream') continue;
      expect(outlierResultOf(new GatewayError(code)), code).toBeNull();
    }
  });
});

describe('failures in a row', () => {
  it.each<[string, Partial<OutlierOptions>, OutlierResult[], string[]]>([
    ['five 5xx', { consecutive5xx: ROW_OF_5 }, many(5, '5xx'), ['consecutive-5xx']],
    ['four', { consecutive5xx: ROW_OF_5 }, many(4, '5xx'), []],
    [
      'a success in between',
      { consecutive5xx: ROW_OF_5 },
      [...many(4, '5xx'), 'success', ...many(4, '5xx')],
      [],
    ],
    [
      'failures of all kinds, which are 5xx too',
      { consecutive5xx: ROW_OF_5 },
      ['5xx', 'gateway-failure', 'local-origin-failure', '5xx', 'gateway-failure'],
      ['consecutive-5xx'],
    ],
    [
      'five gateway failures',
      { consecutiveGatewayFailures: ROW_OF_5 },
      [...many(3, 'gateway-failure'), ...many(2, 'local-origin-failure')],
      ['consecutive-gateway-failure'],
    ],
    [
      'a 500 in between, which is no gateway failure',
      { consecutiveGatewayFailures: ROW_OF_5 },
      [...many(4, 'gateway-failure'), '5xx', ...many(4, 'gateway-failure')],
      [],
    ],
    [
      'five without an answer, not counted apart',
      { consecutiveLocalOriginFailures: ROW_OF_5 },
      many(5, 'local-origin-failure'),
      [],
    ],
    [
      'five without an answer, counted apart',
      { consecutiveLocalOriginFailures: ROW_OF_5, splitLocalOrigin: true },
      many(5, 'local-origin-failure'),
      ['consecutive-local-origin-failure'],
    ],
    [
      'an answer in between, be it a 500',
      { consecutiveLocalOriginFailures: ROW_OF_5, splitLocalOrigin: true },
      [...many(4, 'local-origin-failure'), '5xx', ...many(4, 'local-origin-failure')],
      [],
    ],
    [
      'failures without an answer between 5xx, counted apart',
      { consecutive5xx: ROW_OF_5, splitLocalOrigin: true },
      [...many(4, '5xx'), ...many(4, 'local-origin-failure'), '5xx'],
      ['consecutive-5xx'],
    ],
    ['what goes on after the ejection', { consecutive5xx: ROW_OF_5 }, many(50, '5xx'), ['consecutive-5xx']],
  ])('%s', (_title, fields, results, expected) => {
    const decisions = tell(make(3, { ...QUIET, ...fields }), 'u0', results);
    expect(decisions.map(({ type }) => type)).toEqual(expected.map(() => 'ejected'));
    expect(decisions.map((decision) => (decision as Ejected).detector)).toEqual(expected);
  });

  it('are told with their number; gateway failures by default only told', () => {
    expect(tell(make(3), 'u0', many(5, 'gateway-failure'))).toEqual([
      {
        type: 'spared',
        id: 'u0',
        reason: 'not-enforced',
        detector: 'consecutive-gateway-failure',
        observed: 5,
        threshold: 5,
      },
      { type: 'ejected', id: 'u0', forMs: 30_000, detector: 'consecutive-5xx', observed: 5, threshold: 5 },
    ]);
  });

  it('begin anew once they were noticed, and once the upstream is back', () => {
    const detector = make(3, { ...QUIET, consecutive5xx: { failures: 5, enforcedRatio: 0 } });
    expect(tell(detector, 'u0', many(14, '5xx'))).toHaveLength(2);
    const enforced = make(3, { ...QUIET, consecutive5xx: ROW_OF_5 });
    tell(enforced, 'u0', many(5 + 4, '5xx'));
    enforced.sweep(30_000);
    expect(tell(enforced, 'u0', many(4, '5xx'), 30_000)).toEqual([]);
    expect(ejectedIds(tell(enforced, 'u0', ['5xx'], 30_000))).toEqual(['u0']);
  });

  it('of an upstream that is not there any more are nothing', () => {
    const detector = make(3);
    detector.remove('u0');
    expect(tell(detector, 'u0', many(50, '5xx'))).toEqual([]);
  });

  it('that are enforced in half of all cases eject in about half', () => {
    const options = { ...QUIET, consecutive5xx: { failures: 5, enforcedRatio: 0.5 }, maxEjectedRatio: 1 };
    const detector = make(1_000, options);
    for (let host = 0; host < 1_000; host++) tell(detector, `u${host}`, many(5, '5xx'));
    expect(detector.ejected / 1_000).toBeCloseTo(0.5, 1);
  });
});

describe('an ejection', () => {
  const eject = (detector: OutlierDetector, nowMs: number): number => {
    const [decision] = tell(detector, 'u0', many(5, '5xx'), nowMs);
    return (decision as Ejected).forMs;
  };
  const options = { ...QUIET, consecutive5xx: ROW_OF_5 };

  it('lasts longer each time, up to its bound', () => {
    const detector = make(3, options);
    const forMs: number[] = [];
    let nowMs = 0;
    for (let count = 0; count < 12; count++) {
      forMs.push(eject(detector, nowMs));
      nowMs += forMs.at(-1)!;
      detector.sweep(nowMs);
    }
    expect(forMs.map((ms) => ms / 1_000)).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  it('counts for less with each sweep that finds the upstream in', () => {
    const detector = make(3, options);
    eject(detector, 0);
    detector.sweep(30_000);
    eject(detector, 30_000);
    // The first of these brings it back; the second forgives one of two.
    detector.sweep(90_000);
    detector.sweep(100_000);
    expect(eject(detector, 100_000)).toBe(60_000);
    for (let nowMs = 160_000; nowMs < 260_000; nowMs += 10_000) detector.sweep(nowMs);
    expect(eject(detector, 260_000)).toBe(30_000);
  });

  it('is as long as the base where that is above the bound', () => {
    expect(eject(make(3, { ...options, baseEjectionMs: 500_000 }), 0)).toBe(500_000);
  });

  it('ends at the first sweep after its time, and not before', () => {
    const detector = make(3, options);
    eject(detector, 5_000);
    expect(detector.sweep(30_000)).toEqual([]);
    expect(detector.isEjected('u0')).toBe(true);
    expect(detector.sweep(40_000)).toEqual([
      { type: 'unejected', id: 'u0', reason: 'time-over', afterMs: 35_000 },
    ]);
    expect([detector.isEjected('u0'), detector.ejected]).toEqual([false, 0]);
  });

  it('is up to its jitter longer, differently for each', () => {
    const detector = make(20, { ...options, jitterMs: 5_000, maxEjectedRatio: 1 });
    const ends = Array.from({ length: 20 }, (_, host) => {
      const [decision] = tell(detector, `u${host}`, many(5, '5xx'));
      return (decision as Ejected).forMs;
    });
    expect(Math.min(...ends)).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...ends)).toBeLessThan(35_000);
    expect(new Set(ends).size).toBe(20);
  });

  it('ends with a good health check, where the config says so', () => {
    const detector = make(3, options);
    expect(detector.onHealthCheckPassed('u0', 0)).toBeNull();
    eject(detector, 0);
    tell(detector, 'u0', many(4, '5xx'));
    expect(detector.onHealthCheckPassed('u0', 1_500)).toEqual({
      type: 'unejected',
      id: 'u0',
      reason: 'health-check',
      afterMs: 1_500,
    });
    expect(tell(detector, 'u0', many(4, '5xx')), 'what came while it was out is forgotten').toEqual([]);
    const strict = make(3, { ...options, healthCheckUnejects: false });
    eject(strict, 0);
    expect(strict.onHealthCheckPassed('u0', 1_500)).toBeNull();
    expect(strict.isEjected('u0')).toBe(true);
  });
});

describe('the number of the ejected', () => {
  it.each([
    [1, 1, 1],
    [4, 3, 1],
    [10, 10, 1],
    [11, 11, 2],
    [100, 100, 10],
  ])(
    'of %i upstreams, %i of them failing, is %i by default: 10 %, and always one',
    (hosts, failing, expected) => {
      const detector = make(hosts, { ...QUIET, consecutive5xx: ROW_OF_5 });
      const decisions = Array.from({ length: failing }, (_, host) =>
        tell(detector, `u${host}`, many(5, '5xx')),
      ).flat();
      expect(ejectedIds(decisions)).toHaveLength(expected);
      expect(detector.ejected).toBe(expected);
      const spared = decisions.filter(({ type }) => type === 'spared');
      expect(spared.map((decision) => (decision as { reason: string }).reason)).toEqual(
        many(failing - expected, 'success').map(() => 'max-ejected'),
      );
    },
  );

  it('is one even where none may be', () => {
    const detector = make(4, { ...QUIET, consecutive5xx: ROW_OF_5, maxEjectedRatio: 0 });
    for (const id of ['u0', 'u1']) tell(detector, id, many(5, '5xx'));
    expect([detector.isEjected('u0'), detector.ejected]).toEqual([true, 1]);
  });

  it('is less by one that is removed, so that another may go', () => {
    const detector = make(4, { ...QUIET, consecutive5xx: ROW_OF_5 });
    tell(detector, 'u0', many(5, '5xx'));
    detector.remove('u0');
    expect(detector.ejected).toBe(0);
    expect(ejectedIds(tell(detector, 'u1', many(5, '5xx')))).toEqual(['u1']);
  });

  it('does not change when one comes that is there, or goes that is not', () => {
    const detector = make(4, { ...QUIET, consecutive5xx: ROW_OF_5 });
    tell(detector, 'u0', many(5, '5xx'));
    detector.add('u0');
    detector.remove('u9');
    expect([detector.isEjected('u0'), detector.ejected]).toEqual([true, 1]);
  });
});

describe('the success rate', () => {
  const options = { ...QUIET, successRate: OUTLIER_DEFAULTS.successRate };
  const sweepAfter = (
    detector: OutlierDetector,
    bad: readonly number[],
    total = 100,
  ): readonly OutlierDecision[] => {
    for (const [host, count] of bad.entries()) tell(detector, `u${host}`, interval(count, total));
    return detector.sweep(10_000);
  };

  it('ejects who is 1.9 standard deviations below the mean', () => {
    // Rates 0.5, 1, 1, 1, 1: mean 0.9, deviation 0.2, threshold 0.9 − 1.9 · 0.2 = 0.52.
    const [decision, ...others] = sweepAfter(make(5, options), [50, 0, 0, 0, 0]);
    expect(others).toEqual([]);
    expect(decision).toMatchObject({ type: 'ejected', id: 'u0', detector: 'success-rate', observed: 0.5 });
    expect((decision as Ejected).threshold).toBeCloseTo(0.52);
  });

  it('spares two of six that are equally bad: they are 1.41 deviations below', () => {
    expect(sweepAfter(make(6, options), [50, 50, 0, 0, 0, 0])).toEqual([]);
  });

  it('ejects nobody where all are equally bad', () => {
    expect(sweepAfter(make(10, options), new Array(10).fill(70))).toEqual([]);
  });

  it('does nothing with three upstreams, one of which always fails', () => {
    expect(sweepAfter(make(3, options), [100, 0, 0])).toEqual([]);
  });

  it.each([3, 4])('could do nothing with %i even if so few were enough', (hosts) => {
    const successRate = { ...OUTLIER_DEFAULTS.successRate!, minHosts: 1 };
    expect(sweepAfter(make(hosts, { ...options, successRate }), [100, 0, 0])).toEqual([]);
  });

  it('does nothing where too few had enough requests', () => {
    const detector = make(5, options);
    for (const host of [1, 2, 3, 4]) tell(detector, `u${host}`, interval(0, 100));
    tell(detector, 'u0', interval(99, 99));
    expect(detector.sweep(10_000)).toEqual([]);
  });

  it('judges an interval once, when it is over, and whole', () => {
    const detector = make(5, options);
    for (const host of [0, 1, 2, 3, 4]) tell(detector, `u${host}`, interval(host === 0 ? 25 : 0, 50));
    expect(detector.sweep(10_000), 'fifty are too few').toEqual([]);
    for (const host of [0, 1, 2, 3, 4]) tell(detector, `u${host}`, interval(host === 0 ? 50 : 0, 100));
    expect(ejectedIds(detector.sweep(20_000))).toEqual(['u0']);
    expect(detector.sweep(30_000)).toEqual([]);
    expect(ejectedIds(detector.sweep(60_000)), 'what it did is not held against it again').toEqual([]);
    expect(detector.isEjected('u0')).toBe(false);
  });

  it('does not add up intervals', () => {
    const detector = make(5, options);
    for (let nowMs = 10_000; nowMs <= 60_000; nowMs += 10_000) {
      for (const host of [0, 1, 2, 3, 4]) tell(detector, `u${host}`, interval(host === 0 ? 60 : 0, 60));
      expect(detector.sweep(nowMs)).toEqual([]);
    }
  });

  it('leaves failures without an answer out where they are counted apart', () => {
    const detector = make(5, { ...options, splitLocalOrigin: true });
    for (const host of [0, 1, 2, 3, 4]) tell(detector, `u${host}`, many(100, 'success'));
    tell(detector, 'u0', many(1_000, 'local-origin-failure'));
    expect(detector.sweep(10_000)).toEqual([]);
  });
});

describe('the failure ratio', () => {
  const failureRatio = { ...OUTLIER_DEFAULTS.failureRatio!, enforcedRatio: 1 };
  const sweepAfter = (hosts: number, bad: number, total: number): string[] => {
    const detector = make(hosts, { ...QUIET, failureRatio });
    tell(detector, 'u0', interval(bad, total));
    for (let host = 1; host < hosts; host++) tell(detector, `u${host}`, interval(0, total));
    return ejectedIds(detector.sweep(10_000));
  };

  it.each([
    [5, 85, 100, ['u0']],
    [5, 84, 100, []],
    [5, 49, 49, []],
    [4, 100, 100, []],
  ])('with %i upstreams, one with %i of %i failed, ejects %j', (hosts, bad, total, expected) => {
    expect(sweepAfter(hosts, bad, total)).toEqual(expected);
  });

  it('ejects where all fail alike, which the success rate does not see, and no more than may be', () => {
    const detector = make(5, { ...QUIET, failureRatio });
    for (let host = 0; host < 5; host++) tell(detector, `u${host}`, interval(100, 100));
    const decisions = detector.sweep(10_000);
    expect(ejectedIds(decisions)).toEqual(['u0']);
    expect(decisions).toHaveLength(5);
  });

  it('and the success rate together eject an upstream once', () => {
    const detector = make(5, {
      ...QUIET,
      successRate: OUTLIER_DEFAULTS.successRate,
      failureRatio,
      maxEjectedRatio: 1,
    });
    tell(detector, 'u0', interval(100, 100));
    for (let host = 1; host < 5; host++) tell(detector, `u${host}`, interval(0, 100));
    expect(ejectedIds(detector.sweep(10_000))).toEqual(['u0']);
    expect(detector.ejected).toBe(1);
  });
});

describe('an operator', () => {
  it('brings back whoever is out, at once, and with a clean sheet', () => {
    const detector = make(3);
    tell(detector, 'u0', many(5, '5xx'), 1_000);
    expect(detector.uneject('u0', 3_500)).toEqual({
      type: 'unejected',
      id: 'u0',
      reason: 'by-hand',
      afterMs: 2_500,
    });
    expect([detector.isEjected('u0'), detector.ejected]).toEqual([false, 0]);
    expect(tell(detector, 'u0', many(4, '5xx'), 4_000)).toEqual([]);
    expect(ejectedIds(tell(detector, 'u0', many(1, '5xx'), 4_000))).toEqual(['u0']);
  });

  it.each(['u1', 'nobody'])('brings back nobody who is in: %s', (id) => {
    expect(make(3).uneject(id, 0)).toBeNull();
  });
});

describe('whatever happens', () => {
  it('who is out was ejected and has not come back, and no more are out than may be', () => {
    const step = fc.record({
      act: fc.constantFrom('fail', 'fail', 'fail', 'succeed', 'sweep', 'check', 'add', 'remove'),
      host: fc.nat(11),
      count: fc.nat(8),
    });
    fc.assert(
      fc.property(fc.array(step), fc.double({ min: 0, max: 1, noNaN: true }), (steps, maxEjectedRatio) => {
        const detector = make(8, { maxEjectedRatio, jitterMs: 1_000 });
        const hosts = new Set(Array.from({ length: 8 }, (_, host) => `u${host}`));
        const out = new Set<string>();
        let nowMs = 0;
        const follow = (decision: OutlierDecision): void => {
          if (decision.type === 'ejected') {
            expect(out.has(decision.id)).toBe(false);
            expect(out.size === 0 || out.size / hosts.size < maxEjectedRatio).toBe(true);
            out.add(decision.id);
          } else if (decision.type === 'unejected') expect(out.delete(decision.id)).toBe(true);
        };
        for (const { act, host, count } of steps) {
          const id = `u${host}`;
          nowMs += 1_000 * count;
          if (act === 'fail') tell(detector, id, many(count, 'gateway-failure'), nowMs).forEach(follow);
          else if (act === 'succeed') tell(detector, id, ['success'], nowMs).forEach(follow);
          else if (act === 'sweep') detector.sweep(nowMs).forEach(follow);
          else if (act === 'check') {
            const decision = detector.onHealthCheckPassed(id, nowMs);
            if (decision !== null) follow(decision);
          } else if (act === 'add') {
            detector.add(id);
            hosts.add(id);
          } else {
            detector.remove(id);
            hosts.delete(id);
            out.delete(id);
          }
          expect(detector.ejected).toBe(out.size);
          for (const each of hosts) expect(detector.isEjected(each)).toBe(out.has(each));
        }
      }),
    );
  });
});

describe('the layer', () => {
  const watch = () => {
    const detector = make(3);
    const decisions: OutlierDecision[] = [];
    const clock = new VirtualClock(7_000);
    const layer = watchOutliers({
      detector,
      id: 'u1',
      clock,
      onDecision: (decision) => decisions.push(decision),
    });
    const send = async (result: number | Error): Promise<unknown> =>
      layer(async () => {
        if (result instanceof Error) throw result;
        return mockResponse(result);
      })(REQUEST, new Call('ray', clock)).catch((error: unknown) => error);
    return { detector, decisions, send };
  };

  it('tells of statuses and failures, and passes them on', async () => {
    const { detector, decisions, send } = watch();
    const reset = new GatewayError('BGW_ERR_CONNECTION_RESET');
    for (let count = 0; count < 4; count++) expect(await send(reset)).toBe(reset);
    expect(decisions).toEqual([]);
    expect(await send(503)).toMatchObject({ statusCode: 503 });
    expect(ejectedIds(decisions)).toEqual(['u1']);
    expect(detector.isEjected('u1')).toBe(true);
  });

  it('does not tell of refusals of our own, clients that left and defects', async () => {
    const { decisions, send } = watch();
    for (let count = 0; count < 100; count++) {
      await send(new GatewayError('BGW_ERR_CONCURRENCY_LIMIT'));
      await send(new GatewayError('BGW_ERR_CIRCUIT_OPEN'));
      await send(new GatewayError('BGW_ERR_CLIENT_LEFT'));
      await send(new TypeError('a defect'));
    }
    expect(decisions).toEqual([]);
  });
});
