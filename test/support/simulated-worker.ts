/**
 * A worker with a few slots and a queue of its own without bound, in virtual time, and an open-loop load on a gateway
 * in front of it that either limits what is in flight (`underLimit`) or keeps requests in a line (`underLine`).
 */
import { Random } from '../../src/core/random.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import type { LimitAlgorithm } from '../../src/policies/limits/limit-algorithm.js';
import type { DropReason, Line, Waiting } from '../../src/policies/lines/line.js';

export interface Load {
  /** Poisson arrivals; a function: at that moment. */
  readonly rateRps: number | ((nowMs: number) => number);
  readonly durationMs: number;
  /** An answer later than this is worth nothing. */
  readonly patienceMs: number;
  readonly seed?: number;
}

/** 8 slots of 50 ms: 160 requests a second. */
export const SLOTS = 8;
export const SERVICE_MS = 50;
export const CAPACITY_RPS = (SLOTS * 1000) / SERVICE_MS;

const arrive = (clock: VirtualClock, load: Load, onArrival: () => void): void => {
  const random = new Random(load.seed ?? 1);
  const next = (): void => {
    const rateRps = typeof load.rateRps === 'number' ? load.rateRps : load.rateRps(clock.nowMs());
    clock.after(random.exponential(1000 / rateRps), () => {
      onArrival();
      next();
    });
  };
  next();
};

/** Serves in the order of arrival, each for the same time, give or take a tenth. */
const worker = (clock: VirtualClock): ((done: () => void) => void) => {
  const random = new Random(7);
  const queue: (() => void)[] = [];
  let busy = 0;
  const start = (done: () => void): void => {
    busy++;
    clock.after(SERVICE_MS * (0.9 + 0.2 * random.next()), () => {
      busy--;
      done();
      if (busy < SLOTS && queue.length > 0) start(queue.shift()!);
    });
  };
  return (done) => {
    if (busy < SLOTS) start(done);
    else queue.push(done);
  };
};

/** One request of a run. */
export interface Sent {
  readonly atMs: number;
  /** When it was answered; `null`: it was not, or not yet. */
  answeredMs: number | null;
  refused: boolean;
}

export interface Run {
  readonly sent: readonly Sent[];
  /** The limit, every 10 ms. */
  readonly limits: readonly number[];
}

/** Good answers per second, of requests sent in that span. */
export const goodputRps = (run: Run, load: Load, fromMs: number, toMs = load.durationMs): number => {
  const good = run.sent.filter(
    ({ atMs, answeredMs }) =>
      atMs >= fromMs && atMs < toMs && answeredMs !== null && answeredMs - atMs <= load.patienceMs,
  );
  return (good.length * 1000) / (toMs - fromMs);
};

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whoever finds no slot under the limit is refused. @param onSent called after each request was let in or refused. */
export const underLimit = (algorithm: LimitAlgorithm, load: Load, onSent = (): void => {}): Run => {
  const clock = new VirtualClock();
  const serve = worker(clock);
  const sent: Sent[] = [];
  const limits: number[] = [];
  let inFlight = 0;
  arrive(clock, load, () => {
    const atMs = clock.nowMs();
    const request: Sent = { atMs, answeredMs: null, refused: inFlight >= algorithm.limitAt(atMs) };
    sent.push(request);
    onSent();
    if (request.refused) return;
    const inFlightAtStart = ++inFlight;
    serve(() => {
      inFlight--;
      const nowMs = clock.nowMs();
      request.answeredMs = nowMs;
      algorithm.onSample({ nowMs, rttMs: nowMs - atMs, inFlight: inFlightAtStart, dropped: false });
    });
  });
  clock.every(10, () => limits.push(algorithm.limitAt(clock.nowMs())));
  clock.advance(load.durationMs);
  return { sent, limits };
};

interface Queued extends Waiting {
  readonly request: Sent;
}

export interface LineRun extends Run {
  readonly drops: Readonly<Record<DropReason, number>>;
}

/** As many in flight as the worker has slots; the others wait in the line, `places` at most. */
export const underLine = (line: Line<Waiting>, load: Load, places = 1_000): LineRun => {
  const clock = new VirtualClock();
  const serve = worker(clock);
  const sent: Sent[] = [];
  const drops = { evicted: 0, 'waited-too-long': 0, 'too-late': 0 };
  const queued = line as Line<Queued>;
  let inFlight = 0;
  const begin = (request: Sent): void => {
    inFlight++;
    serve(() => {
      inFlight--;
      request.answeredMs = clock.nowMs();
      const next = queued.next(clock.nowMs(), ({ request }, reason) => {
        request.refused = true;
        drops[reason]++;
      });
      if (next !== null) begin(next.request);
    });
  };
  arrive(clock, load, () => {
    const atMs = clock.nowMs();
    const request: Sent = { atMs, answeredMs: null, refused: false };
    sent.push(request);
    const waiting = { request, sinceMs: atMs, deadlineMs: atMs + load.patienceMs, criticality: 0 };
    if (inFlight < SLOTS) begin(request);
    else if (queued.size < places) queued.add(waiting, atMs);
    else request.refused = true;
  });
  clock.advance(load.durationMs);
  return { sent, limits: [], drops };
};
