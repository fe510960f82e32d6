/** Admission control: both formulas, who bears the refusals, what counts as a result, and what the upstream sees of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  type AdmissionCore,
  admission,
  ENVOY_ADMISSION_DEFAULTS,
  EnvoyAdmission,
  type EnvoyAdmissionOptions,
  Relief,
  SRE_THROTTLE_DEFAULTS,
  SreThrottle,
} from '../../../src/policies/admission.js';
import { Call, type Service } from '../../../src/policies/service.js';
import { mockResponse, REQUEST } from '../../support/mock-service.js';

const feed = (core: AdmissionCore, successes: number, failures: number, nowMs = 0): void => {
  for (let count = 0; count < successes; count++) core.onResult(true, nowMs);
  for (let count = 0; count < failures; count++) core.onResult(false, nowMs);
};

describe('the client throttle of the SRE book', () => {
  it.each<[successes: number, failures: number, k: number, probability: number]>([
    [0, 0, 2, 0],
    [100, 0, 2, 0],
    [50, 50, 2, 0],
    [25, 75, 2, 50 / 101],
    [0, 99, 2, 0.99],
    [50, 50, 1.1, 45 / 101],
  ])('after %i accepted and %i failed, with K = %d, rejects %d', (successes, failures, k, probability) => {
    const throttle = new SreThrottle({ ...SRE_THROTTLE_DEFAULTS, k });
    feed(throttle, successes, failures);
    expect(throttle.rejectProbability(0)).toBeCloseTo(probability, 12);
  });

  it('counts what it rejected itself as requests', () => {
    const throttle = new SreThrottle();
    feed(throttle, 25, 25);
    for (let count = 0; count < 50; count++) throttle.onRejected(0);
    expect(throttle.rejectProbability(0)).toBeCloseTo(50 / 101, 12);
  });

  it('forgets after two minutes', () => {
    const throttle = new SreThrottle();
    feed(throttle, 0, 100, 0);
    expect(throttle.rejectProbability(117_999)).toBeGreaterThan(0.9);
    expect(throttle.rejectProbability(120_000)).toBe(0);
  });
});

describe('Envoy’s admission control', () => {
  it.each<
    [successes: number, failures: number, options: Partial<EnvoyAdmissionOptions>, probability: number]
  >([
    [0, 0, {}, 0],
    [95, 5, {}, 0],
    [76, 24, {}, 20 / 101],
    [76, 24, { aggression: 2 }, Math.sqrt(20 / 101)],
    [0, 1_000, {}, 0.8],
    [0, 1_000, { maxProbability: 1 }, 1_000 / 1_001],
    [50, 50, { threshold: 0.5 }, 0],
    [0, 100, { minRps: 4 }, 0],
    [0, 100, { minRps: 3 }, 0.8],
    [0, 100, { minRps: 10, windowMs: 10_000 }, 0.8],
  ])('after %i good and %i bad results, with %j, rejects %d', (successes, failures, options, probability) => {
    const envoy = new EnvoyAdmission({ ...ENVOY_ADMISSION_DEFAULTS, ...options });
    feed(envoy, successes, failures);
    expect(envoy.rejectProbability(0)).toBeCloseTo(probability, 12);
  });

  it('does not count what it rejected itself, and forgets after half a minute', () => {
    const envoy = new EnvoyAdmission();
    feed(envoy, 76, 24);
    for (let count = 0; count < 100; count++) envoy.onRejected();
    expect(envoy.rejectProbability(0)).toBeCloseTo(20 / 101, 12);
    expect(envoy.rejectProbability(30_000)).toBe(0);
  });
});

describe.each<[name: string, make: () => AdmissionCore]>([
  ['sre', () => new SreThrottle()],
  ['envoy', () => new EnvoyAdmission()],
])('%s', (_name, make) => {
  it('rejects none while all goes well, and never everything, whatever happens', () => {
    const step = fc.record({ result: fc.constantFrom('good', 'bad', 'rejected'), gapMs: fc.nat(5_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const core = make();
        let nowMs = 0;
        for (const { result, gapMs } of steps) {
          nowMs += gapMs;
          if (result === 'rejected') core.onRejected(nowMs);
          else core.onResult(result === 'good', nowMs);
          const probability = core.rejectProbability(nowMs);
          expect(probability).toBeGreaterThanOrEqual(0);
          expect(probability).toBeLessThan(1);
        }
        if (steps.every(({ result }) => result === 'good')) expect(core.rejectProbability(nowMs)).toBe(0);
      }),
    );
  });
});

describe('relief by criticality', () => {
  it.each<[mix: number[], probability: number, expected: number[]]>([
    [[100], 0.3, [0.3]],
    [[50, 50], 0.2, [0, 0.4]],
    [[50, 50], 0.5, [0, 1]],
    [[50, 50], 0.7, [0.4, 1]],
    [[80, 20], 0.4, [0.25, 1]],
    [[20, 30, 50], 0.65, [0, 0.5, 1]],
    [[20, 30, 50], 1, [1, 1, 1]],
    // Nobody is there to bear it for the first class.
    [[100, 0, 0, 0], 0.3, [0.3]],
  ])('of a mix of %j, to be rejected at %d, rejects by class %j', (mix, probability, expected) => {
    const relief = new Relief(mix.length, 1_000);
    mix.forEach((count, kind) => {
      for (let request = 0; request < count; request++) relief.onRequest(kind, 0);
    });
    const actual = expected.map((_, kind) => relief.probabilityFor(kind, probability, 0));
    actual.forEach((ratio, kind) => {
      expect(ratio).toBeCloseTo(expected[kind]!, 9);
    });
  });

  it('rejects as many as without it, and nobody while somebody below gets through', () => {
    const mixes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(mixes, fc.double({ min: 0, max: 1, noNaN: true }), (mix, probability) => {
        const relief = new Relief(mix.length, 1_000);
        mix.forEach((count, kind) => {
          for (let request = 0; request < count; request++) relief.onRequest(kind, 0);
        });
        const ratios = mix.map((_, kind) => relief.probabilityFor(kind, probability, 0));
        const rejected = mix.reduce((sum, count, kind) => sum + count * ratios[kind]!, 0);
        const total = mix.reduce((sum, count) => sum + count, 0);
        expect(rejected).toBeCloseTo(probability * total, 6);
        ratios.slice(1).forEach((ratio, kind) => {
          if (ratios[kind]! > 0) expect(ratio).toBeCloseTo(1, 9);
        });
      }),
    );
  });
});

/** A core that rejects as it is told, and writes down what it hears. */
const scriptedCore = (probability: number) => {
  const heard: string[] = [];
  const core: AdmissionCore = {
    rejectProbability: () => probability,
    onResult: (success) => heard.push(success ? 'good' : 'bad'),
    onRejected: () => heard.push('rejected'),
  };
  return { core, heard };
};

const layered = (core: AdmissionCore, service: Service, classes = 1) => {
  const clock = new VirtualClock();
  const rejected: number[] = [];
  const send = admission({
    core,
    classes,
    clock,
    random: new Random(5),
    onReject: (criticality) => rejected.push(criticality),
  })(service);
  return {
    rejected,
    send: (criticality = 0) => {
      const call = new Call('ray', clock);
      call.criticality = criticality;
      return send(REQUEST, call);
    },
  };
};

describe('the layer', () => {
  it.each<[status: number, heard: string]>([
    [200, 'good'],
    [404, 'good'],
    [429, 'bad'],
    [500, 'bad'],
    [503, 'bad'],
  ])('takes an answer of %i for %s', async (status, expected) => {
    const { core, heard } = scriptedCore(0);
    await layered(core, () => Promise.resolve(mockResponse(status))).send();
    expect(heard).toEqual([expected]);
  });

  it.each<[code: ErrorCode, heard: string[]]>([
    ['BGW_ERR_RESPONSE_TIMEOUT', ['bad']],
    ['BGW_ERR_CONNECTION_REFUSED', ['bad']],
    ['BGW_ERR_CLIENT_LEFT', []],
    ['BGW_ERR_QUEUE_FULL', []],
  ])(
    'takes %s for %j: who left, and what the gateway refused, says nothing of the upstream',
    async (code, expected) => {
      const { core, heard } = scriptedCore(0);
      const { send } = layered(core, () => Promise.reject(new GatewayError(code)));
      await expect(send()).rejects.toMatchObject({ code });
      expect(heard).toEqual(expected);
    },
  );

  it('rejects with BGW_ERR_SHED, sends nothing on, and says so', async () => {
    const { core, heard } = scriptedCore(1);
    const { send, rejected } = layered(core, () => Promise.reject(new Error('was sent on')));
    await expect(send()).rejects.toMatchObject({ code: 'BGW_ERR_SHED' });
    expect(heard).toEqual(['rejected']);
    expect(rejected).toEqual([0]);
  });

  it('rejects the share that the core says, and of it the sheddable first', async () => {
    const { core } = scriptedCore(0.25);
    const { send, rejected } = layered(core, () => Promise.resolve(mockResponse(200)), 4);
    for (let count = 0; count < 4_000; count++) await send(count % 2 === 0 ? 0 : 3).catch(() => {});
    // The first few requests of all came when the mix was not known yet.
    expect(rejected.filter((criticality) => criticality === 0).length).toBeLessThan(5);
    expect(rejected.length / 4_000).toBeCloseTo(0.25, 1);
  });
});

/** An upstream that does 100 requests a second, and refuses the rest at once; clients ask for ten times that. */
const overloaded = (core: AdmissionCore) => {
  const random = new Random(9);
  const seen = { accepted: 0, refused: 0, rejected: 0 };
  let budget = 0;
  for (let nowMs = 0; nowMs < 300_000; nowMs++) {
    budget = Math.min(10, budget + 0.1);
    const settled = nowMs >= 150_000;
    if (random.next() < core.rejectProbability(nowMs)) {
      core.onRejected(nowMs);
      if (settled) seen.rejected++;
    } else {
      const accepted = budget >= 1;
      if (accepted) budget--;
      core.onResult(accepted, nowMs);
      if (settled) seen[accepted ? 'accepted' : 'refused']++;
    }
  }
  return seen;
};

describe('under an overload of ten times the capacity', () => {
  it('K = 2 lets the upstream see about one request that it refuses for each that it accepts', () => {
    const { accepted, refused, rejected } = overloaded(new SreThrottle());
    expect(refused / accepted).toBeCloseTo(1, 1);
    expect(accepted / 150).toBeGreaterThan(95);
    expect(rejected / 150).toBeCloseTo(800, -2);
  });

  it('a smaller K lets it see fewer: with 1.1, one for ten', () => {
    const { accepted, refused } = overloaded(new SreThrottle({ ...SRE_THROTTLE_DEFAULTS, k: 1.1 }));
    expect(refused / accepted).toBeCloseTo(0.1, 1);
  });

  it('Envoy’s, which does not count what it rejects, lets it see √(1000 · 100 / 0.95) a second', () => {
    const { accepted, refused } = overloaded(new EnvoyAdmission());
    expect((accepted + refused) / 150).toBeCloseTo(324, -2);
  });
});
