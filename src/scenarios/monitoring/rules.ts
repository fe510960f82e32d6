/**
 * The rules that raise alerts: one for users who are hurt, at two speeds, and early warnings of what will hurt them. Each is a
 * decision core that gets one tick after another. docs/incidents.md has them as a table.
 */
import { formatDuration, formatRatio } from '../../core/units.js';
import {
  BurnRate,
  type BurnWindow,
  describeBurning,
  scaleWindows,
  WORKBOOK_WINDOWS,
} from '../../delivery/burn-rate.js';
import { LatencyGrowth, QueueGrowth } from './growth-rules.js';
import type { MonitoringPlan, Rule } from './rule.js';
import { TICK_MS, type Tick } from './ticks.js';
import { TrafficDrop } from './traffic-drop.js';

/** With fewer failures in the long window nobody is woken: of few requests, one is a large share. */
const BURN_MIN_FAILURES = 5;
/** With fewer results there is no rate to speak of. */
const BURN_MIN_RESULTS = 20;

class Burn implements Rule {
  readonly #burnRate: BurnRate;

  constructor({ sloRatio, hourMs }: MonitoringPlan, window: BurnWindow) {
    this.#burnRate = new BurnRate({
      objectiveRatio: sloRatio,
      windows: scaleWindows([window], hourMs),
      minResults: BURN_MIN_RESULTS,
      minFailures: BURN_MIN_FAILURES,
    });
  }

  observe({ ended, failed, nowMs }: Tick): string | null {
    this.#burnRate.onResults(ended, failed, nowMs);
    const burning = this.#burnRate.burning(nowMs);
    return burning === null ? null : describeBurning(burning);
  }
}

/** As long as an operator needs at least, in a run of tens of seconds: a warning that comes later is none. */
export const HEAP_HORIZON_MS = 5_000;

class HeapSlope implements Rule {
  observe({ heapFull: { inMs, worker } }: Tick): string | null {
    if (inMs > HEAP_HORIZON_MS) return null;
    return `the heap of ${worker} is full in ${formatDuration(inMs)} if it goes on growing as it does`;
  }
}

/** Tries for each request beyond which a retry storm is on its way: half of the requests are tried again. */
export const AMPLIFICATION_LIMIT = 1.5;
const AMPLIFICATION_WINDOW_MS = 1_000;
/** With fewer requests in the window a few unlucky ones would be an alert. */
const AMPLIFICATION_MIN_REQUESTS = 20;

/** Sums of the last few ticks. */
class Recent {
  readonly #length: number;
  readonly #values: number[] = [];
  sum = 0;

  constructor(windowMs: number) {
    this.#length = Math.round(windowMs / TICK_MS);
  }

  add(value: number): void {
    this.#values.push(value);
    this.sum += value;
    if (this.#values.length > this.#length) this.sum -= this.#values.shift()!;
  }
}

class Amplification implements Rule {
  readonly #requests = new Recent(AMPLIFICATION_WINDOW_MS);
  readonly #tries = new Recent(AMPLIFICATION_WINDOW_MS);

  observe({ requests, tries }: Tick): string | null {
    this.#requests.add(requests);
    this.#tries.add(tries);
    if (this.#requests.sum < AMPLIFICATION_MIN_REQUESTS) return null;
    const amplification = this.#tries.sum / this.#requests.sum;
    if (amplification <= AMPLIFICATION_LIMIT) return null;
    const share = formatRatio(amplification - 1);
    return `${amplification.toFixed(2)} tries are sent for each request: ${share} more than were asked for`;
  }
}

const [FAST_WINDOW, SLOW_WINDOW] = WORKBOOK_WINDOWS as readonly [BurnWindow, BurnWindow];

/** Every rule there is, by the name that thresholds have for it. */
const RULES = {
  'fast-burn': (plan: MonitoringPlan): Rule => new Burn(plan, FAST_WINDOW),
  'slow-burn': (plan: MonitoringPlan): Rule => new Burn(plan, SLOW_WINDOW),
  'heap-slope': (): Rule => new HeapSlope(),
  'queue-growth': (plan: MonitoringPlan): Rule => new QueueGrowth(plan),
  'latency-growth': (): Rule => new LatencyGrowth(),
  amplification: (): Rule => new Amplification(),
  'traffic-drop': (): Rule => new TrafficDrop(),
} as const;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];

/** Rules that see nothing where no worker tells of itself: of its heap, its queue, what it has finished. */
export const RULES_OF_WORKERS: readonly RuleName[] = ['heap-slope', 'queue-growth', 'traffic-drop'];

export const makeRule = (name: RuleName, plan: MonitoringPlan): Rule => RULES[name](plan);
