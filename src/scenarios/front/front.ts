/**
 * The gateways of a run, and the edge before them: each a process of its own that keeps its port when it is killed and
 * comes back. It comes back with the last config that was stable, as one does that reads its config from where it is
 * kept: gateways have one such store together, and the edge has its own. What was done by hand is forgotten.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { merge } from '../../core/document/overrides.js';
import type { Emit, Event } from '../../core/events.js';
import { isObject, type Json } from '../../core/json.js';
import type { Random } from '../../core/random.js';
import type { HistoryRecord } from '../../delivery/version-history.js';
import type { GatewayConfig, GatewaySection } from '../../gateway/config.js';
import type { GatewayChild, GatewayChildOptions } from '../../gateway/gateway-child.js';
import type { WorkerAddress } from '../../upstream/fleet.js';
import { StallWatch } from '../measure/stall-watch.js';
import type { ClientTls } from '../messages.js';
import type { CertificateChange, Disruption, DisruptionKind } from '../timeline/front.js';
import type { AskAdmin } from './admin-request.js';
import { EDGE, type FrontConfig, gatewayIds } from './config.js';
import type { GatewayDrains } from './gateway-drains.js';
import { edgeOverlay, overlaid, pageOverlay } from './overlay.js';
import { FrontTls, type FrontTlsParts } from './tls.js';

/** Versions that are kept for a gateway that comes back: the stable one, and the one to go back to. */
const KEPT_VERSIONS = 2;

/** A gateway's process, or a model of one. */
export type GatewayProcess = Pick<GatewayChild, 'ready' | 'failed' | 'block' | 'signal' | 'stop'>;

/** @param place its id, such as `gateway-1` or `edge`. */
export type SpawnGateway = (place: string, options: Omit<GatewayChildOptions, 'reaper'>) => GatewayProcess;

export interface FrontParts {
  readonly config: FrontConfig;
  /** Of the gateways. */
  readonly gateway: GatewayConfig;
  readonly host: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly spawn: SpawnGateway;
  readonly ask: AskAdmin;
  readonly emit: Emit;
  readonly makeCertificates: FrontTlsParts['makeCertificates'];
  /** Of the run's status page; `null`: it has none. */
  readonly statusPage: string | null;
  readonly onEvents: (events: readonly Event[]) => void;
  /** The longest stall of an event loop that nobody brought about. */
  readonly onStall: (stallMs: number) => void;
  /** Which workers get nothing. */
  readonly drains: GatewayDrains;
  /** One ended that nobody had ended, or could not come back. @param place its id. */
  readonly onLost: (how: string, place: string) => void;
}

/** One gateway's place. */
interface Place {
  readonly id: string;
  /** Gateways that keep their config in one place. */
  readonly tier: Tier;
  readonly config: GatewayConfig;
  /** What the run lays over every config: where the certificates are, and the status page. */
  readonly overlay: GatewaySection;
  readonly upstreams: readonly WorkerAddress[];
  readonly resolver: string | undefined;
  child: GatewayProcess | null;
  port: number;
  adminPort: number;
  readonly stalls: StallWatch;
  timer: Timer | null;
  standsStill: boolean;
}

type Tier = 'gateway' | 'edge';

/** One gateway or the edge, at one moment. */
export interface PlaceStatus {
  readonly id: string;
  readonly tier: Tier;
  /** Its process is there and goes on. */
  readonly up: boolean;
  /** Where its admin API is. */
  readonly host: string;
  readonly adminPort: number;
  /** What the run lays over every config that it is given: where its certificates are. */
  readonly overlay: GatewaySection;
}

const tierOf = (id: string): Tier => (id === EDGE ? 'edge' : 'gateway');

const schemeOf = (tls: boolean): string => (tls ? 'https' : 'http');

/** What a run needs of whatever stands between clients and workers. */
export type FrontLike = Pick<
  Front,
  'start' | 'clientTls' | 'ask' | 'status' | 'disrupt' | 'replaceCertificates' | 'stop'
>;

export class Front {
  readonly #parts: FrontParts;
  readonly #kept: Partial<Record<Tier, HistoryRecord<GatewayConfig>>> = {};
  #places: Place[] = [];
  /** `null`: it has not started. */
  #tls: FrontTls | null = null;
  #stopping = false;

  constructor(parts: FrontParts) {
    this.#parts = parts;
  }

  /** @returns where clients go: the first tier, and those after it for when it takes no connection. */
  async start(upstreams: readonly WorkerAddress[], resolver: string | undefined): Promise<string[][]> {
    const { config, gateway, host } = this.#parts;
    this.#tls = await FrontTls.start(this.#parts);
    if (this.#stopping) {
      this.#tls.stop();
      return [];
    }
    const gateways = await Promise.all(
      gatewayIds(config).map((id) => this.#open(id, gateway, upstreams, resolver)),
    );
    const origins = gateways.map(({ port }) => `${schemeOf(config.tls)}://${host}:${port}`);
    if (config.edge === null) return [origins];
    if (this.#stopping) return [origins];
    const behind = gateways.map(({ id, port }) => ({ id, host, port }));
    const edge = await this.#open(EDGE, config.edge.config, behind, undefined);
    const first = [`${schemeOf(config.edge.tls)}://${host}:${edge.port}`];
    return config.edge.bypass ? [first, origins] : [first];
  }

  /** What clients need to know to speak TLS; `null`: nobody does. Known once it has started. */
  get clientTls(): ClientTls | null {
    return this.#tls?.ofClients ?? null;
  }

  /** Asks every gateway, or the edge. @returns what was not taken, in words. */
  async ask(to: Tier, method: 'PUT' | 'POST', path: string, body: object): Promise<string[]> {
    const { host, ask } = this.#parts;
    const asked = this.#places.filter(({ tier }) => tier === to);
    const reasons = await Promise.all(
      asked.map(async ({ id, adminPort, overlay }) => {
        const { config } = body as Json;
        const own = isObject(config) ? { ...body, config: merge(config, overlay as Json) } : body;
        const reason = await ask({ host, port: adminPort, method, path, body: own });
        const who = asked.length === 1 ? `the ${to}` : id;
        return reason === null ? [] : [`${who} did not take ${method} ${path}: ${reason}`];
      }),
    );
    return reasons.flat();
  }

  /** Those that have started, and keep their places when they are gone. */
  status(): readonly PlaceStatus[] {
    const { host } = this.#parts;
    return this.#places
      .filter(({ adminPort }) => adminPort !== 0)
      .map(({ id, tier, child, standsStill, adminPort, overlay }) => ({
        ...{ id, tier, host, adminPort, overlay },
        up: child !== null && !standsStill,
      }));
  }

  disrupt({ kind, targets, forMs }: Disruption): void {
    for (const place of this.#places) if (targets.includes(place.id)) this.#disrupt(place, kind, forMs);
  }

  replaceCertificates(change: CertificateChange): void {
    this.#tls?.replace(change);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#places.map(({ child, timer }) => {
        timer?.cancel();
        // One that stands still hears nothing.
        child?.signal('SIGCONT');
        return child?.stop(graceMs);
      }),
    );
    this.#tls?.stop();
  }

  async #open(
    id: string,
    config: GatewayConfig,
    upstreams: readonly WorkerAddress[],
    resolver: string | undefined,
  ): Promise<Place> {
    const tier = tierOf(id);
    const { statusPage, config: front, host } = this.#parts;
    const isOneOfSeveral = front.gateways > 1 || front.edge !== null;
    const isBehindEdge = front.edge !== null && tier === 'gateway';
    const laid: GatewaySection[] = [
      this.#tls?.overlayOf(id) ?? {},
      pageOverlay(id, config, { statusPage, isOneOfSeveral }),
      edgeOverlay(config, isBehindEdge ? host : null),
    ];
    const overlay = laid.reduce((all, one) => merge(all as Json, one as Json) as GatewaySection, {});
    const place: Place = {
      ...{ id, tier, overlay, upstreams, resolver, child: null, port: 0, adminPort: 0 },
      ...{ stalls: new StallWatch(), timer: null, standsStill: false },
      config: overlaid(config, overlay),
    };
    this.#places.push(place);
    await this.#spawn(place);
    return place;
  }

  /** @returns whether it listens; false: it was killed before, or the run is over. */
  async #spawn(place: Place): Promise<boolean> {
    if (this.#stopping) return false;
    const { host, random, spawn, clock, onEvents, onStall, drains } = this.#parts;
    const { id, tier, config, overlay, upstreams, resolver, port, adminPort } = place;
    const drained = tier === 'edge' ? [] : drains.drained;
    const history = this.#historyFor(tier, overlay);
    const seed = random.fork(id === 'gateway-1' ? 'gateway' : id).seed;
    const child = spawn(id, {
      argument: { config, history, upstreams, resolver, drained, host, port, adminPort, seed },
      onSettled: ({ good, numbered }) => {
        this.#kept[tier] = { good: good.slice(-KEPT_VERSIONS), numbered };
      },
      onReport: ({ events, stallMs, ruleMs }) => {
        onEvents(this.#places.length === 1 ? events : events.map((event) => ({ ...event, gateway: id })));
        onStall(place.stalls.spoiledMs({ stallMs, ruleMs }, clock.nowMs()));
      },
    });
    place.child = child;
    child.failed.then((how) => {
      if (!this.#stopping && place.child === child) this.#parts.onLost(how, id);
    });
    try {
      const ready = await child.ready;
      place.port = ready.port;
      place.adminPort = ready.adminPort;
    } catch (error) {
      if (place.child === child) throw error;
      return false;
    }
    if (tier !== 'edge') await drains.connect(place.adminPort, drained);
    return place.child === child;
  }

  /** What was kept of whichever gateway of its kind, made its own. */
  #historyFor(tier: Tier, overlay: GatewaySection): HistoryRecord<GatewayConfig> | undefined {
    const kept = this.#kept[tier];
    if (kept === undefined) return undefined;
    const good = kept.good.map((one) => ({ ...one, config: overlaid(one.config, overlay) }));
    return { ...kept, good };
  }

  #disrupt(place: Place, kind: DisruptionKind, forMs: number | null): void {
    const { clock, emit } = this.#parts;
    const { child, id } = place;
    // One that is gone cannot be hurt, only be kept away for longer.
    if (child === null && kind !== 'kill') return;
    place.timer?.cancel();
    place.stalls.disrupt(clock.nowMs() + (forMs ?? Number.POSITIVE_INFINITY));
    if (place.standsStill && kind !== 'stop') this.#goOn(place);
    emit('gateway.disrupted', { gateway: id, how: kind, forMs });
    if (kind === 'kill') {
      // Forgotten first: its end is no accident.
      place.child = null;
      child?.signal('SIGKILL');
    } else if (kind === 'stop') {
      place.standsStill = true;
      child?.signal('SIGSTOP');
    } else child?.block(forMs!);
    place.timer = forMs === null ? null : clock.after(forMs, () => this.#recover(place, kind));
  }

  #recover(place: Place, kind: DisruptionKind): void {
    if (this.#stopping) return;
    const { emit, drains, onLost } = this.#parts;
    place.timer = null;
    if (kind === 'stop') {
      this.#goOn(place);
      return;
    }
    if (kind === 'block') {
      emit('gateway.recovered', { gateway: place.id, how: kind });
      void drains.tellAgain(place.adminPort);
      return;
    }
    const configVersion = this.#kept[place.tier]?.good.at(-1)?.version ?? 1;
    this.#spawn(place).then(
      (listens) => {
        if (listens) emit('gateway.recovered', { gateway: place.id, how: kind, configVersion });
      },
      (error: Error) => {
        if (!this.#stopping) onLost(error.message, place.id);
      },
    );
  }

  /** One that stood still. */
  #goOn(place: Place): void {
    place.standsStill = false;
    place.child?.signal('SIGCONT');
    this.#parts.emit('gateway.recovered', { gateway: place.id, how: 'stop' });
    void this.#parts.drains.tellAgain(place.adminPort);
  }
}
