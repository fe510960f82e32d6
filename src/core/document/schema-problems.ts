/** What a schema has against a file, in words for the person who wrote it. */
import { didYouMean } from '../nearest.js';
import { type Schema, UNIT_KEYWORD } from '../schema.js';
import { explainUnit, type Unit } from '../units.js';
import { findProblems, type SchemaProblem } from '../validate.js';
import { dotted, type Path } from './positions.js';

type Json = Record<string, unknown>;

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Json | undefined)?.[key as string], root);

const pointerParts = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** A part is an index where there is a list: a key may look like a number too. */
const pathIn = (root: unknown, pointer: string): Path => {
  let inner = root;
  return pointerParts(pointer).map((part) => {
    const key = Array.isArray(inner) ? Number(part) : part;
    inner = (inner as Json | undefined)?.[part];
    return key;
  });
};

/** One thing that is wrong, and where. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** Point at the key instead of its value. */
  readonly key?: boolean;
  /** Where within the value, counted from 1, for problems inside a text. */
  readonly textColumn?: number;
}

const schemaAt = (schema: Schema, schemaPath: string): Json | undefined =>
  pointerParts(schemaPath.replace(/^#/, '')).reduce<unknown>(
    (inner, key) => (inner as Json | undefined)?.[key as string],
    schema,
  ) as Json | undefined;

const knownHere = (key: string, known: readonly string[]): string =>
  known.length === 0 ? '' : `; known here: ${known.join(', ')}${didYouMean(key, known)}`;

/** Longer values are cut: they are in the file. */
const MAX_SHOWN_CHARS = 60;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
};

/** What YAML makes of a value, by the name that JSON Schema has for it. */
const TYPES: Readonly<Record<string, string>> = {
  object: 'a map, with lines such as `key: value`',
  array: 'a list, with `- ` before each entry',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

const descriptionOf = (schema: unknown): string | null => {
  const description = (schema as Json | undefined)?.description;
  return typeof description === 'string' ? description : null;
};

/** What a schema says besides, in brackets. */
const about = (schema: unknown): string => {
  const description = descriptionOf(schema);
  return description === null ? '' : ` (${description})`;
};

const missingText = (schema: Json | undefined, names: readonly string[], joint = ', '): string => {
  const properties = schema?.properties as Json | undefined;
  const texts = names.map((name) => `\`${name}\`${about(properties?.[name])}`);
  return `missing ${texts.join(joint)}`;
};

/** `one of these has to be there`: a schema says it by options that ask for a key each, and nothing else. */
const anyOfKeys = (schema: Json | undefined): readonly string[] | null => {
  const options = (schema?.anyOf as readonly Json[] | undefined) ?? [];
  const keys = options.flatMap(({ required, properties }) =>
    properties === undefined && Array.isArray(required) ? [required.map(String)] : [],
  );
  return keys.length > 0 && keys.length === options.length ? keys.flat() : null;
};

/** What a value should have been, where the schema's own words say less. */
const expectedText = (keyword: string, schema: Json | undefined): string | null => {
  switch (keyword) {
    case 'const':
      return `must be ${JSON.stringify(schema?.const)}`;
    case 'type':
      return typeof schema?.type === 'string' ? `must be ${TYPES[schema.type] ?? schema.type}` : null;
    case 'minItems':
      return `must have at least ${schema?.minItems === 1 ? '1 entry' : `${schema?.minItems} entries`}`;
    default:
      return null;
  }
};

/** One schema error in words. `null`: another error says it better. */
const explain = (error: SchemaProblem, root: unknown, whole: Schema): Finding | null => {
  const path = pathIn(root, error.path);
  const value = valueAt(root, path);
  const schema = schemaAt(whole, error.schemaPath);
  const unit = schema?.[UNIT_KEYWORD] as Unit | undefined;
  if (unit !== undefined) return { path, message: explainUnit(unit, value) };
  switch (error.keyword) {
    case 'boolean': {
      const siblings = schemaAt(whole, error.schemaPath.replace(/\/additionalProperties$/, ''));
      const known = Object.keys((siblings?.properties as Json | undefined) ?? {});
      return { path, message: `unknown key${knownHere(String(path.at(-1)), known)}`, key: true };
    }
    case 'additionalProperties':
      return null;
    case 'required': {
      // One of several that would each do.
      if (/\/anyOf\/\d+$/.test(error.schemaPath) && schema?.properties === undefined) return null;
      const missing = (error.params.requiredProperties as string[] | undefined) ?? [];
      return { path, message: missingText(schema, missing) };
    }
    case 'enum': {
      const allowed = (schema?.enum as unknown[] | undefined) ?? [];
      const meant = typeof value === 'string' ? didYouMean(value, allowed.map(String)) : '';
      return { path, message: `expected one of ${allowed.join(', ')}, got ${shown(value)}${meant}` };
    }
    case 'anyOf': {
      const keys = anyOfKeys(schema);
      if (keys !== null) return { path, message: missingText(schema, keys, ', or ') };
      return { path, message: `${error.message}, got ${shown(value)}` };
    }
    default: {
      const expected = expectedText(error.keyword, schema) ?? error.message;
      return { path, message: `${expected}, got ${shown(value)}${about(schema)}` };
    }
  }
};

/** Everything the schema has against `root`, the best explanation of each place. */
export const checkSchema = (root: unknown, schema: Schema): Finding[] => {
  const findings: Finding[] = [];
  for (const error of findProblems(schema, root)) {
    const finding = explain(error, root, schema);
    const again = findings.some((other) => finding !== null && dotted(other.path) === dotted(finding.path));
    if (finding !== null && !again) findings.push(finding);
  }
  return findings;
};
