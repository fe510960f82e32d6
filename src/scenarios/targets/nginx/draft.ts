/** What the parts of a translation write into. */
import type { GatewayConfig } from '../../../gateway/config.js';
import { withShares } from '../destinations.js';
import type { Loss, ProxySite, ProxyState, ProxyUpstream } from '../target.js';

/** A group of servers: `upstream` in nginx. */
export interface Pool {
  /** As the section names it; `null`: all upstreams. */
  readonly name: string | null;
  /** As nginx knows it: letters, digits, `_`, `.` and `-`. */
  readonly group: string;
  readonly members: readonly ProxyUpstream[];
}

export interface Draft {
  readonly config: GatewayConfig;
  readonly upstreams: readonly ProxyUpstream[];
  readonly site: ProxySite;
  readonly pools: readonly Pool[];
  /** In `http`, before the server. */
  readonly http: string[];
  /** In `server`, before the locations. */
  readonly server: string[];
  readonly losses: Loss[];
  /** Beside the config, by name. */
  readonly files: Record<string, string>;
}

/** Names for nginx: what it cannot have in one becomes `_`, and what is the same then gets a number. */
const groupNamer = (): ((name: string) => string) => {
  const taken = new Set<string>();
  return (name) => {
    const base = name.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 40);
    // Groups are compared without regard to case.
    const isFree = (group: string): boolean => !taken.has(group.toLowerCase());
    let group = base;
    for (let number = 2; !isFree(group); number++) group = `${base}_${number}`;
    taken.add(group.toLowerCase());
    return group;
  };
};

const poolsOf = ({ config, upstreams }: ProxyState): Pool[] => {
  const nameGroup = groupNamer();
  const byId = new Map(upstreams.map((upstream) => [upstream.id, upstream]));
  const leadsToAll = config.routes === null || config.routes.some(({ pool }) => pool === null);
  // A pool that nobody has named has nobody in it.
  const strangers = (config.routes ?? []).flatMap(({ pool }) =>
    pool === null || Object.hasOwn(config.pools, pool) ? [] : [pool],
  );
  const named: (readonly [string, readonly string[]])[] = [
    ...Object.entries(config.pools),
    ...[...new Set(strangers)].map((name) => [name, []] as const),
  ];
  const all: Pool = { name: null, group: nameGroup('workers'), members: withShares(upstreams) };
  return [
    ...(leadsToAll || named.length === 0 ? [all] : []),
    ...named.map(([name, ids]) => ({
      name,
      group: nameGroup(name),
      members: withShares([...new Set(ids)].flatMap((id) => byId.get(id) ?? [])),
    })),
  ];
};

export const draftOf = (state: ProxyState, site: ProxySite): Draft => ({
  ...state,
  site,
  pools: poolsOf(state),
  http: [],
  server: [],
  losses: [],
  files: {},
});

export const missing = (draft: Draft, path: readonly string[], text: string): void => {
  draft.losses.push({ path, text, degree: 'missing' });
};

export const otherwise = (draft: Draft, path: readonly string[], text: string): void => {
  draft.losses.push({ path, text, degree: 'otherwise' });
};
