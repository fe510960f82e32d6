/** Objects as JSON and YAML have them. */

export type Json = Record<string, unknown>;

/** The paths of all values in it that are no objects with keys of their own. */
export const leafPaths = (value: unknown): string[][] => {
  if (!isObject(value) || Object.keys(value).length === 0) return [[]];
  return Object.entries(value).flatMap(([key, below]) => leafPaths(below).map((path) => [key, ...path]));
};

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
