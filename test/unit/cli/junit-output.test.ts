/** JUnit's XML: right by its schemas whatever the texts hold, with counts that CI systems add up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JunitCase, type JunitSuite, renderJunit } from '../../../src/cli/junit.js';
import { junitProblems, parseXml } from '../../support/junit-schema.js';

const suite = (cases: readonly JunitCase[], fields: Partial<JunitSuite> = {}): JunitSuite => ({
  name: 'bench gateway',
  className: 'bench',
  startedAt: '2024-11-08T16:06:00.123Z',
  durationMs: 1_500,
  properties: { seed: '42' },
  cases,
  ...fields,
});

describe('JUnit output', () => {
  it('has one case for each, and counts what became of them', () => {
    const xml = renderJunit([
      suite([
        { name: 'rps > 5000', failure: null },
        { name: 'cpu < 1.2 * baseline', failure: 'observed 50us, expected < 40us\nand more' },
        { name: 'memory < 1MiB', failure: null, skipped: 'not measured' },
        { name: 'the run', failure: null, error: 'the machine spoiled it' },
      ]),
    ]);
    expect(junitProblems(xml)).toEqual([]);
    const [own] = parseXml(xml).children;
    expect(own!.attributes).toMatchObject({
      tests: '4',
      failures: '1',
      errors: '1',
      skipped: '1',
      time: '1.500',
      timestamp: '2024-11-08T16:06:00',
    });
    const [, failed, skipped, error] = own!.children.filter(({ name }) => name === 'testcase');
    expect(failed!.children[0]).toMatchObject({
      name: 'failure',
      attributes: { message: 'observed 50us, expected < 40us' },
      text: 'observed 50us, expected < 40us\nand more',
    });
    expect(skipped!.children[0]!.attributes.message).toBe('not measured');
    expect(error!.children[0]!.text).toBe('the machine spoiled it');
  });

  it('numbers its suites', () => {
    const xml = renderJunit([suite([]), suite([], { name: 'another' })]);
    expect(junitProblems(xml)).toEqual([]);
    expect(parseXml(xml).children.map(({ attributes }) => attributes.id)).toEqual(['0', '1']);
  });

  it('leaves out what XML cannot hold', () => {
    const xml = renderJunit([suite([{ name: "it's \u0000\u001b[31mred\tor not", failure: '<' }])]);
    expect(xml).toContain('name="it&apos;s [31mred\tor not"');
  });

  it('is right by the schemas, and gives back the texts, whatever they are', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !/\p{Cc}|\p{Cs}/u.test(one));
    fc.assert(
      fc.property(text, text, text, (name, failure, error) => {
        const xml = renderJunit([
          suite(
            [
              { name, failure },
              { name, failure: null, error },
              { name, failure: null, skipped: failure },
            ],
            { name, className: name },
          ),
        ]);
        expect(junitProblems(xml)).toEqual([]);
        const cases = parseXml(xml).children[0]!.children.filter((one) => one.name === 'testcase');
        expect(cases.map(({ attributes }) => attributes.name)).toEqual([name, name, name]);
        expect(cases.map(({ children }) => children[0]!.text)).toEqual([failure, error, '']);
      }),
    );
  });
});
