/** Each available upstream in turn. Starts at a random one, so that many gateways do not all begin with the first. */
import type { Random } from '../../core/random.js';
import type { Selector } from './selector.js';

export const roundRobin = (random: Random): Selector => {
  let turn = random.below(2 ** 16);
  return {
    select: (available) => available[turn++ % available.length]!,
  };
};
