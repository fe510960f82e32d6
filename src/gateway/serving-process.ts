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
import { OwnReach } from './reach.js';
import { ResultTally } from './result-tally.js';
import { buildGateway, type Gateway } from './server.js';

const statusOf = ({ pool, metrics, generations }: Gateway, purged: number): ProcessStatus => ({
  pid: process.pid,
  upstreams: pool.upstreams.map(({ id, inFlight, queued, admits, ejected, limit, breaker, counts }) => ({
    id,
    inFlight,
    queued,
    admits,
    ejected,
    limit: limit?.limit ?? null,
    circuit: breaker?.state ?? null,
    counts,
  })),
  answers: [...metrics.answers],
  cached: [...metrics.cached],
  purged,
  version: generations?.stable.version ?? 1,
  memory: readMemory(),
});

const main = (): void => {
  const { config, version, upstreams, resolver, host, port, seed } = childArgument<ServingArgument>();
  const link = parentLink<ToServing, FromServing>();
  const watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
  const results = new ResultTally();
  let events: Event[] = [];
  let asked = 0;
  let ruleMs = 0;
  let listening = false;

  const gateway = buildGateway({
    config,
    version,
    upstreams,
    resolver,
    clock: wallClock,
    random: new Random(seed),
    onEvent: (event) => events.push(event),
    onResult: (version, good) => results.add(version, good),
  });
  const reach = new OwnReach(gateway, wallClock);
  const report = (): void => {
    const status = statusOf(gateway, reach.purged);
    const before = ruleMs;
    ruleMs = gateway.metrics.ruleMs;
    const burned = { stallMs: watch.read(), ruleMs: ruleMs - before };
    link.send({ type: 'report', events, ...burned, status, results: results.take(), asked });
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
          upstream.setHealthy(message.healthy.includes(upstream.id), wallClock.nowMs());
        }
        if (!listening) {
          listening = true;
          await listen();
        }
        return;
      case 'good-check':
        gateway.generations?.onGoodCheck(message.id);
        return;
      case 'plan': {
        const reason = reach.apply(message.plan);
        const { candidate, stable } = message.plan;
        const { version } = candidate ?? stable;
        if (reason !== null) link.send({ type: 'refused', version, reason });
        return;
      }
      case 'change':
        reach.change(message.id, message.change);
        return;
      case 'purge':
        reach.purge(message.target);
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
