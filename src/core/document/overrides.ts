/** Values set from outside a file, such as `--set load.scale=0.5`, and how they are laid over what the file says. */
import { parse } from 'yaml';
import { UserError } from '../errors.js';
import { isObject, type Json } from '../json.js';

/** A value set from outside the file, such as `load.scale=0.5`; it wins over whatever the file says. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * @param example of what belongs there, for messages.
 * @throws UserError for a text that is not PATH=VALUE.
 */
export const parsePathValue = (text: string, example: string): Override => {
  const equals = text.indexOf('=');
  const path = text.slice(0, equals).split('.');
  if (equals < 1 || path.some((key) => !/^[A-Za-z0-9-]+$/.test(key))) {
    throw new UserError('usage', `--set takes PATH=VALUE, such as ${example}, got "${text}"`);
  }
  try {
    return { path, value: parse(text.slice(equals + 1)) };
  } catch (error) {
    throw new UserError('usage', `--set ${text}: ${(error as Error).message}`, { cause: error });
  }
};

/** Maps are merged, everything else is replaced. */
export const merge = (base: Json, overlay: Json): Json => {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(overlay)) {
    const below = merged[key];
    merged[key] = isObject(value) && isObject(below) ? merge(below, value) : value;
  }
  return merged;
};

export const overlayOf = ({ path, value }: Override): Json =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;
