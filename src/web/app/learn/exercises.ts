/** Exercises of the lessons: things to do in the lab, one idea each, and how to see that it has happened. */
import type { Tick } from '../../../scenarios/live/feed.js';
import { entryOrder, type Order } from '../lab/commands.js';
import { outcomesOf } from '../lab/derive.js';
import type { LabState, ToldEvent } from '../lab/state.js';

/** What has come since the exercise began. */
export interface SinceThen {
  readonly ticks: readonly Tick[];
  readonly events: readonly ToldEvent[];
}

export interface Exercise {
  readonly title: string;
  /** What happens and why. */
  readonly text: string;
  /** Where to look. */
  readonly look: string;
  /** The lesson that it belongs to. */
  readonly lesson: number;
  /** What the button does, in this order. */
  readonly orders: readonly Order[];
  /** Makes good again what the exercise did. */
  readonly tidy: readonly Order[];
  /** Said when it has been seen. */
  readonly seen: string;
  readonly isSeen: (since: SinceThen) => boolean;
}

const inject = (fault: string, on: string, options: Readonly<Record<string, unknown>> = {}): Order =>
  entryOrder({ inject: fault, on, ...options }, `${fault} on ${on}`);

const heal = (on: string): Order => entryOrder({ heal: 'all', on }, `${on} healed`);

/** Laid over what the lab began with. */
const policies = (keys: Readonly<Record<string, unknown>>, said: string): Order =>
  entryOrder({ 'push-config': keys, to: 'gateway' }, said);

/** What a time limit of the lab's gateway is while a lesson wants to see it at work. */
const QUICK = { attempt: '1s', request: '2s' };

const PLAIN = policies({ statusDialect: 'standard' }, 'the gateway as it began');

const someStatus = ({ ticks }: SinceThen, status: '502' | '503' | '504'): boolean =>
  ticks.some((tick) => outcomesOf(tick)[status] > 0);

const someEvent = ({ events }: SinceThen, type: string): boolean =>
  events.some(({ eventType }) => eventType === type);

const waiting = (tick: Tick): number => tick.workers.reduce((sum, { queued }) => sum + (queued ?? 0), 0);

const tries = (attempts: number): Order =>
  entryOrder(
    { 'update-clients': { retry: { attempts } } },
    `clients try ${attempts === 1 ? 'once' : `${attempts} times`}`,
  );

export const EXERCISES: readonly Exercise[] = [
  {
    title: 'What you see',
    lesson: 1,
    text: 'Clients send requests to a gateway, which hands each to one of the workers. A worker serves a few at once, in its slots; more wait in its queue. All of it is real: processes, sockets, memory.',
    look: 'The filled boxes of a worker are its busy slots. The bar beneath is its heap against its limit.',
    orders: [],
    tidy: [],
    seen: 'Good answers come in.',
    isSeen: ({ ticks }) => ticks.length >= 4 && ticks.some(({ ok }) => ok > 0),
  },
  {
    title: '502: the worker is gone',
    lesson: 1,
    text: 'A worker is killed. Its connections break, and until its port answers again every attempt to reach it is refused. The gateway has nothing to give on: 502 Bad Gateway.',
    look: 'The worker goes down, the line to it breaks, and 502 stands in “What users get”.',
    orders: [inject('crash', 'worker-1', { how: 'kill' })],
    tidy: [],
    seen: 'There were 502s.',
    isSeen: (since) => someStatus(since, '502'),
  },
  {
    title: 'A retry hides it',
    lesson: 2,
    text: 'With retries, an attempt that was refused goes to another worker. Another worker dies the same death, and hardly anybody notices.',
    look: 'A worker dies as before. Compare the 502s with those without retries.',
    orders: [
      policies({ retry: { attempts: 3 } }, 'retries on'),
      inject('crash', 'worker-4', { how: 'kill' }),
    ],
    tidy: [PLAIN],
    seen: 'The worker died, and the retries went elsewhere.',
    isSeen: (since) => someEvent(since, 'worker.exited'),
  },
  {
    title: '504: the worker says nothing',
    lesson: 1,
    text: 'A worker that hangs is worse than one that is dead: it takes requests and never answers. Nothing is refused, so the gateway waits for as long as it is told to: 504 Gateway Timeout.',
    look: 'Latency climbs first. The 504s come when the time limit is over.',
    orders: [
      policies({ timeouts: QUICK }, 'time limits of 1 s and 2 s'),
      inject('hang', 'worker-2', { for: '20s' }),
    ],
    tidy: [heal('worker-2'), PLAIN],
    seen: 'There were 504s.',
    isSeen: (since) => someStatus(since, '504'),
  },
  {
    title: 'A breaker stops asking',
    lesson: 4,
    text: 'A breaker counts the failures of a worker. Over its limit it opens: for a while the worker gets nothing, and nobody waits for it. Then a single trial decides.',
    look: '“circuit open” at the worker, and the 504s stop. Its requests go to the others.',
    orders: [
      policies({ timeouts: QUICK, breaker: {}, retry: { attempts: 2 } }, 'breaker and one retry'),
      inject('hang', 'worker-2', { for: '30s' }),
    ],
    tidy: [heal('worker-2'), PLAIN],
    seen: 'A circuit opened.',
    isSeen: (since) =>
      someEvent(since, 'circuit.opened') ||
      since.ticks.some(({ workers }) => workers.some(({ circuit }) => circuit === 'open')),
  },
  {
    title: 'Panic',
    lesson: 5,
    text: 'Three of four workers say that they are not ready, though they could serve. Without a panic threshold the fourth would get everything. With one of 50 % health is not believed any more, and all four get requests.',
    look: 'The three are “unhealthy” in the topology, and their slots are busy all the same.',
    orders: [
      policies(
        {
          healthCheck: { type: 'http', path: '/readyz', interval: '500ms', timeout: '400ms' },
          priorities: { panicThreshold: '50%' },
        },
        'checks of readiness, and a panic threshold',
      ),
      entryOrder(
        { inject: 'readiness', on: ['worker-1', 'worker-2', 'worker-3'], says: 'unready', for: '30s' },
        'three workers are not ready',
      ),
    ],
    tidy: [heal('all'), PLAIN],
    seen: 'The gateway panicked, and served on.',
    isSeen: (since) => someEvent(since, 'panic.began'),
  },
  {
    title: 'The worker that fails fastest',
    lesson: 6,
    text: 'One worker answers 500 within a millisecond. The balancer gives each request to whoever has the fewest in work, and that is always the one that is broken.',
    look: '“What users get”: one worker of four is broken, and far more than a quarter fails.',
    orders: [
      policies({ balancer: 'least-requests' }, 'the balancer looks for the least busy'),
      inject('fast-fail', 'worker-2', { for: '30s' }),
    ],
    tidy: [heal('worker-2'), PLAIN],
    seen: 'Of 60 requests and more, over a third failed.',
    isSeen: ({ ticks }) => {
      const failing = ticks.filter(({ status }) => (status['500'] ?? 0) > 0);
      const sum = (of: (tick: Tick) => number): number => failing.reduce((all, tick) => all + of(tick), 0);
      const answered = sum(({ status }) => Object.values(status).reduce((all, count) => all + count, 0));
      return answered >= 60 && sum(({ status }) => status['500'] ?? 0) > answered / 3;
    },
  },
  {
    title: 'Ejection takes it out',
    lesson: 6,
    text: 'The same worker, and a gateway that looks at answers: five failures in a row, and it gets nothing for ten seconds. At the balancer’s favourite that takes a moment.',
    look: '“ejected” at the worker, and the errors stop.',
    orders: [
      policies(
        {
          balancer: 'least-requests',
          outlierEjection: {
            consecutive5xx: { failures: 5 },
            baseEjection: '10s',
            healthCheckUnejects: false,
          },
        },
        'ejection on',
      ),
      inject('fast-fail', 'worker-2', { for: '30s' }),
    ],
    tidy: [heal('worker-2'), PLAIN],
    seen: 'The worker was ejected.',
    isSeen: (since) => someEvent(since, 'upstream.ejected'),
  },
  {
    title: 'A check that goes through the queue',
    lesson: 7,
    text: 'A worker whose threads wait for each other is up, and a shallow check finds it well. A deep check takes the way that requests take, so it is stuck as they are.',
    look: 'The worker is “unhealthy” within a second or two, though its process is up; then the 504s stop.',
    orders: [
      policies(
        { timeouts: QUICK, healthCheck: { type: 'deep', interval: '500ms', timeout: '400ms' } },
        'deep checks',
      ),
      inject('deadlock', 'worker-1', { for: '30s' }),
    ],
    tidy: [heal('worker-1'), PLAIN],
    seen: 'The checks found it.',
    isSeen: ({ ticks }) =>
      ticks.some(({ workers }) =>
        workers.some(({ id, up, healthy, faults }) => {
          return id === 'worker-1' && up && healthy === false && faults.includes('deadlock');
        }),
      ),
  },
  {
    title: 'Overload fills queues',
    lesson: 8,
    text: 'Everything gets twelve times as slow, as when a database does. More comes in than goes out, so queues grow, and whoever is served at last has waited so long that nobody is there any more.',
    look: 'The queues of all workers, and p99. Good answers go down though nobody has failed.',
    orders: [inject('slow', 'all', { factor: 12, for: '40s' })],
    tidy: [heal('all')],
    seen: 'More than 40 requests wait.',
    isSeen: ({ ticks }) => ticks.some((tick) => waiting(tick) > 40),
  },
  {
    title: '503: no, and at once',
    lesson: 8,
    text: 'A concurrency limit refuses what would only wait: 503 Service Unavailable, within a millisecond. Some users get an error; the others get an answer in time.',
    look: 'Queues become short, 503s appear, and the good answers come back.',
    orders: [
      policies({ concurrency: { limit: 8, queue: 4, maxWait: '300ms' } }, 'a limit of 8 in flight'),
      inject('slow', 'all', { factor: 12, for: '30s' }),
    ],
    tidy: [heal('all'), PLAIN],
    seen: 'There were 503s.',
    isSeen: (since) => someStatus(since, '503'),
  },
  {
    title: 'Users who try again at once',
    lesson: 2,
    text: 'Clients that try three times without a wait turn a third of failures into twice the load, just when there is least room. That is how a short trouble outlives its cause.',
    look: '“Amplification”: tries for each request. The load that the workers see is the offered one times this.',
    orders: [tries(3), inject('errors', 'all', { share: '60%', for: '20s' })],
    tidy: [heal('all'), tries(1)],
    seen: 'Amplification went above 1.5.',
    isSeen: ({ ticks }) => ticks.some(({ amplification }) => amplification !== null && amplification > 1.5),
  },
  {
    title: 'A leak',
    lesson: 1,
    text: 'A worker keeps some memory each second. Its heap climbs to the limit, V8 gives up and aborts, and what it had in hand is lost. It comes back, and since the bug is in the code, leaks again.',
    look: 'Its heap in the card and in “Heap of each worker”; then the exit, and 502.',
    orders: [inject('leak', 'worker-3', { perSecond: '8MiB' })],
    tidy: [heal('worker-3')],
    seen: 'The worker ran out of memory and died.',
    isSeen: (since) => someEvent(since, 'worker.exited'),
  },
  {
    title: 'A canary takes the blow',
    lesson: 9,
    text: 'This config is valid, and every worker that reads it leaks to its death: it is the one of 8 November 2024. Pushed to all at once it takes everything down. A canary gets it alone; when that fails, the push is taken back.',
    look: 'Only one worker has the new config version. The events tell when it is rolled back.',
    orders: [
      entryOrder(
        {
          'push-config': {
            downstream: {
              service: 'store',
              endpoints: [
                { name: 'store-a', weight: 80_000 },
                { name: 'store-b', weight: 1 },
                { name: 'store-c', weight: 79_999 },
              ],
            },
          },
          strategy: 'canary',
          canary: { bake: '15s' },
        },
        'the bad config pushed to a canary',
      ),
    ],
    tidy: [],
    seen: 'The canary failed, and the config was rolled back.',
    isSeen: (since) => someEvent(since, 'config.rolled-back'),
  },
];

/** What has come since then. */
export const sinceOf = ({ ticks, events }: LabState, fromS: number): SinceThen => ({
  ticks: ticks.filter(({ t }) => t > fromS),
  events: events.filter(({ t }) => t > fromS),
});
