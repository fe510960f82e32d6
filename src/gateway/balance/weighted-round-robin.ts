/**
 * Smooth weighted round robin, nginx's (`ngx_http_upstream_get_peer`): at each turn every available upstream gains its
 * share of a turn, the one with the most is chosen and pays a whole one. Weights 5, 1, 1 make a a b a c a a and not
 * a a a a a b c.
 *
 * nginx counts in weights; here the unit is turns, so that what an upstream has saved means the same after weights have
 * changed. Only the available gain: one that was away comes back with what it left with, about a turn at most, and gets
 * no burst. That also keeps shares right when the available differ from request to request (this is Ajtai and others'
 * car pool, "Fairness in Scheduling", 1998).
 */
import type { Upstream } from '../upstream-pool.js';
import { type BalancerParts, ownWeight, totalWeight } from './parts.js';
import type { Selector } from './selector.js';

interface Credit {
  turns: number;
}

export const weightedRoundRobin = ({ random, weightOf = ownWeight }: BalancerParts): Selector => {
  const credits = new WeakMap<Upstream, Credit>();

  const creditOf = (upstream: Upstream): Credit => {
    let credit = credits.get(upstream);
    if (credit === undefined) {
      // Within half a turn of 0, so that many gateways do not all begin with the first.
      credit = { turns: random.next() - 0.5 };
      credits.set(upstream, credit);
    }
    return credit;
  };

  return {
    select: (available, { nowMs }) => {
      const total = totalWeight(available, weightOf, nowMs);
      let chosen = available[0]!;
      let most: Credit | null = null;
      for (const upstream of available) {
        const share = total === 0 ? 1 / available.length : weightOf(upstream, nowMs) / total;
        // It gets nothing, not even what it had saved.
        if (share === 0) continue;
        const credit = creditOf(upstream);
        credit.turns += share;
        if (most !== null && credit.turns <= most.turns) continue;
        most = credit;
        chosen = upstream;
      }
      if (most !== null) most.turns--;
      return chosen;
    },
  };
};
