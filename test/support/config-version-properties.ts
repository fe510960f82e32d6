/** The properties of config delivery that speak of versions, plans and guards: P4 and P7 to P12. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { EventStream } from '../../src/core/events.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { printConfig } from '../../src/delivery/config-document.js';
import type { ConfigChange } from '../../src/delivery/config-lock.js';
import type { Guard } from '../../src/delivery/guards.js';
import type { TrafficPlan } from '../../src/delivery/live-versions.js';
import { TrafficDelivery } from '../../src/delivery/traffic-delivery.js';
import { resolveTrafficStrategy } from '../../src/delivery/traffic-strategy.js';
import type { Versioned } from '../../src/delivery/version-history.js';
import { keptBytes } from './config-heap.js';
import type { ConfigSubject, Versions } from './config-subject.js';

type Plan = TrafficPlan<unknown>;

/** A config of which nothing can be made. */
const UNBUILDABLE = 'unbuildable';

const FIRST: Versioned<unknown> = { version: 1, config: { text: 'first' } };

/** Versions under test, and what was built and retired of them. */
class Reader {
  readonly versions: Versions<{ readonly built: number }>;
  /** What was built and not retired. */
  readonly alive = new Set<object>();
  built = 0;
  /** Retired although it was retired already, or never built. */
  retiredWrongly = 0;

  constructor({ makeVersions }: ConfigSubject, initial = FIRST) {
    this.versions = makeVersions<{ readonly built: number }>({
      initial,
      build: (config) => {
        if (config === UNBUILDABLE) throw new Error('nothing can be made of it');
        const live = { built: ++this.built };
        this.alive.add(live);
        return live;
      },
      retire: (live) => {
        if (!this.alive.delete(live)) this.retiredWrongly++;
      },
    });
  }

  /** Everything that can be seen of it, as one text. */
  get state(): string {
    const { stable, candidate, shareRatio, standby, draining } = this.versions;
    const seen = [stable, candidate, standby, ...draining].map(
      (one) => one && [one.version, one.config, one.live.built, one.inFlight],
    );
    return JSON.stringify([seen, shareRatio, [...this.alive]]);
  }

  /** What requests can see of it. */
  get serving(): string {
    const { stable, candidate, shareRatio } = this.versions;
    return servingText(stable, candidate, shareRatio);
  }

  /** What it holds is what is alive, and nothing else. */
  checkNothingLeaks(): void {
    const { stable, candidate, standby, draining } = this.versions;
    const held = [stable, candidate, standby, ...draining].filter((one) => one !== null);
    expect(this.alive).toEqual(new Set(held.map(({ live }) => live)));
    expect(this.retiredWrongly).toBe(0);
  }
}

const servingText = (
  stable: Versioned<unknown>,
  candidate: Versioned<unknown> | null,
  shareRatio: number,
): string =>
  JSON.stringify([
    stable.version,
    stable.config,
    candidate && [candidate.version, candidate.config, shareRatio],
  ]);

const servingOf = ({ stable, candidate }: Plan): string =>
  servingText(stable, candidate, candidate?.shareRatio ?? 0);

/** Few numbers and few contents, so that they meet; the number does not decide the content. */
const contents = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom<unknown>({ text: 'first' }, { text: 'second' }, { weights: [1, 2] }),
  },
  { weight: 1, arbitrary: fc.constant<unknown>(UNBUILDABLE) },
);
const versioned: fc.Arbitrary<Versioned<unknown>> = fc.record({
  version: fc.integer({ min: 1, max: 4 }),
  config: contents,
});
const plans: fc.Arbitrary<Plan> = fc.record({
  order: fc.integer({ min: 1, max: 12 }),
  stable: versioned,
  candidate: fc.option(
    fc
      .tuple(versioned, fc.constantFrom(0.05, 0.5, 1))
      .map(([candidate, shareRatio]) => ({ ...candidate, shareRatio })),
  ),
  standby: fc.option(versioned),
});

/** Requests that begin and end meanwhile, so that versions have something to drain. */
const requests = fc.array(fc.constantFrom('begin', 'end'), { maxLength: 6 });

class Traffic {
  readonly #reader: Reader;
  readonly #underWay: ReturnType<Reader['versions']['begin']>[] = [];
  #number = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  run(what: readonly string[]): void {
    for (const one of what) {
      if (one === 'begin') this.#underWay.push(this.#reader.versions.begin(`client-${this.#number++}`));
      else this.#endOne();
      // Nobody's version is taken away under the request.
      for (const { live } of this.#underWay) expect(this.#reader.alive.has(live)).toBe(true);
    }
  }

  endAll(): void {
    while (this.#underWay.length > 0) this.#endOne();
  }

  #endOne(): void {
    const used = this.#underWay.shift();
    if (used !== undefined) this.#reader.versions.end(used);
  }
}

/** P4 */
export const idempotenceHolds = (subject: ConfigSubject): void => {
  fc.assert(
    fc.property(fc.array(fc.tuple(plans, requests), { maxLength: 8 }), (steps) => {
      const reader = new Reader(subject);
      const traffic = new Traffic(reader);
      for (const [index, [plan, what]] of steps.entries()) {
        traffic.run(what);
        const numbered = { ...plan, order: 2 * index + 1 };
        const { outcome } = reader.versions.apply(numbered);
        const { state } = reader;
        reader.versions.apply(structuredClone(numbered));
        expect(reader.state, 'the same order again').toBe(state);
        if (outcome !== 'applied') continue;
        const { built } = reader;
        reader.versions.apply({ ...structuredClone(numbered), order: 2 * index + 2 });
        expect(reader.state, 'the same content by another order').toBe(state);
        expect(reader.built).toBe(built);
      }
    }),
    { numRuns: 300 },
  );
};

/** P7 */
export const refusalHolds = (subject: ConfigSubject): void => {
  fc.assert(
    fc.property(fc.array(fc.tuple(plans, requests), { maxLength: 10 }), (steps) => {
      const reader = new Reader(subject);
      const traffic = new Traffic(reader);
      for (const [plan, what] of steps) {
        traffic.run(what);
        const { state } = reader;
        const { order } = reader.versions;
        const { outcome } = reader.versions.apply(plan);
        if (outcome !== 'applied') expect([reader.state, reader.versions.order]).toEqual([state, order]);
        else expect(reader.serving).toBe(servingOf(plan));
        reader.checkNothingLeaks();
      }
      traffic.endAll();
      expect(reader.versions.draining).toEqual([]);
      reader.checkNothingLeaks();
    }),
    { numRuns: 500 },
  );
};

const BY_SOMEBODY: ConfigChange = { by: 'a test', breakGlass: '' };
const STAGED = resolveTrafficStrategy({ strategy: 'staged' });
const AT_ONCE = resolveTrafficStrategy({});

/** A delivery to versions under test. */
const deliverTo = (reader: Reader, guards: readonly Guard<unknown>[] = []) => {
  const clock = new VirtualClock();
  const delivery = new TrafficDelivery<unknown>({
    to: 'gateway',
    initial: FIRST.config,
    apply: (plan) => {
      const outcome = reader.versions.apply(structuredClone(plan));
      return outcome.outcome === 'refused' ? outcome.reason : null;
    },
    check: () => null,
    guards,
    clock,
    emit: new EventStream(() => clock.nowMs()).emit,
  });
  return { clock, delivery };
};

/** P8 */
export const rollbackHolds = (subject: ConfigSubject): void => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 3 }),
      fc.jsonValue(),
      fc.constantFrom(STAGED, AT_ONCE),
      requests,
      fc.nat({ max: 60_000 }),
      (before, pushed, strategy, what, waitMs) => {
        const reader = new Reader(subject);
        const traffic = new Traffic(reader);
        const { clock, delivery } = deliverTo(reader);
        for (const config of before) delivery.push(config, AT_ONCE, BY_SOMEBODY);
        const bytes = printConfig(reader.versions.stable.config);
        const { serving } = reader;
        delivery.push(pushed, strategy, BY_SOMEBODY);
        traffic.run(what);
        for (let client = 0; client < 200; client++) delivery.onResults(delivery.underWay ?? 0, 1, 0);
        clock.advance(waitMs);
        delivery.rollback('a test', 'a test wants it');
        expect(printConfig(reader.versions.stable.config)).toBe(bytes);
        expect(reader.serving).toBe(serving);
        traffic.endAll();
        reader.checkNothingLeaks();
        // The stable version, and the one before it where that is still at hand.
        expect(reader.alive.size).toBeLessThanOrEqual(2);
        delivery.stop();
      },
    ),
    { numRuns: 300 },
  );
  memoryIsFreed(subject);
};

/** What the heap may grow by in all of the rounds: a fraction of what the versions of a few of them hold. */
const KEPT_BYTES = 4 * 1024 ** 2;

/** Pushes large versions and goes back from each, forty times. */
const memoryIsFreed = ({ makeVersions }: ConfigSubject): void => {
  const bytes = keptBytes(() => {
    const versions = makeVersions<Float64Array>({
      initial: FIRST,
      build: () => new Float64Array(100_000),
      retire: () => {},
    });
    for (let round = 1; round <= 40; round++) {
      const pushed = { version: round + 1, config: `config ${round}` };
      versions.apply({ order: 2 * round - 1, stable: pushed, candidate: null, standby: FIRST });
      versions.apply({ order: 2 * round, stable: FIRST, candidate: null, standby: null });
    }
    return versions;
  });
  expect(bytes).toBeLessThan(KEPT_BYTES);
};

/** P9 */
export const versionsOnlyGrow = (subject: ConfigSubject): void => {
  fc.assert(
    fc.property(fc.array(plans, { maxLength: 12 }), (steps) => {
      const reader = new Reader(subject);
      let highest = 0;
      for (const plan of steps) {
        const { serving } = reader;
        const { outcome } = reader.versions.apply(plan);
        if (outcome === 'applied') {
          expect(plan.order).toBeGreaterThan(highest);
          highest = plan.order;
          expect(reader.serving).toBe(servingOf(plan));
        } else expect(reader.serving).toBe(serving);
        if (plan.order > highest) expect(outcome, 'a newer one is refused for what it holds').toBe('refused');
        expect(reader.versions.order).toBe(highest);
      }
    }),
    { numRuns: 500 },
  );
};

/** P10 */
export const capacityHolds = ({ capacityGuard }: ConfigSubject): void => {
  const pools = fc.array(fc.nat({ max: 100 }), { maxLength: 20 });
  const capacityOf = (weights: unknown): number =>
    (weights as number[]).reduce((sum, weight) => sum + weight, 0);
  fc.assert(
    fc.property(pools, pools, fc.integer({ min: 0, max: 100 }), (from, to, percent) => {
      const guard = capacityGuard<unknown>({ measure: capacityOf, maxRemovedRatio: percent / 100 });
      const before = capacityOf(from);
      const after = capacityOf(to);
      // In whole numbers, so that the limit itself is on the right side.
      const tooMuch = (before - after) * 100 > percent * before || (before > 0 && after === 0);
      expect(guard(from, to) !== null).toBe(tooMuch);
    }),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(pools, fc.constantFrom(Number.NaN, Infinity, -1), fc.boolean(), (weights, odd, first) => {
      const guard = capacityGuard<unknown>({ measure: capacityOf });
      expect(guard(first ? [odd] : weights, first ? weights : [odd]), 'cannot be told').not.toBeNull();
    }),
  );
  holdsBack(capacityGuard<unknown>({ measure: capacityOf }), [1, 1, 1, 1], [1, 1]);
};

/** P11 */
export const sizeHolds = ({ sizeGuard }: ConfigSubject): void => {
  const sizeOf = (config: unknown): number => config as number;
  const sizes = fc.oneof(fc.nat({ max: 5_000 }), fc.nat());
  fc.assert(
    fc.property(sizes, sizes, (from, to) => {
      const guard = sizeGuard<unknown>({ measure: sizeOf });
      const [small, large] = [Math.min(from, to), Math.max(from, to)];
      expect(guard(from, to) !== null).toBe(large >= 2 * Math.max(small, 1_024));
    }),
    { numRuns: 1_000 },
  );
  const rows = fc.array(fc.string({ minLength: 1 }), { minLength: 300, maxLength: 400 });
  fc.assert(
    fc.property(rows, (config) => {
      const guard = sizeGuard<unknown>({ measure: (value) => JSON.stringify(value).length, floor: 0 });
      expect(guard(config, config)).toBeNull();
      expect(guard(config, [...config, ...config, '']), 'every row twice').not.toBeNull();
      expect(guard(config, []), 'nothing left').not.toBeNull();
    }),
    { numRuns: 50 },
  );
  holdsBack(sizeGuard<unknown>({ measure: sizeOf }), 2_000, 4_000);
};

/** A delivery with that guard sends a change out only with approval, and writes down who gave it and why. */
const holdsBack = (guard: Guard<unknown>, from: unknown, to: unknown): void => {
  const plans: Plan[] = [];
  const clock = new VirtualClock();
  const delivery = new TrafficDelivery<unknown>({
    to: 'gateway',
    initial: from,
    apply: (plan) => {
      plans.push(plan);
      return null;
    },
    check: () => null,
    guards: [guard],
    clock,
    emit: new EventStream(() => clock.nowMs()).emit,
  });
  expect(delivery.push(to, AT_ONCE, BY_SOMEBODY)).toMatchObject({ accepted: false, status: 409 });
  expect(plans).toEqual([]);
  expect(delivery.config).toBe(from);
  expect(delivery.lock.audit).toMatchObject([{ by: 'a test', action: 'push', allowed: false }]);
  const approved = { ...BY_SOMEBODY, approve: 'it is meant' };
  expect(delivery.push(to, AT_ONCE, approved)).toMatchObject({ accepted: true });
  expect(delivery.config).toBe(to);
  expect(delivery.lock.audit.at(-1)).toMatchObject({ by: 'a test', action: 'approve', allowed: true });
  expect(delivery.lock.audit.at(-1)!.reason).toContain('it is meant');
};

/** P12 */
export const interleavingHolds = (subject: ConfigSubject): void => {
  const buildable = plans.filter(
    ({ stable, candidate }) => stable.config !== UNBUILDABLE && candidate?.config !== UNBUILDABLE,
  );
  // Which of the two plans reaches which reader next: late, twice, and in any order.
  const arrivals = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.boolean()), { maxLength: 20 });
  fc.assert(
    fc.property(buildable, buildable, arrivals, (first, second, order) => {
      const older = { ...first, order: 1 };
      const newer = { ...second, order: 2 };
      const readers = [new Reader(subject), new Reader(subject), new Reader(subject)];
      const allowed = [readers[0]!.serving, servingOf(older), servingOf(newer)];
      const deliver = (place: number, late: boolean): void => {
        readers[place]!.versions.apply(structuredClone(late ? older : newer));
        expect(allowed).toContain(readers[place]!.serving);
      };
      for (const [place, late] of order) deliver(place, late);
      // In the end both have reached everybody, the older one last.
      for (const place of readers.keys()) {
        deliver(place, false);
        deliver(place, true);
      }
      for (const { serving } of readers) expect(serving).toBe(servingOf(newer));
    }),
    { numRuns: 500 },
  );
};
