/** The primary as a process of this machine, which starts the others and owns the port. */
import type { ParentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { LoopWatch } from '../core/loop-watch.js';
import { ClusterProcess } from './cluster.js';
import { findPort } from './listen.js';
import {
  type FromGateway,
  type FromServing,
  type GatewayArgument,
  LOOP_INTERVAL_MS,
  type ToGateway,
  type ToServing,
} from './messages.js';
import { Primary } from './primary.js';
import { readMemory, readProcessorUse } from './process-use.js';
import { readUpstreamTls } from './transport/upstream-tls.js';

export const runPrimary = (
  argument: GatewayArgument,
  link: ParentLink<ToGateway, FromGateway>,
): Promise<void> => {
  const watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
  const primary = new Primary(argument, link, {
    ...{ clock: wallClock, pid: process.pid, readMemory, readUse: readProcessorUse, findPort },
    spawn: (own, onMessage) => new ClusterProcess<ToServing, FromServing>(own, onMessage),
    openAdmin: (admin, port) => admin.listen(port),
    checking: ({ upstreamTls }) => ({ tls: upstreamTls && readUpstreamTls(upstreamTls) }),
    takeStallMs: () => watch.read(),
    end: () => {
      watch.stop();
      process.disconnect();
    },
  });
  // However this process ends, short of SIGKILL: one that spins would not notice that it is alone.
  process.on('exit', () => primary.kill());
  return primary.run();
};
