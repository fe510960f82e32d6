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
import { buildGateway } from './server.js';
import type { UpstreamAddress } from './upstream-pool.js';

export interface GatewayArgument {
  readonly config: GatewayConfig;
  readonly upstreams: readonly UpstreamAddress[];
  readonly host: string;
  readonly seed: number;
}

export type ToGateway = { readonly type: 'stop' };

export type FromGateway =
  | { readonly type: 'ready'; readonly port: number; readonly adminPort: number }
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
  try {
    const port = await gateway.listen(argument.host, 0);
    const adminPort = await admin.listen(argument.host, 0);
    link.send({ type: 'ready', port, adminPort });
  } catch (error) {
    link.send({ type: 'failed', message: String(error) });
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
