/**
 * The gateway's own process. A child, so that it can crash, stall or leak without taking the measurement along.
 */
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import type { Event } from '../core/events.js';
import { LoopWatch } from '../core/loop-watch.js';
import { Random } from '../core/random.js';
import { buildAdmin } from './admin.js';
import type { GatewayConfig } from './config.js';
import { because } from './listen.js';
import { buildGateway } from './server.js';
import type { UpstreamAddress } from './upstream-pool.js';

export interface GatewayArgument {
  readonly config: GatewayConfig;
  readonly upstreams: readonly UpstreamAddress[];
  /** Where requests are taken; the admin API is on 127.0.0.1, whatever this says. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly adminPort: number;
  readonly seed: number;
}

export type ToGateway = { readonly type: 'stop' };

export type FromGateway =
  | {
      readonly type: 'ready';
      readonly port: number;
      readonly adminPort: number;
      /** The upstreams that the first health checks found so: no event tells of a state that has not turned. */
      readonly unhealthy: readonly string[];
    }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'report'; readonly events: readonly Event[]; readonly stallMs: number };

const REPORT_INTERVAL_MS = 100;

/** Fine enough to see a stall of 250 ms for what it is. */
const LOOP_INTERVAL_MS = 20;

const main = async (): Promise<void> => {
  const argument = childArgument<GatewayArgument>();
  const link = parentLink<ToGateway, FromGateway>();
  let events: Event[] = [];

  const gateway = buildGateway({
    config: argument.config,
    upstreams: argument.upstreams,
    clock: wallClock,
    random: new Random(argument.seed).fork('gateway'),
    onEvent: (event) => events.push(event),
  });
  const admin = buildAdmin(argument.config, gateway.pool, gateway.metrics);
  const { host } = argument;
  try {
    // The admin API first: whoever can send a request can then ask what became of it.
    const adminPort = await admin.listen(argument.adminPort);
    const port = await gateway.listen(host, argument.port).catch(because('the gateway', host, argument.port));
    const unhealthy = gateway.pool.upstreams.filter(({ healthy }) => !healthy).map(({ id }) => id);
    link.send({ type: 'ready', port, adminPort, unhealthy });
  } catch (error) {
    link.send({ type: 'failed', message: (error as Error).message });
  }

  const watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
  const report = (): void => {
    link.send({ type: 'report', events, stallMs: watch.read() });
    events = [];
  };
  const reporting = wallClock.every(REPORT_INTERVAL_MS, report);

  link.onMessage(async ({ type }) => {
    if (type !== 'stop') return;
    reporting.cancel();
    watch.stop();
    await Promise.all([gateway.close(), admin.close()]);
    report();
    process.disconnect();
  });
};

await main();
