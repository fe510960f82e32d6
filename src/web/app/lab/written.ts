/** What is written into a form, as the API takes it: by the schema that the server checks it with. */
import type { FormSchema } from '../../../scenarios/live/api.js';

export type Written = Readonly<Record<string, unknown>>;

/** What a form can ask for. */
export type FieldKind = 'choice' | 'boolean' | 'number' | 'numbers' | 'texts' | 'text' | 'section' | 'json';

/** Of alternatives, those that can be written; the values of all that name some. */
const alternativesOf = ({ anyOf = [] }: FormSchema): readonly FormSchema[] =>
  anyOf.flatMap((one) => (one.anyOf === undefined ? [one] : alternativesOf(one)));

export const choicesOf = (schema: FormSchema): readonly string[] => {
  if (schema.enum !== undefined) return schema.enum;
  if (typeof schema.const === 'string') return [schema.const];
  return alternativesOf(schema).flatMap(
    (one) => one.enum ?? (typeof one.const === 'string' ? [one.const] : []),
  );
};

/** The alternative whose keys are known; `null`: there is none. */
export const sectionOf = (schema: FormSchema): FormSchema | null =>
  [schema, ...alternativesOf(schema)].find(
    ({ properties, additionalProperties }) => properties !== undefined && additionalProperties !== true,
  ) ?? null;

export const kindOf = (schema: FormSchema): FieldKind => {
  // A name is enough for most: of a name and a section with options, the name is asked for.
  if (choicesOf(schema).length > 1) return 'choice';
  if (sectionOf(schema) !== null) return 'section';
  if (choicesOf(schema).length > 0) return 'choice';
  if (schema.type === 'boolean') return 'boolean';
  if (schema.type === 'number' || schema.type === 'integer') return 'number';
  if (schema.type === 'array') return kindOfList(schema.items ?? {});
  return schema.type === 'object' ? 'json' : 'text';
};

/** A list of sections is written as it is. */
const kindOfList = (items: FormSchema): FieldKind => {
  if (items.type === 'integer' || items.type === 'number') return 'numbers';
  return items.type === 'object' || items.anyOf !== undefined ? 'json' : 'texts';
};

const EXAMPLES: Readonly<Record<string, string>> = {
  duration: 'such as 300ms or 2s',
  size: 'such as 200KiB',
  rate: 'such as 50/s',
  percent: 'such as 10%',
};

/** What belongs into a field that says nothing else. */
export const exampleOf = (schema: FormSchema): string => {
  const unit = schema['x-unit'];
  if (unit !== undefined) return EXAMPLES[unit] ?? '';
  if (kindOf(schema) === 'json') return schema.type === 'array' ? '[ … ], as JSON' : '{ … }, as JSON';
  if (schema.type === 'array') return 'with commas';
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  return minimum === undefined ? '' : `from ${minimum}`;
};

const isSection = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** A default as one would write it. */
export const defaultText = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : Array.isArray(value) && !value.some(isSection)
      ? value.join(', ')
      : isSection(value) || Array.isArray(value)
        ? JSON.stringify(value)
        : String(value);

const splitList = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Text that is no number stays as it is, for the server to say what is wrong with it. */
const numberOf = (text: string): unknown => (Number.isFinite(Number(text)) ? Number(text) : text);

/** Text that is no JSON stays as it is, too. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

/** @returns `undefined`: nothing was written, so the default holds. */
export const readField = (kind: FieldKind, text: string): unknown => {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (kind) {
    case 'boolean':
      return trimmed === 'true';
    case 'number':
      return numberOf(trimmed);
    case 'numbers':
      return splitList(trimmed).map(numberOf);
    case 'texts':
      return splitList(trimmed);
    case 'json':
      return jsonOf(trimmed);
    default:
      return trimmed;
  }
};

/** @param value `undefined`: the key goes. */
export const withKey = (written: Written, key: string, value: unknown): Written => {
  const { [key]: _, ...others } = written;
  return value === undefined ? others : { ...written, [key]: value };
};

/** For one line: `attempts 3, backoff exponential`. */
export const summaryOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(summaryOf).join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, below]) => (typeof below === 'object' ? `${key} (${summaryOf(below)})` : `${key} ${below}`))
    .join(', ');
};
