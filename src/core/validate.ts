/** Checks values against schemas at run time. */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

export interface SchemaProblem {
  readonly keyword: string;
  readonly schemaPath: string;
  /** JSON Pointer (RFC 6901) to the value. */
  readonly path: string;
  readonly params: Record<string, unknown>;
  readonly message: string;
}

const compiled = new WeakMap<object, ReturnType<typeof Compile>>();

/** Everything the schema has against the value; compiled at the first use. */
export const findProblems = (schema: TSchema, value: unknown): SchemaProblem[] => {
  let validator = compiled.get(schema);
  if (validator === undefined) {
    validator = Compile(schema);
    compiled.set(schema, validator);
  }
  return validator.Errors(value).map(({ instancePath, keyword, schemaPath, params, message }) => ({
    keyword,
    schemaPath,
    path: instancePath,
    params: params as Record<string, unknown>,
    message,
  }));
};
