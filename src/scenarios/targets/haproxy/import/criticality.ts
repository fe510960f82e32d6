/** Classes of requests in a config of our own: who they are, and what of each limit they may have. */
import type { GatewaySection } from '../../../../gateway/config.js';
import { CRITICALITIES, type Criticality } from '../../../../policies/criticality.js';
import type { Notes } from './notes.js';
import { linesWith, type ProxySection } from './proxies.js';

/** A share of a class, at least and less than. */
interface Bounds {
  readonly index: number;
  readonly low: number;
  readonly high: number;
}

export interface CriticalityRead {
  /** Of requests that say nothing. */
  readonly byDefault: Criticality;
  readonly header: string | null;
  readonly tierHeader: string | null;
  readonly tiers: Readonly<Record<string, Criticality>>;
  readonly bounds: readonly Bounds[];
  /** Whether there is a limit that classes have shares of. */
  readonly limited: boolean;
}

const NUMBER = String.raw`(\d+)`;

const LINES = {
  byDefault: new RegExp(`^http-request set-var\\(txn\\.class\\) int\\(${NUMBER}\\)$`),
  named: new RegExp(
    `^http-request set-var\\(txn\\.class\\) int\\(${NUMBER}\\) if \\{ req\\.fhdr\\((\\S+)\\) -i -m str -- (.+) \\}$`,
  ),
  share: new RegExp(
    `^http-request deny deny_status 503 if \\{ var\\(txn\\.class\\) -m int ${NUMBER} \\} \\{ (be_conn|var\\(txn\\.busy\\) -m int) gt ${NUMBER} \\}$`,
  ),
  whole: new RegExp(
    `^http-request deny deny_status 503 if \\{ (be_conn|var\\(txn\\.busy\\) -m int) gt ${NUMBER} \\}$`,
  ),
};

/** Limits were rounded down, and to 1 at least. */
const boundsOf = (index: number, limit: number, part: number): Bounds => ({
  index,
  low: part === 1 ? 0 : part / limit,
  high: (part + 1) / limit,
});

/** @param inAll what all servers of the backend have at once. @returns `null`: there are no classes. */
export const readCriticality = (proxy: ProxySection, inAll: number, notes: Notes): CriticalityRead | null => {
  let byDefault: Criticality | undefined;
  let header: string | null = null;
  let tierHeader: string | null = null;
  const tiers: [string, Criticality][] = [];
  const bounds: Bounds[] = [];
  // Behind each limit stand the shares of it; those of the servers' own stand last.
  let limit = inAll;
  let limited = false;
  for (const line of linesWith(proxy, 'http-request')) {
    const text = line.words.join(' ');
    const [, first] = LINES.byDefault.exec(text) ?? [];
    const [, named, field = '', values = ''] = LINES.named.exec(text) ?? [];
    const [, shared, , part] = LINES.share.exec(text) ?? [];
    const [, , whole] = LINES.whole.exec(text) ?? [];
    const isServers = text.startsWith('http-request deny deny_status 503 if { nbsrv gt 0 }');
    if (whole !== undefined) limit = Number(whole);
    else if (isServers) limit = inAll;
    limited ||= whole !== undefined || isServers;
    if (first !== undefined) byDefault = CRITICALITIES[Number(first)];
    if (named !== undefined) {
      const name = CRITICALITIES[Number(named)]!;
      const isClass = values.split(' ')[0] === name;
      if (isClass) header = field;
      else {
        tierHeader = field;
        tiers.push([line.words.at(-2)!, name]);
      }
    }
    if (shared !== undefined) bounds.push(boundsOf(Number(shared), limit, Number(part)));
    if (first ?? named ?? shared) notes.say(line, 'understood', 'criticality');
    else if (text.startsWith('http-request set-priority-class var(txn.class)')) {
      notes.say(line, 'understood', 'criticality: who matters more waits less');
    }
  }
  if (byDefault === undefined) return null;
  return { ...{ byDefault, header, tierHeader, bounds, limited }, tiers: Object.fromEntries(tiers) };
};

/** Something between the bounds, in percent; what is not bounded is whole. */
const shareText = (index: number, all: readonly Bounds[]): string => {
  const own = all.filter((bounds) => bounds.index === index);
  if (own.length === 0) return '100%';
  const low = Math.max(0.01, ...own.map((bounds) => bounds.low));
  const high = Math.min(1, ...own.map((bounds) => bounds.high));
  return `${Number((((low + Math.max(low, high)) / 2) * 100).toFixed(9))}%`;
};

/** @param main of the backend whose classes are the section's. @param all of every backend. */
export const criticalityOf = (
  main: CriticalityRead,
  all: readonly CriticalityRead[],
): NonNullable<GatewaySection['criticality']> => {
  const bounds = all.flatMap((one) => one.bounds);
  const shares = CRITICALITIES.map((name, index) => [name, shareText(index, bounds)]);
  return {
    ...(main.header !== null && { header: main.header }),
    ...(main.tierHeader !== null && { tierHeader: main.tierHeader }),
    tiers: main.tiers,
    otherwise: main.byDefault,
    ...(all.some(({ limited }) => limited) && { shares: Object.fromEntries(shares) }),
  };
};
