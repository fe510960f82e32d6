/**
 * The real engine's world: forked workers, the gateway in a process of its own, the load generator in another, and the
 * starvation probe beside the workers. Whatever it starts, it stops; what it cannot stop any more, the reaper does.
 */
import { dirname } from 'node:path';
import { Child, exitText } from '../core/child.js';
import { wallClock } from '../core/clock.js';
import { Deferred } from '../core/deferred.js';
import { UserError } from '../core/errors.js';
import { EventStream } from '../core/events.js';
import { Random } from '../core/random.js';
import { Reaper } from '../core/reaper.js';
import { GatewayChild } from '../gateway/gateway-child.js';
import { deadPortAddresses } from '../upstream/dead-ports.js';
import { DependencyFleet } from '../upstream/dependencies/dependency-fleet.js';
import { spawnDependency } from '../upstream/dependencies/spawn.js';
import { ExternalFleet } from '../upstream/external-fleet.js';
import type { Fleet, WorkerAddress } from '../upstream/fleet.js';
import { LinkFleet, spawnLinks } from '../upstream/links/link-fleet.js';
import { RealMachine, WORKER_NICE } from '../upstream/machine.js';
import { StubResolver, spawnResolver } from '../upstream/names/stub-resolver.js';
import { WorkerFleet } from '../upstream/worker-fleet.js';
import { NO_ADDRESS } from './clients/addresses.js';
import { type LoadChange, LoadRate, type LoadStatus } from './clients/arrivals.js';
import { beginningOf, endOf, type FloodPlan } from './clients/flood.js';
import { Sender, targetOf } from './clients/sender.js';
import { ClientUpdates } from './clients/updates.js';
import { askAdmin } from './front/admin-request.js';
import { Certificates } from './front/certificates.js';
import { EDGE } from './front/config.js';
import { Front, type FrontLike, type PlaceStatus, type SpawnGateway } from './front/front.js';
import { GatewayDrains } from './front/gateway-drains.js';
import { startLinks } from './links-start.js';
import { type RecordedPlan, Recorder } from './measure/recorder.js';
import type {
  FromGenerator,
  FromProbe,
  GeneratorArgument,
  ProbeArgument,
  ToGenerator,
  ToProbe,
} from './messages.js';
import type { Variant } from './scenario.js';
import { AbsentFront } from './targets/absent-front.js';
import { ProxyHost } from './targets/proxy-host.js';
import type { ClientUpdate } from './timeline/clients.js';
import type { CertificateChange, Disruption } from './timeline/front.js';
import type { NameAction } from './timeline/names.js';
import type { SendOrder } from './timeline/orders.js';
import type { World } from './world.js';

/** Loopback only: nothing of a run can be reached from another machine. */
const HOST = '127.0.0.1';

/** How long a helper may take to go by itself before it is killed. */
const STOP_GRACE_MS = 1_000;

/** A twenty-fifth of one processor: enough to notice a neighbour, too little to be one. */
const PROBE_INTERVAL_MS = 50;
const PROBE_WORK_MS = 2;

/** What is measured of a run without end: as much of its beginning. Whoever looks on sees all of it. */
const ENDLESS_RECORDED_MS = 60_000;

const recordedPlan = (variant: Variant): RecordedPlan =>
  variant.load.endless ? { ...variant, durationMs: ENDLESS_RECORDED_MS, windows: [] } : variant;

export interface RealWorldOptions {
  /** Address of the run's status page, to which its error pages lead; default: there is none. */
  readonly statusPage?: string;
}

export class RealWorld implements World {
  readonly clock = wallClock;
  readonly recorder: Recorder;
  readonly fleet: Fleet;
  readonly dependencies: DependencyFleet;
  readonly #drains: GatewayDrains;
  readonly #clientUpdates: ClientUpdates;
  #links: LinkFleet | null = null;
  readonly #variant: Variant;
  readonly #statusPage: string | null;
  readonly #random: Random;
  readonly #reaper = new Reaper();
  readonly #stream = new EventStream(wallClock.nowMs);
  readonly #loadDone = new Deferred<void>();
  #resolver: StubResolver | null = null;
  readonly #front: FrontLike;
  /** `null`: no proxy stands in the gateway's place. */
  readonly #proxies: ProxyHost | null;
  #generator: Child<ToGenerator, FromGenerator> | null = null;
  #probe: Child<ToProbe, FromProbe> | null = null;
  /** Of orders that go the clients' way. */
  #orderSender: Sender | null = null;
  readonly #loadRate: LoadRate;
  #stopping = false;

  constructor(variant: Variant, { statusPage }: RealWorldOptions = {}) {
    this.#variant = variant;
    this.#statusPage = statusPage ?? null;
    this.#loadRate = new LoadRate(variant.load);
    this.recorder = new Recorder(recordedPlan(variant), wallClock.nowMs());
    this.#random = new Random(variant.seed);
    this.#stream.subscribe((event) => this.recorder.event(event));
    this.dependencies = new DependencyFleet({
      ...{ configs: variant.fleet.dependencies, host: HOST, clock: wallClock },
      ...{ random: this.#random.fork('dependencies'), emit: this.#stream.emit },
      spawn: spawnDependency(this.#reaper),
      onLost: (how) => this.#loadDone.reject(new Error(how)),
    });
    this.#drains = new GatewayDrains(HOST, askAdmin, (text) => {
      if (!this.#stopping) this.emit('run.noted', { text });
    });
    this.#clientUpdates = new ClientUpdates({
      ...{ classes: variant.clients, clock: wallClock, emit: this.#stream.emit },
      send: (behaviours) => this.#generator?.send({ type: 'update', behaviours }),
    });
    const { target } = variant;
    this.#proxies =
      target.kind === 'proxy'
        ? new ProxyHost({ program: target.program, own: target.own, reaper: this.#reaper, clock: wallClock })
        : null;
    this.#front = this.#makeFront();
    const { upstreams } = variant.fleet;
    this.fleet = upstreams === null ? this.#workers() : new ExternalFleet({ upstreams, clock: wallClock });
  }

  get scope() {
    return this.#variant.scope;
  }

  get links() {
    return this.#links;
  }

  get emit() {
    return this.#stream.emit;
  }

  async start(): Promise<void> {
    // Upstreams of the user's own have whatever priority the user gave them, and perhaps another machine.
    if (this.#variant.fleet.upstreams === null) this.#startProbe();
    await this.dependencies.start();
    if (this.#stopping) return;
    const workers = await this.fleet.start();
    if (this.#stopping) return;
    const linked = await this.#startLinks(workers);
    const upstreams = [...linked, ...deadPortAddresses(this.#variant.fleet.deadPorts, HOST)];
    // A run that was interrupted meanwhile is being stopped: nothing more may be started.
    if (this.#stopping) return;
    const { named, resolver } = await this.#startResolver(upstreams);
    if (this.#stopping) return;
    const origins = await this.#front.start(named, resolver);
    if (this.#stopping) return;
    this.#orderSender = new Sender(origins, this.#front.clientTls, wallClock);
    await this.#startGenerator(origins);
  }

  async runLoad(originMs: number): Promise<void> {
    this.recorder.begin(originMs);
    this.#generator?.send({ type: 'start', atMs: originMs });
    await this.#loadDone.promise;
  }

  disturbNames({ workers, fault, forMs }: NameAction): void {
    for (const worker of workers) {
      if (fault === null) this.#resolver?.heal(worker);
      else this.#resolver?.inject(worker, fault, forMs);
    }
  }

  askGateway(to: 'gateway' | 'edge', method: 'PUT' | 'POST', path: string, body: object): void {
    this.#front.ask(to, method, path, body).then((refusals) => {
      if (!this.#stopping) for (const text of refusals) this.emit('run.noted', { text });
    });
  }

  readonly sendOrder: SendOrder = (asked, onAnswer) =>
    this.#orderSender!.send(targetOf(asked), NO_ADDRESS, [], onAnswer);

  updateClients(update: ClientUpdate): void {
    this.#clientUpdates.begin(update);
  }

  changeLoad(change: LoadChange): void {
    this.#generator?.send({ type: 'load', change });
    this.#loadRate.change(change);
    this.emit('load.changed', change);
  }

  load(): LoadStatus {
    return this.#loadRate.at(this.recorder.sinceOriginMs(this.clock.nowMs()));
  }

  beginFlood(plan: FloodPlan): void {
    this.#generator?.send({ type: 'flood', plan });
    this.emit('flood.began', beginningOf(plan));
  }

  front(): readonly PlaceStatus[] {
    return this.#front.status();
  }

  disrupt(action: Disruption): void {
    this.#front.disrupt(action);
  }

  replaceCertificates(action: CertificateChange): void {
    this.#front.replaceCertificates(action);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#clientUpdates.stop();
    this.#loadDone.resolve();
    try {
      await this.#stopAll();
      for (const one of this.#proxies?.readEvidence(this.recorder.failedRays) ?? []) {
        this.recorder.evidence(one);
      }
      this.#proxies?.close();
    } finally {
      // It ends and removes whatever is left.
      await this.#reaper.stop();
    }
  }

  async #stopAll(): Promise<void> {
    await Promise.all([
      this.#orderSender?.destroy(),
      this.#generator?.stop({ type: 'stop' }, STOP_GRACE_MS),
      this.#front.stop(STOP_GRACE_MS),
      this.#resolver?.stop(STOP_GRACE_MS),
      this.#links?.stop(STOP_GRACE_MS),
      this.#probe?.stop({ type: 'stop' }, STOP_GRACE_MS),
      this.fleet.stop(),
      this.dependencies.stop(),
    ]);
  }

  readonly #spawnGateway: SpawnGateway = (place, options) =>
    this.#proxies === null || place === EDGE
      ? new GatewayChild({ ...options, reaper: this.#reaper })
      : this.#proxies.spawn(place, options);

  async #makeCertificates(): Promise<Certificates> {
    const certificates = await Certificates.make(wallClock);
    this.#reaper.watchFolder(dirname(certificates.authorityPath));
    return certificates;
  }

  #makeFront(): FrontLike {
    const { target } = this.#variant;
    if (target.kind === 'direct') return new AbsentFront(null);
    if (target.kind === 'url') {
      const { path } = this.#variant.clients[0]!;
      return new AbsentFront({ origin: target.origin, path, clock: wallClock });
    }
    return new Front({
      ...{ config: this.#variant.front, gateway: this.#variant.gateway, host: HOST, clock: wallClock },
      ...{ random: this.#random, ask: askAdmin, emit: this.#stream.emit },
      makeCertificates: () => this.#makeCertificates(),
      spawn: this.#spawnGateway,
      // Other proxies have pages of their own.
      statusPage: this.#proxies === null ? this.#statusPage : null,
      onEvents: (events) => {
        for (const event of events) this.#stream.publish(event);
      },
      onStall: (stallMs) => {
        this.recorder.gatewayStallMs = Math.max(this.recorder.gatewayStallMs, stallMs);
      },
      drains: this.#drains,
      onLost: (how, place) => {
        if (this.#stopping) return;
        // Somebody else's program: that it ended, and why, is for whoever runs it.
        const isProxy = this.#proxies !== null && place !== EDGE;
        this.#loadDone.reject(isProxy ? new UserError('couldNotStart', how) : new Error(how));
      },
    });
  }

  /** Where somebody else's gateway looks for the workers; empty: the gateway is told. */
  get #statedPorts(): readonly number[] {
    const { target } = this.#variant;
    return target.kind === 'url' ? target.workersAt : [];
  }

  #workers(): WorkerFleet {
    return new WorkerFleet({
      traffic: this.#drains,
      offered: () => this.recorder.offered,
      dependencies: () => this.dependencies.targets,
      config: this.#variant.fleet,
      ports: this.#variant.links === null ? this.#statedPorts : [],
      host: HOST,
      clock: wallClock,
      random: this.#random.fork('fleet'),
      machine: new RealMachine(HOST, this.#reaper, wallClock),
      emit: this.#stream.emit,
      onSample: (sample) => this.recorder.sample(sample),
    });
  }

  #startProbe(): void {
    const argument: ProbeArgument = { intervalMs: PROBE_INTERVAL_MS, workMs: PROBE_WORK_MS };
    const probe = new Child<ToProbe, FromProbe>({
      name: 'starvation probe',
      entry: 'scenarios/measure/probe.js',
      argument,
      reaper: this.#reaper,
      nice: WORKER_NICE,
      onMessage: (report) => this.recorder.probe(report),
    });
    this.#probe = probe;
    this.#endsTheRun(probe, new Deferred<void>());
  }

  /** Puts a link before each worker, where the scenario wants any; the gateway sees its address under the worker's id. */
  async #startLinks(workers: readonly WorkerAddress[]): Promise<readonly WorkerAddress[]> {
    const { links: config } = this.#variant;
    if (config === null) return workers;
    const links = new LinkFleet({
      ...{ config, host: HOST, clock: wallClock, random: this.#random.fork('links') },
      ...{ spawn: spawnLinks(this.#reaper), emit: this.#stream.emit },
    });
    this.#links = links;
    links.failed.then((how) => {
      if (!this.#stopping) this.#loadDone.reject(new Error(how));
    });
    return startLinks({ links, fleet: this.fleet, stream: this.#stream, ports: this.#statedPorts }, workers);
  }

  /** Where workers have names, the gateway is told these, and whom to ask. */
  async #startResolver(upstreams: readonly WorkerAddress[]): Promise<{
    readonly named: readonly WorkerAddress[];
    readonly resolver?: string;
  }> {
    const { names: config } = this.#variant;
    if (config === null) return { named: upstreams };
    const resolver = new StubResolver({
      ...{ config, hosts: upstreams, host: HOST },
      ...{ clock: wallClock, spawn: spawnResolver(this.#reaper), emit: this.#stream.emit },
    });
    this.#resolver = resolver;
    resolver.failed.then((how) => {
      if (!this.#stopping) this.#loadDone.reject(new Error(how));
    });
    return { named: resolver.named(upstreams), resolver: await resolver.ready };
  }

  async #startGenerator(origins: readonly (readonly string[])[]): Promise<void> {
    const ready = new Deferred<void>();
    const argument: GeneratorArgument = {
      origins,
      tls: this.#front.clientTls,
      load: this.#variant.load,
      clients: this.#variant.clients,
      floods: this.#variant.floods,
      seed: this.#random.fork('load').seed,
    };
    const generator = new Child<ToGenerator, FromGenerator>({
      name: 'load generator',
      entry: 'scenarios/clients/generator.js',
      argument,
      reaper: this.#reaper,
      onMessage: (message) => {
        if (message.type === 'ready') ready.resolve();
        else if (message.type === 'unable') ready.reject(new UserError('couldNotStart', message.message));
        else if (message.type === 'records') this.#record(message);
        else if (message.type === 'flood-ended') this.emit('flood.ended', endOf(message));
        else this.#loadDone.resolve();
      },
    });
    this.#generator = generator;
    this.#endsTheRun(generator, ready);
    return ready.promise;
  }

  #record({ records, sent, population, floods }: Extract<FromGenerator, { type: 'records' }>): void {
    this.recorder.offered = sent;
    for (const one of records) this.recorder.record(one);
    if (population !== undefined) this.recorder.population = population;
    if (floods !== undefined) this.recorder.floods = floods;
  }

  /** A helper that ends before it was asked to ends the run with it. */
  #endsTheRun<Sent, Received>(child: Child<Sent, Received>, ready: Deferred<void>): void {
    child.exited.then((exit) => {
      if (this.#stopping) return;
      const how = exitText(child, exit);
      ready.reject(new UserError('couldNotStart', how));
      this.#loadDone.reject(new Error(how));
    });
  }
}
