/** JUnit files are right by the schemas of those who read them, as a program says that knows XML Schema. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JunitSuite, renderJunit } from '../../src/cli/junit.js';
import { renderRunJunit } from '../../src/cli/run-outputs.js';
import { result, threshold, variantResult } from '../support/records.js';
import { hasXmllint, JUNIT_SCHEMAS, schemaProblems } from '../support/xmllint.js';

const suite = (fields: Partial<JunitSuite> = {}): JunitSuite => ({
  ...{ name: 'bench gateway', className: 'bench', startedAt: '2024-11-08T16:06:00.123Z', durationMs: 1_500 },
  properties: { seed: '42' },
  cases: [
    { name: 'rps > 5000', failure: null },
    { name: 'cpu < 1.2 * baseline', failure: 'observed 50us\nand more' },
    { name: 'memory < 1MiB', failure: null, skipped: 'not measured' },
    { name: 'the run', failure: null, error: 'the machine spoiled it' },
  ],
  ...fields,
});

const RUN = result(
  [
    variantResult({
      name: 'as-it-happened',
      verdict: 'fail',
      reasons: ['crashes == 0: observed 3'],
      thresholds: [threshold({ expression: 'crashes == 0', pass: false }), threshold()],
      skippedThresholds: [{ expression: 'mttr < 2s', reason: 'variant canary was not run' }],
    }),
    variantResult({ name: 'spoiled', verdict: 'inconclusive', reasons: ['the load generator starved'] }),
  ],
  { verdict: 'fail' },
);

const DOCUMENTS: readonly (readonly [what: string, xml: string])[] = [
  ['with every outcome of a case', renderJunit([suite()])],
  ['with several suites, one of them empty', renderJunit([suite(), suite({ name: 'no case', cases: [] })])],
  ['of a run', renderRunJunit({ result: RUN, placeOf: () => ({ file: 'a.yaml', line: 7, column: 3 }) })],
  ['of a run without anything to check', renderRunJunit({ result: result([]), placeOf: () => null })],
];

/** Suites in a document of any texts: one start of the program is for all of them. */
const RANDOM_SUITES = 100;

describe.skipIf(!hasXmllint).each(JUNIT_SCHEMAS)(
  'by the schema %s (needs Debian’s libxml2-utils)',
  (schema) => {
    it.each(DOCUMENTS)('a file %s is right', async (_what, xml) => {
      expect(await schemaProblems(xml, schema)).toBe('');
    });

    it('a file is right whatever the texts are', async () => {
      const text = fc.string({ unit: 'binary', minLength: 1 }).map((one) => `a${one}`);
      const cases = fc.tuple(text, text, text).map(([name, failure, error]) => [
        { name, failure },
        { name, failure: null, error },
        { name, failure: null, skipped: failure },
      ]);
      const suites = fc.array(
        fc.tuple(text, cases).map(([name, of]) => suite({ name, className: name, cases: of })),
        { minLength: RANDOM_SUITES, maxLength: RANDOM_SUITES },
      );
      // fast-check prints the seed of what fails.
      await fc.assert(
        fc.asyncProperty(suites, async (all) => {
          expect(await schemaProblems(renderJunit(all), schema)).toBe('');
        }),
        { numRuns: 2, endOnFailure: true },
      );
    });

    it.each([
      [
        'without the name of a case',
        (xml: string) => xml.replace(/(<testcase classname="\w+") name="[^"]*"/, '$1'),
      ],
      [
        'with a field that nobody knows',
        (xml: string) => xml.replace('<testsuite ', '<testsuite colour="red" '),
      ],
      ['that is cut off', (xml: string) => xml.slice(0, -20)],
      [
        'with an element that nobody knows',
        (xml: string) => xml.replace('<properties>', '<thing/><properties>'),
      ],
    ])('a file %s is wrong', async (_what, spoil) => {
      const good = renderJunit([suite()]);
      expect(spoil(good)).not.toBe(good);
      expect(await schemaProblems(spoil(good), schema)).not.toBe('');
    });
  },
);
