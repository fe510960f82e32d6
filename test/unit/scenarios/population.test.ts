/**
 * A population on a virtual clock: when its users ask, that none has two requests under way, what counts as a session,
 * and who gives up for good.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  Population,
  type PopulationCounts,
  type PopulationPlan,
  resolvePopulation,
  usersByClass,
} from '../../../src/scenarios/clients/population.js';
import { runPopulation } from '../../../src/scenarios/clients/population-load.js';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { failedRequest, goodRequest } from '../../support/records.js';
import { expectMistake, MINIMAL } from '../../support/scenario-text.js';

const plan = (fields: Partial<PopulationPlan> = {}): PopulationPlan => ({
  users: 1,
  durationMs: 60_000,
  think: { distribution: 'constant', meanMs: 100 },
  sessionRequests: 3,
  pause: { distribution: 'constant', meanMs: 1_000 },
  leavesAfterFailures: null,
  leavesAfterMs: null,
  ...fields,
});

/** What one user does whose requests take 50 ms each and end as told. @returns when each began. */
const follow = (fields: Partial<PopulationPlan>, results: readonly boolean[]) => {
  const population = new Population(plan(fields), 1, new Random(1));
  const begins: number[] = [];
  let atMs = population.firstMs(0);
  for (const ok of results) {
    if (atMs === null) break;
    begins.push(atMs);
    population.began(0);
    atMs = population.ended(0, ok, atMs, atMs + 50);
  }
  return { begins, next: atMs, counts: population.counts };
};

const GOOD = true;
const BAD = false;

describe('a user', () => {
  it('thinks first, then after each answer, and pauses between sessions', () => {
    const { begins } = follow({}, [GOOD, GOOD, GOOD, GOOD, GOOD]);
    expect(begins).toEqual([100, 250, 400, 1_450, 1_600]);
  });

  it('asks no more when the time is over', () => {
    const { begins, next } = follow({ durationMs: 300 }, [GOOD, GOOD, GOOD]);
    expect(begins).toEqual([100, 250]);
    expect(next).toBeNull();
    expect(follow({ durationMs: 100 }, [GOOD]).begins).toEqual([]);
  });

  it.each<[string, Partial<PopulationPlan>, boolean[], Partial<PopulationCounts>, number]>([
    ['three failures in a row', { leavesAfterFailures: 3 }, [BAD, BAD, BAD, GOOD], { usersLost: 1 }, 3],
    [
      'failures with a good answer between',
      { leavesAfterFailures: 3 },
      [BAD, BAD, GOOD, BAD, BAD],
      { usersLost: 0 },
      5,
    ],
    ['a failure when one is enough', { leavesAfterFailures: 1 }, [GOOD, BAD, GOOD], { usersLost: 1 }, 2],
    // Sent at 100, ended at 150; sent at 250, ended at 300: 200 ms after the first was sent.
    ['an outage of 200 ms', { leavesAfterMs: 200 }, [BAD, BAD, BAD], { usersLost: 1 }, 2],
    ['an outage shorter than that', { leavesAfterMs: 201 }, [BAD, BAD, GOOD], { usersLost: 0 }, 3],
    [
      'whichever comes first',
      { leavesAfterMs: 200, leavesAfterFailures: 5 },
      [BAD, BAD, BAD],
      { usersLost: 1 },
      2,
    ],
    ['never, without a rule', {}, [BAD, BAD, BAD, BAD, BAD, BAD], { usersLost: 0 }, 6],
  ])('leaves, or does not, after %s', (_name, fields, results, counts, asked) => {
    const outcome = follow(fields, results);
    expect(outcome.counts).toMatchObject(counts);
    expect(outcome.begins).toHaveLength(asked);
    if (outcome.counts.usersLost === 1) expect(outcome.next).toBeNull();
  });

  it.each<[string, boolean[], number, number]>([
    ['one that is not over yet', [GOOD], 1, 0],
    ['two', [GOOD, GOOD, GOOD, GOOD], 2, 0],
    ['one with a failure', [GOOD, BAD, GOOD], 1, 1],
    ['one with several failures', [BAD, BAD, BAD], 1, 1],
    ['one with a failure before a good one', [BAD, GOOD, GOOD, GOOD, GOOD, GOOD], 2, 1],
  ])('has sessions: %s', (_name, results, sessions, sessionsFailed) => {
    expect(follow({}, results).counts).toMatchObject({ users: 1, sessions, sessionsFailed });
  });
});

/** A population against a server that fails at the given share, on a virtual clock. */
const enact = (fields: Partial<PopulationPlan>, seed: number, failures: number) => {
  const clock = new VirtualClock(1_000);
  const random = new Random(seed);
  const whole = plan(fields);
  const population = new Population(whole, whole.users, random.fork('population'));
  const server = random.fork('server');
  const under = new Array<number>(whole.users).fill(0);
  const ids = new Set<unknown>();
  const begun: number[] = [];
  let inFlight = 0;
  let most = 0;
  let mostOfOne = 0;
  let over = 0;
  const stop = runPopulation({
    ...{ population, users: whole.users, clock, originMs: 1_000, label: 'u' },
    begin: (user, id, atMs, onDone) => {
      ids.add(id);
      begun.push(atMs);
      most = Math.max(most, ++inFlight);
      mostOfOne = Math.max(mostOfOne, ++under[user]!);
      clock.after(server.exponential(80), () => {
        inFlight--;
        under[user]!--;
        onDone(server.next() < failures ? failedRequest(atMs) : goodRequest(atMs));
      });
    },
    onRecord: () => {},
    onOver: () => {
      over++;
    },
  });
  return {
    clock,
    stop,
    look: () => ({ most, mostOfOne, over, begun, ids, inFlight, counts: population.counts }),
  };
};

describe('a population', () => {
  it('never has more in flight than users, and no user two at once, and is over exactly once', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.record({
          users: fc.integer({ min: 1, max: 30 }),
          durationMs: fc.integer({ min: 1, max: 5_000 }),
          sessionRequests: fc.integer({ min: 1, max: 5 }),
          leavesAfterFailures: fc.option(fc.integer({ min: 1, max: 4 })),
          leavesAfterMs: fc.option(fc.integer({ min: 1, max: 2_000 })),
        }),
        fc.constantFrom(0, 0.3, 1),
        (seed, fields, failures) => {
          const think = { distribution: 'exponential', meanMs: 100 } as const;
          const { clock, look } = enact({ ...fields, think, pause: think }, seed, failures);
          clock.advance(100_000);
          const { most, mostOfOne, over, begun, ids, inFlight, counts } = look();
          expect(most).toBeLessThanOrEqual(fields.users);
          expect(mostOfOne).toBeLessThanOrEqual(1);
          expect(over).toBe(1);
          expect(inFlight).toBe(0);
          expect(begun.every((ms) => ms < fields.durationMs)).toBe(true);
          expect(ids.size).toBe(begun.length);
          expect(counts.usersLost).toBeLessThanOrEqual(counts.users);
          expect(counts.sessionsFailed).toBeLessThanOrEqual(counts.sessions);
          expect(counts.sessions).toBeLessThanOrEqual(begun.length);
          if (failures === 0) expect(counts).toMatchObject({ usersLost: 0, sessionsFailed: 0 });
        },
      ),
    );
  });

  it('asks as often as think time and answers allow', () => {
    const think = { distribution: 'exponential', meanMs: 920 } as const;
    const { clock, look } = enact({ users: 200, durationMs: 50_000, think, pause: think }, 4, 0);
    clock.advance(100_000);
    // Each user takes 1 s on average from one request to the next.
    expect(look().begun.length / 50).toBeGreaterThan(190);
    expect(look().begun.length / 50).toBeLessThan(210);
    // From the start: the first tenth has a tenth of them.
    const early = look().begun.filter((ms) => ms < 5_000).length;
    expect(early / look().begun.length).toBeGreaterThan(0.09);
    expect(early / look().begun.length).toBeLessThan(0.11);
  });

  it('is the same for the same seed', () => {
    const run = () => {
      const { clock, look } = enact({ users: 5 }, 11, 0.2);
      clock.advance(100_000);
      return look().begun;
    };
    expect(run()).toEqual(run());
  });

  it('that is stopped asks no more', () => {
    const { clock, stop, look } = enact({ users: 10 }, 2, 0);
    clock.advance(5_000);
    stop();
    const before = look().begun.length;
    clock.advance(100_000);
    expect(look().begun).toHaveLength(before);
  });
});

describe('users by class', () => {
  it.each([
    [10, [0.5, 0.3, 0.2], [5, 3, 2]],
    [10, [0.55, 0.45], [6, 4]],
    [1, [0.4, 0.6], [0, 1]],
    [3, [1 / 3, 1 / 3, 1 / 3], [1, 1, 1]],
  ])('%d by %j are %j', (users, shares, expected) => {
    expect(usersByClass(users, shares)).toEqual(expected);
  });

  it('are all of them, each class within one of its share', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 }),
        (users, weights) => {
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const shares = weights.map((weight) => weight / total);
          const counts = usersByClass(users, shares);
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(users);
          for (const [index, count] of counts.entries()) {
            expect(Math.abs(count - users * shares[index]!)).toBeLessThan(1 + 1e-9);
          }
        },
      ),
    );
  });
});

describe('the section load.population', () => {
  it('has its defaults filled in', () => {
    expect(resolvePopulation({ users: 40 }, { scale: 0.5, stagesMs: 9_000 })).toEqual({
      users: 20,
      durationMs: 9_000,
      think: { distribution: 'exponential', meanMs: 1_000 },
      sessionRequests: 10,
      pause: { distribution: 'exponential', meanMs: 1_000 },
      leavesAfterFailures: null,
      leavesAfterMs: null,
    });
  });

  it('may stand alone or beside stages; the load lasts as long as the longer', () => {
    const alone = MINIMAL.replace(/ {2}stages:[\s\S]*/, '  population: { users: 5, for: 7s }\n');
    expect(parseScenario(alone, 'x').variants[0]).toMatchObject({ durationMs: 7_000, load: { stages: [] } });
    const both = MINIMAL.replace('load:\n', 'load:\n  population: { users: 5, for: 9s }\n');
    expect(parseScenario(both, 'x').variants[0]).toMatchObject({ durationMs: 9_000 });
    const asLong = MINIMAL.replace('load:\n', 'load:\n  population: { users: 5 }\n');
    expect(parseScenario(asLong, 'x').variants[0]!.load.population).toMatchObject({ durationMs: 4_000 });
  });

  const load = (text: string): string => MINIMAL.replace(/load:\n[\s\S]*/, `load: ${text}\n`);
  it.each([
    [
      'neither stages nor users',
      load('▸{ arrivals: poisson }'),
      'load',
      'missing `stages`, `population`, or both',
    ],
    ['users for no time', load('{ population: ▸{ users: 5 } }'), 'load.population', 'needs `for`'],
    [
      'too many users',
      load('{ population: { users: ▸6000, for: 1s } }'),
      'load.population.users',
      'at most 5000',
    ],
    [
      'a rule to leave that says nothing',
      load('{ population: { users: 1, for: 1s, leavesAfter: ▸{} } }'),
      'load.population.leavesAfter',
      'needs `failures`, `outage`, or both',
    ],
    [
      'an unknown distribution',
      load('{ population: { users: 1, for: 1s, think: { distribution: ▸normal, mean: 1s } } }'),
      'load.population.think.distribution',
      'expected one of constant, exponential',
    ],
  ])('with %s is told where', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });
});
