/**
 * A challenge: an outage whose cause is hidden, drawn from a seed. Everything here is drawn and nothing is run; the same seed
 * and level are the same challenge, to the last request.
 */
import { merge } from '../../core/document/overrides.js';
import type { Json } from '../../core/json.js';
import { Random } from '../../core/random.js';
import { CONTROL_VARIANT } from '../scenario.js';
import { type Arisen, CAUSES, type CauseName, causesOf } from './causes.js';
import { drawDecoys, ENTRY_LEVEL } from './decoys.js';
import { MITIGATIONS, type MitigationName, type Moment, mitigationsOf } from './mitigations.js';
import { CLIENTS, EVERY_WORKER, GATEWAY, linkTo, THIRD_PARTY } from './places.js';
import {
  between,
  drawScene,
  hasThirdParty,
  type Level,
  pick,
  type Scene,
  type Times,
  usualRps,
} from './scene.js';

/** One of several things to choose from. */
export interface Option {
  /** As an answer has it. */
  readonly name: string;
  readonly text: string;
}

/** What players are not told before they have answered. */
export interface Truth {
  readonly cause: CauseName;
  readonly on: string;
  /** What is known to end it. What else does, the run shows. */
  readonly mitigation: MitigationName;
}

export interface Challenge {
  readonly seed: number;
  readonly level: Level;
  readonly scene: Scene;
  /** From which its usual clients come. */
  readonly addresses: number;
  readonly causes: readonly Option[];
  readonly places: readonly Option[];
  readonly mitigations: readonly Option[];
  readonly times: Times;
  /** The whole of it without variants, as a scenario file has it. */
  readonly base: Json;
  /** Its timeline if nobody does anything. */
  readonly timeline: readonly Json[];
  readonly lastChange: Moment['lastChange'];
  readonly gatewayPush: Json;
  readonly truth: Truth;
}

export const NOTHING_DONE = 'nothing-done';
export const HEALTHY = CONTROL_VARIANT;

/** How long it takes until somebody does something; long enough to see that it does not pass. */
const REACTION_MS = 9_000;
/** What is done has so long to work: queues have to run empty. */
const WORKING_MS = 8_000;
const LOOKED_AT_MS = 8_000;

const drawTimes = (random: Random): Times => {
  const onsetMs = 8_000 + between(random, 0, 20) * 100;
  const actMs = onsetMs + REACTION_MS;
  const afterMs = actMs + WORKING_MS;
  return { onsetMs, actMs, afterMs, endMs: afterMs + LOOKED_AT_MS };
};

const placesOf = (scene: Scene): Option[] => [
  ...scene.workers.map((name) => ({ name, text: name })),
  { name: EVERY_WORKER, text: 'every worker' },
  { name: CLIENTS, text: 'the clients' },
  ...(hasThirdParty(scene)
    ? [
        { name: GATEWAY, text: 'the gateway' },
        { name: THIRD_PARTY, text: 'the third party that /pay calls' },
        ...scene.workers.map((worker) => ({ name: linkTo(worker), text: `the network to ${worker}` })),
      ]
    : []),
];

/** Addresses from which the usual clients come: each sends a request every second or more. */
const ADDRESSES = 60;

const clientsOf = (scene: Scene): Json => ({
  patience: '5s',
  retry: { attempts: 1 },
  ...(hasThirdParty(scene)
    ? {
        classes: {
          browse: { share: '75%', path: '/browse', identities: ADDRESSES },
          pay: { share: '25%', path: '/pay', identities: ADDRESSES },
        },
      }
    : { identities: ADDRESSES }),
});

const stagesOf = ({ stages }: Arisen, scene: Scene, { endMs }: Times): Json[] => {
  const all = stages ?? [{ rateRps: usualRps(scene) }];
  const spentMs = all.reduce((sum, { forMs = 0 }) => sum + forMs, 0);
  return all.map(({ rateRps, forMs = endMs - spentMs }) => ({ rate: `${rateRps}/s`, for: `${forMs}ms` }));
};

const baseOf = (challenge: { seed: number; scene: Scene; times: Times }, arisen: Arisen): Json => {
  const { seed, scene, times } = challenge;
  const { onsetMs, actMs, afterMs, endMs } = times;
  const count = scene.workers.length;
  const base: Json = {
    version: 1,
    name: `challenge-${seed}`,
    title: 'An outage with a hidden cause',
    seed,
    fleet: {
      workers: count,
      maxWorkers: count + 2,
      slots: scene.slots,
      serviceTime: { distribution: 'exponential', mean: `${scene.meanMs}ms` },
      memory: { heapLimit: `${scene.heapLimitMib}MiB` },
      restart: { delay: '500ms', factor: 1, maxDelay: '500ms' },
      ...(hasThirdParty(scene) && {
        dependencies: { payments: { kind: 'third-party', time: '40ms', path: '/pay', timeout: '3s' } },
      }),
    },
    gateway: {
      balancer: scene.balancer,
      timeouts: { attempt: `${scene.attemptMs}ms`, request: '4s' },
      healthCheck: { type: 'http', interval: '500ms', timeout: '400ms', rise: 2, fall: 2 },
    },
    clients: clientsOf(scene),
    load: { arrivals: 'poisson', stages: stagesOf(arisen, scene, times) },
    windows: {
      baseline: '2s..6s',
      outage: `${onsetMs}ms..${actMs}ms`,
      after: `${afterMs}ms..${endMs}ms`,
    },
    minBaselineAvailability: '90%',
  };
  return arisen.overlay === undefined ? base : merge(base, arisen.overlay);
};

/** @param level default 1. */
export const drawChallenge = (seed: number, level: Level = ENTRY_LEVEL): Challenge => {
  const random = new Random(seed).fork(`challenge of level ${level}`);
  const scene = drawScene(random.fork('scene'), level);
  const times = drawTimes(random.fork('times'));
  const names = causesOf(level);
  const cause = pick(random.fork('cause'), names);
  const worker = pick(random.fork('worker'), scene.workers);
  const arisen = CAUSES[cause].arise({ random: random.fork('details'), scene, atMs: times.onsetMs, worker });
  const decoys = drawDecoys(random.fork('decoys'), { scene, times, place: arisen.place });
  const changes = [...decoys.entries, ...arisen.entries];
  return {
    ...{ seed, level, scene, times, base: baseOf({ seed, scene, times }, arisen), timeline: changes },
    causes: names.map((name) => ({ name, text: CAUSES[name].text })),
    places: placesOf(scene),
    addresses: hasThirdParty(scene) ? 2 * ADDRESSES : ADDRESSES,
    mitigations: mitigationsOf(level).map((name) => ({ name, text: MITIGATIONS[name].text })),
    lastChange: lastChangeOf(changes),
    gatewayPush: merge(decoys.gatewayPush, arisen.gatewayPush ?? {}),
    truth: { cause, on: arisen.place, mitigation: CAUSES[cause].best },
  };
};

const lastChangeOf = (entries: readonly Json[]): Moment['lastChange'] => {
  const last = entries.findLast((entry) => 'deploy' in entry || 'push-config' in entry);
  if (last === undefined) return null;
  if ('deploy' in last) return 'deploy';
  return last.to === 'gateway' ? 'gateway' : 'workers';
};

/**
 * The challenge as a scenario: nothing done, nothing wrong, and every mitigation at that place.
 * @param place where somebody believes the cause to be; it counts for mitigations alone.
 */
export const challengeScenario = (challenge: Challenge, place: string): string => {
  const { base, timeline, times, scene, lastChange, gatewayPush, truth } = challenge;
  const moment: Moment = { scene, at: `${times.actMs}ms`, place, lastChange, gatewayPush };
  const done = challenge.mitigations.map(({ name }) => [
    name,
    { timeline: [...timeline, ...MITIGATIONS[name as MitigationName].entries(moment)] },
  ]);
  // What only changed is harmless; what the cause itself did is left out.
  const usual = { rate: `${usualRps(scene)}/s`, for: `${times.endMs}ms` };
  const healthy = { timeline: [], ...(truth.cause === 'crowd' && { load: { stages: [usual] } }) };
  const variants = { [NOTHING_DONE]: { timeline }, [HEALTHY]: healthy, ...Object.fromEntries(done) };
  return JSON.stringify({ ...base, variants });
};
