/**
 * The properties of config delivery, P1 to P12, as functions of a subject: they hold of the true functions, and each
 * mutant of `test/mutants` breaks at least one. Each throws when it does not hold. P6 is each balancer's: what share of
 * the requests a weight is (`test/unit/gateway/balance/weighted-shares.test.ts`).
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { MAX_DOCUMENT_BYTES, MAX_MESSAGE_LENGTH, printConfig } from '../../src/delivery/config-document.js';
import { keptBytes } from './config-heap.js';
import {
  anyTexts,
  gatewaySections,
  LARGE_TEXTS,
  references,
  sectionTexts,
  type WeightedUpstream,
  weightedUpstreams,
} from './config-inputs.js';
import { countProblems } from './config-oracles.js';
import type { ConfigSubject } from './config-subject.js';
import {
  capacityHolds,
  idempotenceHolds,
  interleavingHolds,
  refusalHolds,
  rollbackHolds,
  sizeHolds,
  versionsOnlyGrow,
} from './config-version-properties.js';

export type Part = keyof ConfigSubject;

export interface ConfigProperty {
  readonly name: string;
  /** What of a subject it looks at: a mutant elsewhere cannot break it. */
  readonly parts: readonly Part[];
  readonly holds: (subject: ConfigSubject) => void;
}

/** As long as a config may be. */
const LARGE_BYTES = MAX_DOCUMENT_BYTES - 1_024;

/**
 * The reference says 50 ms for 100 kB. How long it takes is the machine's affair, so what is bounded is the time on the
 * processor, which neighbours do not lengthen, at sixty times that: it tells a reader that takes the text as it comes
 * from one that begins at the top for every line, and nothing finer.
 */
const LARGE_LIMIT_MS = 2_000;

const processorMs = (run: () => void): number => {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
};

const parseIsTotal = ({ read }: ConfigSubject): void => {
  const prototypeKeys = Object.getOwnPropertyNames(Object.prototype).join();
  fc.assert(
    fc.property(anyTexts, (text) => {
      const result = read(text);
      expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(prototypeKeys);
      if (result.ok) {
        expect(result.config.resolved).toBeTypeOf('object');
        return;
      }
      expect(result.problems.length).toBeGreaterThan(0);
      for (const { path, line, column, message } of result.problems) {
        expect(path).toBeTypeOf('string');
        expect(message).not.toBe('');
        expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH + 1);
        expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_LENGTH + 1);
        expect(Number.isInteger(line) && line >= 1, `line ${line}`).toBe(true);
        expect(Number.isInteger(column) && column >= 1, `column ${column}`).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
  for (const [shape, make] of LARGE_TEXTS) {
    const text = make(LARGE_BYTES);
    expect(
      processorMs(() => read(text)),
      `a text of ${LARGE_BYTES} bytes that is ${shape}`,
    ).toBeLessThan(LARGE_LIMIT_MS);
  }
  for (const [, make] of LARGE_TEXTS) expect(read(make(2 * MAX_DOCUMENT_BYTES)).ok, 'too long').toBe(false);
};

/** What any balancer may need however few upstreams there are: tables of a fixed size. */
const BASE_BYTES = 4 * 1024 ** 2;
/** Measured: six for the upstream itself, and three to thirty for each of the balancers, which are all there at once. */
const BYTES_PER_INPUT_BYTE = 100;

const memoryIsBounded = ({ actuate }: ConfigSubject): void => {
  const check = (upstreams: readonly WeightedUpstream[], rounds: number): void => {
    const limitBytes = BASE_BYTES + BYTES_PER_INPUT_BYTE * JSON.stringify(upstreams).length;
    const bytes = keptBytes(() => {
      const actuated = actuate(upstreams);
      for (let round = 0; round < rounds; round++) {
        actuated.refresh();
        actuated.pick();
      }
      return actuated;
    });
    expect(bytes).toBeLessThan(limitBytes);
  };
  // The weights of the outage, as this project tells it.
  check(
    [50_000, 1, 49_999].map((weight, index) => ({ id: `u${index}`, weight })),
    60,
  );
  check(
    Array.from({ length: 100_000 }, (_, index) => ({ id: `u${index}`, weight: index % 1_000 })),
    2,
  );
  fc.assert(
    fc.property(weightedUpstreams, (upstreams) => check(upstreams, 40)),
    { numRuns: 10 },
  );
};

const printRoundTrips = ({ read, print }: ConfigSubject): void => {
  fc.assert(
    fc.property(sectionTexts, (text) => {
      const first = read(text);
      if (!first.ok) return;
      const printed = print(first.config);
      const second = read(printed);
      expect(second.ok, printed).toBe(true);
      if (!second.ok) return;
      expect(JSON.stringify(second.config.resolved)).toBe(JSON.stringify(first.config.resolved));
      expect(printConfig(second.config.section)).toBe(printConfig(first.config.section));
      expect(print(second.config)).toBe(printed);
    }),
    { numRuns: 200 },
  );
  // The generator must make texts that are configs, or nothing was tried above.
  const good = fc.sample(gatewaySections, 200).filter((section) => read(JSON.stringify(section)).ok);
  expect(good.length).toBeGreaterThan(50);
};

const referencesHold = ({ findReferenceProblems }: ConfigSubject): void => {
  fc.assert(
    fc.property(references, (given) => {
      const problems = findReferenceProblems(given);
      const circles = problems.filter(({ message }) => message.includes('circle'));
      const expected = countProblems(given);
      expect(problems.length - circles.length).toBe(expected.references);
      expect(circles.length > 0).toBe(expected.inCircles > 0);
      for (const { path } of problems) {
        const [kind, index] = path;
        expect(kind === 'pools' ? given.pools[index as number] : given.routes[index as number]).toBeDefined();
      }
    }),
    { numRuns: 1_000 },
  );
};

/** In the order of their numbers. */
export const PROPERTIES: readonly ConfigProperty[] = [
  { name: 'P1 reading a text is total and quick', parts: ['read'], holds: parseIsTotal },
  { name: 'P2 memory is bounded by the input', parts: ['actuate'], holds: memoryIsBounded },
  { name: 'P3 print and parse are a round trip', parts: ['read', 'print'], holds: printRoundTrips },
  { name: 'P4 applying twice is applying once', parts: ['makeVersions'], holds: idempotenceHolds },
  { name: 'P5 nothing refers to nothing', parts: ['findReferenceProblems'], holds: referencesHold },
  { name: 'P7 what is refused changes nothing', parts: ['makeVersions'], holds: refusalHolds },
  {
    name: 'P8 a rollback restores the bytes and frees the rest',
    parts: ['makeVersions'],
    holds: rollbackHolds,
  },
  { name: 'P9 orders only grow', parts: ['makeVersions'], holds: versionsOnlyGrow },
  { name: 'P10 capacity is not removed at once', parts: ['capacityGuard'], holds: capacityHolds },
  { name: 'P11 doubling needs approval', parts: ['sizeGuard'], holds: sizeHolds },
  { name: 'P12 interleaved applies are never mixed', parts: ['makeVersions'], holds: interleavingHolds },
];
