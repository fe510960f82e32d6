/**
 * Changes that are valid and too large: they need somebody's approval, with a reason, before they go out.
 *
 * Two of them have histories. Capacity: a mistyped command took away more servers than was meant (AWS S3, 28 February
 * 2017), and a new way of draining one cluster took every backend out of the routing (OpenAI, 21 May 2024). Size: a
 * query that returned its rows twice doubled a file, which then went over a limit in every proxy that read it
 * (Cloudflare, 18 November 2025), and an empty config overwrote the customers' (Google Cloud, 2023).
 */
import { formatRatio } from '../core/units.js';

/** What a guard has against going from one config to another; `null`: nothing. */
export type Guard<Config> = (from: Config, to: Config) => string | null;

export interface CapacityGuardOptions<Config> {
  /** What a config can serve, in whatever unit: upstreams, the sum of their weights, slots. */
  readonly measure: (config: Config) => number;
  /**
   * Share of the capacity that one change may remove; default 25 %, a rolling update's `maxUnavailable` in Kubernetes.
   */
  readonly maxRemovedRatio?: number;
}

const DEFAULT_MAX_REMOVED_RATIO = 0.25;

/** Against a change that removes too much capacity at once. */
export const capacityGuard =
  <Config>({
    measure,
    maxRemovedRatio = DEFAULT_MAX_REMOVED_RATIO,
  }: CapacityGuardOptions<Config>): Guard<Config> =>
  (from, to) => {
    const before = measure(from);
    const after = measure(to);
    if (!isMeasure(before) || !isMeasure(after)) return unmeasured('capacity', before, after);
    if (after === 0 && before > 0) return `it would remove all capacity: ${before} before, 0 after`;
    const removedRatio = before === 0 ? 0 : (before - after) / before;
    if (removedRatio <= maxRemovedRatio) return null;
    return (
      `it would remove ${formatRatio(removedRatio)} of the capacity (${before} before, ${after} after), ` +
      `where ${formatRatio(maxRemovedRatio)} at once is the limit`
    );
  };

export interface SizeGuardOptions<Config> {
  /** Size of a config, in bytes or entries. */
  readonly measure: (config: Config) => number;
  /** Growth, or shrinking, by this factor needs approval; default 2. */
  readonly factor?: number;
  /** A smaller config counts as so large: what is tiny doubles with every line; default 1,024, for bytes. */
  readonly floor?: number;
}

const DEFAULT_FACTOR = 2;
const DEFAULT_FLOOR = 1_024;

/** Against a change that doubles a config, or halves it. */
export const sizeGuard =
  <Config>({
    measure,
    factor = DEFAULT_FACTOR,
    floor = DEFAULT_FLOOR,
  }: SizeGuardOptions<Config>): Guard<Config> =>
  (from, to) => {
    const before = measure(from);
    const after = measure(to);
    if (!isMeasure(before) || !isMeasure(after)) return unmeasured('size', before, after);
    const fromSize = Math.max(before, floor);
    const toSize = Math.max(after, floor);
    if (toSize >= factor * fromSize) return sizeText('grow', toSize / fromSize, before, after);
    if (fromSize >= factor * toSize) return sizeText('shrink', fromSize / toSize, before, after);
    return null;
  };

const sizeText = (how: 'grow' | 'shrink', times: number, before: number, after: number): string =>
  `it would make the config ${how} ${Number(times.toFixed(1))} times (size ${before} before, ${after} after)`;

/** A measure that is no number guards nothing, so it does not pass for a good one. */
const isMeasure = (value: number): boolean => Number.isFinite(value) && value >= 0;

const unmeasured = (what: string, before: number, after: number): string =>
  `its ${what} cannot be told: ${before} before, ${after} after`;

/** Everything the guards have against a change; `null`: nothing. */
export const guardChange = <Config>(
  guards: readonly Guard<Config>[],
  from: Config,
  to: Config,
): string | null => {
  const objections = guards.map((guard) => guard(from, to)).filter((objection) => objection !== null);
  return objections.length === 0 ? null : objections.join('; ');
};
