/**
 * Watches each worker while it is up, and does what the probes, the watchdog and the recycling say. What they say is
 * decided in `probe.ts`, `watchdog.ts` and `recycling.ts`.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { HealthState } from '../../core/health.js';
import { formatDuration } from '../../core/units.js';
import type { FleetConfig } from '../config.js';
import { type ProbeConfig, probeState } from './probe.js';
import { Recycling } from './recycling.js';
import type { Waits } from './waits.js';
import { Watchdog, watchdogIntervalMs } from './watchdog.js';
import type { WorkerPlace } from './worker-place.js';

/** Twice for each sample would see nothing more; a leak needs seconds. */
const RECYCLE_INTERVAL_MS = 100;

export interface SupervisionParts {
  readonly config: FleetConfig;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly waits: Waits;
  readonly places: readonly WorkerPlace[];
  /** A deploy replaces workers: nobody else does meanwhile. */
  readonly isDeploying: () => boolean;
}

export class Supervision {
  readonly #parts: SupervisionParts;
  /** What watches a process, while it is up. */
  readonly #timers = new Map<WorkerPlace, Timer[]>();
  readonly #watchdogs = new Map<WorkerPlace, Watchdog>();
  readonly #readiness = new Map<WorkerPlace, HealthState>();

  constructor(parts: SupervisionParts) {
    this.#parts = parts;
  }

  start(): void {
    const { config, waits } = this.#parts;
    const { recycle } = config;
    if (recycle === null) return;
    const recycling = new Recycling(recycle);
    waits.every(RECYCLE_INTERVAL_MS, () => this.#recycle(recycling, recycle.drainMs));
  }

  stop(): void {
    for (const place of [...this.#timers.keys()]) this.#unwatch(place);
  }

  /** A process serves from now on. */
  up(place: WorkerPlace): void {
    const { config, clock } = this.#parts;
    this.#unwatch(place);
    const timers: Timer[] = [];
    this.#timers.set(place, timers);
    const { watchdogMs, liveness, readiness } = config;
    if (watchdogMs !== null) {
      const watchdog = new Watchdog(watchdogMs, clock.nowMs());
      this.#watchdogs.set(place, watchdog);
      timers.push(clock.every(watchdogIntervalMs(watchdogMs), () => this.#checkBeat(place, watchdog)));
    }
    if (liveness !== null) {
      const state = probeState(liveness, true);
      timers.push(clock.every(liveness.intervalMs, () => this.#checkLife(place, liveness, state)));
    }
    if (readiness !== null) {
      const state = probeState(readiness, false);
      this.#readiness.set(place, state);
      void place.aside.hold('unready');
      void this.#checkReadiness(place, readiness, state);
      timers.push(clock.every(readiness.intervalMs, () => this.#checkReadiness(place, readiness, state)));
    }
  }

  /** @param ordered it was told to end, and who told it sees to the gateway. */
  down(place: WorkerPlace, ordered: boolean): void {
    this.#unwatch(place);
    if (this.#parts.config.readiness !== null && !ordered && !place.aside.has('unready')) {
      this.#turnUnready(place, 'its process is gone');
    }
  }

  beat(place: WorkerPlace): void {
    this.#watchdogs.get(place)?.beat(this.#parts.clock.nowMs());
  }

  #unwatch(place: WorkerPlace): void {
    for (const timer of this.#timers.get(place) ?? []) timer.cancel();
    this.#timers.delete(place);
    this.#watchdogs.delete(place);
    this.#readiness.delete(place);
  }

  #checkBeat(place: WorkerPlace, watchdog: Watchdog): void {
    const silentMs = watchdog.check(this.#parts.clock.nowMs());
    if (silentMs === null) return;
    this.#unwatch(place);
    place.kill('watchdog', `its event loop gave no sign for ${formatDuration(silentMs)}`);
  }

  async #checkLife(place: WorkerPlace, probe: ProbeConfig, state: HealthState): Promise<void> {
    const timers = this.#timers.get(place);
    const problem = await place.ask(probe.path, probe.timeoutMs);
    // Another process may stand there by now.
    if (this.#timers.get(place) !== timers || !state.onCheck(problem === null)) return;
    this.#unwatch(place);
    place.kill('liveness', `${probe.failures} probes in a row failed, at last: ${problem}`);
  }

  async #checkReadiness(place: WorkerPlace, probe: ProbeConfig, state: HealthState): Promise<void> {
    const problem = await place.ask(probe.path, probe.timeoutMs);
    if (this.#readiness.get(place) !== state || !state.onCheck(problem === null)) return;
    if (!state.healthy) {
      this.#turnUnready(place, problem ?? '');
      return;
    }
    this.#parts.emit('worker.turned-ready', { worker: place.id });
    void place.aside.release('unready');
  }

  #turnUnready(place: WorkerPlace, reason: string): void {
    this.#parts.emit('worker.turned-unready', { worker: place.id, reason });
    void place.aside.hold('unready');
  }

  #recycle(recycling: Recycling, drainMs: number): void {
    const { places, clock, isDeploying } = this.#parts;
    if (isDeploying()) return;
    const readings = places
      .filter(({ active }) => active)
      .map(({ id, serving, heapRatio }) => ({ worker: id, serving, heapRatio }));
    const chosen = recycling.next(readings, clock.nowMs());
    const place = places.find(({ id }) => id === chosen);
    if (place !== undefined)
      void this.#replace(place, drainMs).finally(() => recycling.finished(clock.nowMs()));
  }

  async #replace(place: WorkerPlace, drainMs: number): Promise<void> {
    const { clock, config, emit } = this.#parts;
    const startedMs = clock.nowMs();
    const { heapRatio } = place;
    // One that cannot start comes back by itself, as after a crash.
    const isFresh = await place.replace(drainMs, config.bootDelayMs, 'recycle').catch(() => false);
    if (isFresh) emit('worker.recycled', { worker: place.id, heapRatio, tookMs: clock.nowMs() - startedMs });
  }
}
