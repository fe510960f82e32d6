/**
 * What a monitor sees of a run: counts by the moment at which they could be seen, in ticks of a tenth of a second. Requests
 * count when they end, tries when they are sent: an alert must not know what becomes of a request that is still under way.
 * (Windows and series count requests by the moment at which they were meant to be sent.)
 *
 * Records come when requests end, events and samples from other processes, in any order: everything is added to its tick,
 * and looked at when the run is over.
 */
import type { Event } from '../../core/events.js';
import type { WorkerSample } from '../../upstream/fleet.js';
import type { RequestRecord } from '../clients/clients.js';
import { HeapForecasts } from './heap-forecast.js';
import { LatencyTicks, type TickLatency } from './latency-ticks.js';

/** Fine enough for a time to detect of half a second, and a hundred requests a second still are ten of each. */
export const TICK_MS = 100;

/**
 * Four hours of ticks, 4 MiB: a run of more than that is watched for so long, and what comes later is in no tick. Runs are
 * compressed to seconds.
 */
export const MAX_TICKS = 144_000;

/** One tick, as a rule sees it. */
export interface Tick {
  /** Its end, milliseconds of the run: now, to whoever decides. */
  readonly nowMs: number;
  /** Requests of which the first try was sent in it. */
  readonly requests: number;
  /** Tries that were sent in it: by clients, and by the gateway beyond its first one for each. */
  readonly tries: number;
  /** Requests that ended in it… */
  readonly ended: number;
  /** …and how many of them without a good answer. */
  readonly failed: number;
  /** Requests that workers finished in it. */
  readonly worked: number;
  /** Requests that wait in the workers at its end. */
  readonly queued: number;
  /** When the first worker's heap is full if it goes on as it does; infinity: not in sight. */
  readonly heapFull: { readonly inMs: number; readonly worker: string };
  /** Answers of the last full half second that ended in this tick, if one did. */
  readonly latency: TickLatency | null;
}

const NOT_IN_SIGHT = { inMs: Number.POSITIVE_INFINITY, worker: '' } as const;

/** What one worker said of itself last. */
interface LastSample {
  queued: number;
  done: number;
}

export class TickSeries {
  readonly #count: number;
  readonly #requests: Uint32Array;
  readonly #tries: Uint32Array;
  readonly #ended: Uint32Array;
  readonly #failed: Uint32Array;
  readonly #worked: Uint32Array;
  /** How much the queues of all workers grew in it. */
  readonly #queueGrowth: Int32Array;
  readonly #latencies: LatencyTicks;
  readonly #heaps = new HeapForecasts();
  readonly #heapFull = new Map<number, Tick['heapFull']>();
  readonly #last = new Map<string, LastSample>();

  readonly #heapLimitBytes: number;

  /** @param durationMs of the load; what is seen later is in no tick. */
  constructor(durationMs: number, heapLimitBytes: number) {
    this.#heapLimitBytes = heapLimitBytes;
    this.#count = Math.min(MAX_TICKS, Math.ceil(durationMs / TICK_MS));
    this.#requests = new Uint32Array(this.#count);
    this.#tries = new Uint32Array(this.#count);
    this.#ended = new Uint32Array(this.#count);
    this.#failed = new Uint32Array(this.#count);
    this.#worked = new Uint32Array(this.#count);
    this.#queueGrowth = new Int32Array(this.#count);
    this.#latencies = new LatencyTicks(this.#count * TICK_MS);
  }

  /** A request that ended. */
  record({ arrivalMs, endMs, ok, status, attempts }: RequestRecord): void {
    this.#add(this.#requests, attempts[0]?.startMs ?? arrivalMs);
    for (const { startMs } of attempts) this.#add(this.#tries, startMs);
    this.#add(this.#ended, endMs);
    if (!ok) this.#add(this.#failed, endMs);
    if (status !== 0) this.#latencies.record(endMs - arrivalMs, endMs);
  }

  /** @param runMs when it happened, since the load began. */
  event(event: Event, runMs: number): void {
    if (event.type === 'attempt.retried' || event.type === 'request.hedged') this.#add(this.#tries, runMs);
    else if (event.type === 'worker.exited') this.#gone(event.worker, runMs);
  }

  /** @param runMs when it was taken, since the load began. */
  sample({ worker, queued, served, wasted, heapBytes }: WorkerSample, runMs: number): void {
    const last = this.#last.get(worker);
    const done = served + wasted;
    // Workers count since they began; a count that falls is another process's.
    const before = last === undefined || done < last.done ? 0 : last.done;
    this.#add(this.#worked, runMs, done - before);
    this.#add(this.#queueGrowth, runMs, queued - (last?.queued ?? 0));
    if (last === undefined) this.#last.set(worker, { queued, done });
    else {
      last.queued = queued;
      last.done = done;
    }
    const heapLimitBytes = this.#heapLimitBytes;
    const inMs = this.#heaps.observe(worker, { heapBytes, heapLimitBytes }, runMs);
    if (Number.isFinite(inMs)) this.#heapAhead(worker, inMs, runMs);
  }

  /** In order of time. */
  *ticks(): Generator<Tick> {
    let queued = 0;
    for (let index = 0; index < this.#count; index++) {
      const nowMs = (index + 1) * TICK_MS;
      queued += this.#queueGrowth[index]!;
      yield {
        nowMs,
        requests: this.#requests[index]!,
        tries: this.#tries[index]!,
        ended: this.#ended[index]!,
        failed: this.#failed[index]!,
        worked: this.#worked[index]!,
        queued,
        heapFull: this.#heapFull.get(index) ?? NOT_IN_SIGHT,
        latency: this.#latencies.endingAt(nowMs),
      };
    }
  }

  /** What waited in a worker that died waits no more. */
  #gone(worker: string, runMs: number): void {
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#add(this.#queueGrowth, runMs, -last.queued);
    last.queued = 0;
    this.#heaps.forget(worker);
  }

  #heapAhead(worker: string, inMs: number, runMs: number): void {
    const index = Math.floor(runMs / TICK_MS);
    if (index < 0 || index >= this.#count) return;
    const known = this.#heapFull.get(index);
    if (known === undefined || inMs < known.inMs) this.#heapFull.set(index, { inMs, worker });
  }

  #add(counts: Uint32Array | Int32Array, ms: number, by = 1): void {
    const index = Math.floor(ms / TICK_MS);
    // What was before the load began stays: a queue that was there is there at its beginning.
    if (index < this.#count) counts[Math.max(0, index)]! += by;
  }
}
