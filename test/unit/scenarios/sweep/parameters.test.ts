/** What a sweep varies, as it is written after `--vary`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../src/core/errors.js';
import { parseParameter, parseParameters } from '../../../../src/scenarios/sweep/parameters.js';

describe('values', () => {
  it.each([
    ['load.scale=0.5,0.7,0.9', [0.5, 0.7, 0.9]],
    ['load.scale=0.2..0.5/0.1', [0.2, 0.3, 0.4, 0.5]],
    ['fleet.workers=3', [3]],
    ['fleet.workers=1..2/1', [1, 2]],
    ['timeline.0.for=2s..10s/4s', ['2s', '6s', '10s']],
    ['timeline.0.for=500ms..2s/500ms', ['500ms', '1000ms', '1500ms', '2000ms']],
    ['timeline.0.for=1s..1m/30s', ['1s', '31s']],
    ['fleet.memory.heapLimit=64MiB..128MiB/32MiB', ['64MiB', '96MiB', '128MiB']],
    ['fleet.memory.heapLimit=512KiB..1MiB/512KiB', ['512KiB', '1024KiB']],
    ['load.stages.0.rate=100/s..300/s/100/s', ['100/s', '200/s', '300/s']],
    ['gateway.retry.budget.ratio=10%..20%/5%', ['10%', '15%', '20%']],
    ['gateway.concurrency.discipline=fifo,lifo,codel', ['fifo', 'lifo', 'codel']],
    ['timeline.0.offset=-1..1/1', [-1, 0, 1]],
    ['gateway.healthCheck=off', ['off']],
    // The last step would be beyond the end.
    ['load.scale=0.1..0.45/0.2', [0.1, 0.3]],
  ])('of %s are %j', (text, values) => {
    expect(parseParameter(text).values).toEqual(values);
  });

  it('of a range hold both ends and as many steps as fit, without the dust of binary fractions', () => {
    const cents = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(
        cents,
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 60 }),
        (from, step, steps) => {
          const to = from + step * steps;
          const { values } = parseParameter(`load.scale=${from / 100}..${to / 100}/${step / 100}`);
          expect(values).toEqual(
            Array.from({ length: steps + 1 }, (_, index) => (from + index * step) / 100),
          );
        },
      ),
    );
  });

  it('of a list come as they are, whatever they are', () => {
    const word = fc
      .stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
      .filter((text) => !/^(true|false|null|n|y)$/.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 8 }), (words) => {
        expect(parseParameter(`a.b=${words.join(',')}`)).toEqual({
          name: 'a.b',
          path: ['a', 'b'],
          values: words,
        });
      }),
    );
  });
});

describe('mistakes', () => {
  it.each([
    ['load.scale', 'PATH=VALUES'],
    ['load.scale=', 'PATH=VALUES'],
    ['=1..2/1', 'PATH=VALUES'],
    ['load scale=1', 'PATH=VALUES'],
    ['load.scale=1..2', 'expected a range such as 0.2..1.2/0.1'],
    ['load.scale=1..x/1', 'expected a range such as 0.2..1.2/0.1'],
    ['load.scale=2..1/0.5', 'a range goes upwards; write 1..2/0.5'],
    ['load.scale=1..2/0', 'the step has to be above 0'],
    ['load.scale=1..2/-1', 'the step has to be above 0'],
    ['load.scale=1..1000000/1', '1000000 values; a sweep has at most 10000 runs'],
    ['timeline.0.for=1s..2s/1', 'from, to and step are of one kind, got 1s, 2s, 1'],
    ['timeline.0.for=1s..2MiB/1s', 'are of one kind'],
    ['load.scale=1,,2', 'a value is missing between the commas'],
    ['load.scale=1,1', '1 is there twice'],
    ['fleet={ workers: 2 }', 'a value is a number or a text'],
    ['seed=1,2', '--seeds'],
    ['variants.a.load.scale=1,2', 'leave out "variants…"'],
  ])('such as %s are told of', (text, says) => {
    expect(() => parseParameter(text)).toThrow(UserError);
    expect(() => parseParameter(text)).toThrow(says);
  });

  it.each([
    [['load.scale=1', 'load.scale=2'], '--vary load.scale and --vary load.scale'],
    [['a.b=1', 'a=2'], '--vary a and --vary a.b'],
  ])('such as the same value varied twice too: %j', (texts, says) => {
    expect(() => parseParameters(texts)).toThrow(says);
  });
});
