/**
 * The gateway's process as its parent sees it: started, ready or not, and stopped. Whoever runs the built-in gateway
 * runs it through this.
 */
import { Child, exitText } from '../core/child.js';
import { Deferred } from '../core/deferred.js';
import { UserError } from '../core/errors.js';
import type { Reaper } from '../core/reaper.js';
import type { HistoryRecord } from '../delivery/version-history.js';
import type { GatewayConfig } from './config.js';
import { type FromGateway, type GatewayArgument, TOKEN_VARIABLE, type ToGateway } from './messages.js';

/**
 * What keeps requests out of the old generation, where the next one's bodies would be kept alive by the last one's
 * remains until a full collection: no allocation in the old generation on a forecast of V8's that an object will live
 * long, and a young generation of full size (V8's default maximum, MiB) from the start instead of one that grows while
 * it is under load. A 64 KiB upload costs a third less (docs/performance.md). And the right to ask for a collection of
 * the young generation (`body-garbage.ts`). Further processes of a gateway inherit the flags.
 */
export const V8_FLAGS: readonly string[] = [
  '--no-allocation-site-pretenuring',
  '--min-semi-space-size=16',
  '--expose-gc',
];

export type GatewayReport = Extract<FromGateway, { type: 'report' }>;

export type GatewayReady = Omit<Extract<FromGateway, { type: 'ready' }>, 'type'>;

export interface GatewayChildOptions {
  readonly argument: GatewayArgument;
  readonly reaper: Reaper;
  readonly onReport: (report: GatewayReport) => void;
  /** Gets what the next process in its place is to be started with. */
  readonly onSettled?: (history: HistoryRecord<GatewayConfig>) => void;
}

export class GatewayChild {
  readonly pid: number;
  /** Resolves when it listens; rejects with a `UserError` when it cannot. May never settle once asked to stop. */
  readonly ready: Promise<GatewayReady>;
  /** Resolves with how it ended, in words, when nobody had asked it to. */
  readonly failed: Promise<string>;
  readonly #child: Child<ToGateway, FromGateway>;
  #stopping = false;

  constructor({ argument, reaper, onReport, onSettled }: GatewayChildOptions) {
    const ready = new Deferred<GatewayReady>();
    const failed = new Deferred<string>();
    /** Processes that serve for the gateway. */
    const serving = new Set<number>();
    this.ready = ready.promise;
    this.failed = failed.promise;
    const { adminToken, ...seenByAll } = argument;
    this.#child = new Child<ToGateway, FromGateway>({
      name: 'gateway',
      entry: 'gateway/process.js',
      argument: seenByAll,
      // Without a token too: one that is in our own environment is not meant for every gateway that we start.
      environment: { [TOKEN_VARIABLE]: adminToken },
      reaper,
      v8Flags: V8_FLAGS,
      onMessage: (message) => {
        switch (message.type) {
          case 'ready':
            return ready.resolve(message);
          case 'failed':
            return ready.reject(new UserError('couldNotStart', message.message));
          case 'report':
            return onReport(message);
          case 'settled':
            return onSettled?.(message.history);
          case 'process-started':
            reaper.watch(message.pid);
            serving.add(message.pid);
            return;
          case 'process-exited':
            reaper.forget(message.pid);
            serving.delete(message.pid);
        }
      },
    });
    this.pid = this.#child.pid;
    this.#child.exited.then((exit) => {
      // They go by themselves when the gateway is gone, unless they spin or stand still.
      for (const pid of serving) reaper.end(pid);
      if (this.#stopping) return;
      const how = exitText(this.#child, exit);
      ready.reject(new UserError('couldNotStart', how));
      failed.resolve(how);
    });
  }

  /** It burns its processor and does nothing else for so long, as a rule that backtracks makes it do. */
  block(forMs: number): void {
    this.#child.send({ type: 'block', forMs });
  }

  /** SIGSTOP and SIGCONT, or an end that nobody is surprised at. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (signal === 'SIGKILL') this.#stopping = true;
    this.#child.kill(signal);
  }

  /** Asks it to end, and after `graceMs` insists. */
  stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    return this.#child.stop({ type: 'stop' }, graceMs);
  }
}
