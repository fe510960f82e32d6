/** The name that somebody meant who wrote another: for messages about names that there are not. */

/** `heap-limit`, `heap_limit` and `heapLimit` are the same word in three habits. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_ ]/g, '');

/**
 * How many letters have to be put in, left out, replaced, or exchanged with their neighbour to make one text of the
 * other (optimal string alignment).
 */
export const editDistance = (from: string, to: string): number => {
  const [a, b] = [[...from], [...to]];
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.entries()) {
    const row = [i + 1];
    for (const [j, other] of b.entries()) {
      const replaced = last[j]! + (letter === other ? 0 : 1);
      row.push(Math.min(replaced, last[j + 1]! + 1, row[j]! + 1));
      if (i > 0 && j > 0 && letter === b[j - 1] && a[i - 1] === other)
        row[j + 1] = Math.min(row[j + 1]!, beforeLast[j - 1]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last.at(-1)!;
};

/** A third of the letters may be wrong, as compilers have it (rustc, clang): beyond that it is a guess. */
const MAX_WRONG_SHARE = 1 / 3;

/** Longer texts are compared with nothing: the comparison takes the product of both lengths. */
const MAX_COMPARED_CHARS = 100;

/** `worker-3` is no slip for `worker-2`: it is another one. */
const isOtherNumber = (one: string, other: string): boolean => {
  const letters = (text: string): string => text.replace(/\d+/g, '#');
  return letters(one) === letters(other) && one.replace(/\D/g, '') !== other.replace(/\D/g, '');
};

/** @returns the one that is most like the text; `null`: none is like it. */
export const nearestName = (text: string, known: readonly string[]): string | null => {
  if (text.length > MAX_COMPARED_CHARS) return null;
  const written = plain(text);
  let nearest: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const name of known) {
    const meant = plain(name);
    const distance = editDistance(written, meant);
    const allowed = Math.max(written.length, meant.length) * MAX_WRONG_SHARE;
    if (distance <= allowed && distance < least && !isOtherNumber(written, meant)) {
      nearest = name;
      least = distance;
    }
  }
  return nearest;
};

/** `; did you mean slots?`, to be put behind a name that there is not; empty where none is like it. */
export const didYouMean = (text: string, known: readonly string[]): string => {
  const nearest = nearestName(text, known);
  return nearest === null ? '' : `; did you mean ${nearest}?`;
};

/** `; there are baseline, outage`, and the nearest behind it where one is near. */
export const thereAre = (text: string, known: readonly string[]): string =>
  `; there are ${known.join(', ') || 'none'}${didYouMean(text, known)}`;
