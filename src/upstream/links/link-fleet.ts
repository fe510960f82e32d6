/** The links of a run, as whoever runs it sees them: one process, started, told what to do, and stopped. */
import { Child, type ChildSpawn, exitText, type StoppableChild } from '../../core/child.js';
import type { Clock, Timer } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import type { Emit } from '../../core/events.js';
import type { Random } from '../../core/random.js';
import type { Reaper } from '../../core/reaper.js';
import type { WorkerAddress } from '../fleet.js';
import type { LinksConfig } from './config.js';
import type { LinkReport } from './link-collection.js';
import type { FromLinks, LinksArgument, RemovalOrder, ToLinks, ToxicOrder } from './messages.js';

export interface LinkFleetOptions {
  readonly config: LinksConfig;
  readonly host: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly spawn: (options: LinksSpawn) => LinksChild;
  readonly emit: Emit;
}

/** The process of the links, or a model of it. */
export type LinksChild = StoppableChild<ToLinks>;

export type LinksSpawn = ChildSpawn<LinksArgument, FromLinks>;

export const spawnLinks =
  (reaper: Reaper) =>
  (spawn: LinksSpawn): LinksChild =>
    new Child<ToLinks, FromLinks>({ ...spawn, entry: 'upstream/links/process.js', reaper });

/** Where a link stands. */
export interface LinkStatus {
  readonly link: string;
  /** HOST:PORT, both. */
  readonly listen: string;
  readonly upstream: string;
}

export class LinkFleet {
  /** Resolves with how the process ended, in words, when nobody had asked it to. */
  readonly failed: Promise<string>;
  readonly #options: LinkFleetOptions;
  readonly #child: LinksChild;
  readonly #ready = new Deferred<void>();
  /** Links that are being made, by name. */
  readonly #linking = new Map<string, Deferred<WorkerAddress>>();
  readonly #links = new Map<string, LinkStatus>();
  /** Toxics whose time runs, by the number of the order. */
  readonly #timers = new Map<number, Timer>();
  #lastId = 0;
  #apiPort = 0;
  #stopping = false;

  constructor(options: LinkFleetOptions) {
    this.#options = options;
    const { config, host, random, spawn } = options;
    const failed = new Deferred<string>();
    this.failed = failed.promise;
    const argument: LinksArgument = { host, apiPort: config.apiPort, seed: random.seed };
    this.#child = spawn({
      name: 'process of the links',
      argument,
      onMessage: (message) => this.#onMessage(message),
    });
    this.#child.exited.then((exit) => {
      this.#cancelTimers();
      if (this.#stopping) return;
      const how = exitText(this.#child, exit);
      this.#giveUp(how);
      failed.resolve(how);
    });
  }

  /** Of Toxiproxy's HTTP API. */
  get apiAddress(): string {
    return `http://${this.#options.host}:${this.#apiPort}`;
  }

  get pid(): number {
    return this.#child.pid;
  }

  status(): readonly LinkStatus[] {
    return [...this.#links.values()];
  }

  /**
   * Puts a link before each of them.
   * @param ports where they listen, in their order; where there is none, at a free one.
   * @returns the links' addresses under the workers' ids. @throws UserError when one cannot listen.
   */
  async start(
    workers: readonly WorkerAddress[],
    ports: readonly number[] = [],
  ): Promise<readonly WorkerAddress[]> {
    await this.#ready.promise;
    return Promise.all(workers.map((worker, index) => this.link(worker, ports[index])));
  }

  /** Puts a link before one worker. @param listenPort 0: any free one. @throws UserError when it cannot listen. */
  async link({ id, host, port }: WorkerAddress, listenPort = 0): Promise<WorkerAddress> {
    const linking = new Deferred<WorkerAddress>();
    this.#linking.set(id, linking);
    this.#child.send({ type: 'link', link: id, host, port, listenPort });
    const address = await linking.promise;
    const { host: linkHost, port: linkPort } = address;
    this.#links.set(id, {
      link: id,
      listen: `${linkHost}:${linkPort}`,
      upstream: `${host}:${port}`,
    });
    return address;
  }

  /** A worker's process is there, or gone: its link refuses connections as the worker's own port does. */
  setUpstreamUp(worker: string, up: boolean): void {
    if (this.#links.has(worker)) this.#child.send({ type: 'upstream', link: worker, up });
  }

  addToxic(worker: string, order: ToxicOrder): void {
    const id = ++this.#lastId;
    this.#child.send({ type: 'add', id, link: worker, order });
    if (order.forMs === null) return;
    const timer = this.#options.clock.after(order.forMs, () => {
      this.#timers.delete(id);
      this.#child.send({ type: 'time-over', id, link: worker });
    });
    this.#timers.set(id, timer);
  }

  /** Takes away what it says, whoever added it. */
  removeToxics(worker: string, order: RemovalOrder): void {
    this.#child.send({ type: 'remove', link: worker, order });
  }

  /** Takes every toxic away and ends the process; after `graceMs` by force. */
  stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#cancelTimers();
    this.#giveUp('the run was ended');
    return this.#child.stop({ type: 'stop' }, graceMs);
  }

  #cancelTimers(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** Whoever waits for the process or for a link of it need not any more. */
  #giveUp(why: string): void {
    const error = new UserError('couldNotStart', why);
    this.#ready.reject(error);
    for (const linking of this.#linking.values()) linking.reject(error);
  }

  #onMessage(message: FromLinks): void {
    switch (message.type) {
      case 'ready':
        this.#apiPort = message.apiPort;
        this.#ready.resolve();
        return;
      case 'failed':
        this.#giveUp(`the API of the links could not start: ${message.message}`);
        return;
      case 'linked': {
        const { link: id, host, port } = message;
        this.#linking.get(id)?.resolve({ id, host, port });
        this.#linking.delete(id);
        return;
      }
      case 'refused': {
        const { link, message: why } = message;
        const linking = this.#linking.get(link);
        if (linking === undefined) {
          this.#options.emit('run.noted', { text: `the link of ${link} did not do as told: ${why}` });
        } else linking.reject(new UserError('couldNotStart', `the link of ${link} could not start: ${why}`));
        return;
      }
      case 'report':
        this.#report(message.report);
    }
  }

  #report(report: LinkReport): void {
    if (report.type === 'toxic-added') {
      const { link, toxic, forMs, by } = report;
      const { name, type, stream, toxicity, attributes } = toxic;
      this.#options.emit('link.toxic-added', {
        ...{ link, name, toxic: type, stream, toxicity, attributes },
        ...{ forMs, by },
      });
      return;
    }
    const { link, name, toxic, reason } = report;
    this.#options.emit('link.toxic-removed', { link, name, toxic, reason });
  }
}
