/**
 * The gateway's own process. A child, so that it can crash, stall or leak without taking the measurement along.
 */
import { childArgument, type ParentLink, parentLink, takeFromEnvironment } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import type { Event } from '../core/events.js';
import { LoopWatch } from '../core/loop-watch.js';
import { Random } from '../core/random.js';
import { ReaderRegister } from '../delivery/readers.js';
import { buildAdmin, ownSource } from './admin.js';
import { GatewayControl } from './control.js';
import { because } from './listen.js';
import {
  type FromGateway,
  type GatewayArgument,
  LOOP_INTERVAL_MS,
  REPORT_INTERVAL_MS,
  startingVersion,
  TOKEN_VARIABLE,
  type ToGateway,
} from './messages.js';
import { OwnReach } from './reach.js';
import { buildGateway } from './server.js';
import { openTracing } from './tracing/tracing.js';

/** Serves in this process. */
const runAlone = async (
  argument: GatewayArgument,
  link: ParentLink<ToGateway, FromGateway>,
): Promise<void> => {
  let events: Event[] = [];
  let ruleMs = 0;
  const { version, config } = startingVersion(argument);

  const tracing = await openTracing(wallClock);
  const gateway = buildGateway({
    config,
    version,
    upstreams: argument.upstreams,
    resolver: argument.resolver,
    clock: wallClock,
    random: new Random(argument.seed).fork('gateway'),
    tracing,
    onEvent: (event) => events.push(event),
    onResult: (version, good) => control.delivery.onResults(version, 1, good ? 0 : 1),
  });
  const control: GatewayControl = new GatewayControl({
    config,
    history: argument.history,
    onSettled: (history) => link.send({ type: 'settled', history }),
    pool: gateway.pool,
    reach: new OwnReach(gateway, wallClock),
    drained: argument.drained,
    clock: wallClock,
    emit: gateway.emit,
  });
  const register = new ReaderRegister();
  const readers = () => {
    const nowMs = wallClock.nowMs();
    register.expect('gateway', control.delivery.version, nowMs);
    register.saw('gateway', gateway.generations?.stable.version ?? version, nowMs);
    return register.list(nowMs);
  };
  const admin = buildAdmin(ownSource(gateway, readers), control, argument);
  const { host } = argument;
  try {
    // The admin API first: whoever can send a request can then ask what became of it.
    const adminPort = await admin.listen(argument.adminPort);
    const port = await gateway.listen(host, argument.port).catch(because('the gateway', host, argument.port));
    link.send({ type: 'ready', port, adminPort });
  } catch (error) {
    link.send({ type: 'failed', message: (error as Error).message });
  }

  const watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
  const report = (): void => {
    const before = ruleMs;
    ruleMs = gateway.metrics.ruleMs;
    const stallMs = watch.read();
    gateway.metrics.tallies.onStall(stallMs);
    link.send({ type: 'report', events, stallMs, ruleMs: ruleMs - before });
    events = [];
  };
  const reporting = wallClock.every(REPORT_INTERVAL_MS, report);

  link.onMessage(async (message) => {
    if (message.type === 'block') {
      const untilMs = wallClock.nowMs() + message.forMs;
      while (wallClock.nowMs() < untilMs);
      return;
    }
    reporting.cancel();
    watch.stop();
    control.stop();
    await Promise.all([gateway.close(), admin.close()]);
    await tracing?.close();
    report();
    process.disconnect();
  });
};

const main = async (): Promise<void> => {
  const adminToken = takeFromEnvironment(TOKEN_VARIABLE);
  const argument: GatewayArgument = {
    ...childArgument<GatewayArgument>(),
    ...(adminToken !== undefined && { adminToken }),
  };
  const link = parentLink<ToGateway, FromGateway>();
  if (argument.config.processes === 1) return runAlone(argument, link);
  // Loaded only where it is wanted: one process has nothing to do with the others.
  const { runPrimary } = await import('./primary-process.js');
  return runPrimary(argument, link);
};

await main();
