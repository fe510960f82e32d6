/**
 * The worker process: a bare `node:http` server that enacts the worker model for real. Nothing heavy is loaded, so
 * that it boots in tens of milliseconds and most of its heap is there to be leaked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Random } from '../core/random.js';
import { DownstreamBalancer, REFRESH_INTERVAL_MS } from './downstream.js';
import { WORKER_FAULTS } from './faults/worker-faults.js';
import type { FromWorker, ToWorker, VersionedWorkerConfig, WorkerArgument } from './messages.js';
import { type Start, WorkerModel } from './model.js';

/** The last sample before a death is the evidence for its cause, so it must be young. */
const SAMPLE_INTERVAL_MS = 50;

/** Longer than any gateway keeps an idle connection, so that the worker is not the one to close it. */
const KEEP_ALIVE_MS = 65_000;

/** A port that was taken over a restart may be held for a moment by a connection that is just ending. */
const LISTEN_RETRY_MS = 50;
const LISTEN_ATTEMPTS = 40;

const argument = childArgument<WorkerArgument>();
const link = parentLink<ToWorker, FromWorker>();

interface Job {
  readonly response: ServerResponse;
  abandoned: boolean;
}

const model = new WorkerModel<Job>(argument.slots, argument.serviceTime, new Random(argument.seed));
const downstream = new DownstreamBalancer();
const counts = { served: 0, wasted: 0, abandoned: 0 };
let configVersion = 0;

const actuate = ({ version, config }: VersionedWorkerConfig): void => {
  downstream.actuate(config.downstream);
  configVersion = version;
  link.send({ type: 'applied', version });
};

const respond = ({ response }: Job): void => {
  const body = JSON.stringify({ worker: argument.id, config: configVersion, downstream: downstream.pick() });
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
};

const serve = (start: Start<Job> | null): void => {
  if (start === null) return;
  const { job, serviceMs } = start;
  wallClock.after(serviceMs, () => {
    serve(model.finish());
    if (job.abandoned) {
      counts.wasted++;
      return;
    }
    counts.served++;
    respond(job);
  });
};

const handle = (request: IncomingMessage, response: ServerResponse): void => {
  request.resume();
  if (request.url === '/healthz') {
    response.writeHead(200, { 'content-length': 2 }).end('ok');
    return;
  }
  const job: Job = { response, abandoned: false };
  response.on('close', () => {
    if (response.writableFinished) return;
    job.abandoned = true;
    counts.abandoned++;
    if (argument.abandoned === 'cancel') model.leave(job);
  });
  serve(model.arrive(job));
};

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handle);

let listenAttempts = 0;
const listen = (): void => {
  listenAttempts++;
  server.listen(argument.port, argument.host);
};
server.on('listening', () => {
  link.send({ type: 'ready', port: (server.address() as { port: number }).port });
});
server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EADDRINUSE' && listenAttempts < LISTEN_ATTEMPTS)
    wallClock.after(LISTEN_RETRY_MS, listen);
  else link.send({ type: 'failed', message: error.message });
});

actuate(argument.config);
wallClock.every(REFRESH_INTERVAL_MS, () => downstream.refresh());
wallClock.every(SAMPLE_INTERVAL_MS, () => {
  link.send({
    type: 'sample',
    heapBytes: getHeapStatistics().used_heap_size,
    busy: model.busy,
    queued: model.queued,
    ...counts,
  });
});
link.onMessage((message) => {
  if (message.type === 'config') actuate(message.config);
  else WORKER_FAULTS[message.fault].inject(message.forMs, wallClock);
});
listen();
