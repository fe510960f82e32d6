/**
 * Whatever an upstream does, the client gets what `docs/conformance.md` says. Faults and expectations are tables; each
 * case is one fault met by one kind of request, and all of them are held to the same rules (`judge.ts`).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from './cases.js';
import { startAll } from './concurrently.js';
import { FAULT_IDS, FAULTS } from './faults.js';
import { judge } from './judge.js';
import { type Case, type Observation, observe } from './observe.js';

/** The last case of the suite waits for all before it. */
const WAIT_MS = 120_000;

let observations: ReadonlyMap<Case, Promise<Observation>>;

beforeAll(() => {
  observations = startAll(CASES, observe);
});

afterAll(async () => {
  await Promise.allSettled(observations.values());
}, WAIT_MS);

const titleOf = ({ method, upstreams, shape }: Case): string =>
  `${method}, ${shape}${upstreams === 'two' ? ', with a good one beside it' : ''}`;

describe.each(FAULT_IDS.map((fault) => [fault, FAULTS[fault].description] as const))(
  'an upstream with %s (%s)',
  (fault) => {
    const cases = CASES.filter((test) => test.fault === fault).map((test) => [titleOf(test), test] as const);

    it.each(cases)(
      '%s',
      async (_title, test) => {
        expect(judge(test, await observations.get(test)!)).toEqual([]);
      },
      WAIT_MS,
    );
  },
);
