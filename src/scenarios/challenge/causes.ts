/**
 * What may be wrong in a challenge. Each cause says where it lies, what it does to the run, what helps, and what gives it
 * away. Its names and texts are the choices; what players see of the run never says them.
 */
import type { Json } from '../../core/json.js';
import type { Random } from '../../core/random.js';
import type { VariantResult } from '../result.js';
import { ofType } from '../result-events.js';
import type { MitigationName } from './mitigations.js';
import { CLIENTS, EVERY_WORKER, GATEWAY, linkTo, THIRD_PARTY, workerAt } from './places.js';
import { between, capacityRps, type Level, pick, type Scene, usualRps } from './scene.js';
import {
  attemptsAt,
  busyOf,
  deathsOfWorker,
  failuresBy,
  isQueueLong,
  type Outage,
  timeoutsAt,
} from './signs.js';

/** When things happen, and to whom. */
export interface Site {
  readonly random: Random;
  readonly scene: Scene;
  /** When the cause begins. */
  readonly atMs: number;
  /** The worker that is meant, where one is. */
  readonly worker: string;
}

/** A part of the load; `forMs` left out: until the end. */
export interface Stage {
  readonly rateRps: number;
  readonly forMs?: number;
}

/** What a cause makes of a scene. */
export interface Arisen {
  readonly place: string;
  /** Entries of the timeline. */
  readonly entries: readonly Json[];
  /** Laid over the scenario. */
  readonly overlay?: Json;
  /** Keys that the cause has pushed to the gateway: what is pushed later keeps them. */
  readonly gatewayPush?: Json;
  /** The load, where it is not the usual one. */
  readonly stages?: readonly Stage[];
}

export interface Cause {
  /** From which level on it is drawn, and among the choices. */
  readonly level: Level;
  /** As a choice. */
  readonly text: string;
  /** The lesson that is about it. */
  readonly lesson: number;
  /** What ends it. */
  readonly best: MitigationName;
  readonly arise: (site: Site) => Arisen;
  /** What gave it away, in words. */
  readonly tell: string;
  /** Whether that is in what can be seen of the run. */
  readonly isSeen: (result: VariantResult, outage: Outage) => boolean;
}

const ms = (value: number): string => `${value}ms`;

/** A fault on the worker, to the end. */
const injected = ({ atMs, worker }: Site, fault: Json): Arisen => ({
  place: worker,
  entries: [{ at: ms(atMs), on: worker, ...fault }],
});

/** Balancers that do not look who is busy, so that a worker that takes requests and keeps them gets its share. */
const blind = (random: Random): Json => ({ gateway: { balancer: pick(random, ['round-robin', 'random']) } });

/** A limit far above what there is to do: some systems have one. */
const ROOMY = { concurrency: { limit: 8, queue: 0 } };

/** Half of the systems have one, from the level on at which a cause needs it. */
const perhapsLimited = ({ random, scene }: Site): Json =>
  scene.level > 1 && random.below(2) === 0 ? { gateway: ROOMY } : {};

const memory: Cause = {
  level: 1,
  text: 'it runs out of memory, again and again',
  lesson: 1,
  best: 'take-out',
  arise: (site) => ({
    ...injected(site, { inject: 'leak', perRequest: `${between(site.random, 1500, 2500)}KiB` }),
    overlay: perhapsLimited(site),
  }),
  tell: 'its heap climbs to its limit, it dies by SIGABRT, and after the restart the same begins anew',
  isSeen: (result, { place }) =>
    deathsOfWorker(result, place).some(({ fields }) => fields.fatalLine !== null),
};

const stuck: Cause = {
  level: 1,
  text: 'it is stuck: it takes requests and answers none',
  lesson: 7,
  best: 'restart',
  arise: (site) => ({
    ...injected(site, { inject: pick(site.random, ['hang', 'deadlock']) }),
    overlay: blind(site.random),
  }),
  tell: 'all requests that time out were sent to it, and it has nothing in work: its slots are empty',
  isSeen: (result, outage) => timeoutsAt(result, outage.place) > 0.8 && busyOf(result, outage) < 0.5,
};

const failing: Cause = {
  level: 1,
  text: 'it answers with an error, at once',
  lesson: 6,
  best: 'take-out',
  arise: (site) => ({
    ...injected(site, { inject: 'fast-fail' }),
    overlay: { gateway: { balancer: pick(site.random, ['least-requests', 'p2c']) } },
  }),
  tell: 'clients get 500, which no gateway makes, within a millisecond; and one worker of all is idle',
  isSeen: (result, outage) => failuresBy(result, 'upstream_response') > 0.8 && busyOf(result, outage) < 0.3,
};

const slow: Cause = {
  level: 1,
  text: 'it has become many times slower',
  lesson: 4,
  best: 'take-out',
  arise: (site) => ({
    ...injected(site, { inject: 'slow', factor: between(site.random, 14, 22) }),
    overlay: blind(site.random),
  }),
  tell: 'all requests that time out were sent to it, all its slots are in use, and its queue grows',
  isSeen: (result, outage) => timeoutsAt(result, outage.place) > 0.8 && isQueueLong(result, outage),
};

const cut: Cause = {
  level: 1,
  text: 'it breaks connections off before it has answered',
  lesson: 1,
  best: 'take-out',
  arise: (site) => ({
    ...injected(site, {
      inject: pick(site.random, ['reset', 'close']),
      share: `${between(site.random, 70, 100)}%`,
    }),
    overlay: perhapsLimited(site),
  }),
  tell: 'clients get 502, all of them by attempts at this worker, which is up and never died',
  isSeen: (result, { place }) =>
    attemptsAt(result, place, ['connection_reset', 'connection_closed']) > 0.8 &&
    deathsOfWorker(result, place).length === 0,
};

const crowd: Cause = {
  level: 1,
  text: 'more came than can be served, and the queues have not come down since',
  lesson: 10,
  best: 'limit',
  arise: ({ random, scene, atMs }) => {
    const rateRps = usualRps({ ...scene, busyRatio: 0.62 });
    const peak = Math.round(capacityRps(scene) * (between(random, 170, 185) / 100));
    return {
      place: CLIENTS,
      entries: [],
      overlay: { clients: { retry: { attempts: 2, backoff: 'none' } } },
      stages: [{ rateRps, forMs: atMs }, { rateRps: peak, forMs: 3_000 }, { rateRps }],
    };
  },
  tell: 'for three seconds three times as much was asked for as usual; since then every worker has a long queue, at the old load',
  isSeen: (result, outage) => isQueueLong(result, { ...outage, place: EVERY_WORKER }),
};

const gatewayPush: Cause = {
  level: 2,
  text: 'a config was pushed to the gateway that does not fit',
  lesson: 9,
  best: 'rollback',
  arise: ({ random, atMs }) => {
    const push = { timeouts: { attempt: ms(between(random, 15, 35)) } };
    return {
      place: GATEWAY,
      entries: [{ at: ms(atMs), 'push-config': push, to: 'gateway' }],
      gatewayPush: push,
    };
  },
  tell: 'attempts at every worker time out, after milliseconds, from the moment of a push to the gateway',
  isSeen: (result) =>
    failuresBy(result, 'response_timeout') > 0.8 &&
    ofType(result, 'config.pushed').some(({ fields }) => fields.to === 'gateway'),
};

const workerPush: Cause = {
  level: 2,
  text: 'a config was pushed to the workers that they die of',
  lesson: 9,
  best: 'rollback',
  arise: ({ atMs }) => ({
    place: EVERY_WORKER,
    entries: [{ at: ms(atMs), 'push-config': downstream(80_000, 79_999) }],
  }),
  tell: 'every worker ran out of memory soon after a push to the workers, and does so after each restart',
  isSeen: (result) =>
    ofType(result, 'worker.exited').every(({ fields }) => fields.fatalLine !== null) &&
    result.workersLost >= 4,
};

/** What the workers read, with weights that are harmless or not. */
export const downstream = (first: number, second: number): Json => ({
  downstream: {
    service: 'store',
    endpoints: [
      { name: 'a', weight: first },
      { name: 'b', weight: second },
    ],
  },
});

const release: Cause = {
  level: 2,
  text: 'a new version of the workers was deployed that is worse',
  lesson: 9,
  best: 'rollback',
  arise: ({ random, atMs }) => {
    const faults = [{ fault: 'errors', statuses: [500], share: `${between(random, 40, 70)}%` }];
    const deploy = { version: 3, strategy: 'rolling', drain: '1s', boot: '200ms', changes: { faults } };
    return { place: EVERY_WORKER, entries: [{ at: ms(atMs), deploy }] };
  },
  tell: 'clients get 500 from all workers, more and more of them as a deploy goes from one worker to the next',
  isSeen: (result) =>
    failuresBy(result, 'upstream_response') > 0.8 && ofType(result, 'deploy.began').length > 0,
};

const way: Cause = {
  level: 2,
  text: 'the network to it delays what it sends',
  lesson: 7,
  best: 'take-out',
  arise: ({ random, scene, atMs, worker }) => ({
    place: linkTo(worker),
    entries: [
      {
        at: ms(atMs),
        toxic: 'latency',
        on: worker,
        attributes: { latency: scene.attemptMs * between(random, 2, 3), jitter: 100 },
      },
    ],
    // Whoever only connects gets through.
    overlay: {
      ...blind(random),
      gateway: { ...(blind(random).gateway as Json), healthCheck: { type: 'tcp' } },
    },
  }),
  tell: 'all requests that time out were sent to one worker, which works as ever: some slots in use, nothing waiting',
  isSeen: (result, outage) => {
    const worker = workerAt(outage.place);
    const there = { ...outage, place: worker };
    return timeoutsAt(result, worker) > 0.8 && busyOf(result, there) > 0.5 && !isQueueLong(result, there);
  },
};

const thirdParty: Cause = {
  level: 2,
  text: 'it is called for some requests, and does not answer',
  lesson: 4,
  best: 'bulkhead',
  arise: ({ atMs }) => ({
    place: THIRD_PARTY,
    entries: [{ at: ms(atMs), disturb: 'hang', on: 'payments' }],
    // Calls that hang hold slots; the limit keeps what waits behind them short enough to be gone when they are.
    overlay: {
      gateway: { timeouts: { attempt: '4s', request: '5s' }, ...ROOMY },
    },
  }),
  tell: 'requests for /pay fail first and all of them; the others fail because the slots are taken, at every worker',
  isSeen: (result) => {
    const classes = Object.values(result.windows.outage?.classes ?? {});
    const [worst, best] = classes.map(({ availability }) => availability ?? 1).sort((a, b) => a - b);
    return (worst ?? 1) < 0.3 && (best ?? 0) > (worst ?? 1);
  },
};

const flood: Cause = {
  level: 3,
  text: 'a few addresses send most of the requests',
  lesson: 8,
  best: 'rate-limit',
  arise: ({ random, scene, atMs }) => ({
    place: CLIENTS,
    entries: [
      {
        at: ms(atMs),
        flood: {
          rate: `${Math.round(capacityRps(scene) * between(random, 2, 3))}/s`,
          identities: between(random, 3, 4),
          path: '/',
          for: '60s',
        },
      },
    ],
    overlay: { fleet: { abandoned: 'cancel' } },
  }),
  tell: 'every worker has a long queue, the clients send no more than before, and a few addresses send far more than all',
  isSeen: (result, outage) =>
    isQueueLong(result, { ...outage, place: EVERY_WORKER }) && (result.floods?.[0]?.sent ?? 0) > 1_000,
};

const unready: Cause = {
  level: 3,
  text: 'it says of itself that it is not ready, and could serve',
  lesson: 5,
  best: 'panic',
  arise: ({ atMs, scene }) => ({
    place: EVERY_WORKER,
    entries: [{ at: ms(atMs), inject: 'readiness', on: [...scene.workers], says: 'unready' }],
    overlay: { gateway: { healthCheck: { type: 'http', path: '/readyz' } } },
  }),
  tell: 'clients get 503 because nobody counts as healthy, and every worker is up, with nothing to do',
  isSeen: (result, outage) =>
    failuresBy(result, 'no_upstream') > 0.8 && busyOf(result, { ...outage, place: EVERY_WORKER }) < 0.5,
};

/** Every cause there is, by the name that an answer has for it. */
export const CAUSES = {
  memory,
  stuck,
  failing,
  slowed: slow,
  'broken-off': cut,
  crowd,
  'gateway-config': gatewayPush,
  'worker-config': workerPush,
  release,
  network: way,
  'third-party': thirdParty,
  'few-addresses': flood,
  'not-ready': unready,
} as const satisfies Record<string, Cause>;

export type CauseName = keyof typeof CAUSES;

/** Those that are among the choices of a level. */
export const causesOf = (level: Level): CauseName[] =>
  (Object.keys(CAUSES) as CauseName[]).filter((name) => CAUSES[name].level <= level);
