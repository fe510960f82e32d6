/** What else happened on that day, and did no harm: changes before the outage, and a worker that died once. */
import { merge } from '../../core/document/overrides.js';
import type { Json } from '../../core/json.js';
import type { Random } from '../../core/random.js';
import { downstream } from './causes.js';
import { between, type Level, pick, type Scene, type Times } from './scene.js';

export const ENTRY_LEVEL: Level = 1;

interface Day {
  readonly scene: Scene;
  readonly times: Times;
  /** Where the cause lies: nothing else is wrong there. */
  readonly place: string;
}

export interface Decoys {
  /** In order of time. */
  readonly entries: readonly Json[];
  /** Keys that were pushed to the gateway. */
  readonly gatewayPush: Json;
}

/** How many, by level. */
const COUNT: Readonly<Record<Level, number>> = { 1: 0, 2: 1, 3: 2 };

interface Decoy {
  readonly entry: (random: Random, at: string, day: Day) => Json;
  readonly gatewayPush?: Json;
}

const LONGER_BODY = { timeouts: { body: '50s' } };

const DECOYS: readonly Decoy[] = [
  {
    entry: (random, at) => ({ at, 'push-config': downstream(between(random, 1, 9), between(random, 1, 9)) }),
  },
  { entry: (_random, at) => ({ at, 'push-config': LONGER_BODY, to: 'gateway' }), gatewayPush: LONGER_BODY },
  {
    entry: (_random, at) => ({
      at,
      deploy: { version: 2, strategy: 'rolling', drain: '300ms', boot: '100ms', changes: {} },
    }),
  },
];

/** From the first request on, and over before the outage. */
const BETWEEN_MS: readonly [number, number] = [1_500, 3_500];

export const drawDecoys = (random: Random, day: Day): Decoys => {
  const left = [...DECOYS];
  const drawn = Array.from({ length: COUNT[day.scene.level] }, () => {
    const decoy = pick(random, left);
    left.splice(left.indexOf(decoy), 1);
    return decoy;
  });
  const times = drawn.map(() => between(random, ...BETWEEN_MS)).sort((a, b) => a - b);
  const entries = drawn.map((decoy, index) => decoy.entry(random, `${times[index]}ms`, day));
  const gatewayPush = drawn.reduce<Json>((sum, decoy) => merge(sum, decoy.gatewayPush ?? {}), {});
  return { entries, gatewayPush };
};
