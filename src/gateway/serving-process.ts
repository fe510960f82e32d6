/** One of several processes that share the gateway's port. */
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { LoopWatch } from '../core/loop-watch.js';
import { Random } from '../core/random.js';
import { because } from './listen.js';
import { type FromServing, LOOP_INTERVAL_MS, type ServingArgument, type ToServing } from './messages.js';
import { readMemory, readProcessorUse } from './process-use.js';
import { buildGateway, type Gateway } from './server.js';
import { ServingService } from './serving-service.js';
import { openTracing } from './tracing/tracing.js';

const { host, port, seed, ...argument } = childArgument<ServingArgument>();
const link = parentLink<ToServing, FromServing>();
const watch = new LoopWatch(wallClock, LOOP_INTERVAL_MS);
let gateway: Gateway;
const tracing = await openTracing(wallClock);

const service = new ServingService(
  {
    ...{ clock: wallClock, pid: process.pid, readMemory, readUse: readProcessorUse },
    send: (message) => link.send(message),
    listen: () => gateway.listen(host, port).catch(because('the gateway', host, port)),
    takeStallMs: () => watch.read(),
    end: async () => {
      watch.stop();
      await tracing?.close();
      process.disconnect();
    },
  },
  (told) => {
    gateway = buildGateway({ ...argument, ...told, clock: wallClock, random: new Random(seed), tracing });
    return gateway;
  },
);
link.onMessage((message) => service.onMessage(message));
