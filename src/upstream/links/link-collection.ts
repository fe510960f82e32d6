/**
 * All links of a run by name, and what may be done to them, by whomever: the timeline or a client of the HTTP API. What
 * is done to one link is done in turn, because a port takes a while to change hands.
 */
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { Address } from './address.js';
import { Link, type LinkToxic } from './link.js';
import type { OpenPort } from './link-port.js';

/** What is told of each change. */
export type LinkReport =
  | {
      readonly type: 'toxic-added';
      readonly link: string;
      readonly toxic: Omit<LinkToxic, 'type' | 'stream'> & { readonly type: string; readonly stream: string };
      /** `null`: until it is removed. */
      readonly forMs: number | null;
      readonly by: Origin;
    }
  | {
      readonly type: 'toxic-removed';
      readonly link: string;
      readonly name: string;
      readonly toxic: string;
      readonly reason: string;
    };

/** Who wants it. */
export type Origin = 'timeline' | 'api';

/** What is said of a change besides what it is. */
export interface Told {
  readonly forMs?: number | null;
  readonly reason?: string;
}

export interface LinkCollectionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly report: (report: LinkReport) => void;
  /** Default: on this machine. */
  readonly openPort?: OpenPort;
}

/** What a link that is not enabled is called where toxics are told of. */
export const DOWN = 'down';

/** Something that cannot be done, as the HTTP API tells it: Toxiproxy's words and status. */
export class LinkError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Each has a listener and a place in memory; far more than a machine has workers. */
const MAX_LINKS = 1_000;

/** On one link: bytes pass each of them. */
const MAX_TOXICS = 100;

export class LinkCollection {
  readonly #options: LinkCollectionOptions;
  readonly #links = new Map<string, Link>();
  /** The last of what is to be done to each link, by name. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: LinkCollectionOptions) {
    this.#options = options;
  }

  get all(): readonly Link[] {
    return [...this.#links.values()];
  }

  find(name: string): Link | undefined {
    return this.#links.get(name);
  }

  /** @throws LinkError 404 */
  get(name: string): Link {
    const link = this.find(name);
    if (link === undefined) throw new LinkError(404, 'proxy not found');
    return link;
  }

  /** Does `work` when all that was asked of the link of that name before is done. */
  inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const result = (this.#turns.get(name) ?? Promise.resolve()).then(work);
    const turn: Promise<unknown> = result
      .catch(() => {})
      .then(() => {
        if (this.#turns.get(name) === turn) this.#turns.delete(name);
      });
    this.#turns.set(name, turn);
    return result;
  }

  /** @throws LinkError 409 when there is one of that name. @throws when it cannot listen; then there is none. */
  async create(name: string, listen: Address, upstream: Address, enabled: boolean): Promise<Link> {
    if (this.#links.has(name)) throw new LinkError(409, 'proxy already exists');
    if (this.#links.size >= MAX_LINKS) throw new LinkError(409, `there are ${MAX_LINKS} proxies already`);
    const { clock, random, openPort } = this.#options;
    const link = new Link({ name, listen, upstream, clock, random: random.fork(name), openPort });
    if (enabled) await link.enable();
    this.#links.set(name, link);
    return link;
  }

  /** Takes it away with its connections. */
  async delete(link: Link): Promise<void> {
    this.#links.delete(link.name);
    await link.disable();
  }

  /** Does nothing to one that is as it is to be. */
  async setEnabled(link: Link, enabled: boolean, by: Origin, told: Told = {}): Promise<void> {
    if (link.enabled === enabled) return;
    if (enabled) {
      await link.enable();
      this.#reportRemoved(link, DOWN, DOWN, told.reason ?? by);
      return;
    }
    await link.disable();
    const toxic = { name: DOWN, type: DOWN, stream: 'both', toxicity: 1, attributes: {} };
    this.#options.report({
      type: 'toxic-added',
      link: link.name,
      toxic,
      forMs: told.forMs ?? null,
      by,
    });
  }

  /** @returns its label. @throws LinkError 409 when there is one of that name. */
  async addToxic(link: Link, toxic: LinkToxic, by: Origin, told: Told = {}): Promise<string> {
    if (link.toxic(toxic.name) !== undefined) throw new LinkError(409, 'toxic already exists');
    if (link.toxics.length >= MAX_TOXICS) {
      throw new LinkError(409, `there are ${MAX_TOXICS} toxics on ${link.name} already`);
    }
    const label = await link.add(toxic);
    this.#options.report({ type: 'toxic-added', link: link.name, toxic, forMs: told.forMs ?? null, by });
    return label;
  }

  async removeToxic(link: Link, { name, type }: LinkToxic, reason: string): Promise<void> {
    await link.remove(name);
    this.#reportRemoved(link, name, type, reason);
  }

  /** Everything as it was: every link enabled, no toxic on it. */
  async reset(reason: string): Promise<void> {
    const restore = async (link: Link): Promise<void> => {
      await this.setEnabled(link, true, 'api', { reason });
      for (const toxic of link.toxics) await this.removeToxic(link, toxic, reason);
    };
    await Promise.all(this.all.map((link) => this.inTurn(link.name, () => restore(link))));
  }

  /** Ends them all. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((link) => this.inTurn(link.name, () => this.delete(link))));
  }

  #reportRemoved(link: Link, name: string, toxic: string, reason: string): void {
    this.#options.report({ type: 'toxic-removed', link: link.name, name, toxic, reason });
  }
}
