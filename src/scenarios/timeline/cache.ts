/** What a timeline does to the cache of the gateway or of the edge: `purge-cache`, with `to`. */
import type { Json } from '../../core/json.js';
import { OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import type { EntryProblem, EntryScope } from './timeline.js';

export const CacheActionProperties = {
  'purge-cache': Optional(
    Section(
      {
        pathPrefix: Optional(
          Type.String({
            pattern: '^/',
            description: 'Answers for paths that begin with it; default: everything that is stored.',
          }),
        ),
        soft: Optional(
          OneOf(
            ['on', 'off'],
            'on: they are kept as stale, and given while new ones are fetched and when that fails; default off.',
          ),
        ),
      },
      'Empties the cache of the gateway, or with `to: edge` of the edge.',
    ),
  ),
};

const CacheKeys = Type.Object(CacheActionProperties);

/** Of an entry, what is about a cache. */
export type CacheEntry = Static<typeof CacheKeys> & { readonly to?: string };

export interface CacheAction {
  readonly type: 'purge-cache';
  readonly to: 'gateway' | 'edge';
  /** Empty: everything. */
  readonly pathPrefix: string;
  /** They are kept, as stale. */
  readonly soft: boolean;
}

/** What the schema cannot say of an entry that is about a cache. */
export const checkCacheEntry = ({ to = 'gateway' }: CacheEntry, scope: EntryScope): EntryProblem[] => {
  if (to === 'workers') return [{ key: 'to', message: 'workers have no cache; use gateway or edge' }];
  const section = to === 'edge' ? scope.edge : scope.gateway;
  if (section === null || section === undefined) {
    return [{ key: 'to', message: 'there is no edge; give the scenario the section `edge`' }];
  }
  if ((section as Json).cache !== undefined) return [];
  const where = to === 'edge' ? 'edge.gateway' : 'gateway';
  return [
    { key: 'purge-cache', message: `there is no cache to empty; give \`${where}\` the section \`cache\`` },
  ];
};

/** @param entry one that `checkCacheEntry` has nothing against. @returns `null`: it is about something else. */
export const resolveCacheEntry = (entry: CacheEntry): CacheAction | null => {
  const purge = entry['purge-cache'];
  if (purge === undefined) return null;
  return {
    type: 'purge-cache',
    to: entry.to === 'edge' ? 'edge' : 'gateway',
    pathPrefix: purge.pathPrefix ?? '',
    soft: purge.soft === 'on',
  };
};

/** For people. */
export const cacheActionText = ({ to, pathPrefix, soft }: CacheAction): string => {
  const below = pathPrefix === '' ? '' : ` below ${pathPrefix}`;
  return soft ? `make all stale in the ${to}’s cache${below}` : `empty the ${to}’s cache${below}`;
};
