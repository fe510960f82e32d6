/** Tells a channel how a run goes, variant by variant, while it goes on: the producer of the feed. */
import type { Clock, Timer } from '../../core/clock.js';
import type { Event } from '../../core/events.js';
import type { WorkerSample } from '../../upstream/fleet.js';
import type { Engine } from '../engines.js';
import type { RunObserver } from '../measure/recorder.js';
import type { VariantResult } from '../result.js';
import type { Scenario, Variant } from '../scenario.js';
import type { World } from '../world.js';
import { AtWorkList } from './at-work.js';
import type { Channel } from './channel.js';
import { eventLines, secondsSince } from './event-lines.js';
import { type RunEnd, TICK_MS, type VariantBegin } from './feed.js';
import { GatewayWatch } from './gateway-watch.js';
import { makeTick } from './tick.js';
import { TickCounts } from './tick-counts.js';
import { topologyOf } from './topology.js';
import { upstreamsTogether } from './upstream-views.js';

export interface LiveParts {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly mode: VariantBegin['mode'];
  readonly engine: Engine;
  readonly scenario: Pick<Scenario, 'name' | 'title' | 'story'>;
  /** All that the run has. */
  readonly variants: readonly Pick<Variant, 'name'>[];
}

/** Watches one world, from its making on. */
class WorldWatch {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #world: World;
  readonly #counts = new TickCounts();
  readonly #atWork = new AtWorkList();
  readonly #samples = new Map<string, WorkerSample>();
  readonly #gateways: GatewayWatch;
  readonly #observer: RunObserver;
  /** Since the tick before. */
  #events: Event[] = [];
  #timer: Timer | null = null;
  #originMs = 0;
  #lastMs = 0;

  constructor({ channel, clock }: Pick<LiveParts, 'channel' | 'clock'>, world: World) {
    this.#channel = channel;
    this.#clock = clock;
    this.#world = world;
    this.#gateways = new GatewayWatch({
      clock,
      front: () => world.front(),
      isWatched: () => channel.listeners > 0,
    });
    this.#observer = {
      begin: (originMs) => this.#begin(originMs),
      record: (one) => this.#counts.record(one),
      event: (event) => this.#event(event),
      sample: (sample) => this.#samples.set(sample.worker, sample),
    };
    world.recorder.observers.add(this.#observer);
  }

  stop(): void {
    this.#world.recorder.observers.delete(this.#observer);
    this.#timer?.cancel();
    this.#gateways.stop();
    // What happened last has a line too.
    if (this.#timer !== null) this.#tellEvents();
  }

  #begin(originMs: number): void {
    this.#originMs = originMs;
    this.#lastMs = this.#clock.nowMs();
    this.#timer = this.#clock.every(TICK_MS, () => this.#tick());
  }

  #event(event: Event): void {
    this.#counts.event(event);
    this.#atWork.event(event);
    this.#events.push(event);
    if (event.type === 'worker.exited' || event.type === 'worker.stopped') this.#samples.delete(event.worker);
  }

  #tick(): void {
    const nowMs = this.#clock.nowMs();
    const { fleet, dependencies, recorder } = this.#world;
    const t = secondsSince(this.#originMs, nowMs);
    const workers = fleet.status();
    const called = dependencies.status();
    this.#tellEvents();
    this.#channel.publish(
      makeTick({
        t,
        spanMs: Math.round(nowMs - this.#lastMs),
        counts: this.#counts.take(recorder.offered),
        workers,
        samples: this.#samples,
        upstreams: upstreamsTogether(this.#gateways.views),
        front: this.#world.front(),
        dependencies: called,
        atWork: this.#atWork.list(workers, called, t),
      }),
    );
    this.#lastMs = nowMs;
  }

  #tellEvents(): void {
    const events = eventLines(this.#events, this.#originMs);
    this.#events = [];
    if (events.length > 0) this.#channel.publish({ type: 'happened', events });
  }
}

export class LiveRun {
  readonly #parts: LiveParts;
  #watch: WorldWatch | null = null;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /**
   * A variant begins.
   * @param world `null`: nothing can be seen of it before it is measured, as in virtual time.
   * @param statusPage where the state of the service is shown; `null`: nowhere.
   */
  begin(variant: Variant, world: World | null, statusPage: string | null = null): void {
    const { channel, mode, engine, scenario, variants } = this.#parts;
    this.#watch?.stop();
    const { name, title, story } = scenario;
    channel.publish({
      type: 'begin',
      ...{ mode, engine, scenario: { name, title, story }, variant: variant.name },
      variants: variants.map((one) => one.name),
      durationS: Number.isFinite(variant.durationMs) ? variant.durationMs / 1000 : null,
      windows: variant.windows.map(({ name: window, fromMs, toMs }) => ({
        name: window,
        fromS: fromMs / 1000,
        toS: toMs / 1000,
      })),
      topology: topologyOf(variant),
      statusPage,
    });
    this.#watch = world && new WorldWatch(this.#parts, world);
  }

  /** Nothing of the variant is to be seen any more; may be called again. */
  over(): void {
    this.#watch?.stop();
    this.#watch = null;
  }

  measured(result: VariantResult): void {
    this.over();
    this.#parts.channel.publish({ type: 'measured', result });
  }

  /** The run is over. */
  end(end: Omit<RunEnd, 'type'>): void {
    this.over();
    this.#parts.channel.publish({ type: 'end', ...end });
  }
}
