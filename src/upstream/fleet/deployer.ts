/**
 * Deploys: which worker is replaced when, by each strategy, and the way back. It knows workers only by what it can do to
 * them, so that the order can be checked in virtual time.
 */
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import type { Emit } from '../../core/events.js';
import { judgeCanary, type Tally } from './canary.js';
import type { Deployment, DeployStrategy } from './deployment.js';
import type { WorkerVersion } from './versions.js';
import type { Waits } from './waits.js';

/** A worker's place, as a deploy sees it. */
export interface DeployPlace {
  readonly id: string;
  /** Of the process that stands there, or that stood there last. */
  readonly version: number;
  readonly tally: Tally;
  /** A process stands there or is to come back. */
  readonly wanted: boolean;
  /** The same, and it is of the colour in use. */
  readonly active: boolean;
  /** Its process is on its way out, and no other is to come. */
  readonly leaving: boolean;
  retire(drainMs: number | null, reason: string): Promise<void>;
  park(): Promise<void>;
  start(version: WorkerVersion, bootMs: number): Promise<void>;
  /** Keeps requests from it, or lets them come. */
  standBy(aside: boolean): Promise<void>;
  warmUp(requests: number): Promise<void>;
}

export interface DeployParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly waits: Waits;
  readonly places: readonly DeployPlace[];
  readonly makeVersion: (deployment: Deployment) => WorkerVersion;
  readonly bootMs: number;
  readonly first: WorkerVersion;
}

interface Plan {
  readonly version: WorkerVersion;
  readonly bootMs: number;
  readonly deployment: Deployment;
}

/** What a colour that is not in use any more was, and how one gets back to it at once. */
interface Standby {
  readonly version: WorkerVersion;
  readonly places: readonly DeployPlace[];
}

/** What is in flight on a colour that is taken away for good may take so long. */
const COLOUR_DRAIN_MS = 1_000;

const TURNED_BACK = 'a rollback was ordered';

export class Deployer {
  readonly #parts: DeployParts;
  #current: WorkerVersion;
  #previous: WorkerVersion | null = null;
  /** How the current version came. */
  #last: Deployment | null = null;
  #standby: Standby | null = null;
  #underWay: { readonly what: 'deploy' | 'rollback'; readonly done: Promise<void> } | null = null;
  /** A rollback waits for the deploy under way to turn round. */
  #turnedBack = false;
  /** Settles with it. */
  #turn = new Deferred<void>();

  constructor(parts: DeployParts) {
    this.#parts = parts;
    this.#current = parts.first;
  }

  /** What a worker that is added gets. */
  get current(): WorkerVersion {
    return this.#current;
  }

  get busy(): boolean {
    return this.#underWay !== null;
  }

  /** @returns when it is over, however it went. One that comes while another is under way is refused. */
  deploy(deployment: Deployment): Promise<void> {
    const { version } = deployment;
    if (this.busy) return this.#refuse(version, 'another deploy is under way');
    if (version === this.#current.number) return this.#refuse(version, 'it is the one that runs');
    return this.#begin('deploy', () => this.#deploy(deployment));
  }

  /** Goes back to the version before, at once when its workers still stand by. A deploy under way turns round. */
  async rollback(reason: string): Promise<void> {
    const before = this.#current;
    if (this.#underWay?.what === 'deploy') {
      this.#turnedBack = true;
      this.#turn.resolve();
      await this.#underWay.done;
      // It went back by itself.
      if (this.#current === before) return;
    }
    // Whoever waited for the same deploy may have been first.
    if (this.#underWay !== null) {
      return this.#refuse(this.#current.number, `a ${this.#underWay.what} is under way`);
    }
    if (this.#previous === null) return this.#refuse(before.number, 'there is no version before it');
    await this.#begin('rollback', () => this.#goBack(reason));
  }

  /** Whose processes are in use. */
  get #active(): readonly DeployPlace[] {
    return this.#parts.places.filter(({ active }) => active);
  }

  async #begin(what: 'deploy' | 'rollback', run: () => Promise<void>): Promise<void> {
    this.#turnedBack = false;
    this.#turn = new Deferred();
    const done = run();
    this.#underWay = { what, done };
    await done.finally(() => {
      this.#underWay = null;
    });
  }

  async #refuse(version: number, reason: string): Promise<void> {
    this.#parts.emit('deploy.refused', { version, reason });
  }

  async #deploy(deployment: Deployment): Promise<void> {
    const { clock, emit, makeVersion } = this.#parts;
    const version = makeVersion(deployment);
    const plan: Plan = { version, deployment, bootMs: deployment.bootMs ?? this.#parts.bootMs };
    const startedMs = clock.nowMs();
    const { strategy } = deployment;
    emit('deploy.began', { version: version.number, strategy, workers: this.#active.length });
    const before = this.#current;
    await this.#clearStandby();
    const reason = await this.#enact(plan, strategy).catch((error: Error) => error.message);
    if (reason === null) {
      this.#previous = before;
      this.#current = version;
      this.#last = deployment;
      emit('deploy.finished', { version: version.number, tookMs: clock.nowMs() - startedMs });
      return;
    }
    emit('deploy.failed', { version: version.number, reason });
    await this.#undo(plan, before, reason);
  }

  /** @returns why it is not to go on; `null`: it is done. */
  #enact(plan: Plan, strategy: DeployStrategy): Promise<string | null> {
    const places = this.#active;
    switch (strategy) {
      case 'big-bang':
        return this.#allAtOnce(plan, places);
      case 'rolling':
        return this.#oneByOne(plan, places);
      case 'canary':
        return this.#canaryFirst(plan, places);
      case 'blue-green':
        return this.#besides(plan, places);
    }
  }

  async #allAtOnce(plan: Plan, places: readonly DeployPlace[]): Promise<null> {
    await Promise.all(places.map((place) => place.retire(null, 'deploy')));
    await Promise.all(places.map((place) => place.start(plan.version, plan.bootMs)));
    return null;
  }

  async #oneByOne(plan: Plan, places: readonly DeployPlace[]): Promise<string | null> {
    for (const place of places) {
      if (this.#turnedBack) return TURNED_BACK;
      await this.#replace(plan, place);
    }
    return null;
  }

  async #replace({ version, bootMs, deployment }: Plan, place: DeployPlace): Promise<void> {
    await place.retire(deployment.drainMs, 'deploy');
    await place.start(version, bootMs);
    this.#parts.emit('deploy.advanced', { version: version.number, worker: place.id });
  }

  async #canaryFirst(plan: Plan, [first, ...others]: readonly DeployPlace[]): Promise<string | null> {
    if (first === undefined) return null;
    const exitsBefore = first.tally.exits;
    await this.#replace(plan, first);
    // A new process counts from nothing.
    const none = { answered: 0, failed: 0, latencyTotalMs: 0, exits: exitsBefore, heapBytes: 0 };
    const before = others.map(({ tally }) => tally);
    await Promise.race([this.#parts.waits.wait(plan.deployment.watchMs), this.#turn.promise]);
    if (this.#turnedBack) return TURNED_BACK;
    const reason = judgeCanary(
      { before: none, after: first.tally },
      others.map((place, index) => ({ before: before[index]!, after: place.tally })),
      { slowdown: plan.deployment.slowdown, heapLimitBytes: plan.version.heapLimitBytes },
    );
    return reason === null ? this.#oneByOne(plan, others) : `the canary ${first.id}: ${reason}`;
  }

  async #besides(plan: Plan, blue: readonly DeployPlace[]): Promise<string | null> {
    const { version, bootMs, deployment } = plan;
    const green = this.#parts.places
      .filter(({ wanted, leaving }) => !wanted && !leaving)
      .slice(0, blue.length);
    if (green.length < blue.length) {
      return `there are only ${green.length} places for ${blue.length} new workers`;
    }
    await Promise.all(
      green.map(async (place) => {
        await place.standBy(true);
        await place.start(version, bootMs);
        await place.warmUp(deployment.warmUpRequests);
      }),
    );
    if (this.#turnedBack) return TURNED_BACK;
    await this.#switch(blue, green);
    this.#parts.emit('deploy.switched', { version: version.number, from: this.#current.number });
    this.#standby = { version: this.#current, places: blue };
    return null;
  }

  /** The new ones first, so that there is never nobody. */
  async #switch(from: readonly DeployPlace[], to: readonly DeployPlace[]): Promise<void> {
    await Promise.all(to.map((place) => place.standBy(false)));
    await Promise.all(from.map((place) => place.standBy(true)));
  }

  async #clearStandby(): Promise<void> {
    const places = this.#standby?.places ?? [];
    this.#standby = null;
    await Promise.all(places.map((place) => this.#takeAway(place)));
  }

  async #takeAway(place: DeployPlace): Promise<void> {
    await place.retire(COLOUR_DRAIN_MS, 'deploy');
    await place.park();
    await place.standBy(false);
  }

  /** A deploy that did not go through: whoever has the new version gets the old one again. */
  async #undo({ version, deployment }: Plan, before: WorkerVersion, reason: string): Promise<void> {
    const newer = this.#parts.places.filter(
      ({ version: number, wanted }) => wanted && number === version.number,
    );
    if (deployment.strategy === 'blue-green') await Promise.all(newer.map((place) => this.#takeAway(place)));
    else if (deployment.strategy === 'big-bang') {
      await Promise.all(newer.map((place) => this.#restore(place, null, before)));
    } else for (const place of newer) await this.#restore(place, deployment.drainMs, before);
    this.#parts.emit('deploy.rolled-back', { from: version.number, version: before.number, reason });
  }

  async #restore(place: DeployPlace, drainMs: number | null, before: WorkerVersion): Promise<void> {
    await place.retire(drainMs, 'deploy');
    // One that does not start comes back by itself, as after a crash.
    await place.start(before, this.#parts.bootMs).catch(() => {});
  }

  async #goBack(reason: string): Promise<void> {
    const { emit, bootMs } = this.#parts;
    const from = this.#current;
    const version = this.#previous!;
    const standby = this.#standby;
    if (standby !== null) {
      const used = this.#active;
      await this.#switch(used, standby.places);
      this.#standby = { version: from, places: used };
    } else {
      const deployment = this.#last!;
      const plan: Plan = { version, bootMs, deployment };
      const problem = await this.#enact(
        plan,
        deployment.strategy === 'big-bang' ? 'big-bang' : 'rolling',
      ).catch((error: Error) => error.message);
      if (problem !== null) {
        // The version stays what it was: the rollback can be ordered again.
        emit('deploy.failed', { version: version.number, reason: `the way back: ${problem}` });
        return;
      }
    }
    this.#current = version;
    this.#previous = from;
    emit('deploy.rolled-back', { from: from.number, version: version.number, reason });
  }
}
