/** Flags that several verbs have in common. */
import { resolve } from 'node:path';
import { UserError } from '../core/errors.js';

/** One of several words. @throws UserError */
export const parseChoice = <Choice extends string>(
  name: string,
  flag: unknown,
  choices: readonly [Choice, ...Choice[]],
): Choice => {
  const text = flagValue(flag) ?? choices[0];
  const found = choices.find((choice) => choice === text);
  if (found === undefined)
    throw new UserError('usage', `--${name} takes ${choices.join(' or ')}, got "${text}"`);
  return found;
};

/** A flag that may be given more than once, as texts. */
export const flagList = (flag: unknown): string[] =>
  flag === undefined ? [] : (Array.isArray(flag) ? flag : [flag]).map((one) => String(one));

/** A flag that counts once: given more often, the last one does. */
export const flagValue = (flag: unknown): string | undefined => flagList(flag).at(-1);

export interface Output<Kind extends string> {
  readonly kind: Kind;
  readonly file: string;
}

/** `--out kind=FILE`. @throws UserError when the kind is none of these, or two would write one file. */
export const parseOutputs = <Kind extends string>(flag: unknown, kinds: readonly Kind[]): Output<Kind>[] => {
  const outputs = flagList(flag).map((text) => {
    const [kind = '', ...rest] = text.split('=');
    const file = rest.join('=');
    if (!(kinds as readonly string[]).includes(kind) || file === '') {
      const expected = kinds.map((one) => `${one}=FILE`).join(' or ');
      throw new UserError('usage', `--out takes ${expected}, got "${text}"`);
    }
    return { kind: kind as Kind, file };
  });
  const files = new Set<string>();
  for (const { file } of outputs) {
    if (files.has(resolve(file)))
      throw new UserError('usage', `--out names ${file} twice: the second would write over the first`);
    files.add(resolve(file));
  }
  return outputs;
};

/** A whole number within bounds. @throws UserError */
export const parseCount = (name: string, flag: unknown, minimum: number, fallback: number): number => {
  const text = flagValue(flag);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < minimum) {
    throw new UserError('usage', `--${name} takes a whole number from ${minimum} on, got "${text}"`);
  }
  return value;
};

/** A quantity with its unit, read by `parse`. @throws UserError */
export const parseQuantity = (
  name: string,
  flag: unknown,
  parse: (text: string) => number,
  fallback: number,
): number => {
  const text = flagValue(flag);
  if (text === undefined) return fallback;
  try {
    return parse(text);
  } catch (error) {
    throw new UserError('usage', `--${name}: ${(error as Error).message}`);
  }
};

/** @throws UserError */
export const parseSeed = (flag: unknown): number | undefined => {
  if (flag === undefined) return undefined;
  const seed = Number(flag);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) {
    throw new UserError('usage', `--seed takes a whole number from 0 to 2147483647, got "${String(flag)}"`);
  }
  return seed;
};
