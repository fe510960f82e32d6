/**
 * Priority levels and panic (Envoy, "Priority levels", "Panic threshold"): upstreams of priority 0 get all traffic while
 * enough of them are healthy, and what they cannot carry goes to the next level. When all levels together cannot carry
 * it, a level of which too little is left panics: it uses all its upstreams, since what the health checks say is then
 * more likely wrong, or worse for the few that are left, than a request to an upstream that is down.
 *
 * Envoy counts in whole percent; here nothing is rounded, and shares may differ from Envoy's by one percent.
 */

/** The upstreams of one priority. */
export interface LevelHealth {
  readonly healthy: number;
  readonly total: number;
}

export interface PriorityOptions {
  /** A level carries all its traffic while its healthy part times this is at least 1. */
  readonly overprovisioningFactor: number;
  /** A level with a smaller healthy part than this panics; 0: never. */
  readonly panicThreshold: number;
  /** In panic, use no upstream instead of all: for services that fail all or nothing. */
  readonly failTrafficOnPanic: boolean;
}

/** Envoy's. */
export const PRIORITY_DEFAULTS: PriorityOptions = {
  overprovisioningFactor: 1.4,
  panicThreshold: 0.5,
  failTrafficOnPanic: false,
};

export interface LevelLoad {
  /** Of all traffic; those of all levels add up to 1. */
  readonly share: number;
  readonly panics: boolean;
  /** Which of its upstreams get it. `none`: the request fails, though there are upstreams. */
  readonly uses: 'healthy' | 'all' | 'none';
}

/** Sums that should be 1 may come out a little less. */
const ALMOST_ONE = 1 - 1e-9;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Each level's share of a whole, in proportion; the first level's where there is no whole. */
const inProportion = (parts: readonly number[]): number[] => {
  const whole = sum(parts);
  return parts.map((part, index) => (whole > 0 ? part / whole : index === 0 ? 1 : 0));
};

/** Each level takes what it can carry of what those before it have left. */
const inOrder = (capacities: readonly number[]): number[] => {
  let left = 1;
  return capacities.map((capacity) => {
    const share = Math.min(left, capacity);
    left -= share;
    return share;
  });
};

/**
 * How traffic is shared among levels, priority 0 first. To be asked when health changes, not for each request.
 *
 * @param levels at least one; a level without upstreams carries nothing.
 */
export const loadOfLevels = (
  levels: readonly LevelHealth[],
  options: PriorityOptions = PRIORITY_DEFAULTS,
): readonly LevelLoad[] => {
  const healthyRatios = levels.map(({ healthy, total }) => (total === 0 ? 0 : healthy / total));
  const capacities = healthyRatios.map((ratio) => Math.min(1, ratio * options.overprovisioningFactor));
  const suffices = sum(capacities) >= ALMOST_ONE;
  const panics = healthyRatios.map((ratio) => !suffices && ratio < options.panicThreshold);
  const uses = options.failTrafficOnPanic ? 'none' : 'all';
  const shares = sharesOf(levels, capacities, panics.every(Boolean));
  return shares.map((share, level) => ({
    share,
    panics: panics[level]!,
    uses: panics[level] ? uses : 'healthy',
  }));
};

const sharesOf = (
  levels: readonly LevelHealth[],
  capacities: readonly number[],
  allPanic: boolean,
): readonly number[] => {
  // Health means nothing any more, and size alone is left to go by.
  if (allPanic) return inProportion(levels.map(({ total }) => total));
  return sum(capacities) >= ALMOST_ONE ? inOrder(capacities) : inProportion(capacities);
};

/** The level that a request goes to. @param point uniform in [0, 1). */
export const levelAt = (loads: readonly LevelLoad[], point: number): number => {
  let passed = 0;
  let last = 0;
  for (const [level, { share }] of loads.entries()) {
    if (share === 0) continue;
    last = level;
    passed += share;
    if (point < passed) break;
  }
  return last;
};
