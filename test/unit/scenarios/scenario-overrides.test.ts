/**
 * Values set from outside a scenario: how they are written, and that they win over the file and its
 * variants.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Override } from '../../../src/core/document/overrides.js';
import { UserError } from '../../../src/core/errors.js';
import { parseOverride, parseScenario } from '../../../src/scenarios/parse.js';
import { MINIMAL, problemsOf } from '../../support/scenario-text.js';

describe('an override', () => {
  it.each<[string, Override]>([
    ['load.scale=0.5', { path: ['load', 'scale'], value: 0.5 }],
    ['title=A test', { path: ['title'], value: 'A test' }],
    ['fleet.workers=3', { path: ['fleet', 'workers'], value: 3 }],
    ['settle=1s', { path: ['settle'], value: '1s' }],
    ['title=a=b', { path: ['title'], value: 'a=b' }],
    ['clients.retry={ attempts: 2 }', { path: ['clients', 'retry'], value: { attempts: 2 } }],
    ['timeline=[]', { path: ['timeline'], value: [] }],
    ['a-b.c2=true', { path: ['a-b', 'c2'], value: true }],
  ])('%s is a path and a value', (text, expected) => {
    expect(parseOverride(text)).toEqual(expected);
  });

  it.each(['', '=', '=3', 'load.scale', 'load..scale=1', '.load=1', 'load.=1', 'lo ad=1', '__proto__.x=1'])(
    '%j is refused with an example of a good one',
    (text) => {
      expect(() => parseOverride(text)).toThrow(UserError);
      expect(() => parseOverride(text)).toThrow(
        `--set takes PATH=VALUE, such as load.scale=0.5, got "${text}"`,
      );
    },
  );

  it.each(['load.scale=[', 'title="open', 'title=*nowhere'])(
    '%j, whose value cannot be read, is refused as the error of whoever wrote it',
    (text) => {
      expect(() => parseOverride(text)).toThrow(UserError);
    },
  );

  it('keeps every path and every number', () => {
    const key = fc.stringMatching(/^[a-zA-Z0-9-]+$/);
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.integer(), (path, value) => {
        expect(parseOverride(`${path.join('.')}=${value}`)).toEqual({ path, value });
      }),
    );
  });
});

describe('overrides', () => {
  const text = `${MINIMAL}
variants:
  first: {}
  second: { fleet: { workers: 5 }, load: { scale: 3 } }
`;
  const parsed = (...overrides: string[]) =>
    parseScenario(text, 'test.yaml', { overrides: overrides.map(parseOverride) });

  it('win over the file and over every variant', () => {
    const workers = (...overrides: string[]): number[] =>
      parsed(...overrides).variants.map(({ fleet }) => fleet.workers);
    expect(workers()).toEqual([2, 5]);
    expect(workers('fleet.workers=3')).toEqual([3, 3]);
  });

  it('set what nobody has mentioned', () => {
    const patience = parsed('clients.patience=750ms').variants.map(
      ({ clients }) => clients[0]!.behaviour.patienceMs,
    );
    expect(patience).toEqual([750, 750]);
  });

  it('leave the rest of a map as it is', () => {
    const [, second] = parsed('load.scale=2').variants;
    expect(second!.load.stages).toEqual([{ fromRps: 20, toRps: 20, durationMs: 4_000 }]);
  });

  it('of which the last one wins, when they set the same', () => {
    expect(parsed('fleet.workers=3', 'fleet.workers=4').variants[0]!.fleet.workers).toBe(4);
  });

  it('change one entry of a list by its place, and leave the others', () => {
    const [first] = parsed('load.stages.0.for=7s').variants;
    expect(first!.load.stages).toEqual([{ fromRps: 10, toRps: 10, durationMs: 7_000 }]);
  });

  it('of a place that a list does not have are refused', () => {
    expect(() => parsed('load.stages.1.for=7s')).toThrow(
      'load.stages.1.for: there is 1 entry in load.stages, counted from 0',
    );
  });

  it('within a list are to blame for what is wrong there', () => {
    const overrides = [parseOverride('load.stages.0.for=soon')];
    expect(problemsOf(MINIMAL, { overrides })).toMatchObject([{ path: 'load.stages[0].for', line: 0 }]);
  });

  it('are checked like the file', () => {
    const overrides = [parseOverride('fleet.workers=none'), parseOverride('laod.scale=2')];
    const problems = problemsOf(MINIMAL, { overrides });
    expect(problems.map(({ path }) => path).sort()).toEqual(['fleet.workers', 'laod']);
  });
});

describe('a seed from outside', () => {
  it('wins over that of the file, for the scenario and every variant', () => {
    const text = `${MINIMAL}seed: 5\nvariants: { first: {}, second: { seed: 6 } }\n`;
    expect(parseScenario(text, 'test.yaml')).toMatchObject({ seed: 5, variants: [{ seed: 5 }, { seed: 6 }] });
    expect(parseScenario(text, 'test.yaml', { seed: 9 })).toMatchObject({
      seed: 9,
      variants: [{ seed: 9 }, { seed: 9 }],
    });
  });

  it('is checked like that of the file', () => {
    expect(problemsOf(MINIMAL, { seed: -1 }).map(({ path }) => path)).toEqual(['seed']);
  });
});
