/** Which part of a live page is shown, as its address has it: `#lesson-3`, `#challenge-1-42-2`; the rest is the lab's. */

export type Place =
  | { readonly name: 'lab' }
  | { readonly name: 'lesson'; readonly number: number }
  /** @property id of the one that is played; `null`: none yet. */
  | { readonly name: 'challenge'; readonly id: string | null };

export const hashOf = (place: Place): string => {
  switch (place.name) {
    case 'lab':
      return '#lab';
    case 'lesson':
      return `#lesson-${place.number}`;
    default:
      return place.id === null ? '#challenge' : `#challenge-${place.id}`;
  }
};

/** @returns `null`: it is a part of a report that is gone to, and no place of its own. */
export const placeOf = (hash: string): Place | null => {
  if (hash === '' || hash === '#lab') return { name: 'lab' };
  const [, number] = /^#lesson-(\d{1,3})$/.exec(hash) ?? [];
  if (number !== undefined) return { name: 'lesson', number: Number(number) };
  const [whole, id = null] = /^#challenge(?:-([\d-]{1,40}))?$/.exec(hash) ?? [];
  return whole === undefined ? null : { name: 'challenge', id };
};
