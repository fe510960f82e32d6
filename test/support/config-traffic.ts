/** Config delivery to a reader that serves requests, on a virtual clock, with requests that take a while. */
import type { Clock } from '../../src/core/clock.js';
import { type Event, EventStream } from '../../src/core/events.js';
import { formatRatio } from '../../src/core/units.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { type LiveVersion, LiveVersions } from '../../src/delivery/live-versions.js';
import { TrafficDelivery } from '../../src/delivery/traffic-delivery.js';

/** A config as these tests send it is a word; of this one nothing can be made. */
export const UNBUILDABLE = 'unbuildable';

interface Live {
  readonly config: string;
  retired: boolean;
}

interface UnderWay {
  readonly used: LiveVersion<string, Live>;
  readonly endsMs: number;
}

/** How long a request takes. */
const SERVICE_MS = 120;
/** How often requests begin and end. */
const STEP_MS = 10;

export class ConfigTraffic {
  readonly clock = new VirtualClock();
  readonly events: Event[] = [];
  /** As `version: share`, in the order in which they came. */
  readonly shares: string[] = [];
  readonly versions: LiveVersions<string, Live>;
  readonly delivery: TrafficDelivery<string>;
  /** Configs whose requests fail. */
  readonly failing = new Set<string>();
  /** Whether the loop has time for timers; results come in any case. */
  timersFire = true;
  built = 0;
  answered = 0;
  failed = 0;
  /** Requests whose version was taken away under them. */
  dropped = 0;
  readonly #rateRps: number;
  readonly #alive = new Set<Live>();
  #underWay: UnderWay[] = [];
  #owed = 0;
  #client = 0;
  /** Time that passed without timers. */
  #stalledMs = 0;

  constructor({ rateRps = 1_000 } = {}) {
    this.#rateRps = rateRps;
    const nowMs = () => this.clock.nowMs() + this.#stalledMs;
    const clock: Clock = {
      nowMs,
      after: (delayMs, run) => this.clock.after(delayMs, run),
      every: (intervalMs, run) => this.clock.every(intervalMs, run),
    };
    const stream = new EventStream(nowMs);
    stream.subscribe((event) => this.events.push(event));
    this.versions = new LiveVersions<string, Live>({
      initial: { version: 1, config: 'first' },
      build: (config) => {
        if (config === UNBUILDABLE) throw new Error('nothing can be made of it');
        this.built++;
        const live = { config, retired: false };
        this.#alive.add(live);
        return live;
      },
      retire: (live) => {
        live.retired = true;
        this.#alive.delete(live);
      },
    });
    this.delivery = new TrafficDelivery<string>({
      to: 'gateway',
      initial: 'first',
      apply: (plan) => {
        const outcome = this.versions.apply(plan);
        return outcome.outcome === 'refused' ? outcome.reason : null;
      },
      check: () => null,
      onShare: (version, shareRatio) => this.shares.push(`${version}: ${formatRatio(shareRatio)}`),
      clock,
      emit: stream.emit,
    });
  }

  /** The configs that something was built for and that were not let go, by name. */
  get alive(): string[] {
    return [...this.#alive].map(({ config }) => config).sort();
  }

  seen(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** Requests of many clients for that long; each ends a while after it began. */
  serve(ms: number): void {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      if (this.timersFire) this.clock.advance(STEP_MS);
      else this.#stalledMs += STEP_MS;
      const nowMs = this.clock.nowMs() + this.#stalledMs;
      this.#end(({ endsMs }) => endsMs <= nowMs);
      for (this.#owed += (this.#rateRps * STEP_MS) / 1_000; this.#owed >= 1; this.#owed--) {
        const used = this.versions.begin(`10.1.${(this.#client >> 8) & 255}.${this.#client & 255}`);
        this.#client++;
        this.#underWay.push({ used, endsMs: nowMs + SERVICE_MS });
      }
    }
  }

  endAll(): void {
    this.#end(() => true);
  }

  #end(isOver: (request: UnderWay) => boolean): void {
    const over = this.#underWay.filter(isOver);
    this.#underWay = this.#underWay.filter((request) => !isOver(request));
    for (const { used } of over) {
      if (used.live.retired) this.dropped++;
      const good = !this.failing.has(used.config);
      this.answered++;
      if (!good) this.failed++;
      this.versions.end(used);
      this.delivery.onResults(used.version, 1, good ? 0 : 1);
    }
  }
}
