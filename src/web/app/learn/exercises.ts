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
