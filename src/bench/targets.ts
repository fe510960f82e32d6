/** What a benchmark can be aimed at: the built-in gateway, the same from another checkout, and any address. */
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { UserError } from '../core/errors.js';
import { Program } from '../core/program.js';
import type { Reaper } from '../core/reaper.js';
import { isLoopback, type RunningTarget, type Target } from './measure.js';

const START_WITHIN_MS = 15_000;
const STOP_GRACE_MS = 2_000;

/** A target that does not answer one request in this time is not ready to be measured. */
const ANSWER_WITHIN_MS = 10_000;

const answers = (address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = get(address, { agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.destroy();
      resolve();
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${ANSWER_WITHIN_MS / 1000}s`)));
    request.on('error', reject);
  });

/** A target that runs already. It is asked once, because autocannon would knock at a closed door without a pause. */
export const addressTarget = (address: URL): Target => ({
  name: address.href,
  start: async (): Promise<RunningTarget> => {
    try {
      await answers(address.href);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UserError('couldNotStart', `nothing answers at ${address.origin}: ${message || code}`);
    }
    const path = `${address.pathname}${address.search}`;
    // An address alone names no path: then the workload's is asked for.
    return { origin: address.origin, ...(path !== '/' && { path }), isNew: false, stop: async () => {} };
  },
});

/** @throws UserError unless it is an http address of this machine, or `remote` says that any will do. */
export const parseAddress = (text: string, remote: boolean): URL => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:') {
    throw new UserError('usage', `expected an address such as http://127.0.0.1:3000, got "${text}"`);
  }
  if (!remote && !isLoopback(url)) {
    throw new UserError(
      'usage',
      `${url.host} is not this machine; load it only when it is yours to load, and say so with --remote`,
    );
  }
  return url;
};

/**
 * What the built-in gateway is measured with unless a config is given: every policy on, and none of them in the way.
 * Arguments of `badgateway gateway`.
 */
export const EVERY_POLICY: readonly string[] = [
  'concurrency.limit=1024',
  'concurrency.queue=1024',
  'breaker.minRequests=20',
  'retry.attempts=2',
  'rateLimit.rate=1000000/s',
].flatMap((text) => ['--set', text]);

export interface GatewayTargetOptions {
  readonly name: string;
  /** Where the compiled command is; default: this one. */
  readonly command?: string;
  /** Arguments of `badgateway gateway` besides the upstream's address. */
  readonly args: readonly string[];
  readonly upstream: string;
  readonly reaper: Reaper;
  /** Set before the program itself, such as `taskset -c 1`. */
  readonly launcher?: readonly string[];
}

const OWN_COMMAND = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** The built-in gateway as a user starts it, in processes of its own. */
export const gatewayTarget = (options: GatewayTargetOptions): Target => ({
  name: options.name,
  start: async (): Promise<RunningTarget> => {
    const [command, ...args] = [
      ...(options.launcher ?? []),
      process.execPath,
      options.command ?? OWN_COMMAND,
      'gateway',
      options.upstream,
      '--json',
      '--quiet',
      ...options.args,
    ];
    const program = new Program({ name: options.name, command: command!, args, reaper: options.reaper });
    try {
      const [, origin] = await program.says(/"url":"([^"]+)"/, START_WITHIN_MS);
      return { origin: origin!, isNew: true, stop: () => program.stop(STOP_GRACE_MS) };
    } catch (error) {
      await program.stop(STOP_GRACE_MS);
      throw new UserError('couldNotStart', (error as Error).message);
    }
  },
});
