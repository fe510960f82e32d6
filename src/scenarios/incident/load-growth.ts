/**
 * When the load grew, as somebody sees it who does not know the scenario: a cumulative sum (CUSUM; Page, "Continuous
 * Inspection Schemes", Biometrika 1954) of the requests above what is usual. It tells of a growth soon, and when it began.
 */
import { medianOf } from '../../core/statistics.js';
import { TICK_MS, type Tick } from '../monitoring/ticks.js';

/** What is above the usual by less than this share is no growth. */
const SLACK_RATIO = 0.25;
/**
 * So many requests above that, added up, are no chance: with Poisson arrivals one tick in e^20 is the end of such a row, whatever
 * the rate, since the slack grows with the rate as the variance does. Where what is usual was learned a tenth too low, one in e^12.
 */
const LIMIT_REQUESTS = 40;
/** The usual is the median of the seconds of so long before, of which there have to be three. */
const MEMORY_SECONDS = 5;
const MIN_MEMORY = 3;
const SECOND_TICKS = 1_000 / TICK_MS;

export interface LoadGrowth {
  /** When it began. */
  readonly atMs: number;
  /** When it could be told from chance. */
  readonly knownMs: number;
  readonly fromRps: number;
  readonly toRps: number;
}

const rateOf = (ticks: readonly Pick<Tick, 'requests'>[]): number =>
  ticks.length === 0
    ? 0
    : ticks.reduce((sum, { requests }) => sum + requests, 0) / (ticks.length / SECOND_TICKS);

/** Every growth of the load, in order; a ramp is a row of them. */
export const findLoadGrowths = (ticks: readonly Pick<Tick, 'requests'>[]): LoadGrowth[] => {
  const growths: LoadGrowth[] = [];
  let seconds: number[] = [];
  let excess = 0;
  let began = 0;
  for (const [index, { requests }] of ticks.entries()) {
    if (seconds.length >= MIN_MEMORY) {
      const usual = medianOf(seconds) / SECOND_TICKS;
      if (excess === 0) began = index;
      excess = Math.max(0, excess + requests - usual * (1 + SLACK_RATIO));
      if (excess > LIMIT_REQUESTS) {
        growths.push({
          atMs: began * TICK_MS,
          knownMs: (index + 1) * TICK_MS,
          fromRps: usual * SECOND_TICKS,
          toRps: rateOf(ticks.slice(began, began + SECOND_TICKS)),
        });
        // What is usual has to be learned anew.
        [seconds, excess] = [[], 0];
      }
    }
    if ((index + 1) % SECOND_TICKS === 0) {
      seconds = [...seconds, rateOf(ticks.slice(index + 1 - SECOND_TICKS, index + 1))].slice(-MEMORY_SECONDS);
    }
  }
  return growths;
};
