/**
 * A link: one port that stands for an upstream, and what is wrong with the way there. A proxy, as Toxiproxy calls it:
 *
 *     gateway ⇄ link (toxics, per direction) ⇄ worker
 */
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { Address } from './address.js';
import type { Attributes } from './attributes.js';
import { STREAMS, type Stream } from './connection.js';
import type { LinkConnection, LinkPort, MakeConnection, OpenPort } from './link-port.js';
import type { StageToxic } from './pipe.js';
import { openSocketPort } from './socket-port.js';
import { HELD_BYTES } from './toxic.js';
import { TOXICS, type ToxicType } from './toxics/toxics.js';

/** A toxic on a link. */
export interface LinkToxic {
  readonly name: string;
  readonly type: ToxicType;
  readonly stream: Stream;
  /** Share of the connections it meets, drawn per connection. */
  readonly toxicity: number;
  readonly attributes: Attributes;
}

interface Placed {
  readonly toxic: LinkToxic;
  /** Tells this one from an earlier one of the same name, so that each draws anew. */
  readonly label: string;
}

interface Open {
  readonly connection: LinkConnection;
  readonly random: Random;
}

export interface LinkOptions {
  readonly name: string;
  readonly listen: Address;
  readonly upstream: Address;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: on this machine. */
  readonly openPort?: OpenPort | undefined;
}

/** The stages a toxic has: it is on its stream, or on both. */
const streamsOf = ({ type, stream }: LinkToxic): readonly Stream[] =>
  TOXICS[type].swallowsConnections ? STREAMS : [stream];

export class Link {
  readonly name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #openPort: OpenPort;
  readonly #open = new Set<Open>();
  #placed: Placed[] = [];
  #port: LinkPort;
  #upstream: Address;
  #enabled = false;
  #upstreamUp = true;
  #accepted = 0;
  #added = 0;

  constructor({ name, listen, upstream, clock, random, openPort = openSocketPort }: LinkOptions) {
    this.name = name;
    this.#upstream = upstream;
    this.#clock = clock;
    this.#random = random;
    this.#openPort = openPort;
    this.#port = this.#portAt(listen);
  }

  /** With its port, once it has listened. */
  get listen(): Address {
    return this.#port.address;
  }

  get upstream(): Address {
    return this.#upstream;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Those of requests before those of answers, each in the order they were added: bytes pass them in that order. */
  get toxics(): readonly LinkToxic[] {
    const all = this.#placed.map(({ toxic }) => toxic);
    return STREAMS.flatMap((stream) => all.filter((toxic) => toxic.stream === stream));
  }

  toxic(name: string): LinkToxic | undefined {
    return this.#placed.find(({ toxic }) => toxic.name === name)?.toxic;
  }

  /** The toxic that `add` gave this label, however often it was changed, if it is still there. */
  labelled(label: string): LinkToxic | undefined {
    return this.#placed.find((placed) => placed.label === label)?.toxic;
  }

  /** @throws when its port is not to be had; then it is not enabled. */
  async enable(): Promise<void> {
    this.#enabled = true;
    try {
      await this.#settle();
    } catch (error) {
      this.#enabled = false;
      throw error;
    }
  }

  /** Refuses new connections and closes those there are. */
  async disable(): Promise<void> {
    this.#enabled = false;
    await this.#settle();
    for (const { connection } of this.#open) connection.destroy();
  }

  /** Goes from another port or to another upstream; has to be disabled. */
  move(listen: Address, upstream: Address): void {
    this.#port = this.#portAt(listen);
    this.#upstream = upstream;
  }

  /**
   * An upstream whose process is gone refuses connections, so its link does; otherwise a gateway would see them
   * accepted, and then reset. What is open is left to the kernel.
   */
  async setUpstreamUp(up: boolean): Promise<void> {
    this.#upstreamUp = up;
    await this.#settle();
  }

  /**
   * @returns a label that no other toxic of this link has had.
   * @throws when its port is not to be had as the toxic wants it; then the toxic is not there.
   */
  async add(toxic: LinkToxic): Promise<string> {
    const placed = { toxic, label: `${toxic.name} #${++this.#added}` };
    this.#placed.push(placed);
    for (const open of this.#open) this.#put(placed, open);
    try {
      await this.#settle();
    } catch (error) {
      // That its port is as it was may fail too; why the toxic could not be added is what matters.
      await this.#takeOut(placed).catch(() => {});
      throw error;
    }
    return placed.label;
  }

  /** Changes the toxic of that name; what it holds goes on. */
  update(toxic: LinkToxic): void {
    const index = this.#placed.findIndex(({ toxic: { name } }) => name === toxic.name);
    const { label } = this.#placed[index]!;
    const placed = { toxic, label };
    this.#placed[index] = placed;
    for (const open of this.#open) {
      for (const stream of streamsOf(toxic)) {
        open.connection
          .pipe(stream)
          .change(label, (passedBytes) => this.#stage(placed, { ...open, stream, passedBytes }));
      }
    }
  }

  async remove(name: string): Promise<void> {
    const placed = this.#placed.find(({ toxic }) => toxic.name === name);
    if (placed !== undefined) await this.#takeOut(placed);
  }

  async #takeOut(placed: Placed): Promise<void> {
    this.#placed = this.#placed.filter((other) => other !== placed);
    // New connections first: those that are let go of now may be followed by others at once.
    try {
      await this.#settle();
    } finally {
      const { closesWhenRemoved = false } = TOXICS[placed.toxic.type];
      for (const { connection } of this.#open) {
        for (const stream of streamsOf(placed.toxic)) {
          connection.pipe(stream).remove(placed.label, closesWhenRemoved);
        }
      }
    }
  }

  #put(placed: Placed, { connection, random }: Open): void {
    for (const stream of streamsOf(placed.toxic)) {
      connection.pipe(stream).add(placed.label, this.#stage(placed, { random, stream, passedBytes: 0 }));
    }
  }

  #stage(
    { toxic, label }: Placed,
    { random, stream, passedBytes }: { random: Random; stream: Stream; passedBytes: number },
  ): StageToxic {
    const { begin, heldBytes = HELD_BYTES } = TOXICS[toxic.type];
    const isMet = random.fork(label).next() < toxic.toxicity;
    const site = { random: random.fork(`${label} ${stream}`), nowMs: this.#clock.nowMs(), passedBytes };
    return { flow: isMet ? begin(toxic.attributes, site) : null, heldBytes };
  }

  #portAt(listen: Address): LinkPort {
    return this.#openPort({ listen, clock: this.#clock, onAccept: (make) => this.#accept(make) });
  }

  #accept(make: MakeConnection): void {
    const random = this.#random.fork(`connection-${++this.#accepted}`);
    const open = { connection: make(this.#upstream, () => this.#open.delete(open)), random };
    this.#open.add(open);
    for (const placed of this.#placed) this.#put(placed, open);
  }

  /** Makes its port what it is meant to be: closed, open, or a black hole. */
  async #settle(): Promise<void> {
    const isClosed = !this.#enabled || !this.#upstreamUp;
    const swallows = this.#placed.some(({ toxic }) => TOXICS[toxic.type].swallowsConnections);
    await this.#port.become(isClosed ? 'closed' : swallows ? 'black-hole' : 'open');
  }
}
