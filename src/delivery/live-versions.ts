/**
 * A reader's side of config delivery where it serves requests: the versions it runs side by side, which of them a
 * request gets, and when one that nobody needs any more may go. A request keeps the version it began with until it
 * ends, so a reload drops none.
 *
 * What a reader is to run comes as a plan of the whole, never as a change of it: a plan that is lost, comes twice, or is
 * overtaken leaves no mix of two. Plans are fenced. Each carries the number of its order, which only grows, and one
 * that is not newer than the last is refused, as a resource refuses an old fencing token. In the outage of Amazon
 * DynamoDB of 20 October 2025 a slow enactor wrote an old plan over a new one, and cleaning up after it left nothing.
 */
import { cohortOf } from './cohort.js';
import type { Versioned } from './version-history.js';

/** The whole of what a reader is to run from now on. */
export interface TrafficPlan<Config> {
  /** Number of the order this plan comes from; grows with every decision, also with one to go back. */
  readonly order: number;
  readonly stable: Versioned<Config>;
  /** The version on its way, and the share of the requests that get it. */
  readonly candidate: (Versioned<Config> & { readonly shareRatio: number }) | null;
  /** The version to go back to: stays ready if it is running now, and is not made ready if not. */
  readonly standby: Versioned<Config> | null;
}

export type PlanOutcome =
  | { readonly outcome: 'applied' | 'unchanged' }
  | { readonly outcome: 'refused'; readonly reason: string };

const APPLIED: PlanOutcome = { outcome: 'applied' };
const UNCHANGED: PlanOutcome = { outcome: 'unchanged' };

export interface LiveVersionsOptions<Config, Live> {
  readonly initial: Versioned<Config>;
  /** Makes a version ready to serve; what it throws refuses the plan. */
  readonly build: (config: Config, version: number) => Live;
  /** Called once for each that was built, when nothing needs it any more. */
  readonly retire: (live: Live, version: number) => void;
  /**
   * Versions that still have requests and get no new ones; default 8, because each holds connections and memory. One
   * more, and the oldest is retired under its requests: with eight reloads within the life of one request, something
   * else is wrong.
   */
  readonly maxDraining?: number;
}

const DEFAULT_MAX_DRAINING = 8;

/** One version that is ready to serve. */
export class LiveVersion<Config, Live> {
  readonly version: number;
  readonly config: Config;
  readonly live: Live;
  /** Requests that began with it and have not ended. */
  inFlight = 0;

  constructor({ version, config }: Versioned<Config>, live: Live) {
    this.version = version;
    this.config = config;
    this.live = live;
  }
}

export class LiveVersions<Config, Live> {
  readonly #options: LiveVersionsOptions<Config, Live>;
  #order = 0;
  #stable: LiveVersion<Config, Live>;
  #candidate: LiveVersion<Config, Live> | null = null;
  #shareRatio = 0;
  #standby: LiveVersion<Config, Live> | null = null;
  /** The oldest first. */
  readonly #draining: LiveVersion<Config, Live>[] = [];

  constructor(options: LiveVersionsOptions<Config, Live>) {
    this.#options = options;
    this.#stable = this.#build(options.initial);
  }

  /** The highest order so far; 0 before the first plan. */
  get order(): number {
    return this.#order;
  }

  get stable(): LiveVersion<Config, Live> {
    return this.#stable;
  }

  get candidate(): LiveVersion<Config, Live> | null {
    return this.#candidate;
  }

  get shareRatio(): number {
    return this.#shareRatio;
  }

  get standby(): LiveVersion<Config, Live> | null {
    return this.#standby;
  }

  get draining(): readonly LiveVersion<Config, Live>[] {
    return this.#draining;
  }

  /** Every version that is not retired, each once. */
  get all(): readonly LiveVersion<Config, Live>[] {
    const kept = [this.#stable, this.#candidate, this.#standby, ...this.#draining];
    return [...new Set(kept.filter((live) => live !== null))];
  }

  /** Does as a plan says, or changes nothing at all. */
  apply(plan: TrafficPlan<Config>): PlanOutcome {
    if (plan.order === this.#order) return UNCHANGED;
    if (plan.order < this.#order) {
      const reason = `order ${plan.order} is older than order ${this.#order}, which is in force here`;
      return { outcome: 'refused', reason };
    }
    const built: LiveVersion<Config, Live>[] = [];
    let stable: LiveVersion<Config, Live>;
    let candidate: LiveVersion<Config, Live> | null;
    try {
      stable = this.#ready(plan.stable, built);
      candidate = plan.candidate && this.#ready(plan.candidate, built);
    } catch (error) {
      for (const { live, version } of built) this.#options.retire(live, version);
      return { outcome: 'refused', reason: (error as Error).message };
    }
    const found = plan.standby && this.#find(plan.standby);
    const standby = found && found !== stable && found !== candidate ? found : null;
    this.#order = plan.order;
    this.#shareRatio = plan.candidate?.shareRatio ?? 0;
    this.#switch(stable, candidate, standby);
    return APPLIED;
  }

  /**
   * The version of a request that begins now. It has to be given back with `end`.
   * @param key what requests of one client have in common.
   */
  begin(key: string): LiveVersion<Config, Live> {
    const candidate = this.#candidate;
    const chosen =
      candidate !== null && cohortOf(key, candidate.version) < this.#shareRatio ? candidate : this.#stable;
    chosen.inFlight++;
    return chosen;
  }

  /** A request has ended, its body included. */
  end(used: LiveVersion<Config, Live>): void {
    if (used.inFlight === 0) throw new Error(`a request of version ${used.version} ended twice`);
    used.inFlight--;
    if (used.inFlight > 0) return;
    const place = this.#draining.indexOf(used);
    if (place === -1) return;
    this.#draining.splice(place, 1);
    this.#options.retire(used.live, used.version);
  }

  /** Retires every version, whatever they still have under way: the reader is about to end. */
  close(): void {
    for (const { live, version } of this.all) this.#options.retire(live, version);
    this.#candidate = null;
    this.#standby = null;
    this.#draining.length = 0;
  }

  #build(version: Versioned<Config>): LiveVersion<Config, Live> {
    return new LiveVersion(version, this.#options.build(version.config, version.version));
  }

  /** One that is there already, even if it is on its way out, or a new one. */
  #ready(wanted: Versioned<Config>, built: LiveVersion<Config, Live>[]): LiveVersion<Config, Live> {
    const found =
      this.#find(wanted) ??
      built.find(({ version, config }) => version === wanted.version && isSame(config, wanted.config));
    if (found !== undefined) return found;
    const made = this.#build(wanted);
    built.push(made);
    return made;
  }

  /** The number alone does not do: two authors may have given one number to two configs. */
  #find(wanted: Versioned<Config>): LiveVersion<Config, Live> | undefined {
    return this.all.find(
      ({ version, config }) => version === wanted.version && isSame(config, wanted.config),
    );
  }

  #switch(
    stable: LiveVersion<Config, Live>,
    candidate: LiveVersion<Config, Live> | null,
    standby: LiveVersion<Config, Live> | null,
  ): void {
    const left = [this.#stable, this.#candidate, this.#standby];
    this.#stable = stable;
    this.#candidate = candidate;
    this.#standby = standby;
    const wanted = new Set([stable, candidate, standby]);
    const before = new Set([...this.#draining, ...left.filter((live) => live !== null)]);
    this.#draining.length = 0;
    for (const live of before) {
      if (wanted.has(live)) continue;
      if (live.inFlight > 0) this.#draining.push(live);
      else this.#options.retire(live.live, live.version);
    }
    const { maxDraining = DEFAULT_MAX_DRAINING } = this.#options;
    while (this.#draining.length > maxDraining) {
      const oldest = this.#draining.shift()!;
      this.#options.retire(oldest.live, oldest.version);
    }
  }
}

/** Configs that came over a channel are copies. */
const isSame = (one: unknown, other: unknown): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other);
