/**
 * What a sweep varies: `load.scale=0.2..1.2/0.1`, from and to with a step between, or `load.scale=0.5,0.7,0.9`, value by
 * value. A path is that of `--set`; a quantity keeps its unit.
 */
import { parse } from 'yaml';
import { UserError } from '../../core/errors.js';
import { UnitError } from '../../core/units.js';
import { parseOverride } from '../parse.js';

/**
 * Runs of a sweep, over all values, variants and seeds. More is mostly a step mistyped, and would take hours: a run of
 * half a minute takes some tenths of a second. One too many is an error before anything runs.
 */
export const MAX_RUNS = 10_000;

export type Value = string | number | boolean | null;

export interface Parameter {
  /** As it was given: `load.scale`, `timeline.0.for`. */
  readonly name: string;
  readonly path: readonly string[];
  /** At least one, each another. */
  readonly values: readonly Value[];
}

const EXAMPLE = 'load.scale=0.2..1.2/0.1 or load.scale=0.5,0.7,0.9';

const QUANTITY = String.raw`-?\d+(?:\.\d+)?(?:us|ms|[KMG]i?B|B|%|\/[smh]|[smh])?`;
const RANGE = new RegExp(`^(${QUANTITY})\\.\\.(${QUANTITY})/(${QUANTITY})$`);

/** Units that say the same, each as so many of the smallest: a range may go from `500ms` to `2s`. */
const FAMILIES: readonly Readonly<Record<string, number>>[] = [
  { '': 1 },
  { '%': 1 },
  { us: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 },
  { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 },
  { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  { '/s': 1 },
  { '/m': 1 },
  { '/h': 1 },
];

interface Quantity {
  readonly amount: number;
  readonly unit: string;
}

const quantityOf = (text: string): Quantity => {
  const unit = /[^\d.-].*$/.exec(text)?.[0] ?? '';
  return { amount: Number(text.slice(0, text.length - unit.length)), unit };
};

/** Decimal steps added up in binary leave dust behind: twelve digits are more than anybody types. */
const tidy = (value: number): number => Number(value.toPrecision(12));

/** @throws UnitError */
const rangeOf = (match: RegExpExecArray): Value[] => {
  const quantities = match.slice(1, 4).map((text) => quantityOf(text!));
  const units = quantities.map(({ unit }) => unit);
  const family = FAMILIES.find((one) => units.every((unit) => Object.hasOwn(one, unit)));
  if (family === undefined) {
    throw new UnitError(`from, to and step are of one kind, got ${match.slice(1, 4).join(', ')}`);
  }
  // In the smallest unit that was typed, so that every value is a short number of it.
  const unit = units.reduce((a, b) => (family[b]! < family[a]! ? b : a));
  const [from, to, step] = quantities.map(({ amount, unit: of }) =>
    tidy((amount * family[of]!) / family[unit]!),
  ) as [number, number, number];
  if (step <= 0) throw new UnitError('the step has to be above 0');
  if (from > to) throw new UnitError(`a range goes upwards; write ${match[2]}..${match[1]}/${match[3]}`);
  const count = Math.floor(tidy((to - from) / step) + 1e-9) + 1;
  if (count > MAX_RUNS) {
    throw new UnitError(`${count} values; a sweep has at most ${MAX_RUNS} runs: choose a longer step`);
  }
  return Array.from({ length: count }, (_, index) => {
    const amount = tidy(from + index * step);
    return unit === '' ? amount : `${amount}${unit}`;
  });
};

const scalarOf = (text: string): Value => {
  const value: unknown = text.trim() === '' ? undefined : parse(text);
  if (value === undefined) throw new UnitError('a value is missing between the commas');
  if (typeof value === 'object' && value !== null) {
    throw new UnitError(`a value is a number or a text, got ${text}`);
  }
  return value as Value;
};

const valuesOf = (text: string): Value[] => {
  const range = RANGE.exec(text);
  if (range !== null) return rangeOf(range);
  if (text.includes('..')) {
    throw new UnitError(`expected a range such as 0.2..1.2/0.1 or 2s..10s/2s, got "${text}"`);
  }
  const values = text.split(',').map(scalarOf);
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) throw new UnitError(`${String(twice)} is there twice`);
  return values;
};

/** One `--vary`. @throws UserError for a text that is none. */
export const parseParameter = (text: string): Parameter => {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals);
  if (equals < 1 || text.length === equals + 1) {
    throw new UserError('usage', `--vary takes PATH=VALUES, such as ${EXAMPLE}, got "${text}"`);
  }
  if (name === 'seed') throw new UserError('usage', `--vary ${text}: seeds are given by --seeds`);
  if (!/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/.test(name)) {
    throw new UserError('usage', `--vary takes PATH=VALUES, such as ${EXAMPLE}, got "${text}"`);
  }
  if (name === 'variants' || name.startsWith('variants.')) {
    throw new UserError('usage', `--vary ${text}: a value is varied in every variant; leave out "variants…"`);
  }
  try {
    return { name, path: parseOverride(`${name}=0`).path, values: valuesOf(text.slice(equals + 1)) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('usage', `--vary ${text}: ${(error as Error).message}`, { cause: error });
  }
};

const isWithin = (inner: readonly string[], outer: readonly string[]): boolean =>
  outer.every((key, index) => key === inner[index]);

/** Every `--vary`. @throws UserError also where two are about the same. */
export const parseParameters = (texts: readonly string[]): Parameter[] => {
  const parameters = texts.map(parseParameter);
  for (const [index, one] of parameters.entries()) {
    const other = parameters
      .slice(0, index)
      .find(({ path }) => isWithin(path, one.path) || isWithin(one.path, path));
    if (other !== undefined) {
      throw new UserError('usage', `--vary ${one.name} and --vary ${other.name} are about the same value`);
    }
  }
  return parameters;
};
