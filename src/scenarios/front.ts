/**
 * The gateways of a run, and the edge before them: each a process of its own that keeps its port when it is killed and
 * comes back. It comes back as it began, with the config of the scenario: what was pushed since is forgotten, as by any
 * gateway that keeps nothing.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit, Event } from '../core/events.js';
import type { Random } from '../core/random.js';
import type { Reaper } from '../core/reaper.js';
import type { GatewayConfig } from '../gateway/config.js';
import { GatewayChild } from '../gateway/gateway-child.js';
import type { WorkerAddress } from '../upstream/fleet.js';
import { askAdmin } from './admin-request.js';
import { EDGE, type FrontConfig, gatewayIds } from './front-config.js';
import type { GatewayDrains } from './gateway-drains.js';
import type { DisruptionKind, FrontAction } from './timeline-front.js';

/** After a disruption the loop catches up with what it missed; a stall in that time is the disruption's. */
const SETTLED_AFTER_MS = 1_000;

export interface FrontParts {
  readonly config: FrontConfig;
  /** Of the gateways. */
  readonly gateway: GatewayConfig;
  readonly host: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly reaper: Reaper;
  readonly emit: Emit;
  readonly onEvents: (events: readonly Event[]) => void;
  /** The longest stall of an event loop that nobody brought about. */
  readonly onStall: (stallMs: number) => void;
  /** Which workers get nothing. */
  readonly drains: GatewayDrains;
  /** One ended that nobody had ended. */
  readonly onLost: (how: string) => void;
}

/** One gateway's place. */
interface Place {
  readonly id: string;
  readonly config: GatewayConfig;
  readonly upstreams: readonly WorkerAddress[];
  readonly resolver: string | undefined;
  child: GatewayChild | null;
  port: number;
  adminPort: number;
  /** Until when whatever is wrong with it was meant to be. */
  disruptedUntilMs: number;
  timer: Timer | null;
  standsStill: boolean;
}

export class Front {
  readonly #parts: FrontParts;
  #places: Place[] = [];
  #stopping = false;

  constructor(parts: FrontParts) {
    this.#parts = parts;
  }

  /** @returns where clients go: the first tier, and those after it for when it takes no connection. */
  async start(upstreams: readonly WorkerAddress[], resolver: string | undefined): Promise<string[][]> {
    const { config, gateway, host } = this.#parts;
    const gateways = await Promise.all(
      gatewayIds(config).map((id) => this.#open(id, gateway, upstreams, resolver)),
    );
    const origins = gateways.map(({ port }) => `http://${host}:${port}`);
    if (config.edge === null) return [origins];
    if (this.#stopping) return [origins];
    const behind = gateways.map(({ id, port }) => ({ id, host, port }));
    const edge = await this.#open(EDGE, config.edge.config, behind, undefined);
    const first = [`http://${host}:${edge.port}`];
    return config.edge.bypass ? [first, origins] : [first];
  }

  /** Asks every gateway, or the edge. @returns what was not taken, in words. */
  async ask(to: 'gateway' | 'edge', method: 'PUT' | 'POST', path: string, body: object): Promise<string[]> {
    const { host } = this.#parts;
    const asked = this.#places.filter(({ id }) => (id === EDGE) === (to === 'edge'));
    const reasons = await Promise.all(
      asked.map(async ({ id, adminPort }) => {
        const reason = await askAdmin({ host, port: adminPort, method, path, body });
        const who = asked.length === 1 ? `the ${to}` : id;
        return reason === null ? [] : [`${who} did not take ${method} ${path}: ${reason}`];
      }),
    );
    return reasons.flat();
  }

  disrupt({ kind, targets, forMs }: FrontAction): void {
    for (const place of this.#places) if (targets.includes(place.id)) this.#disrupt(place, kind, forMs);
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
  }

  async #open(
    id: string,
    config: GatewayConfig,
    upstreams: readonly WorkerAddress[],
    resolver: string | undefined,
  ): Promise<Place> {
    const place: Place = {
      ...{ id, config, upstreams, resolver, child: null, port: 0, adminPort: 0 },
      ...{ disruptedUntilMs: Number.NEGATIVE_INFINITY, timer: null, standsStill: false },
    };
    this.#places.push(place);
    await this.#spawn(place);
    return place;
  }

  /** @returns whether it listens; false: it was killed before, or the run is over. */
  async #spawn(place: Place): Promise<boolean> {
    if (this.#stopping) return false;
    const { host, random, reaper, clock, onEvents, onStall, drains } = this.#parts;
    const { id, config, upstreams, resolver, port, adminPort } = place;
    const drained = id === EDGE ? [] : drains.drained;
    const seed = random.fork(id === 'gateway-1' ? 'gateway' : id).seed;
    const child = new GatewayChild({
      argument: { config, upstreams, resolver, drained, host, port, adminPort, seed },
      reaper,
      onReport: ({ events, stallMs }) => {
        onEvents(this.#places.length === 1 ? events : events.map((event) => ({ ...event, gateway: id })));
        if (clock.nowMs() > place.disruptedUntilMs + SETTLED_AFTER_MS) onStall(stallMs);
      },
    });
    place.child = child;
    child.failed.then((how) => {
      if (!this.#stopping && place.child === child) this.#parts.onLost(how);
    });
    try {
      const ready = await child.ready;
      place.port = ready.port;
      place.adminPort = ready.adminPort;
    } catch (error) {
      if (place.child === child) throw error;
      return false;
    }
    if (id !== EDGE) await drains.connect(place.adminPort, drained);
    return place.child === child;
  }

  #disrupt(place: Place, kind: DisruptionKind, forMs: number | null): void {
    const { clock, emit } = this.#parts;
    const { child, id } = place;
    // One that is gone cannot be hurt, only be kept away for longer.
    if (child === null && kind !== 'kill') return;
    place.timer?.cancel();
    place.disruptedUntilMs = clock.nowMs() + (forMs ?? Number.POSITIVE_INFINITY);
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
    this.#spawn(place).then(
      (listens) => {
        if (listens) emit('gateway.recovered', { gateway: place.id, how: kind });
      },
      (error: Error) => {
        if (!this.#stopping) onLost(error.message);
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
