/** Scaling out and in: which places get a process and which lose theirs, and the autoscaler that asks for it. */
import type { Clock } from '../../core/clock.js';
import type { Emit } from '../../core/events.js';
import type { FleetConfig } from '../config.js';
import { type AutoscaleConfig, Autoscaler } from './autoscaler.js';
import type { FleetUse } from './hpa.js';
import type { Use } from './use.js';
import type { WorkerVersion } from './versions.js';
import type { Waits } from './waits.js';

/** What is in flight on a worker that goes may take so long, where no autoscaler says otherwise. */
const DEFAULT_DRAIN_MS = 5_000;

/** A worker's place, as scaling sees it. */
export interface ScalePlace {
  readonly use: Pick<Use, 'take'>;
  /** A process stands there or is to come back. */
  readonly wanted: boolean;
  /** The same, and it is of the colour in use. */
  readonly active: boolean;
  /** Its process is on its way out, and no other is to come. */
  readonly leaving: boolean;
  /** Its process serves. */
  readonly up: boolean;
  /** A process is there, and does not serve yet. */
  readonly booting: boolean;
  start(version: WorkerVersion, bootMs: number): Promise<void>;
  retire(drainMs: number | null, reason: string): Promise<void>;
  park(): Promise<void>;
}

export interface ScalingParts {
  readonly config: FleetConfig;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly waits: Waits;
  readonly places: readonly ScalePlace[];
  readonly isDeploying: () => boolean;
  /** What a worker that is added gets. */
  readonly version: () => WorkerVersion;
  /** Requests that clients have offered since the start. */
  readonly offered: () => number;
}

export class Scaling {
  readonly #parts: ScalingParts;
  #lastOffered = 0;
  #lastDecisionMs = 0;

  constructor(parts: ScalingParts) {
    this.#parts = parts;
  }

  start(): void {
    const { config, clock, waits, version } = this.#parts;
    const { autoscale, bootDelayMs } = config;
    if (autoscale === null) return;
    const { slots, serviceTime } = version();
    const capacity = { workerRps: (slots * 1000) / serviceTime.meanMs, bootMs: bootDelayMs };
    const autoscaler = new Autoscaler(autoscale, capacity, this.#active.length, clock.nowMs());
    this.#lastDecisionMs = clock.nowMs();
    this.#lastOffered = this.#parts.offered();
    waits.every(autoscale.intervalMs, () => this.#decide(autoscaler, autoscale));
  }

  /** @param reason for the story. */
  scale(workers: number, by: 'autoscale' | 'ordered', reason: string): void {
    const { emit, config, places, isDeploying } = this.#parts;
    const active = this.#active;
    if (workers === active.length) return;
    if (isDeploying()) {
      emit('fleet.scaling-refused', { workers, reason: 'a deploy is under way' });
      return;
    }
    // One on its way out is started anew when it is gone: later than one whose place is free.
    const free = places.filter((place) => !place.wanted);
    const idle = [...free.filter(({ leaving }) => !leaving), ...free.filter(({ leaving }) => leaving)];
    const added = idle.slice(0, Math.max(0, workers - active.length));
    const removed = workers < active.length ? active.slice(workers) : [];
    emit('fleet.scaled', {
      from: active.length,
      to: active.length + added.length - removed.length,
      by,
      reason,
    });
    for (const place of added) void this.#add(place);
    for (const place of removed) void this.#remove(place, config.autoscale?.drainMs ?? DEFAULT_DRAIN_MS);
  }

  get #active(): ScalePlace[] {
    return this.#parts.places.filter(({ active }) => active);
  }

  #add(place: ScalePlace): Promise<void> {
    const { config, version } = this.#parts;
    // One that cannot start comes back by itself, as after a crash, and gets requests when it does.
    return place.start(version(), config.bootDelayMs).catch(() => {});
  }

  async #remove(place: ScalePlace, drainMs: number): Promise<void> {
    await place.retire(drainMs, 'scale-in');
    await place.park();
  }

  #decide(autoscaler: Autoscaler, { strategy, seasonMs }: AutoscaleConfig): void {
    const { clock, offered, isDeploying } = this.#parts;
    const nowMs = clock.nowMs();
    const total = offered();
    const offeredRps = ((total - this.#lastOffered) * 1000) / (nowMs - this.#lastDecisionMs);
    this.#lastOffered = total;
    this.#lastDecisionMs = nowMs;
    const use = this.#readUse();
    const workers = autoscaler.decide({ use, offeredRps }, nowMs);
    if (isDeploying()) return;
    const mean = use.ready.reduce((sum, ratio) => sum + ratio, 0) / Math.max(1, use.ready.length);
    const foreseen = seasonMs === null ? 'the trend' : 'what came at this time of earlier periods';
    const reason =
      strategy === 'reactive'
        ? `${Math.round(mean * 100)}% of the slots in use`
        : `${Math.round(offeredRps)}/s offered, and ${foreseen}`;
    this.scale(workers, 'autoscale', reason);
  }

  #readUse(): FleetUse {
    const ready: number[] = [];
    let booting = 0;
    let missing = 0;
    for (const place of this.#active) {
      const ratio = place.use.take();
      if (place.up && ratio !== null) ready.push(ratio);
      else if (place.booting) booting++;
      else missing++;
    }
    return { ready, booting, missing };
  }
}
