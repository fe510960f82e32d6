/**
 * The stub resolver as a run sees it: a child process, the names of the workers, and the faults at work on them. A name
 * has one fault at a time; another takes its place. Each heals when its time is over, when it is told to, and with the
 * process at the end of the run.
 */
import { Child, type ChildSpawn, exitText, type StoppableChild } from '../../core/child.js';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import type { Emit } from '../../core/events.js';
import type { Reaper } from '../../core/reaper.js';
import { Lasting } from '../lasting.js';
import type { StubNamesConfig } from './config.js';
import type { FromResolver, ResolverArgument, ToResolver } from './messages.js';
import type { NameFault } from './name-faults.js';

/** Whom it knows, where. */
export interface NamedHost {
  readonly id: string;
  /** IPv4. */
  readonly host: string;
}

export interface StubResolverOptions {
  readonly config: StubNamesConfig;
  readonly hosts: readonly NamedHost[];
  /** Where it listens, on a free port. */
  readonly host: string;
  readonly clock: Clock;
  readonly spawn: (options: ResolverSpawn) => ResolverChild;
  readonly emit: Emit;
}

/** The resolver's process, or a model of it. */
export type ResolverChild = StoppableChild<ToResolver>;

export type ResolverSpawn = ChildSpawn<ResolverArgument, FromResolver>;

export const spawnResolver =
  (reaper: Reaper) =>
  (spawn: ResolverSpawn): ResolverChild =>
    new Child<ToResolver, FromResolver>({ ...spawn, entry: 'upstream/names/resolver-process.js', reaper });

/** What is wrong with the name of one worker. */
interface WrongName {
  readonly worker: string;
  readonly fault: NameFault;
}

type EndReason = 'time-over' | 'ordered' | 'replaced';

/** As events name it, beside the faults of workers. */
const eventName = (fault: NameFault): string => `dns-${fault}`;

export class StubResolver {
  /** Resolves with address and port, such as `127.0.0.1:40053`; rejects with a `UserError` when it cannot listen. */
  readonly ready: Promise<string>;
  /** Resolves with how it ended, in words, when nobody had asked it to. */
  readonly failed: Promise<string>;
  readonly #options: StubResolverOptions;
  readonly #child: ResolverChild;
  /** At most one for each name. */
  readonly #active: Lasting<WrongName>;
  /** Told when the resolver has done it, by number. */
  readonly #awaited = new Map<number, () => void>();
  #changes = 0;
  #stopping = false;

  constructor(options: StubResolverOptions) {
    this.#options = options;
    const { config, host, hosts, spawn } = options;
    this.#active = new Lasting(options.clock, (number) => this.#end(number, 'time-over'));
    const ready = new Deferred<string>();
    const failed = new Deferred<string>();
    this.ready = ready.promise;
    this.failed = failed.promise;
    const argument: ResolverArgument = { ...config, host, addresses: this.#addressesOf(hosts) };
    this.#child = spawn({
      name: 'resolver',
      argument,
      onMessage: (message) => {
        if (message.type === 'ready') ready.resolve(`${host}:${message.port}`);
        else if (message.type === 'done') this.#onDone(message.number);
        else ready.reject(new UserError('couldNotStart', `the resolver cannot listen: ${message.message}`));
      },
    });
    this.#child.exited.then((exit) => {
      if (this.#stopping) return;
      const how = exitText(this.#child, exit);
      ready.reject(new UserError('couldNotStart', how));
      failed.resolve(how);
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** `worker-1` → `worker-1.fleet.test`. */
  nameOf(id: string): string {
    return `${id}.${this.#options.config.zone}`;
  }

  /** The same under their names. */
  named<Host extends NamedHost>(hosts: readonly Host[]): Host[] {
    return hosts.map((one) => ({ ...one, host: this.nameOf(one.id) }));
  }

  /** All whom it knows from now on. */
  setHosts(hosts: readonly NamedHost[]): void {
    this.#child.send({ type: 'addresses', addresses: this.#addressesOf(hosts) });
  }

  /** @param forMs `null`: until it is healed. */
  inject(id: string, fault: NameFault, forMs: number | null): void {
    this.#endAt(id, 'replaced');
    this.#active.begin({ worker: id, fault }, forMs);
    this.#change(id, fault, () => {
      const injected = { fault: eventName(fault), worker: id, forMs, options: {} };
      this.#options.emit('fault.injected', injected);
    });
  }

  heal(id: string): void {
    this.#endAt(id, 'ordered');
  }

  /** Asks it to end, and after `graceMs` insists. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#active.clear();
    await this.#child.stop({ type: 'stop' }, graceMs);
  }

  #endAt(worker: string, reason: EndReason): void {
    const found = this.#active.numbered.find(([, wrong]) => wrong.worker === worker);
    if (found !== undefined) this.#end(found[0], reason);
  }

  #end(number: number, reason: EndReason): void {
    const ended = this.#active.take(number);
    if (ended === null) return;
    const { worker, fault } = ended;
    const told = (): void => {
      this.#options.emit('fault.healed', { fault: eventName(fault), worker, reason });
    };
    // The resolver is told of the one that takes its place.
    if (reason === 'replaced') told();
    else this.#change(worker, null, told);
  }

  /** @param onDone called when the resolver answers so: what is told of a fault is a fact. */
  #change(id: string, fault: NameFault | null, onDone: () => void): void {
    const number = ++this.#changes;
    this.#awaited.set(number, onDone);
    this.#child.send({ type: 'change', number, name: this.nameOf(id), fault });
  }

  #onDone(number: number): void {
    const onDone = this.#awaited.get(number);
    this.#awaited.delete(number);
    if (!this.#stopping) onDone?.();
  }

  #addressesOf(hosts: readonly NamedHost[]): Record<string, string> {
    return Object.fromEntries(hosts.map(({ id, host }) => [this.nameOf(id), host]));
  }
}
