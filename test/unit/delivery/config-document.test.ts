/** A config as a text: whatever it is, there is a config or a list of what is wrong; and it is printed in one way. */
import { describe, expect, it } from 'vitest';
import {
  MAX_DOCUMENT_BYTES,
  MAX_PROBLEMS,
  printConfig,
  readConfig,
} from '../../../src/delivery/config-document.js';

const problem = (number: number) => ({ path: `p${number}`, line: number, column: 1, message: 'wrong' });

const throwing = (error: unknown) => (): never => {
  throw error;
};

const deep = (text: string): string => deep(text) + text;

describe('a text', () => {
  it('is what the parser makes of it', () => {
    expect(readConfig('{"a":1}', JSON.parse)).toEqual({ ok: true, config: { a: 1 } });
  });

  it('may begin with a byte order mark', () => {
    expect(readConfig('\uFEFF{}', JSON.parse)).toEqual({ ok: true, config: {} });
  });

  it.each<[string, (text: string) => unknown, object]>([
    [
      'that is wrong in places',
      throwing(Object.assign(new Error('wrong'), { problems: [problem(3)] })),
      problem(3),
    ],
    [
      'that is no JSON',
      JSON.parse,
      { path: '', line: 1, column: 1, message: expect.stringMatching(/^cannot be read: SyntaxError/) },
    ],
    [
      'that is too deep for the stack',
      deep,
      { path: '', line: 1, column: 1, message: 'is nested too deeply' },
    ],
    [
      'for which a parser throws no error at all',
      throwing(undefined),
      { message: 'cannot be read: undefined' },
    ],
    [
      'for which a parser throws a list of nothing',
      throwing({ problems: [] }),
      { message: expect.stringContaining('cannot be read') },
    ],
  ])('%s is told with its place', (_name, parse, expected) => {
    expect(readConfig('{', parse)).toMatchObject({ ok: false, problems: [expected] });
  });

  it.each([
    ['brackets', '['.repeat(33), '['.repeat(32)],
    ['brackets, though some close', '{}'.repeat(99) + '{['.repeat(17), '{}'.repeat(99) + '{['.repeat(16)],
    ['marks of keys', '? '.repeat(33), '? '.repeat(32)],
    ['marks of keys in many lines', ' - ?\n'.repeat(33), 'a?: ?\n'.repeat(99)],
  ])('with too many %s in each other is refused before it is parsed', (_name, tooDeep, deepEnough) => {
    const read = (text: string) => readConfig(text, () => 'parsed');
    expect(read(tooDeep)).toMatchObject({ ok: false, problems: [{ message: 'is nested too deeply' }] });
    expect(read(deepEnough)).toEqual({ ok: true, config: 'parsed' });
  });

  it('with too many aliases is refused before it is parsed', () => {
    const read = (text: string) => readConfig(text, () => 'parsed');
    expect(read('[*a,*a] *a\n'.repeat(34))).toMatchObject({
      problems: [{ message: 'has more than 100 aliases' }],
    });
    expect(read('[*a,*a] *a\n'.repeat(33)).ok).toBe(true);
    expect(read('- "*.example" # 2*2\n'.repeat(200)).ok, 'no aliases').toBe(true);
  });

  it('that is too long is not even looked at', () => {
    let looked = false;
    const parse = () => {
      looked = true;
    };
    expect(readConfig('ü'.repeat(MAX_DOCUMENT_BYTES / 2), parse).ok).toBe(true);
    looked = false;
    expect(readConfig(`${'ü'.repeat(MAX_DOCUMENT_BYTES / 2)}x`, parse)).toMatchObject({
      problems: [
        { message: `is ${MAX_DOCUMENT_BYTES + 1} bytes long, where ${MAX_DOCUMENT_BYTES} is the limit` },
      ],
    });
    expect(looked).toBe(false);
  });

  it('that is wrong throughout is told by its first problems', () => {
    const problems = Array.from({ length: 100_000 }, (_, index) => problem(index + 1));
    const result = readConfig('', throwing({ problems }));
    expect(!result.ok && result.problems).toEqual(problems.slice(0, MAX_PROBLEMS));
  });
});

describe('a message', () => {
  it('that quotes the whole text is cut', () => {
    const message = 'x'.repeat(100_000);
    const result = readConfig('', throwing({ problems: [{ ...problem(1), message }] }));
    expect(!result.ok && result.problems[0]!.message).toBe(`${'x'.repeat(500)}…`);
  });
});

describe('a printed config', () => {
  it('is the same for equal values, however their keys were written', () => {
    expect(printConfig({ b: [{ d: 1, c: null }], a: 'x' })).toBe(
      printConfig({ a: 'x', b: [{ c: null, d: 1 }] }),
    );
  });

  it('keeps a key that is called like the prototype', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}, "b": 2}');
    expect(JSON.parse(printConfig(value))).toEqual(value);
    expect(printConfig(value)).toContain('__proto__');
  });
});
