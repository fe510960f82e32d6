/**
 * `LiveVersions` written a second time, plainly, with room for one bug. Without a bug every property holds of it, so
 * that it is the bug that a property finds, and not the second writing.
 */
import {
  LiveVersion,
  type LiveVersionsOptions,
  type PlanOutcome,
  type TrafficPlan,
} from '../../src/delivery/live-versions.js';
import type { Versioned } from '../../src/delivery/version-history.js';
import type { Versions } from '../support/config-subject.js';

export type VersionsBug =
  | 'none'
  /** Follows every plan, however old: a late one undoes a newer one. */
  | 'has no fence'
  /** Of a plan that is overtaken it still takes the candidate. */
  | 'takes half of an old plan'
  /** Goes by the number and not by the content. */
  | 'trusts version numbers'
  /** Lets the old version go before it knows that it can have the new one. */
  | 'switches before it builds'
  /** Forgets what it built for a plan that it then refuses. */
  | 'keeps what a refused plan built'
  /** Never lets an old version go. */
  | 'forgets to retire'
  /** Keeps every version it ever built, so that somebody could ask for it. */
  | 'remembers every version'
  /** Lets it go under its requests. */
  | 'retires under requests'
  /** Builds again what it has. */
  | 'builds what it has'
  /** Writes the new config over the old one instead of keeping both. */
  | 'writes over the old config';

type Kept<Live> = LiveVersion<unknown, Live>;

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export class PlantedVersions<Live> implements Versions<Live> {
  readonly #options: LiveVersionsOptions<unknown, Live>;
  readonly #bug: VersionsBug;
  order = 0;
  stable: Kept<Live>;
  candidate: Kept<Live> | null = null;
  shareRatio = 0;
  standby: Kept<Live> | null = null;
  draining: Kept<Live>[] = [];
  readonly past: Kept<Live>[] = [];

  constructor(options: LiveVersionsOptions<unknown, Live>, bug: VersionsBug) {
    this.#options = options;
    this.#bug = bug;
    this.stable = this.#build(options.initial);
  }

  apply(plan: TrafficPlan<unknown>): PlanOutcome {
    const isOld = plan.order <= this.order;
    if (isOld && this.#bug !== 'has no fence') {
      if (this.#bug === 'takes half of an old plan' && plan.order < this.order) this.#takeCandidate(plan);
      return plan.order === this.order ? { outcome: 'unchanged' } : { outcome: 'refused', reason: 'too old' };
    }
    const before = this.#all();
    const built: Kept<Live>[] = [];
    try {
      const stable = this.#ready(plan.stable, built);
      if (this.#bug === 'switches before it builds') this.stable = stable;
      const candidate = plan.candidate && this.#ready(plan.candidate, built);
      const standby = (plan.standby && this.#find(plan.standby)) ?? null;
      this.stable = stable;
      this.candidate = candidate;
      this.standby = standby === stable || standby === candidate ? null : standby;
    } catch (error) {
      if (this.#bug !== 'keeps what a refused plan built') for (const one of built) this.#retire(one);
      return { outcome: 'refused', reason: (error as Error).message };
    }
    this.shareRatio = plan.candidate?.shareRatio ?? 0;
    this.order = Math.max(this.order, plan.order);
    this.#letGo(before);
    return { outcome: 'applied' };
  }

  begin(key: string): Kept<Live> {
    const isEven = key.length % 2 === 0;
    const chosen = this.candidate !== null && isEven ? this.candidate : this.stable;
    chosen.inFlight++;
    return chosen;
  }

  end(used: Kept<Live>): void {
    used.inFlight--;
    if (used.inFlight > 0 || !this.draining.includes(used)) return;
    this.draining = this.draining.filter((one) => one !== used);
    this.#retire(used);
  }

  #build({ version, config }: Versioned<unknown>): Kept<Live> {
    const made = new LiveVersion({ version, config }, this.#options.build(config, version));
    if (this.#bug === 'remembers every version') this.past.push(made);
    return made;
  }

  #all(): Kept<Live>[] {
    const kept = [this.stable, this.candidate, this.standby, ...this.draining];
    return [...new Set(kept.filter((one) => one !== null))];
  }

  #find({ version, config }: Versioned<unknown>): Kept<Live> | undefined {
    if (this.#bug === 'builds what it has') return undefined;
    const trusts = this.#bug === 'trusts version numbers';
    return this.#all().find((one) => one.version === version && (trusts || same(one.config, config)));
  }

  #ready(wanted: Versioned<unknown>, built: Kept<Live>[]): Kept<Live> {
    const found =
      this.#find(wanted) ??
      built.find(({ version, config }) => version === wanted.version && same(config, wanted.config));
    if (found !== undefined) return found;
    const made = this.#build(wanted);
    built.push(made);
    if (this.#bug === 'writes over the old config') writeOver(this.stable.config, wanted.config);
    return made;
  }

  #takeCandidate(plan: TrafficPlan<unknown>): void {
    if (plan.candidate === null) return;
    const before = this.#all();
    this.candidate = this.#ready(plan.candidate, []);
    this.shareRatio = plan.candidate.shareRatio;
    this.#letGo(before);
  }

  #letGo(before: readonly Kept<Live>[]): void {
    const isWanted = (one: Kept<Live>): boolean =>
      one === this.stable || one === this.candidate || one === this.standby;
    const unwanted = before.filter((one) => !isWanted(one));
    const drains = this.#bug !== 'retires under requests';
    this.draining = unwanted.filter((one) => drains && one.inFlight > 0);
    for (const one of unwanted) if (!this.draining.includes(one)) this.#retire(one);
  }

  #retire({ live, version }: Kept<Live>): void {
    if (this.#bug !== 'forgets to retire') this.#options.retire(live, version);
  }
}

const writeOver = (old: unknown, next: unknown): void => {
  if (typeof old !== 'object' || old === null || typeof next !== 'object') return;
  Object.assign(old, next);
};
