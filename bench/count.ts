/** Counts on a command line. */

/** @throws when it is anything but a whole number from 1 to `max`. */
export const readCount = (flag: string, text: string, max: number): number => {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new Error(`--${flag} ${text}: a whole number from 1 to ${max} is wanted`);
};
