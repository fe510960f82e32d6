/**
 * Whether what a config refers to is there: routes that name pools, pools that name upstreams, and pools to fall back
 * to. A reference to nothing, or to a pool with nobody in it, is valid to a schema and a 503 to every client of that
 * route (OpenAI, 21 May 2024: routing data without backends; Amazon DynamoDB, 20 October 2025: an empty DNS record).
 */
import { thereAre } from '../core/nearest.js';

export type Path = readonly (string | number)[];

export interface PoolReference {
  readonly id: string;
  /** Where it stands in the config. */
  readonly path: Path;
  /** Ids of its upstreams. */
  readonly members: readonly string[];
  /** The pool that stands in for it. */
  readonly fallback?: string;
}

export interface RouteReference {
  readonly path: Path;
  readonly pool: string;
}

export interface References {
  /** The weight of each upstream by its id; `null` where the upstreams are not known yet. */
  readonly upstreams: ReadonlyMap<string, number> | null;
  readonly pools: readonly PoolReference[];
  readonly routes: readonly RouteReference[];
}

export interface ReferenceProblem {
  readonly path: Path;
  readonly message: string;
  /** Nothing is missing, but nobody is there: somebody may mean it. */
  readonly approvable?: true;
}

/** Everything that refers to nothing, to nobody or in a circle, and every name given twice. */
export const findReferenceProblems = ({ upstreams, pools, routes }: References): ReferenceProblem[] => {
  // A map, because an object would have pools that nobody wrote, such as `constructor`.
  const byId = new Map<string, PoolReference>();
  const twice: ReferenceProblem[] = [];
  for (const pool of pools) {
    if (byId.has(pool.id)) twice.push({ path: pool.path, message: `pool "${pool.id}" is there twice` });
    else byId.set(pool.id, pool);
  }
  const empty = new Set(pools.filter((pool) => isEmpty(pool, upstreams)));
  const check = (path: Path, id: string): ReferenceProblem[] => {
    const pool = byId.get(id);
    if (pool === undefined) return [{ path, message: `there is no pool "${id}"` }];
    const message = `nobody in pool "${id}" gets requests`;
    return empty.has(pool) ? [{ path, message, approvable: true }] : [];
  };
  return [
    ...twice,
    ...pools.flatMap((pool) => findMemberProblems(pool, upstreams)),
    ...routes.flatMap(({ path, pool }) => check([...path, 'pool'], pool)),
    ...pools.flatMap(({ path, fallback }) =>
      fallback === undefined ? [] : check([...path, 'fallback'], fallback),
    ),
    ...findCircles(byId),
  ];
};

/** Nobody in it, or only upstreams of weight 0. */
const isEmpty = ({ members }: PoolReference, upstreams: References['upstreams']): boolean =>
  !members.some((member) => upstreams === null || (upstreams.get(member) ?? 0) > 0);

const findMemberProblems = (
  { path, members }: PoolReference,
  upstreams: References['upstreams'],
): ReferenceProblem[] => {
  const seen = new Set<string>();
  return members.flatMap((member, index) => {
    const at = [...path, 'upstreams', index];
    if (seen.has(member)) return [{ path: at, message: `upstream "${member}" is there twice` }];
    seen.add(member);
    const known = upstreams === null || upstreams.has(member);
    return known
      ? []
      : [{ path: at, message: `there is no upstream "${member}"${thereAre(member, [...upstreams.keys()])}` }];
  });
};

/** Follows every chain of fallbacks once, without recursion: a chain may be as long as there are pools. */
const findCircles = (byId: ReadonlyMap<string, PoolReference>): ReferenceProblem[] => {
  const problems: ReferenceProblem[] = [];
  const followed = new Set<PoolReference>();
  for (const start of byId.values()) {
    const chain = new Set<PoolReference>();
    let pool: PoolReference | undefined = start;
    while (pool !== undefined && !followed.has(pool)) {
      followed.add(pool);
      chain.add(pool);
      pool = pool.fallback === undefined ? undefined : byId.get(pool.fallback);
    }
    if (pool === undefined || !chain.has(pool)) continue;
    const names = [...chain].map(({ id }) => id);
    const circle = [...names.slice(names.indexOf(pool.id)), pool.id].join(' → ');
    problems.push({ path: [...pool.path, 'fallback'], message: `falls back in a circle: ${circle}` });
  }
  return problems;
};
