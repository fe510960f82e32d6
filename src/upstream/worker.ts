/**
 * The worker process: a bare `node:http` server that enacts the worker model for real. Nothing heavy is loaded, so
 * that it boots in tens of milliseconds and most of its heap is there to be leaked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { getHeapStatistics } from 'node:v8';
import { childArgument, parentLink } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Random } from '../core/random.js';
import type { Consultation, DependencyClients } from './dependencies/client.js';
import { answerOf, type Consulted, DEGRADED_HEADER } from './dependencies/consulted.js';
import { DownstreamBalancer, REFRESH_INTERVAL_MS } from './downstream.js';
import { isRaw } from './faults/bytes.js';
import type { Undo, Visit } from './faults/fault.js';
import { WORKER_FAULTS } from './faults/worker-faults.js';
import { LatencyByLoad } from './latency-by-load.js';
import { listenOn } from './listen.js';
import type { FromWorker, ToWorker, VersionedWorkerConfig, WorkerArgument } from './messages.js';
import { type Start, WorkerModel } from './model.js';
import { RequestWatch } from './request-watch.js';
import { sendJson } from './send-json.js';
import { Site } from './site.js';

/** The last sample before a death is the evidence for its cause, so it must be young. */
const SAMPLE_INTERVAL_MS = 50;

/** Longer than any gateway keeps an idle connection, so that the worker is not the one to close it. */
const KEEP_ALIVE_MS = 65_000;

const argument = childArgument<WorkerArgument>();
const link = parentLink<ToWorker, FromWorker>();

/** In which a gateway says how many milliseconds its client still waits. */
const DEADLINE_HEADER = 'x-request-timeout-ms';

interface Job extends Visit {
  /** Answers it when it has been served. */
  readonly answer: (job: Job) => void;
  /** Requests in the worker when it came, itself included. */
  readonly inFlight: number;
  readonly startedMs: number;
  abandoned: boolean;
  /** Called when it has waited; `null`: it does not wait. */
  waited: Undo | null;
  /** Its calls to dependencies; `null`: there are none yet. */
  consultation: Consultation | null;
  consulted: readonly Consulted[];
}

const random = new Random(argument.seed);
const model = new WorkerModel<Job>(argument.slots, argument.serviceTime, random);
const site = new Site(wallClock, random.fork('faults'));
/** Faults at work, by their number. */
const injected = new Map<number, Undo>();
const downstream = new DownstreamBalancer();
const latencies = new LatencyByLoad();
/** `null`: it has none, or has not loaded them yet. */
let dependencies: DependencyClients | null = null;
const counts = { served: 0, wasted: 0, abandoned: 0, answered: 0, failed: 0, latencyTotalMs: 0, open: 0 };
const watch = new RequestWatch(argument, link.send);
let configVersion = 0;

const actuate = ({ version, config }: VersionedWorkerConfig): void => {
  downstream.actuate(config.downstream);
  configVersion = version;
  link.send({ type: 'applied', version });
};

const respond = ({ response, consulted }: Job): void => {
  const { statusCode, degraded, fields } = answerOf(consulted);
  if (degraded) response.setHeader(DEGRADED_HEADER, '1');
  const good = statusCode === 200 && { config: configVersion, downstream: downstream.pick() };
  sendJson(response, statusCode, { worker: argument.id, ...good, ...fields });
};

const serve = (start: Start<Job> | null): void => {
  if (start === null) return;
  const { job, serviceMs } = start;
  stopWaiting(job);
  wallClock.after(site.serviceMs(serviceMs, job), () => {
    // Work for a client that has left ends with the slot's, where it can be cancelled.
    const isCancelled = job.abandoned && argument.abandoned === 'cancel';
    if (isCancelled || dependencies === null || job.answer !== respond) finish(job);
    else consult(job, dependencies);
  });
};

/** The slot is held until the dependencies have answered: that is what makes their trouble the worker's. */
const consult = (job: Job, clients: DependencyClients): void => {
  job.consultation = clients.consult(job.request.url ?? '/');
  void job.consultation.done.then((consulted) => {
    job.consulted = consulted;
    finish(job);
  });
};

const finish = (job: Job): void => {
  serve(model.finish());
  if (job.abandoned) {
    counts.wasted++;
    return;
  }
  counts.served++;
  latencies.add(job.inFlight, wallClock.nowMs() - job.startedMs);
  if (!site.answered(job)) job.answer(job);
};

const stopWaiting = (job: Job): void => {
  job.waited?.();
  job.waited = null;
};

/** Work that nobody waits for any more is not begun: its client's time may be over before its turn comes. */
const dropWhenLate = (job: Job, leftMs: number): void => {
  const timer = wallClock.after(leftMs, () => {
    if (!model.leave(job)) return;
    stopWaiting(job);
    job.abandoned = true;
    counts.abandoned++;
    sendJson(job.response, 504, { worker: argument.id, dropped: 'the deadline passed in the queue' });
  });
  job.response.on('close', () => timer.cancel());
};

/** Counted where it ends, so that what a fault does with it on the way counts as well. */
const countEnd = ({ response, startedMs }: Job): void => {
  counts.open++;
  response.once('close', () => {
    counts.open--;
    if (!response.writableFinished || response.statusCode >= 500) {
      counts.failed++;
      return;
    }
    counts.answered++;
    counts.latencyTotalMs += wallClock.nowMs() - startedMs;
  });
};

const enqueue = (request: IncomingMessage, response: ServerResponse, answer: (job: Job) => void): void => {
  const inFlight = model.busy + model.queued + 1;
  const startedMs = wallClock.nowMs();
  const job: Job = {
    ...{ request, response, answer, inFlight, startedMs, abandoned: false },
    ...{ waited: null, consultation: null, consulted: [] },
  };
  if (watch.refuses(job)) return;
  countEnd(job);
  if (site.taken(job)) return;
  response.on('close', () => {
    // One without a socket has lost it to a fault, and not to a client that left.
    if (response.writableFinished || response.socket === null) return;
    job.abandoned = true;
    counts.abandoned++;
    if (argument.abandoned !== 'cancel') return;
    if (model.leave(job)) stopWaiting(job);
    else job.consultation?.cancel();
  });
  const leftMs = Number(request.headers[DEADLINE_HEADER] ?? Number.NaN);
  if (argument.abandoned === 'cancel' && leftMs >= 0) dropWhenLate(job, leftMs);
  const start = model.arrive(job);
  if (start === null) job.waited = site.waits(job);
  request.resume();
  serve(start);
};

const handle = (request: IncomingMessage, response: ServerResponse): void => {
  if (isRaw(request.socket)) return;
  switch (request.url) {
    case '/healthz':
      response.writeHead(200, { 'content-length': 2 }).end('ok');
      return;
    case '/readyz': {
      const ready = site.ready(model.queued <= argument.slots);
      response.writeHead(ready ? 200 : 503, { 'content-length': ready ? 5 : 7 });
      response.end(ready ? 'ready' : 'unready');
      return;
    }
    case '/healthz/deep':
      enqueue(request, response, () => response.writeHead(200, { 'content-length': 2 }).end('ok'));
      return;
    case '/probe': {
      const inFlight = model.busy + model.queued;
      sendJson(response, 200, { inFlight, latencyMs: latencies.medianNear(inFlight) });
      return;
    }
    default:
      enqueue(request, response, respond);
  }
};

const inject = ({ id, fault, options, forMs }: Extract<ToWorker, { type: 'inject' }>): void => {
  const definition = WORKER_FAULTS[fault];
  // One that is done from outside is not sent here.
  if (!('begin' in definition)) return;
  injected.set(id, definition.begin(site, options, forMs ?? Number.POSITIVE_INFINITY));
};

for (const { fault, options } of argument.faults) {
  const definition = WORKER_FAULTS[fault];
  if ('begin' in definition) definition.begin(site, options, Number.POSITIVE_INFINITY);
}

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, handle);

const listen = (): void => {
  const { host, port } = argument;
  void listenOn(server, { host, port, clock: wallClock }).then(
    (found) => link.send({ type: 'ready', port: found }),
    ({ message }: Error) => link.send({ type: 'failed', message }),
  );
};

/** Loaded here and not above: it brings the policies along, and a worker without dependencies stays bare. */
const loadDependencies = async (): Promise<void> => {
  const { DependencyClients } = await import('./dependencies/client.js');
  dependencies = new DependencyClients(argument.dependencies, {
    clock: wallClock,
    random: random.fork('dependencies'),
    onCircuit: (dependency, state) => link.send({ type: 'circuit', dependency, state }),
  });
};

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
  else if (message.type === 'inject') inject(message);
  else if (message.type === 'quarantine') watch.quarantine(message.fingerprints);
  else {
    injected.get(message.id)?.();
    injected.delete(message.id);
  }
});
if (argument.dependencies.length > 0) await loadDependencies();
if (argument.bootDelayMs > 0) wallClock.after(argument.bootDelayMs, listen);
else listen();
