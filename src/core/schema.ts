/**
 * Building blocks for the schemas of everything a user writes. A schema is JSON Schema and a TypeScript type at once
 * (TypeBox); quantities are texts with a unit, and carry the unit's name so that a validator can explain them.
 */
import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { PATTERNS, type Unit } from './units.js';

export type { Static, TSchema as Schema };
export { Type };

interface Described {
  readonly description: string;
}

/** Keyword under which a schema names its unit; validators of other makes ignore it. */
export const UNIT_KEYWORD = 'x-unit';

const quantity = (unit: Unit, options: Described) =>
  Type.String({ ...options, pattern: PATTERNS[unit], [UNIT_KEYWORD]: unit });

export const Duration = (description: string) => quantity('duration', { description });
export const Size = (description: string) => quantity('size', { description });
export const Rate = (description: string) => quantity('rate', { description });
export const Percent = (description: string) => quantity('percent', { description });

export const OneOf = <const Values extends readonly string[]>(values: Values, description: string) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], description });

export const Count = (minimum: number, description: string) => Type.Integer({ minimum, description });

export const Optional = <Schema extends TSchema>(schema: Schema) => Type.Optional(schema);

/** An object that takes the named keys and no others. */
export const Section = <Properties extends TProperties>(properties: Properties, description: string) =>
  Type.Object(properties, { additionalProperties: false, description });

/** The path of a request, with its query: printable ASCII without spaces. */
export const PATH_PATTERN = '^/[!-~]*$';

/** The name of a header field (RFC 9110 section 5.1). */
const FIELD_NAME_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

/** Header fields by name. @param value what the value of one is. */
export const Fields = <Value extends TSchema>(value: Value, description: string) =>
  Type.Record(Type.String({ pattern: FIELD_NAME_PATTERN }), value, {
    description,
    additionalProperties: false,
  });

/** The value of a header field that is sent: printable ASCII, spaces and tabs. */
export const FieldValue = () => Type.String({ pattern: String.raw`^[\t -~]*$` });
