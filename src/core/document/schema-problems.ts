/** What a schema has against a file, in words for the person who wrote it. */
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
      const hint = known.length > 0 ? `; known here: ${known.join(', ')}` : '';
      return { path, message: `unknown key${hint}`, key: true };
    }
    case 'additionalProperties':
      return null;
    case 'required': {
      const missing = (error.params.requiredProperties as string[] | undefined) ?? [];
      return { path, message: `missing ${missing.map((name) => `\`${name}\``).join(', ')}` };
    }
    case 'enum': {
      const allowed = (schema?.enum as unknown[] | undefined) ?? [];
      return { path, message: `expected one of ${allowed.join(', ')}, got ${JSON.stringify(value)}` };
    }
    case 'anyOf':
    case 'const':
      return { path, message: `${error.message}, got ${JSON.stringify(value)}` };
    default: {
      const description = schema?.description;
      const about = typeof description === 'string' ? ` (${description})` : '';
      return { path, message: `${error.message}, got ${JSON.stringify(value) ?? 'nothing'}${about}` };
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
