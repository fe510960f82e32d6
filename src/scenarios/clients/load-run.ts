/**
 * The load of a run, from its beginning until the last client is done. Three kinds of it beside each other: the stages of
 * an open loop, which never wait for an answer before the next request is sent; a population, whose users do; and floods.
 * Over real sockets in a process of its own (`generator.ts`), or in virtual time.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import { FINGERPRINT_HEADER } from '../../upstream/fingerprint.js';
import { AddressBook, MAX_ADDRESSES, NO_ADDRESS } from './addresses.js';
import { Arrivals, type LoadChange } from './arrivals.js';
import type { ClientBehaviour } from './behaviour.js';
import type { Asked, ClientClass } from './classes.js';
import type { OnAnswer, RequestId, RequestRecord } from './clients.js';
import { ClientCrowd } from './crowd.js';
import type { EndedFlood, FloodCounts, FloodPlan } from './flood.js';
import { FloodLoad } from './flood-load.js';
import { Population, type PopulationCounts, usersByClass } from './population.js';
import { runPopulation } from './population-load.js';
import { type LoadPlan, loadDurationMs } from './workload.js';

export interface LoadParts {
  readonly load: LoadPlan;
  readonly clients: readonly ClientClass[];
  readonly floods: readonly FloodPlan[];
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Sends one try.
   * @param extra further headers of it alone, names and values in turn. @returns takes it back.
   */
  readonly send: (
    asked: Asked,
    address: string,
    extra: readonly string[],
    onAnswer: OnAnswer,
  ) => { abort(): void };
  /**
   * A client tries a request, for the first time or again. @returns further headers of the try, names and values in turn.
   * Left out: nobody traces requests. Floods are not asked for: what attacks begins no trace.
   */
  readonly traceFields?: (id: RequestId, asked: Asked) => readonly string[];
  readonly onRecord: (record: RequestRecord) => void;
  readonly onFloodEnded: (ended: EndedFlood) => void;
  /** The last client is done; floods may go on. */
  readonly onFinished: () => void;
}

export class LoadRun {
  readonly #parts: LoadParts;
  readonly #crowd: ClientCrowd;
  readonly #floodAddresses: readonly (readonly string[])[];
  readonly #book = new AddressBook();
  /** From which floods come that were not planned: one after the other uses the same. */
  readonly #spare: string[] = [];
  /** Of every request of the run; the same for the same seed, so that a request is the same one in every variant. */
  readonly #idPrefix: string;
  readonly #populations: Record<string, Population> = {};
  readonly #enders: (() => void)[] = [];
  #changeStages: (change: LoadChange) => void = () => {};
  readonly #floods: FloodLoad[] = [];
  #sent = 0;
  /** Kinds of load whose clients are not done yet. */
  #underWay = 0;

  constructor(parts: LoadParts) {
    const { clients: classes, floods, clock, random } = parts;
    this.#parts = parts;
    this.#idPrefix = (random.seed >>> 0).toString(16).padStart(8, '0');
    this.#crowd = new ClientCrowd({
      ...{ classes, book: this.#book, clock, random },
      send: (one, address, id, onAnswer) => parts.send(one, address, this.#fieldsOf(id, one), onAnswer),
    });
    this.#floodAddresses = floods.map(({ identities }) => this.#book.take(identities));
  }

  /** From which requests are sent. */
  get addresses(): string[] {
    return [...this.#crowd.addresses, ...this.#floodAddresses.flat()];
  }

  /** Requests so far, without their further tries. */
  get sent(): number {
    return this.#sent;
  }

  /** Whether somebody is not done yet. */
  get goesOn(): boolean {
    return this.#underWay > 0 || this.#floods.some(({ over }) => !over);
  }

  /** Of the users of each class; left out without a population. */
  get population(): Readonly<Record<string, PopulationCounts>> | undefined {
    if (this.#parts.load.population === undefined) return undefined;
    return Object.fromEntries(Object.entries(this.#populations).map(([name, { counts }]) => [name, counts]));
  }

  /** In the order of the plans, then those that were not planned; left out without floods. */
  get floods(): readonly FloodCounts[] | undefined {
    return this.#floods.length === 0 ? undefined : this.#floods.map(({ counts }) => counts);
  }

  /** @param originMs the moment of the clock at which it begins. */
  start(originMs: number): void {
    // The open loop counts even without stages, so that there is always somebody to be done.
    this.#underWay = 1;
    for (const [index, plan] of this.#parts.floods.entries())
      this.#startFlood(plan, originMs + plan.atMs, this.#floodAddresses[index]!);
    this.#startUsers(originMs);
    this.#startStages(originMs);
  }

  /** @param behaviours what clients do from now on, in the order of the classes. */
  update(behaviours: readonly ClientBehaviour[]): void {
    this.#crowd.update(behaviours);
  }

  /** Of the stages; a population has as many users as it had. */
  changeLoad(change: LoadChange): void {
    this.#changeStages(change);
  }

  /** One that was not planned, from now on. Nobody begins one of a load that is over. @param plan `atMs` is left aside. */
  flood(plan: FloodPlan): void {
    if (this.#underWay === 0) return;
    const missing = Math.min(plan.identities - this.#spare.length, MAX_ADDRESSES - this.#book.used);
    if (missing > 0) this.#spare.push(...this.#book.take(missing));
    const addresses = this.#spare.length > 0 ? this.#spare : [NO_ADDRESS];
    this.#startFlood(plan, this.#parts.clock.nowMs(), addresses);
  }

  /** Nothing more is begun. */
  stop(): void {
    for (const end of this.#enders.splice(0)) end();
  }

  #idHeader(id: RequestId): string[] {
    return [FINGERPRINT_HEADER, `${this.#idPrefix}-${id}`];
  }

  #fieldsOf(id: RequestId, asked: Asked): string[] {
    const { traceFields } = this.#parts;
    const fields = this.#idHeader(id);
    if (traceFields !== undefined) fields.push(...traceFields(id, asked));
    return fields;
  }

  #finishOne(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#parts.onFinished();
  }

  #startStages(originMs: number): void {
    const { load, clock, random, onRecord } = this.#parts;
    const arrivals = new Arrivals(load, random.fork('arrivals'));
    const begin = this.#crowd.openLoop(originMs);
    let finished = 0;
    let begun = 0;
    let over = false;
    /** Until the next arrival; `null`: none is to come. */
    let timer: Timer | null = null;
    /** A load that was changed to nothing may be changed again for so long, since its start. */
    let openUntilMs = 0;

    const finishIfDone = (): void => {
      if (over || load.endless || timer !== null || finished < begun) return;
      over = true;
      this.#finishOne();
    };
    const onDone = (record: RequestRecord): void => {
      onRecord(record);
      finished++;
      finishIfDone();
    };
    const sendDue = (): void => {
      let { nextMs } = arrivals;
      while (nextMs !== null && originMs + nextMs <= clock.nowMs()) {
        this.#sent++;
        begin(begun++, nextMs, onDone);
        arrivals.take();
        nextMs = arrivals.nextMs;
      }
      const waitMs = originMs + (nextMs ?? openUntilMs) - clock.nowMs();
      timer = nextMs !== null || waitMs > 0 ? clock.after(waitMs, sendDue) : null;
      finishIfDone();
    };
    timer = clock.after(originMs - clock.nowMs(), sendDue);
    this.#changeStages = (change) => {
      timer?.cancel();
      arrivals.change(change, Math.max(0, clock.nowMs() - originMs));
      openUntilMs = loadDurationMs(load);
      sendDue();
    };
    this.#enders.push(() => {
      timer?.cancel();
      this.#changeStages = () => {};
    });
  }

  #startUsers(originMs: number): void {
    const { load, clients, clock, random, onRecord } = this.#parts;
    const { population, endless } = load;
    if (population === undefined) return;
    const plan = endless ? { ...population, durationMs: Number.POSITIVE_INFINITY } : population;
    const shares = clients.map(({ shareRatio }) => shareRatio);
    for (const [index, users] of usersByClass(plan.users, shares).entries()) {
      if (users === 0) continue;
      const { name } = clients[index]!;
      const group = new Population(plan, users, random.fork(`population ${name}`));
      const begins = this.#crowd.users(index, users, originMs);
      this.#populations[name] = group;
      this.#underWay++;
      const stop = runPopulation({
        ...{ population: group, users, clock, originMs, onRecord },
        label: name === '' ? 'user-' : `${name}-user-`,
        begin: (user, id, atMs, onDone) => {
          this.#sent++;
          begins[user]!(id, atMs, onDone);
        },
        onOver: () => this.#finishOne(),
      });
      this.#enders.push(stop);
    }
  }

  /** @param addresses of its identities; where they are fewer, several come from one. */
  #startFlood(plan: FloodPlan, startMs: number, addresses: readonly string[]): void {
    const { clock, send, onFloodEnded } = this.#parts;
    const flood: FloodLoad = new FloodLoad({
      ...{ plan, clock, startMs },
      label: `flood-${this.#floods.length + 1}-`,
      send: (identity, id, onAnswer) =>
        send(plan, addresses[identity % addresses.length]!, this.#idHeader(id), onAnswer),
      onOver: () => onFloodEnded({ plan, counts: flood.counts }),
    });
    this.#floods.push(flood);
    this.#enders.push(() => flood.stop());
  }
}
