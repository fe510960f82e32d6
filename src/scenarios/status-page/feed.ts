/** What the status page is told of a run while it goes on: a look at its world ten times a second. */
import type { Timer } from '../../core/clock.js';
import { gatewayIds } from '../front/config.js';
import type { RunObserver } from '../measure/recorder.js';
import { TICK_MS } from '../monitoring/ticks.js';
import type { Variant } from '../scenario.js';
import { DEFAULT_VARIANT } from '../scenario.js';
import type { World } from '../world.js';
import type { ToStatusPage } from './messages.js';
import { Readings } from './readings.js';

/** Of a world, what is looked at. */
export type Watched = Pick<World, 'clock' | 'recorder' | 'fleet' | 'dependencies'>;

/** Of a variant, what has to be known. */
export type WatchedVariant = Pick<Variant, 'name' | 'durationMs' | 'target' | 'front' | 'incident'>;

export class StatusFeed {
  readonly #world: Watched;
  readonly #durationMs: number;
  readonly #send: (message: ToStatusPage) => void;
  readonly #readings: Readings;
  readonly #timer: Timer;
  readonly #observer: RunObserver;
  /** `null`: the load has not begun. */
  #originMs: number | null = null;
  /** Since the look before. */
  #ended = 0;
  #failed = 0;
  #isOver = false;

  /** @param subject what runs, as a reader knows it. */
  constructor(
    world: Watched,
    { name, durationMs, target, front, incident }: WatchedVariant,
    subject: string,
    send: (message: ToStatusPage) => void,
  ) {
    this.#world = world;
    this.#durationMs = durationMs;
    this.#send = send;
    const isOurs = target.kind !== 'direct' && target.kind !== 'url';
    this.#readings = new Readings(isOurs ? gatewayIds(front) : [], isOurs && front.edge !== null);
    const { sloRatio, hourMs } = incident;
    send({ type: 'begin', subject, variant: name === DEFAULT_VARIANT ? '' : name, sloRatio, hourMs });
    this.#observer = {
      begin: (originMs) => {
        this.#originMs = originMs;
      },
      record: ({ ok }) => {
        this.#ended++;
        if (!ok) this.#failed++;
      },
      event: (event) => this.#readings.event(event),
      sample: () => {},
    };
    for (const event of world.recorder.events) this.#readings.event(event);
    world.recorder.observers.add(this.#observer);
    this.#timer = world.clock.every(TICK_MS, () => this.#look());
  }

  /** A user reported an error: whoever reads the result finds when, and what became of that request. */
  reported(rayId: string): void {
    if (this.#isOver) return;
    const { clock, recorder } = this.#world;
    recorder.event({ type: 'error.reported', atMs: clock.nowMs(), rayId });
  }

  /** Nothing more is told. May be called again. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.cancel();
    this.#world.recorder.observers.delete(this.#observer);
    this.#send({ type: 'end', atMs: this.#world.clock.nowMs() });
  }

  #look(): void {
    const { clock, fleet, dependencies } = this.#world;
    const atMs = clock.nowMs();
    const runMs = this.#originMs === null ? -1 : atMs - this.#originMs;
    // When the load is over everything is stopped, and nobody is hurt by that.
    if (runMs >= this.#durationMs) {
      this.end();
      return;
    }
    this.#send({
      type: 'observed',
      ...{ atMs, runMs, ended: this.#ended, failed: this.#failed },
      components: this.#readings.read(fleet.status(), dependencies.status()),
      identified: this.#readings.identified(atMs),
    });
    this.#ended = 0;
    this.#failed = 0;
  }
}
