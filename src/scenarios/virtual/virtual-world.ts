/**
 * The virtual engine's world: models of workers on a model of a machine, the gateway's own code without sockets, and the
 * same clients. Everything lives in one thread and in virtual time, so a seed gives one run and no other.
 */
import { Deferred } from '../../core/deferred.js';
import { EventStream } from '../../core/events.js';
import { Processors } from '../../core/processors.js';
import { Random } from '../../core/random.js';
import type { VirtualClock } from '../../core/virtual-clock.js';
import { startingVersion } from '../../gateway/messages.js';
import { deadPortAddresses } from '../../upstream/dead-ports.js';
import { DependencyClients } from '../../upstream/dependencies/client.js';
import { DependencyFleet } from '../../upstream/dependencies/dependency-fleet.js';
import type { Fleet, WorkerAddress } from '../../upstream/fleet.js';
import { LinkFleet } from '../../upstream/links/link-fleet.js';
import { StubResolver } from '../../upstream/names/stub-resolver.js';
import { ModelDependencies } from '../../upstream/virtual/model-dependency.js';
import { ModelResolver } from '../../upstream/virtual/model-resolver.js';
import { WorkerFleet } from '../../upstream/worker-fleet.js';
import { NO_ADDRESS } from '../clients/addresses.js';
import { type LoadChange, LoadRate, type LoadStatus } from '../clients/arrivals.js';
import type { Asked } from '../clients/classes.js';
import type { RequestRecord } from '../clients/clients.js';
import { beginningOf, endOf, type FloodPlan } from '../clients/flood.js';
import { LoadRun } from '../clients/load-run.js';
import { ClientUpdates } from '../clients/updates.js';
import { type AskAdmin, readAnswer } from '../front/admin-request.js';
import { Front, type PlaceStatus } from '../front/front.js';
import { GatewayDrains } from '../front/gateway-drains.js';
import { startLinks } from '../links-start.js';
import { Recorder } from '../measure/recorder.js';
import type { Variant } from '../scenario.js';
import type { ClientUpdate } from '../timeline/clients.js';
import type { CertificateChange, Disruption } from '../timeline/front.js';
import type { NameAction } from '../timeline/names.js';
import type { SendOrder } from '../timeline/orders.js';
import type { World } from '../world.js';
import { LittleCheck } from './little.js';
import { ModelCertificates } from './model-certificates.js';
import { GATEWAY_REQUEST_MS, ModelGateway, type ModelGatewayProcess } from './model-gateway.js';
import { ModelGatewayGroup } from './model-gateway-group.js';
import { ModelLinks } from './model-links.js';
import { ModelMachine } from './model-machine.js';
import { ModelSender } from './model-sender.js';
import { addressOf, Network } from './network.js';

const HOST = '127.0.0.1';

/**
 * From one process to another on the loopback interface, with what both do for a message. Measured where nothing waits for
 * anything (windows before the fault of `test/fixtures/calibration`): a request through a gateway is four messages and takes
 * 2.2 to 2.6 ms longer than its worker, and one that the gateway refuses is two and takes 1.3 to 1.7.
 */
const LATENCY_MS = 0.6;

/** Ports are numbers here, and below those that are forbidden nowhere. */
const FIRST_PORT = 10_000;

const STOP_GRACE_MS = 0;

/** What passes in the model's own parts. */
export interface VirtualCosts {
  /** From one end of a connection to the other, milliseconds. */
  readonly latencyMs: number;
  /** From a link to what is behind it, milliseconds: it passes bytes on, and nobody reads a message or writes one there. */
  readonly linkMs: number;
  /** What one request keeps a gateway's processor busy, milliseconds. */
  readonly gatewayMs: number;
  /** What one request takes of a processor in all, which counts where workers keep all of them busy; milliseconds. */
  readonly requestMs: number;
}

export interface VirtualOptions {
  readonly costs?: VirtualCosts;
  /** Gets each record too, in the order in which requests end. */
  readonly onRecord?: (record: RequestRecord) => void;
}

export const VIRTUAL_COSTS: VirtualCosts = {
  latencyMs: LATENCY_MS,
  linkMs: 0.1,
  gatewayMs: GATEWAY_REQUEST_MS,
  requestMs: 3,
};

export class VirtualWorld implements World {
  readonly clock: VirtualClock;
  readonly recorder: Recorder;
  readonly fleet: Fleet;
  readonly dependencies: DependencyFleet;
  readonly #variant: Variant;
  readonly #options: VirtualOptions;
  readonly #random: Random;
  readonly #stream: EventStream;
  readonly #network: Network;
  readonly #gateways = new Map<number, ModelGatewayProcess>();
  readonly #front: Front;
  readonly #clientUpdates: ClientUpdates;
  readonly #loadDone = new Deferred<void>();
  readonly #little: LittleCheck;
  #links: LinkFleet | null = null;
  #resolver: StubResolver | null = null;
  #load: LoadRun | null = null;
  readonly #ofFloods = new Set<Asked>();
  #sender: ModelSender | null = null;
  #lastPort = FIRST_PORT;
  readonly #loadRate: LoadRate;
  #stopping = false;

  constructor(variant: Variant, clock: VirtualClock, options: VirtualOptions = {}) {
    const { costs = VIRTUAL_COSTS } = options;
    this.#options = options;
    this.clock = clock;
    this.#variant = variant;
    this.#loadRate = new LoadRate(variant.load);
    this.#little = new LittleCheck(clock);
    this.recorder = new Recorder(variant, clock.nowMs());
    this.#random = new Random(variant.seed);
    this.#stream = new EventStream(clock.nowMs);
    this.#stream.subscribe((event) => this.recorder.event(event));
    const network = new Network(clock, costs.latencyMs, costs.linkMs);
    this.#network = network;
    const nextPort = this.#nextPort;
    const drains = new GatewayDrains(HOST, this.#ask, (text) => this.#note(text));
    this.#clientUpdates = new ClientUpdates({
      ...{ classes: variant.clients, clock, emit: this.emit },
      send: (behaviours) => this.#load?.update(behaviours),
    });
    const certificates = new ModelCertificates();
    this.#front = new Front({
      ...{ config: variant.front, gateway: variant.gateway, host: HOST, clock, drains },
      ...{ random: this.#random, emit: this.emit, ask: this.#ask },
      makeCertificates: async () => certificates,
      statusPage: null,
      spawn: (_place, options) => {
        const parts = { network, nextPort, certificates, requestMs: costs.gatewayMs };
        const several = startingVersion(options.argument).config.processes > 1;
        const gateway = several ? new ModelGatewayGroup(options, parts) : new ModelGateway(options, parts);
        void gateway.ready.then(({ adminPort }) => this.#gateways.set(adminPort, gateway));
        return gateway;
      },
      onEvents: (events) => {
        for (const event of events) this.#stream.publish(event);
      },
      onStall: () => {},
      onLost: (how) => this.#loadDone.reject(new Error(how)),
    });
    const dependencies = new ModelDependencies(clock, costs.latencyMs, nextPort);
    this.dependencies = new DependencyFleet({
      ...{ configs: variant.fleet.dependencies, host: HOST, clock, emit: this.emit },
      random: this.#random.fork('dependencies'),
      spawn: dependencies.spawn,
      onLost: (how) => this.#loadDone.reject(new Error(how)),
    });
    this.fleet = new WorkerFleet({
      ...{ config: variant.fleet, host: HOST, clock, emit: this.emit, traffic: drains },
      random: this.#random.fork('fleet'),
      dependencies: () => this.dependencies.targets,
      machine: new ModelMachine({
        ...{ network, nextPort, requestMs: costs.requestMs },
        processors: new Processors(clock, variant.fleet.processors),
        callers: ({ dependencies: targets }, own) =>
          targets.length === 0
            ? null
            : new DependencyClients(targets, { ...own, wires: dependencies.wires(own.clock) }),
      }),
      offered: () => this.#load?.sent ?? 0,
      onSample: (sample) => this.recorder.sample(sample),
    });
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
    await this.dependencies.start();
    const workers = await this.fleet.start();
    const upstreams: WorkerAddress[] = [
      ...(await this.#startLinks(workers)),
      ...deadPortAddresses(this.#variant.fleet.deadPorts, HOST),
    ];
    const { named, resolver } = await this.#startResolver(upstreams);
    const origins = await this.#front.start(named, resolver);
    const sender = new ModelSender(origins, this.#network);
    this.#sender = sender;
    const { load, clients, floods } = this.#variant;
    const ofFloods = this.#ofFloods;
    for (const flood of floods) ofFloods.add(flood);
    const isOfFlood = (asked: Asked): boolean => ofFloods.size > 0 && ofFloods.has(asked);
    this.#load = new LoadRun({
      ...{ load, clients, floods, clock: this.clock, random: new Random(this.#random.fork('load').seed) },
      send: (asked, address, extra, onAnswer) =>
        // A flood's requests are nobody's, and leave no records.
        sender.send(asked, address, extra, onAnswer, isOfFlood(asked) ? null : this.#little),
      onRecord: (record) => {
        this.#little.recorded(record);
        this.recorder.record(record);
        this.#options.onRecord?.(record);
      },
      onFloodEnded: (ended) => this.emit('flood.ended', endOf(ended)),
      onFinished: () => this.#loadDone.resolve(),
    });
  }

  async runLoad(originMs: number): Promise<void> {
    this.recorder.begin(originMs);
    this.#load?.start(originMs);
    await this.#loadDone.promise;
    if (!this.#stopping) this.#little.assert();
    const { sent = 0, population, floods } = this.#load ?? {};
    this.recorder.offered = sent;
    if (population !== undefined) this.recorder.population = population;
    if (floods !== undefined) this.recorder.floods = floods;
  }

  disturbNames({ workers, fault, forMs }: NameAction): void {
    for (const worker of workers) {
      if (fault === null) this.#resolver?.heal(worker);
      else this.#resolver?.inject(worker, fault, forMs);
    }
  }

  readonly sendOrder: SendOrder = (asked, onAnswer) => this.#sender!.send(asked, NO_ADDRESS, [], onAnswer);

  updateClients(update: ClientUpdate): void {
    this.#clientUpdates.begin(update);
  }

  changeLoad(change: LoadChange): void {
    this.#load?.changeLoad(change);
    this.#loadRate.change(change);
    this.emit('load.changed', change);
  }

  beginFlood(plan: FloodPlan): void {
    this.#ofFloods.add(plan);
    this.#load?.flood(plan);
    this.emit('flood.began', beginningOf(plan));
  }

  load(): LoadStatus {
    return this.#loadRate.at(this.recorder.sinceOriginMs(this.clock.nowMs()));
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

  askGateway(to: 'gateway' | 'edge', method: 'PUT' | 'POST', path: string, body: object): void {
    void this.#front.ask(to, method, path, body).then((refusals) => {
      for (const text of refusals) this.#note(text);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#load?.stop();
    this.#clientUpdates.stop();
    this.#loadDone.resolve();
    await Promise.all([
      this.#front.stop(STOP_GRACE_MS),
      this.#resolver?.stop(STOP_GRACE_MS),
      this.#links?.stop(STOP_GRACE_MS),
      this.fleet.stop(),
      this.dependencies.stop(),
    ]);
  }

  /** As in the real world. */
  async #startLinks(workers: readonly WorkerAddress[]): Promise<readonly WorkerAddress[]> {
    const { links: config } = this.#variant;
    if (config === null) return workers;
    const { clock, emit, fleet } = this;
    const links = new LinkFleet({
      ...{ config, host: HOST, clock, emit, random: this.#random.fork('links') },
      spawn: (options) => new ModelLinks(options, this.#network, this.#nextPort),
    });
    this.#links = links;
    return startLinks({ links, fleet, stream: this.#stream }, workers);
  }

  /** Where workers have names, the gateway is told these, and whom to ask. */
  async #startResolver(upstreams: readonly WorkerAddress[]): Promise<{
    readonly named: readonly WorkerAddress[];
    readonly resolver?: string;
  }> {
    const { names: config } = this.#variant;
    if (config === null) return { named: upstreams };
    const { clock, emit } = this;
    const port = this.#nextPort();
    const resolver = new StubResolver({
      ...{ config, hosts: upstreams, host: HOST, clock, emit },
      spawn: (options) =>
        new ModelResolver(options, {
          ...{ clock, port },
          bind: (answer) => this.#network.bind(addressOf({ host: HOST, port }), answer),
        }),
    });
    this.#resolver = resolver;
    return { named: resolver.named(upstreams), resolver: await resolver.ready };
  }

  readonly #nextPort = (): number => ++this.#lastPort;

  #note(text: string): void {
    if (!this.#stopping) this.emit('run.noted', { text });
  }

  readonly #ask: AskAdmin = async ({ port, method, path, body }) => {
    const gateway = this.#gateways.get(port);
    if (gateway === undefined) return 'ECONNREFUSED';
    const { statusCode, text } = await gateway.ask(method, path, body);
    return readAnswer(statusCode, text);
  };
}
