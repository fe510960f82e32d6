/**
 * A set of upstreams that requests of a route may go to, by priority: which of them are to be used now. Looked at anew
 * only when something about the upstreams has changed, and not for each request.
 */
import { GatewayError } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import type { Upstream, UpstreamPool } from '../upstream-pool.js';
import { type LevelLoad, levelAt, loadOfLevels, type PriorityOptions } from './priorities.js';

const byPriority = (upstreams: readonly Upstream[]): Upstream[][] => {
  const priorities = [...new Set(upstreams.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.map((wanted) => upstreams.filter(({ priority }) => priority === wanted));
};

/** Without those of weight 0, under every balancer; where all have 0, they are equals. */
const weighted = (upstreams: readonly Upstream[]): readonly Upstream[] => {
  const some = upstreams.filter(({ weight }) => weight > 0);
  return some.length === 0 ? upstreams : some;
};

export interface GroupParts {
  /** `null`: all there are. */
  readonly ids: readonly string[] | null;
  readonly pool: UpstreamPool;
  readonly options: PriorityOptions;
  readonly random: Random;
  /** Called when the group begins to panic or stops to. */
  readonly onPanic: (panics: boolean) => void;
}

export class Group {
  readonly upstreams: readonly Upstream[];
  readonly #parts: GroupParts;
  #revision = -1;
  /** Of each priority, those that may get requests. */
  #levels: readonly (readonly Upstream[])[] = [];
  #loads: readonly LevelLoad[] = [];
  #panics = false;

  constructor(parts: GroupParts) {
    const { ids, pool } = parts;
    this.#parts = parts;
    this.upstreams = ids === null ? pool.upstreams : pool.upstreams.filter(({ id }) => ids.includes(id));
  }

  /** Those that this request may go to. @throws GatewayError when there are none. */
  usable(): readonly Upstream[] {
    const { pool, random } = this.#parts;
    if (pool.revision !== this.#revision) this.#look();
    const levels = this.#levels;
    const usable = levels.length === 1 ? levels[0]! : levels[levelAt(this.#loads, random.next())];
    if (usable === undefined || usable.length === 0) throw this.#nobody();
    return usable;
  }

  #look(): void {
    const { pool, options, onPanic } = this.#parts;
    this.#revision = pool.revision;
    const levels = byPriority(this.upstreams.filter(({ drained }) => !drained));
    const loads =
      levels.length === 0
        ? []
        : loadOfLevels(
            levels.map((level) => ({
              healthy: level.filter(({ available }) => available).length,
              total: level.length,
            })),
            options,
          );
    this.#loads = loads;
    this.#levels = levels.map((level, index) => {
      const { uses } = loads[index]!;
      return weighted({ healthy: level.filter(({ available }) => available), all: level, none: [] }[uses]);
    });
    const panics = loads.some((load) => load.panics);
    if (panics !== this.#panics) onPanic(panics);
    this.#panics = panics;
  }

  #nobody(): GatewayError {
    const count = this.upstreams.length;
    if (count === 0) return new GatewayError('BGW_ERR_NO_UPSTREAM', 'the pool has no upstreams');
    return new GatewayError('BGW_ERR_NO_UPSTREAM', `none of ${count} upstreams is available`);
  }
}
