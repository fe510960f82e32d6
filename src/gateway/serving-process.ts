/**
 * One of several processes that share the gateway's port: serves requests with its share of the limits, is told the
 * health of the upstreams, and reports to the primary what happens and where it stands.
 */
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import type { Event } from '../core/events.js';
import { LoopWatch } from '../core/loop-watch.js';
import { Random } from '../core/random.js';
import { readMemory } from './admin.js';
import { because } from './listen.js';
import {
  type FromServing,
  LOOP_INTERVAL_MS,
  type ProcessStatus,
  REPORT_INTERVAL_MS,
  type ServingArgument,
  type ToServing,
} from './messages.js';
import { buildGateway, type Gateway } from './server.js';

const statusOf = ({ pool, metrics }: Gateway): ProcessStatus => ({
  pid: process.pid,
  upstreams: pool.upstreams.map(({ id, inFlight, queued, admits, breaker, counts }) => ({
    id,
    inFlight,
    queued,
    admits,
    circuit: breaker?.state ?? null,
    counts,
  })),
  answers: [...metrics.answers],
  memory: readMemory(),
});

const main = (): void => {
  const { config, upstreams, host, port, seed } = childArgument<ServingArgument>();
  const link = parentLink<ToServing, FromServing>();
  const watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
  let events: Event[] = [];
  let asked = 0;
  let listening = false;

  const gateway = buildGateway({
    config,
    upstreams,
    clock: wallClock,
    random: new Random(seed),
    onEvent: (event) => events.push(event),
  });
  const report = (): void => {
    link.send({ type: 'report', events, stallMs: watch.read(), status: statusOf(gateway), asked });
    events = [];
  };
  const reporting = wallClock.every(REPORT_INTERVAL_MS, report);

  const listen = async (): Promise<void> => {
    try {
      await gateway.listen(host, port).catch(because('the gateway', host, port));
      link.send({ type: 'listening' });
    } catch (error) {
      link.send({ type: 'failed', message: (error as Error).message });
    }
  };

  link.onMessage(async (message) => {
    switch (message.type) {
      case 'health':
        for (const upstream of gateway.pool.upstreams) {
          upstream.healthy = message.healthy.includes(upstream.id);
        }
        if (!listening) {
          listening = true;
          await listen();
        }
        return;
      case 'ask':
        asked = message.number;
        report();
        return;
      case 'stop':
        reporting.cancel();
        watch.stop();
        await gateway.close();
        report();
        process.disconnect();
        return;
    }
  });
  link.send({ type: 'up' });
};

main();
