/** Values set from outside a file, such as `--set load.scale=0.5`, and how they are laid over what the file says. */
import { parse } from 'yaml';
import { UserError } from '../errors.js';
import { isObject, type Json } from '../json.js';
import type { Path } from './positions.js';

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

const INDEX = /^(?:0|[1-9]\d*)$/;

const setAt = (below: unknown, { path, value }: Override, depth: number): unknown => {
  const key = path[depth];
  if (key === undefined) return isObject(value) && isObject(below) ? merge(below, value) : value;
  const inner = (of: unknown): unknown => setAt(of, { path, value }, depth + 1);
  if (Array.isArray(below) && INDEX.test(key)) {
    if (Number(key) >= below.length) {
      const list = path.slice(0, depth).join('.');
      const count = below.length === 1 ? 'is 1 entry' : `are ${below.length} entries`;
      throw new UserError('usage', `${path.join('.')}: there ${count} in ${list}, counted from 0`);
    }
    return below.map((entry, index) => (index === Number(key) ? inner(entry) : entry));
  }
  return isObject(below) ? { ...below, [key]: inner(below[key]) } : { [key]: inner(undefined) };
};

/**
 * Lays a value over what the file says: a map over a map is merged, everything else is replaced. A number in the path is
 * the place in a list, counted from 0.
 * @throws UserError for a place that a list does not have.
 */
export const applyOverride = (base: Json, override: Override): Json => setAt(base, override, 0) as Json;

/** Whether what stands at `path` was set by this override, or is a part of what was. */
export const isSetBy = (override: Override, path: Path): boolean =>
  override.path.every((part, index) => part === String(path[index]));
