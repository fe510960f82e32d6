/**
 * What faults can be given, by name. A name means the same whichever fault takes it, so that a timeline can be checked,
 * and read, without looking up each fault.
 */
import { Count, OneOf, PATH_PATTERN, Percent, type Schema, Size, Type } from '../../core/schema.js';
import { formatRatio, formatSize, parseRatio, parseSizeBytes } from '../../core/units.js';

interface Parameter<Written, Value> {
  readonly schema: Schema;
  /** @param written right by the schema. */
  parse(written: Written): Value;
  /** What is wrong with a value beyond its form; `null`: nothing. */
  check?(value: Value): string | null;
  /** For people; default: as it is. */
  text?(value: Value): string;
}

const size = (description: string): Parameter<string, number> => ({
  schema: Size(description),
  parse: parseSizeBytes,
  text: formatSize,
  check: (bytes) => (bytes >= 1 ? null : 'must be at least 1B'),
});

const share = (description: string): Parameter<string, number> => ({
  schema: Percent(description),
  parse: parseRatio,
  text: formatRatio,
  check: (ratio) => (ratio > 0 && ratio <= 1 ? null : 'must be above 0% and at most 100%'),
});

const oneOf = <const Values extends readonly string[]>(
  values: Values,
  description: string,
): Parameter<Values[number], Values[number]> => ({
  schema: OneOf(values, description),
  parse: (written) => written,
});

const plain = <Value>(schema: Schema): Parameter<Value, Value> => ({ schema, parse: (written) => written });

export const FAULT_PARAMETERS = {
  share: share('Share of the requests it meets, drawn from the seed; default 100%, of poison 1%.'),
  requests: plain<number>(Count(1, 'It meets the first so many requests of a process, and no more.')),
  path: plain<string>(
    Type.String({
      pattern: PATH_PATTERN,
      description: 'It meets requests whose path begins so, and no others; default all.',
    }),
  ),
  perRequest: size('Memory for each request.'),
  perSecond: size('Memory each second.'),
  live: size('Memory that is alive at any moment.'),
  memory: oneOf(
    ['heap', 'external'],
    'heap: objects, which V8 limits; external: buffers, which it does not.',
  ),
  memoryLimit: size('What a process may have in all; SIGKILL ends it there, as it would in a container.'),
  how: oneOf(
    ['throw', 'exit', 'kill', 'abort'],
    'An exception nobody catches, an exit with code 1, SIGKILL, or SIGABRT as V8 does it.',
  ),
  work: oneOf(
    ['loop', 'regex'],
    'What burns the processor: a loop, or a regular expression that backtracks.',
  ),
  factor: plain<number>(
    // A share of requests that take 10,000 times as long hang, for all that anybody waits.
    Type.Number({ exclusiveMinimum: 1, maximum: 10_000, description: 'Times as long as otherwise.' }),
  ),
  statuses: plain<number[]>(
    Type.Array(Type.Integer({ minimum: 400, maximum: 599 }), {
      minItems: 1,
      maxItems: 100,
      description: 'Answered with, each as often as the others; one may stand there twice.',
    }),
  ),
  keys: plain<number>(
    // As many numbers fit into the smallest heap.
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: 'How many different things a cache holds when it is warm.',
    }),
  ),
  says: oneOf(
    ['ready', 'unready', 'stale'],
    'What the readiness check is told; stale: what was so when it was first asked.',
  ),
  when: oneOf(
    ['before-headers', 'in-headers', 'after-headers', 'in-body'],
    'How far the answer has got when it breaks.',
  ),
  part: oneOf(['status-line', 'header', 'length', 'chunk'], 'Which part of the answer is not HTTP.'),
} as const satisfies Record<string, Parameter<never, unknown>>;

export type ParameterName = keyof typeof FAULT_PARAMETERS;

export type ParameterValue<Name extends ParameterName> = ReturnType<(typeof FAULT_PARAMETERS)[Name]['parse']>;

/** Options as they came to be, for people; empty: there are none. */
export const optionsText = (options: Readonly<Record<string, unknown>>): string => {
  const given = Object.entries(options).flatMap(([name, value]) => {
    if (value === null) return [];
    const { text } = FAULT_PARAMETERS[name as ParameterName] as { text?(value: unknown): string };
    return `${name} ${text === undefined ? String(value) : text(value)}`;
  });
  return given.length === 0 ? '' : ` (${given.join(', ')})`;
};
