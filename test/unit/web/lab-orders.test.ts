/** What a control does, as a command and as an entry of a timeline; what forms make of schemas. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readLessons } from '../../../src/scenarios/lessons/lessons.js';
import type { FormSchema } from '../../../src/scenarios/live/api.js';
import { FAULT_PARAMETERS } from '../../../src/upstream/faults/parameters.js';
import { curlOf, entryOrder, type Order, yamlOf } from '../../../src/web/app/lab/commands.js';
import { kindOf, readField, summaryOf, withKey } from '../../../src/web/app/lab/written.js';
import { EXERCISES } from '../../../src/web/app/learn/exercises.js';

const API = 'http://127.0.0.1:8088/api/';

describe('the command', () => {
  it.each<[Order, string]>([
    [
      entryOrder({ inject: 'leak', on: 'worker-2' }, ''),
      `curl 'http://127.0.0.1:8088/api/timeline' -H 'content-type: application/json' -d '{"inject":"leak","on":"worker-2"}'`,
    ],
    [
      { method: 'POST', path: 'stop', said: '' },
      `curl 'http://127.0.0.1:8088/api/stop' -H 'content-type: application/json' -d '{}'`,
    ],
    [
      { method: 'PUT', path: 'load', body: { rate: '80/s' }, said: '' },
      `curl -X PUT 'http://127.0.0.1:8088/api/load' -H 'content-type: application/json' -d '{"rate":"80/s"}'`,
    ],
  ])('of an order', (order, expected) => {
    expect(curlOf(order, API)).toBe(expected);
  });

  it('of an API that asks for a token says where it goes', () => {
    const order: Order = { method: 'DELETE', path: 'gateway/config/lock', said: '' };
    expect(curlOf(order, API, true)).toBe(
      `curl -X DELETE -H "Authorization: Bearer $BADGATEWAY_TOKEN" 'http://127.0.0.1:8088/api/gateway/config/lock' -H 'content-type: application/json' -d '{}'`,
    );
  });

  it('stays one word for a shell, whatever is written', () => {
    const text = `it's "a" $(date) \`x\` \\ !`;
    const command = curlOf(entryOrder({ note: text }, ''), API).replace(/^curl/, 'printf "%s\\n"');
    const words = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(JSON.parse(words.at(-1)!)).toEqual({ note: text });
  });
});

describe('the entry of a timeline', () => {
  it('is the order, at this moment', () => {
    const order = entryOrder({ inject: 'errors', on: 'all', statuses: [500, 503], share: '10%' }, '');
    expect(yamlOf(order, 12.4)).toBe(
      '- { at: 12s, inject: errors, on: all, statuses: [500, 503], share: 10% }',
    );
  });

  it('is of the order’s own where it says so, and nothing where no timeline can say it', () => {
    expect(yamlOf({ method: 'POST', path: 'workers/worker-1/restart', said: '' }, 1)).toBeNull();
    const kill: Order = {
      method: 'POST',
      path: 'workers/worker-1/kill',
      said: '',
      entry: { inject: 'crash', on: 'worker-1' },
    };
    expect(yamlOf(kill, 1)).toBe('- { at: 1s, inject: crash, on: worker-1 }');
  });

  it('means the same when it is read, whatever is in it', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string({ maxLength: 8 }), { maxLength: 3 }),
    );
    const key = fc.stringMatching(/^[a-z][a-z-]{0,8}$/).filter((name) => name !== 'at');
    fc.assert(
      fc.property(fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value, { maxKeys: 3 }))), (entry) => {
        const text = yamlOf(entryOrder(entry, ''), 3)!;
        expect(parse(text)).toEqual([{ at: '3s', ...entry }]);
      }),
    );
  });
});

describe('a form', () => {
  const schema = (name: keyof typeof FAULT_PARAMETERS): FormSchema =>
    FAULT_PARAMETERS[name].schema as FormSchema;

  it.each([
    ['perSecond', 'text'],
    ['share', 'text'],
    ['factor', 'number'],
    ['how', 'choice'],
    ['statuses', 'numbers'],
    ['requests', 'number'],
  ] as const)('asks for %s as a %s', (name, kind) => {
    expect(kindOf(schema(name))).toBe(kind);
  });

  it.each<[string, FormSchema, string]>([
    [
      'a section whose keys are anybody’s',
      { type: 'object', properties: {}, additionalProperties: true },
      'json',
    ],
    ['a section without keys', { type: 'object', properties: {}, additionalProperties: false }, 'section'],
    ['a list of sections', { type: 'array', items: { type: 'object' } }, 'json'],
    ['a list of numbers', { type: 'array', items: { type: 'integer' } }, 'numbers'],
  ])('asks for %s', (_what, what, kind) => {
    expect(kindOf(what)).toBe(kind);
  });

  it.each<[Parameters<typeof readField>[0], string, unknown]>([
    ['json', '{ "a": [1] }', { a: [1] }],
    ['json', '{ "a": ', '{ "a":'],
    ['text', ' 8MiB ', '8MiB'],
    ['text', '  ', undefined],
    ['number', '10', 10],
    ['number', 'ten', 'ten'],
    ['numbers', '500, 503', [500, 503]],
    ['boolean', 'true', true],
    ['texts', 'a, b,', ['a', 'b']],
  ])('reads %s “%s”', (kind, text, expected) => {
    expect(readField(kind, text)).toEqual(expected);
  });

  it('leaves a key out that has no value', () => {
    expect(withKey({ a: 1, b: 2 }, 'b', undefined)).toEqual({ a: 1 });
    expect(summaryOf({ attempts: 3, backoff: { base: '25ms' } })).toBe('attempts 3, backoff (base 25ms)');
  });
});

describe('an exercise', () => {
  it.each(EXERCISES)('belongs to a lesson, and undoes what lasts: $title', ({ orders, tidy, lesson }) => {
    expect(readLessons().map(({ number }) => number)).toContain(lesson);
    const lasting = orders.filter(({ body }) => body?.inject !== undefined && body.inject !== 'crash');
    expect(lasting.length === 0 || tidy.some(({ body }) => body?.heal === 'all')).toBe(true);
    const pushes = orders.filter(({ body }) => body?.to === 'gateway');
    expect(pushes.length === 0 || tidy.some(({ body }) => body?.to === 'gateway')).toBe(true);
  });
});
