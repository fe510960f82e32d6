/**
 * The status page of a run, seen from the command: a process of its own, told what happens, and gone with the command however that
 * ends. It is up while the gateway is dead, which is what it is for.
 *
 * ```ts
 * const statusPage = await startStatusPage({ reaper, title: 'Shop' });
 * const watch = statusPage.watch(world, variant, scenario.title);
 * // … the run …
 * watch.end();
 * await statusPage.stop();
 * ```
 */
import { Child, exitText } from '../../core/child.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import type { Reaper } from '../../core/reaper.js';
import { StatusFeed, type Watched, type WatchedVariant } from './feed.js';
import type { FromStatusPage, StatusPageArgument, ToStatusPage } from './messages.js';

/** Loopback only, as everything of a run. */
const HOST = '127.0.0.1';

/** How long it may take to go by itself before it is killed. */
const STOP_GRACE_MS = 1_000;

export interface StatusPageOptions {
  readonly reaper: Reaper;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Whose status it is; default "badgateway". */
  readonly title?: string;
  /** Called with how it ended, in words, when nobody had asked it to; the run goes on without it. */
  readonly onLost?: (how: string) => void;
}

export interface StatusWatch {
  /** What is watched is over. May be called again. */
  end(): void;
}

export interface StatusPage {
  /** Without a slash at its end: `http://127.0.0.1:40123`. */
  readonly address: string;
  /** Its process. */
  readonly pid: number;
  /** Tells it of a world from now on, until its load ends or `end` is called; one at a time. */
  watch(world: Watched, variant: WatchedVariant, subject: string): StatusWatch;
  stop(): Promise<void>;
}

/** @returns when it listens. @throws UserError when it cannot. */
export const startStatusPage = async ({
  reaper,
  port = 0,
  title = 'badgateway',
  onLost,
}: StatusPageOptions): Promise<StatusPage> => {
  const ready = new Deferred<number>();
  let feed: StatusFeed | null = null;
  let stopping = false;
  const argument: StatusPageArgument = { host: HOST, port, title };
  const child = new Child<ToStatusPage, FromStatusPage>({
    name: 'status page',
    entry: 'scenarios/status-page/process.js',
    argument,
    reaper,
    onMessage: (message) => {
      if (message.type === 'ready') ready.resolve(message.port);
      else if (message.type === 'reported') feed?.reported(message.rayId);
      else ready.reject(new UserError('couldNotStart', message.message));
    },
  });
  child.exited.then((exit) => {
    if (stopping) return;
    const how = exitText(child, exit);
    ready.reject(new UserError('couldNotStart', how));
    onLost?.(how);
  });
  const stop = (): Promise<void> => {
    stopping = true;
    return child.stop({ type: 'stop' }, STOP_GRACE_MS);
  };
  try {
    const address = `http://${HOST}:${await ready.promise}`;
    return {
      address,
      pid: child.pid,
      watch: (world, variant, subject) => {
        feed = new StatusFeed(world, variant, subject, (message) => child.send(message));
        return feed;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
