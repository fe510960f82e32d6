/** Which requests a fault meets. */
import type { IncomingMessage } from 'node:http';
import type { Random } from '../../core/random.js';

/** How the faults that meet single requests are told which: a share of them, or the first so many, or both. */
export const CHOSEN = { share: '100%', requests: null } as const;

/** @returns whether the request that comes now is met. */
export const chosenBy = (
  { share, requests }: { readonly share: number; readonly requests: number | null },
  random: Random,
): (() => boolean) => {
  let left = requests ?? Number.POSITIVE_INFINITY;
  return () => {
    if (left <= 0 || (share < 1 && random.next() >= share)) return false;
    left--;
    return true;
  };
};

/** @param path `null`: it meets requests for whatever. */
export const isBelow = (path: string | null, { url }: Pick<IncomingMessage, 'url'>): boolean =>
  path === null || url?.startsWith(path) === true;
