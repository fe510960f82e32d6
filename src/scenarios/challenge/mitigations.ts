/** What somebody on call may do, as entries of a timeline. What is chosen is really done, where the player says. */
import { merge } from '../../core/document/overrides.js';
import type { Json } from '../../core/json.js';
import { EVERY_WORKER, workerAt } from './places.js';
import type { Level, Scene } from './scene.js';

/** What is known when it is done. */
export interface Moment {
  readonly scene: Scene;
  readonly at: string;
  /** Where the player believes the cause to be. */
  readonly place: string;
  /** The last change before the outage; `null`: there was none. */
  readonly lastChange: 'gateway' | 'workers' | 'deploy' | null;
  /** Keys that earlier pushes to the gateway have set: a push lies over the file, and would take them back. */
  readonly gatewayPush: Json;
}

export interface Mitigation {
  /** From which level on it is among the choices. */
  readonly level: Level;
  readonly text: string;
  /** Empty: there is nothing of the kind to do there. */
  readonly entries: (moment: Moment) => readonly Json[];
}

/** More tries than anybody makes in a second, and fewer than a machine. */
const RATE_LIMIT = { rate: '5/s', burst: 10 };

const push = ({ at, gatewayPush }: Moment, keys: Json): Json[] => [
  { at, 'push-config': merge(gatewayPush, keys), to: 'gateway' },
];

/** The workers that a place means; a link means the worker behind it. */
const workersAt = ({ place, scene: { workers } }: Moment): readonly string[] => {
  if (place === EVERY_WORKER) return workers;
  const worker = workerAt(place);
  return workers.includes(worker) ? [worker] : [];
};

const rollback = ({ at, lastChange }: Moment): Json[] => {
  if (lastChange === null) return [];
  if (lastChange === 'deploy') return [{ at, 'rollback-deploy': {} }];
  return [{ at, 'rollback-config': {}, ...(lastChange === 'gateway' && { to: 'gateway' }) }];
};

/** Every mitigation there is, by the name that an answer has for it. */
export const MITIGATIONS = {
  'take-out': {
    level: 1,
    text: 'take the worker out of the pool: no more requests go there',
    entries: (moment) => {
      const workers = workersAt(moment);
      // Nobody takes out everybody.
      if (workers.length !== 1) return [];
      return push(moment, {
        upstreams: Object.fromEntries(workers.map((worker) => [worker, { weight: 0 }])),
      });
    },
  },
  restart: {
    level: 1,
    text: 'restart it',
    entries: (moment) => {
      const workers = workersAt(moment);
      return workers.length === 0 ? [] : [{ at: moment.at, inject: 'crash', on: workers, how: 'kill' }];
    },
  },
  limit: {
    level: 1,
    text: 'let each worker have at most twice its slots in flight, and refuse the rest at once',
    entries: (moment) => push(moment, { concurrency: { limit: moment.scene.slots * 2, queue: 0 } }),
  },
  patience: {
    level: 1,
    text: 'wait longer: 4 s for each attempt',
    entries: (moment) => push(moment, { timeouts: { attempt: '4s' } }),
  },
  scale: {
    level: 1,
    text: 'add two workers',
    entries: ({ at, scene }) => [{ at, scale: scene.workers.length + 2 }],
  },
  'no-retries': {
    level: 1,
    text: 'tell the clients’ app to try nothing again',
    entries: ({ at }) => [{ at, 'update-clients': { retry: { attempts: 1 } } }],
  },
  rollback: { level: 2, text: 'take the last change back', entries: rollback },
  bulkhead: {
    level: 2,
    text: 'let requests for /pay have a few slots of their own, and no more',
    entries: (moment) => push(moment, { routes: [{ path: '/pay', concurrency: 3 }, { path: '/' }] }),
  },
  'rate-limit': {
    level: 3,
    text: 'let each address send five requests a second',
    entries: (moment) => push(moment, { rateLimit: RATE_LIMIT }),
  },
  panic: {
    level: 3,
    text: 'stop believing the health checks when less than half of the workers pass them',
    entries: (moment) => push(moment, { priorities: { panicThreshold: '50%' } }),
  },
} as const satisfies Record<string, Mitigation>;

export type MitigationName = keyof typeof MITIGATIONS;

export const mitigationsOf = (level: Level): MitigationName[] =>
  (Object.keys(MITIGATIONS) as MitigationName[]).filter((name) => MITIGATIONS[name].level <= level);
