/** What properties of config delivery compare with: the plain way to say the same, however slow. */
import type { PoolReference, References } from '../../src/delivery/references.js';

export interface ProblemCount {
  /** References to nothing or nobody, and names that are there twice. */
  readonly references: number;
  /** Pools that fall back to themselves in the end, or to such a pool. */
  readonly inCircles: number;
}

/** How many things are wrong with references, counted straight from what they mean. */
export const countProblems = ({ upstreams, pools, routes }: References): ProblemCount => {
  const find = (id: string): PoolReference | undefined => pools.find((pool) => pool.id === id);
  const weightOf = (id: string): number | undefined =>
    upstreams === null ? 1 : [...upstreams].find(([known]) => known === id)?.[1];
  const leadsNowhere = (id: string): boolean =>
    !(find(id)?.members ?? []).some((member) => (weightOf(member) ?? 0) > 0);
  const twice = (ids: readonly string[]): number => ids.length - new Set(ids).size;
  const neverEnds = (pool: PoolReference): boolean => {
    let next = find(pool.id);
    for (let steps = 0; steps <= pools.length && next !== undefined; steps++) {
      next = next.fallback === undefined ? undefined : find(next.fallback);
    }
    return next !== undefined;
  };
  // A name may be there twice, and one that is not known be there twice as well: that is told once.
  const wrongIn = ({ members, fallback }: PoolReference): number =>
    twice(members) +
    [...new Set(members)].filter((member) => weightOf(member) === undefined).length +
    (fallback !== undefined && leadsNowhere(fallback) ? 1 : 0);
  return {
    references:
      twice(pools.map(({ id }) => id)) +
      routes.filter(({ pool }) => leadsNowhere(pool)).length +
      pools.reduce((sum, pool) => sum + wrongIn(pool), 0),
    inCircles: pools.filter(neverEnds).length,
  };
};
