/** Starts the server that stands behind the targets of a benchmark. */
import { Child } from '../core/child.js';
import { UserError } from '../core/errors.js';
import type { Reaper } from '../core/reaper.js';
import type { FromOrigin } from './origin.js';

const STOP_GRACE_MS = 1_000;

export interface Origin {
  /** Scheme, host and port. */
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const startOrigin = (reaper: Reaper): Promise<Origin> =>
  new Promise((resolve, reject) => {
    const child = new Child<{ type: 'stop' }, FromOrigin>({
      name: 'origin server',
      entry: 'bench/origin.js',
      argument: null,
      reaper,
      onMessage: ({ port }) =>
        resolve({
          address: `http://127.0.0.1:${port}`,
          pid: child.pid,
          stop: () => child.stop({ type: 'stop' }, STOP_GRACE_MS),
        }),
    });
    child.exited.then(() =>
      reject(new UserError('couldNotStart', `the origin server did not start\n${child.stderr}`.trim())),
    );
  });
