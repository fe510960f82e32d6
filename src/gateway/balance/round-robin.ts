/**
 * Each available upstream in turn, whatever its weight. Starts at a random one, so that many gateways do not all begin
 * with the first.
 */
import type { BalancerParts } from './parts.js';
import type { Selector } from './selector.js';

export const roundRobin = ({ random }: BalancerParts): Selector => {
  let turn = random.below(2 ** 16);
  return {
    select: (available) => available[turn++ % available.length]!,
  };
};
