/**
 * What a worker does with requests, whoever brings them and whatever its memory and its event loop are: as a process of
 * its own behind `node:http` (`worker.ts`), or as a model in virtual time.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../core/clock.js';
import { DEGRADED_HEADER } from '../core/degraded.js';
import type { Random } from '../core/random.js';
import type { Consultation, DependencyClients } from './dependencies/client.js';
import { answerOf, type Consulted } from './dependencies/consulted.js';
import { DownstreamBalancer, REFRESH_INTERVAL_MS } from './downstream.js';
import { isRaw } from './faults/bytes.js';
import type { Undo, Visit } from './faults/fault.js';
import { WORKER_FAULTS } from './faults/worker-faults.js';
import { LatencyByLoad } from './latency-by-load.js';
import type { FromWorker, ToWorker, VersionedWorkerConfig, WorkerArgument } from './messages.js';
import { type Start, WorkerModel } from './model.js';
import { RequestWatch } from './request-watch.js';
import type { WorkerRuntime } from './runtime.js';
import { sendJson } from './send-json.js';
import { Site } from './site.js';
import type { WorkerSpan, WorkerTraces } from './worker-traces.js';

/** The last sample before a death is the evidence for its cause, so it must be young. */
const SAMPLE_INTERVAL_MS = 50;

/** In which a gateway says how many milliseconds its client still waits. */
const DEADLINE_HEADER = 'x-request-timeout-ms';

const NONE: readonly Consulted[] = [];

interface Job extends Visit {
  /** Answers it when it has been served. */
  readonly answer: (job: Job) => void;
  /** Requests in the worker when it came, itself included. */
  readonly inFlight: number;
  readonly startedMs: number;
  abandoned: boolean;
  /** Called when it has waited; `null`: it does not wait. */
  waited: Undo | null;
  /** Ends its service time; `null`: it is not being served. */
  serving: Timer | null;
  /** Its calls to dependencies; `null`: there are none yet. */
  consultation: Consultation | null;
  consulted: readonly Consulted[];
  /** `null`: nobody traces it. */
  trace: WorkerSpan | null;
}

export interface WorkerSurroundings {
  readonly clock: Clock;
  /** To its fleet. */
  readonly send: (message: FromWorker) => void;
  /** Its memory, its event loop and its end. */
  readonly runtime: WorkerRuntime;
  /** `null`: it depends on nothing. */
  readonly dependencies: DependencyClients | null;
  /** `null`: nobody wants its spans. */
  readonly traces: WorkerTraces | null;
}

export class WorkerService {
  readonly #argument: WorkerArgument;
  readonly #around: WorkerSurroundings;
  readonly #model: WorkerModel<Job>;
  readonly #site: Site;
  /** Faults at work, by their number. */
  readonly #injected = new Map<number, Undo>();
  readonly #downstream: DownstreamBalancer;
  readonly #latencies = new LatencyByLoad();
  readonly #counts = {
    ...{ served: 0, wasted: 0, abandoned: 0 },
    ...{ answered: 0, failed: 0, latencyTotalMs: 0, open: 0 },
  };
  readonly #watch: RequestWatch;
  /** `null`: its refreshes come to nothing. */
  #refreshing: Timer | null = null;
  #configVersion = 0;

  /** @param random what the worker draws from; its dependencies have a stream of their own. */
  constructor(argument: WorkerArgument, random: Random, around: WorkerSurroundings) {
    const { clock, send, runtime } = around;
    this.#argument = argument;
    this.#around = around;
    this.#model = new WorkerModel(argument.slots, argument.serviceTime, random);
    this.#site = new Site(clock, random.fork('faults'), runtime);
    this.#downstream = new DownstreamBalancer(runtime);
    this.#watch = new RequestWatch(argument, send);
    for (const { fault, options } of argument.faults) {
      const definition = WORKER_FAULTS[fault];
      if ('begin' in definition) definition.begin(this.#site, options, Number.POSITIVE_INFINITY);
    }
    this.#actuate(argument.config);
    clock.every(SAMPLE_INTERVAL_MS, () => this.#sample());
  }

  /** Serves one request. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (isRaw(request.socket)) return;
    switch (request.url) {
      case '/healthz':
        response.writeHead(200, { 'content-length': 2 }).end('ok');
        return;
      case '/readyz': {
        const ready = this.#site.ready(this.#model.queued <= this.#argument.slots);
        response.writeHead(ready ? 200 : 503, { 'content-length': ready ? 5 : 7 });
        response.end(ready ? 'ready' : 'unready');
        return;
      }
      case '/healthz/deep':
        this.#enqueue(request, response, () => response.writeHead(200, { 'content-length': 2 }).end('ok'));
        return;
      case '/probe': {
        const inFlight = this.#model.busy + this.#model.queued;
        sendJson(response, 200, { inFlight, latencyMs: this.#latencies.medianNear(inFlight) });
        return;
      }
      default:
        this.#enqueue(request, response, this.#respond);
    }
  };

  onMessage(message: ToWorker): void {
    if (message.type === 'config') this.#actuate(message.config);
    else if (message.type === 'inject') this.#inject(message);
    else if (message.type === 'quarantine') this.#watch.quarantine(message.fingerprints);
    else {
      this.#injected.get(message.id)?.();
      this.#injected.delete(message.id);
    }
  }

  #actuate({ version, config }: VersionedWorkerConfig): void {
    this.#downstream.actuate(config.downstream);
    this.#refreshWhileItGrows();
    this.#configVersion = version;
    this.#around.send({ type: 'applied', version });
  }

  #refreshWhileItGrows(): void {
    if (!this.#downstream.grows) {
      this.#refreshing?.cancel();
      this.#refreshing = null;
    } else {
      this.#refreshing ??= this.#around.clock.every(REFRESH_INTERVAL_MS, () => this.#downstream.refresh());
    }
  }

  #inject({ id, fault, options, forMs }: Extract<ToWorker, { type: 'inject' }>): void {
    const definition = WORKER_FAULTS[fault];
    // One that is done from outside is not sent here.
    if (!('begin' in definition)) return;
    this.#injected.set(id, definition.begin(this.#site, options, forMs ?? Number.POSITIVE_INFINITY));
  }

  /** Key by key: a fleet of a thousand sends 20,000 of them a second. */
  #sample(): void {
    const { served, wasted, abandoned, answered, failed, latencyTotalMs, open } = this.#counts;
    this.#around.send({
      type: 'sample',
      heapBytes: this.#around.runtime.heapBytes(),
      busy: this.#model.busy,
      queued: this.#model.queued,
      served,
      wasted,
      abandoned,
      answered,
      failed,
      latencyTotalMs,
      open,
    });
  }

  #enqueue(request: IncomingMessage, response: ServerResponse, answer: (job: Job) => void): void {
    const inFlight = this.#model.busy + this.#model.queued + 1;
    const startedMs = this.#around.clock.nowMs();
    // Key by key: a spread makes V8 lay out each job anew.
    const job: Job = {
      request,
      response,
      answer,
      inFlight,
      startedMs,
      abandoned: false,
      waited: null,
      serving: null,
      consultation: null,
      consulted: NONE,
      trace: null,
    };
    const { traces } = this.#around;
    if (traces !== null) job.trace = traces.begin(request, response);
    if (this.#watch.refuses(job)) return;
    this.#counts.open++;
    let isTaken = true;
    response.on('close', () => {
      this.#countEnd(job);
      if (!isTaken) this.#onClose(job);
    });
    isTaken = this.#site.taken(job);
    if (isTaken) return;
    const leftMs = Number(request.headers[DEADLINE_HEADER] ?? Number.NaN);
    if (this.#argument.abandoned !== 'finish' && leftMs >= 0) this.#dropWhenLate(job, leftMs);
    const start = this.#model.arrive(job);
    if (start === null) job.waited = this.#site.waits(job);
    request.resume();
    this.#serve(start);
  }

  #onClose(job: Job): void {
    const { response } = job;
    // One without a socket has lost it to a fault, and not to a client that left.
    if (response.writableFinished || response.socket === null) return;
    job.abandoned = true;
    this.#counts.abandoned++;
    const { abandoned } = this.#argument;
    if (abandoned === 'finish') return;
    if (this.#model.leave(job)) stopWaiting(job);
    else if (job.consultation !== null) job.consultation.cancel();
    else if (abandoned === 'interrupt' && job.serving !== null) this.#interrupt(job, job.serving);
  }

  #interrupt(job: Job, serving: Timer): void {
    serving.cancel();
    job.serving = null;
    this.#serve(this.#model.finish());
  }

  #serve(start: Start<Job> | null): void {
    if (start === null) return;
    const { job, serviceMs } = start;
    const { clock, dependencies } = this.#around;
    stopWaiting(job);
    if (job.trace !== null) job.trace.gotSlot();
    job.serving = clock.after(this.#site.serviceMs(serviceMs, job), () => {
      job.serving = null;
      // Work for a client that has left ends with the slot's, where it can be cancelled.
      const isCancelled = job.abandoned && this.#argument.abandoned !== 'finish';
      if (isCancelled || dependencies === null || job.answer !== this.#respond) this.#finish(job);
      else this.#consult(job, dependencies);
    });
  }

  /** The slot is held until the dependencies have answered: that is what makes their trouble the worker's. */
  #consult(job: Job, clients: DependencyClients): void {
    job.consultation = clients.consult(job.request.url ?? '/', job.trace?.called);
    void job.consultation.done.then((consulted) => {
      job.consulted = consulted;
      this.#finish(job);
    });
  }

  #finish(job: Job): void {
    this.#serve(this.#model.finish());
    if (job.abandoned) {
      this.#counts.wasted++;
      return;
    }
    this.#counts.served++;
    this.#latencies.add(job.inFlight, this.#around.clock.nowMs() - job.startedMs);
    if (!this.#site.answered(job)) job.answer(job);
  }

  readonly #respond = ({ response, consulted }: Job): void => {
    const { statusCode, degraded, fields } = answerOf(consulted);
    if (degraded) response.setHeader(DEGRADED_HEADER, '1');
    const good = statusCode === 200 && {
      config: this.#configVersion,
      downstream: this.#downstream.pick(),
    };
    sendJson(response, statusCode, { worker: this.#argument.id, ...good, ...fields });
  };

  /** Work that nobody waits for any more is not begun: its client's time may be over before its turn comes. */
  #dropWhenLate(job: Job, leftMs: number): void {
    const timer = this.#around.clock.after(leftMs, () => {
      if (!this.#model.leave(job)) return;
      stopWaiting(job);
      job.abandoned = true;
      this.#counts.abandoned++;
      const dropped = 'the deadline passed in the queue';
      sendJson(job.response, 504, { worker: this.#argument.id, dropped });
    });
    job.response.on('close', () => timer.cancel());
  }

  /** Counted where it ends, so that what a fault does with it on the way counts as well. */
  #countEnd({ response, startedMs }: Job): void {
    const counts = this.#counts;
    counts.open--;
    if (!response.writableFinished || response.statusCode >= 500) {
      counts.failed++;
      return;
    }
    counts.answered++;
    counts.latencyTotalMs += this.#around.clock.nowMs() - startedMs;
  }
}

const stopWaiting = (job: Job): void => {
  job.waited?.();
  job.waited = null;
};
