/** `run --open`: a page that shows the run while it goes on, and ends with it. */
import { wallClock } from '../core/clock.js';
import { UserError } from '../core/errors.js';
import { describeLibrary } from '../scenarios/library-list.js';
import { Channel } from '../scenarios/live/channel.js';
import { type Host, LiveApi } from '../scenarios/live/live-api.js';
import { LiveRun } from '../scenarios/live/live-run.js';
import { startLiveServer } from '../scenarios/live/live-server.js';
import type { Result } from '../scenarios/result.js';
import { renderPage } from '../web/page.js';
import { packReport } from '../web/report.js';
import type { RunPlan, Watching } from './run-engines.js';

/** The page runs on this machine. */
const HOST = '127.0.0.1';

/** How long a page may take to read the result: megabytes, on loopback. */
const LAST_WORDS_MS = 2_000;

/** Of another start, so that a page that was left open does not take one run for another. */
export const channelName = (): string => Math.floor(wallClock.nowMs()).toString(36);

export interface WatchedRun extends Watching {
  /** Such as `http://127.0.0.1:40123/`. */
  readonly address: string;
  /** Aborted when the run is to end: from outside, or by the page. */
  readonly signal: AbortSignal;
  end(result: Result): void;
  /** Whoever watches has been told all; nothing is listened to any more. */
  close(): Promise<void>;
}

const refuse = (): Promise<never> =>
  Promise.reject(new UserError('usage', 'this page is of one run; badgateway serve runs others'));

/** @throws UserError when nothing can be listened to. */
export const watchRun = async (plan: RunPlan, interrupted: AbortSignal): Promise<WatchedRun> => {
  const { scenario, variants, engine } = plan;
  const stopping = new AbortController();
  let ended = false;
  const host: Host = {
    get state() {
      return ended
        ? ({ state: 'idle', scenario: null } as const)
        : ({ state: 'run', scenario: scenario.name } as const);
    },
    result: null,
    run: refuse,
    lab: refuse,
    stop: async () => stopping.abort(),
  };
  const channel = new Channel(channelName());
  const api = await LiveApi.make(host, () => describeLibrary(wallClock));
  const live = new LiveRun({
    ...{ channel, clock: wallClock, mode: 'run', engine, scenario, variants },
  });
  const server = await startLiveServer({
    ...{ host: HOST, port: 0, token: null, channel, clock: wallClock },
    page: () => renderPage({ title: scenario.title, source: { kind: 'live', feed: 'feed', api: 'api/' } }),
    api: api.handle,
  });
  return {
    live,
    openControl: api.open,
    address: `${server.address}/`,
    signal: AbortSignal.any([interrupted, stopping.signal]),
    end: (result) => {
      ended = true;
      live.end({ result, report: packReport(result), reason: null, final: true });
    },
    close: async () => {
      if (!ended) live.end({ result: null, report: null, reason: 'the run came to nothing', final: true });
      channel.close();
      await Promise.all([server.close(LAST_WORDS_MS), api.close()]);
    },
  };
};
