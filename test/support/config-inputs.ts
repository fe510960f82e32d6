/**
 * What configs look like in the worst of times, as arbitraries for fast-check: the inputs that outages were made of, and
 * whatever else a text can be.
 */
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { PoolReference, References } from '../../src/delivery/references.js';

export interface WeightedUpstream {
  readonly id: string;
  readonly weight: number;
}

/** Names that an object has without anybody having written them, and names that are hard to read or to print. */
export const awkwardNames = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '0',
  '1e3',
  'null',
  'off',
  '~',
  '<<',
  'münchen.example',
  'xn--mnchen-3ya.example',
  '例え.テスト',
  '\u202egnp.exe',
  '\uFEFF',
  'a\r\nb',
  '🦆',
);

const durations = fc.constantFrom('1us', '1ms', '250ms', '1.5s', '1m30s', '1h', '576h');
const percents = fc.constantFrom('0%', '0.01%', '20%', '99.99%', '100%', '1000%');
const counts = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.constantFrom(0, 65_535, 2 ** 31, 2 ** 53 - 1, 99_971, 99_985),
);
const positive = counts.map((count) => Math.max(1, count));

/** Sections of the gateway that are of the right form, with as many keys left out as it comes. */
export const gatewaySections = fc.record(
  {
    balancer: fc.constantFrom('round-robin', 'least-requests', 'p2c'),
    timeouts: fc.record({ connect: durations, attempt: durations, request: durations }, { requiredKeys: [] }),
    healthCheck: fc.oneof(
      fc.constant('off'),
      fc.record(
        { path: fc.constantFrom('/', '/healthz', '/über?a=1#'), interval: durations, timeout: durations },
        { requiredKeys: [] },
      ),
    ),
    concurrency: fc.record(
      { limit: positive, queue: counts, maxWait: durations },
      { requiredKeys: ['limit'] },
    ),
    breaker: fc.record(
      { errorThreshold: percents, minRequests: positive, window: durations, openFor: durations },
      { requiredKeys: [] },
    ),
    retry: fc.record(
      {
        attempts: fc.integer({ min: 2, max: 9 }),
        budget: fc.record({ ratio: percents, minConcurrent: counts }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
    rateLimit: fc.record(
      { rate: fc.constantFrom('1/s', '0.5/m', '100000/s'), burst: positive },
      { requiredKeys: ['rate'] },
    ),
    maxConnections: positive,
  },
  { requiredKeys: [] },
);

/** The same config written in different ways. */
export const sectionTexts = fc
  .tuple(gatewaySections, fc.boolean(), fc.constantFrom('json', 'yaml', 'flow'), fc.boolean(), fc.boolean())
  .map(([section, wrapped, form, mark, carriageReturns]) => {
    const value = wrapped ? { gateway: section } : section;
    const text =
      form === 'json'
        ? JSON.stringify(value, null, 2)
        : stringify(value, form === 'flow' ? { collectionStyle: 'flow' } : {});
    return (mark ? '\uFEFF' : '') + (carriageReturns ? text.replaceAll('\n', '\r\n') : text);
  });

const repeat = (part: string, times: number): string => part.repeat(times);

/** Each line refers to the one before it nine times: a few hundred bytes that stand for billions. */
const aliasBomb = (levels: number): string => {
  let text = 'l0: &l0 [1]\n';
  for (let level = 1; level <= levels; level++) {
    text += `l${level}: &l${level} [${new Array(9).fill(`*l${level - 1}`).join(', ')}]\n`;
  }
  return text;
};

/** Deep, circular, and multiplied by references to itself. */
const knots = fc.oneof(
  fc
    .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '!!seq ', '&a '), fc.integer({ min: 1, max: 20_000 }))
    .map(([part, times]) => repeat(part, times)),
  fc
    .integer({ min: 1, max: 4_000 })
    .map((depth) => `{"gateway": ${repeat('{"a": ', depth)}1${repeat('}', depth)}}`),
  fc.constantFrom(
    'gateway: &a { retry: *a }',
    '&a [*a]',
    'x: *nobody',
    aliasBomb(12),
    '<<: { balancer: p2c }',
  ),
);

/** Right in form, and full of holes: null, blank, impossible numbers, keys nobody knows. */
const oddValues = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -0, -1, 1e308, 5e-324, Number.NaN, Infinity, -Infinity, [], {}, true),
  fc.jsonValue({ maxDepth: 3 }),
);
const oddSections = fc
  .tuple(
    gatewaySections,
    fc.array(fc.tuple(fc.constantFrom('balancer', 'timeouts', 'retry', 'rateLimit'), oddValues)),
  )
  .map(([section, changes]) => stringify({ ...section, ...Object.fromEntries(changes) }));
const strangeKeys = fc
  .tuple(gatewaySections, awkwardNames, oddValues)
  // `fromEntries` makes `__proto__` a key like any other.
  .map(([section, name, value]) => stringify({ ...section, ...Object.fromEntries([[name, value]]) }));

/** A text with a part cut out, doubled, or something put in. */
const damaged = fc
  .tuple(
    sectionTexts,
    fc.nat(),
    fc.nat(),
    fc.constantFrom('cut', 'double', 'insert'),
    fc.string({ unit: 'binary' }),
  )
  .map(([text, from, to, how, other]) => {
    const start = Math.min(from, to) % (text.length + 1);
    const end = start + (Math.max(from, to) % (text.length + 1 - start));
    const part = { cut: '', double: text.slice(start, end).repeat(2), insert: other }[how];
    return text.slice(0, start) + part + text.slice(end);
  });

/** Whatever a config file may turn out to be. */
export const anyTexts: fc.Arbitrary<string> = fc.oneof(
  sectionTexts,
  damaged,
  oddSections,
  strangeKeys,
  knots,
  sectionTexts.map((text) => text + text),
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '---\n---\n',
    '%YAML 9.9\n---\n',
    '!<tag:x> 1',
    'gateway:',
    'gateway: null',
    '[]',
  ),
);

/** Large texts of one shape each, by their size. */
export const LARGE_TEXTS: readonly (readonly [shape: string, make: (bytes: number) => string])[] = [
  ['keys that nobody knows', (bytes) => lines(bytes, (line) => `k${line}: 1\n`)],
  ['one key over and over', (bytes) => lines(bytes, () => 'retry: {}\n')],
  ['a comment', (bytes) => `# ${'x'.repeat(bytes)}`],
  ['an indent', (bytes) => ' '.repeat(bytes)],
  ['a string', (bytes) => `balancer: ${'x'.repeat(bytes)}`],
  ['a list', (bytes) => `balancer: [${lines(bytes, (line) => `${line}, `)}]`],
  ['line ends', (bytes) => '\r\n'.repeat(bytes / 2)],
  ['marks of keys', (bytes) => '? '.repeat(bytes / 2)],
  [
    'marks of keys, some in each line',
    (bytes) => lines(bytes, (line) => `${' '.repeat(16 * line)}? ? ? ? ? ? ? ?\n`),
  ],
  ['keys of keys', (bytes) => lines(bytes, () => `- ${'{'.repeat(32)}a: 1${'}: 1'.repeat(31)}}\n`)],
  ['aliases as keys', (bytes) => `a: &a [${'1, '.repeat(bytes / 8)}]\n${lines(bytes / 2, () => '*a : 1\n')}`],
  ['quotes', (bytes) => `balancer: ${"'".repeat(bytes)}`],
];

const lines = (bytes: number, line: (number: number) => string): string => {
  let text = '';
  for (let number = 0; text.length < bytes; number++) text += line(number);
  return text;
};

/** Upstreams as a schema lets them through: weights are whole, and of any size. */
export const weightedUpstreams: fc.Arbitrary<readonly WeightedUpstream[]> = fc
  .array(
    fc.oneof(fc.nat({ max: 10 }), fc.constantFrom(0, 1_000, 999, 49_999, 50_000, 10 ** 6 + 3, 2 ** 53 - 1)),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((weights) => weights.map((weight, index) => ({ id: `u${index}`, weight })));

const names = fc.oneof(awkwardNames, fc.constantFrom('a', 'b', 'c', 'd'));

/** Pools and routes that may refer to anything or nothing, to themselves, and by any name. */
export const references: fc.Arbitrary<References> = fc
  .record({
    upstreams: fc.option(fc.array(fc.tuple(names, fc.constantFrom(0, 1, 7)), { maxLength: 6 })),
    pools: fc.array(
      fc.record(
        { id: names, members: fc.array(names, { maxLength: 4 }), fallback: names },
        { requiredKeys: ['id', 'members'] },
      ),
      { maxLength: 6 },
    ),
    routes: fc.array(names, { maxLength: 4 }),
  })
  .map(({ upstreams, pools, routes }) => ({
    upstreams: upstreams && new Map(upstreams),
    pools: pools.map((pool, index): PoolReference => ({ ...pool, path: ['pools', index] })),
    routes: routes.map((pool, index) => ({ pool, path: ['routes', index] })),
  }));
