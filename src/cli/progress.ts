/**
 * Progress of a run on stderr: a line for each thing that happens, and on a terminal a last line that keeps changing.
 * Without a terminal nothing is redrawn, so that a log stays readable.
 */
import pc from 'picocolors';
import type { Clock, Timer } from '../core/clock.js';
import { formatRatio } from '../core/units.js';
import { statusKey } from '../scenarios/measure/requests.js';
import { eventText } from '../scenarios/report/event-text.js';
import type { VariantResult } from '../scenarios/result.js';
import type { Variant } from '../scenarios/scenario.js';
import type { World } from '../scenarios/world.js';
import { heapRatioOf } from '../upstream/fleet.js';

const REDRAW_MS = 200;
const LOG_INTERVAL_MS = 5_000;

/** The status line speaks of the requests whose end was told within this time. */
const RECENT_MS = 1_000;

/** How many requests had ended with each status, and when that was. */
interface Ended {
  readonly atMs: number;
  readonly statuses: ReadonlyMap<number, number>;
}

export interface ProgressOutput {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export class Progress {
  readonly #output: ProgressOutput;
  readonly #clock: Clock;
  readonly #variants: readonly Variant[];
  #timer: Timer | null = null;
  #eventsShown = 0;
  /** From the last moment that is longer ago than `RECENT_MS`. */
  #ended: Ended[] = [];
  #status = '';
  #lastLogMs = 0;

  constructor(output: ProgressOutput, clock: Clock, variants: readonly Variant[]) {
    this.#output = output;
    this.#clock = clock;
    this.#variants = variants;
  }

  start(variant: Variant, world: World, controlAddress: string | null): void {
    const number = this.#variants.indexOf(variant) + 1;
    this.#eventsShown = 0;
    this.#ended = [{ atMs: this.#clock.nowMs(), statuses: new Map() }];
    this.#lastLogMs = this.#clock.nowMs();
    this.#line(
      pc.bold(`${variant.name}`) +
        pc.dim(` (${number} of ${this.#variants.length}, ${variant.durationMs / 1000}s)`),
    );
    if (controlAddress !== null) {
      const asks =
        variant.fleet.upstreams === null
          ? 'GET /workers, /config; PUT /config'
          : 'GET /links; POST /timeline';
      this.#line(pc.dim(`  control API ${controlAddress} (${asks})`));
    }
    this.#timer = this.#clock.every(REDRAW_MS, () => this.#update(variant, world));
  }

  /** Nothing more is shown, also of a variant that came to no result. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#clear();
  }

  end(result: VariantResult): void {
    this.stop();
    const outage = result.windows.outage?.availability;
    const text =
      outage === undefined || outage === null
        ? 'measured'
        : `availability in the outage ${formatRatio(outage)}`;
    this.#line(pc.dim(`  ${result.partial ? 'interrupted' : text}`));
  }

  #update(variant: Variant, world: World): void {
    const { recorder } = world;
    for (const event of recorder.events.slice(this.#eventsShown)) {
      const text = eventText(event);
      if (text !== null) this.#line(`  ${this.#seconds(recorder.sinceOriginMs(event.atMs))}  ${text}`);
    }
    this.#eventsShown = recorder.events.length;
    const elapsedMs = recorder.sinceOriginMs(this.#clock.nowMs());
    if (elapsedMs < 0) return;
    const status = this.#statusText(variant, world, elapsedMs);
    if (this.#output.isTTY) {
      this.#clear();
      this.#status = status.slice(0, Math.max(20, this.#output.columns - 1));
      this.#output.write(this.#status);
    } else if (this.#clock.nowMs() - this.#lastLogMs >= LOG_INTERVAL_MS) {
      this.#lastLogMs = this.#clock.nowMs();
      this.#line(status);
    }
  }

  #statusText(variant: Variant, world: World, elapsedMs: number): string {
    const mix = Object.entries(this.#recentStatuses(world.recorder.statuses))
      .map(([status, count]) => `${status}×${count}`)
      .join(' ');
    const elapsed = this.#seconds(Math.min(elapsedMs, variant.durationMs));
    return `  ${elapsed}  ${this.#fleetText(variant, world)}, last second ${mix || 'quiet'}`;
  }

  #fleetText({ fleet: { upstreams } }: Variant, { fleet }: World): string {
    // Nobody tells how these are.
    if (upstreams !== null) return `${upstreams.length} ${upstreams.length === 1 ? 'upstream' : 'upstreams'}`;
    const workers = fleet.status();
    const up = workers.filter((worker) => worker.up);
    const heap = Math.max(0, ...up.map(heapRatioOf));
    return `${up.length}/${workers.length} workers up, fullest heap ${Math.round(heap * 100)}%`;
  }

  #recentStatuses(statuses: ReadonlyMap<number, number>): Record<string, number> {
    const atMs = this.#clock.nowMs();
    this.#ended.push({ atMs, statuses: new Map(statuses) });
    while (this.#ended.length > 1 && this.#ended[1]!.atMs <= atMs - RECENT_MS) this.#ended.shift();
    const before = this.#ended[0]!.statuses;
    return Object.fromEntries(
      [...statuses]
        .map(([status, count]): [string, number] => [statusKey(status), count - (before.get(status) ?? 0)])
        .filter(([, count]) => count > 0),
    );
  }

  #seconds(ms: number): string {
    return `${(ms / 1000).toFixed(1).padStart(5)}s`;
  }

  #clear(): void {
    if (this.#status === '') return;
    this.#output.write(`\r${' '.repeat(this.#status.length)}\r`);
    this.#status = '';
  }

  #line(text: string): void {
    this.#clear();
    this.#output.write(`${text}\n`);
  }
}
