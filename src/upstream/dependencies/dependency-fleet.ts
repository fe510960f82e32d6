/** The dependencies of a run: one process each, disturbed and recovered as ordered, and back on its port after a death. */
import { type Child, type ChildSpawn, exitText } from '../../core/child.js';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import type { Emit } from '../../core/events.js';
import type { Random } from '../../core/random.js';
import { Lasting } from '../lasting.js';
import { DEPENDENCY_FAULTS, type DependencyFaultName } from './faults/dependency-faults.js';
import type {
  DependencyArgument,
  DependencyConfig,
  DependencyTarget,
  FromDependency,
  ToDependency,
} from './messages.js';

/** A fault with everything it was given. */
export interface Disturbance {
  readonly fault: DependencyFaultName;
  readonly options: Readonly<Record<string, unknown>>;
  /** `null`: until it recovers by order. */
  readonly forMs: number | null;
}

export interface DependencyStatus {
  readonly dependency: string;
  readonly up: boolean;
  /** Faults at work on it. */
  readonly faults: readonly Disturbance[];
}

/** All dependencies of a run, as the runner sees them. */
export interface Dependencies {
  disturb(dependency: string, disturbance: Disturbance): void;
  /** @param fault `null`: whatever it has. */
  recover(dependency: string, fault: DependencyFaultName | null): void;
  status(): readonly DependencyStatus[];
}

/** One life of a dependency, seen from outside. */
export type DependencyChild = Pick<
  Child<ToDependency, FromDependency>,
  'name' | 'stderr' | 'exited' | 'send' | 'kill'
>;

export type DependencySpawn = ChildSpawn<DependencyArgument, FromDependency>;

export interface DependencyFleetOptions {
  readonly configs: readonly DependencyConfig[];
  readonly host: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly spawn: (options: DependencySpawn) => DependencyChild;
  readonly emit: Emit;
  /** One ended that nobody had taken down. */
  readonly onLost: (how: string) => void;
}

const kills = (fault: DependencyFaultName): boolean => 'kills' in DEPENDENCY_FAULTS[fault];

class Dependency {
  readonly config: DependencyConfig;
  port = 0;
  up = false;
  readonly #options: DependencyFleetOptions;
  readonly #active: Lasting<Disturbance>;
  #child: DependencyChild | null = null;
  /** Killed by order. */
  #dying: DependencyChild | null = null;
  #returning: Promise<void> | null = null;
  #lives = 0;
  #stopping = false;

  constructor(config: DependencyConfig, options: DependencyFleetOptions) {
    this.config = config;
    this.#options = options;
    this.#active = new Lasting(options.clock, (id) => this.#end(id, 'time-over'));
  }

  get faults(): readonly Disturbance[] {
    return this.#active.all;
  }

  /** Whether something keeps its process from running. */
  get #isDown(): boolean {
    return this.faults.some(({ fault }) => kills(fault));
  }

  /** @returns when it takes connections. */
  start(): Promise<void> {
    const { name, kind, use: _, ...serving } = this.config;
    const { host, random, spawn, onLost } = this.#options;
    const { seed } = random.fork(`${name} life-${this.#lives++}`);
    const argument: DependencyArgument = { ...serving, kind, host, port: this.port, seed };
    const ready = new Deferred<void>();
    const child: DependencyChild = spawn({
      name,
      argument,
      onMessage: (message) => {
        // What it said before it was killed may be heard after.
        if (this.#dying === child) return;
        if (message.type === 'failed') {
          ready.reject(new UserError('couldNotStart', `${name} could not start: ${message.message}`));
          child.kill();
          return;
        }
        this.port = message.port;
        this.up = true;
        for (const [id, disturbance] of this.#active.numbered) this.#begin(id, disturbance);
        ready.resolve();
      },
    });
    this.#child = child;
    child.exited.then((exit) => {
      const how = exitText(child, exit);
      ready.reject(new UserError('couldNotStart', how));
      this.up = false;
      if (this.#dying === child || this.#stopping) return;
      onLost(how);
    });
    return ready.promise;
  }

  disturb(disturbance: Disturbance): void {
    const { fault, options, forMs } = disturbance;
    this.#options.emit('dependency.disturbed', { fault, dependency: this.config.name, forMs, options });
    const id = this.#active.begin(disturbance, forMs);
    if (kills(fault)) this.#takeDown();
    else if (this.up) this.#begin(id, disturbance);
  }

  recover(fault: DependencyFaultName | null): void {
    for (const [id, disturbance] of this.#active.numbered) {
      if (fault === null || disturbance.fault === fault) this.#end(id, 'ordered');
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#active.clear();
    this.#child?.kill();
    await this.#child?.exited;
  }

  #begin(id: number, { fault, options }: Disturbance): void {
    if (!kills(fault)) this.#child?.send({ type: 'disturb', id, fault, options });
  }

  /** What was wrong with the process alone goes with it. */
  #takeDown(): void {
    this.up = false;
    this.#dying = this.#child;
    this.#child?.kill();
    for (const [id, { fault }] of this.#active.numbered) {
      if (!DEPENDENCY_FAULTS[fault].survivesRestart) this.#end(id, 'restarted');
    }
  }

  #end(id: number, reason: string): void {
    const ended = this.#active.take(id);
    if (ended === null) return;
    const { fault } = ended;
    const recovered = (): void =>
      this.#options.emit('dependency.recovered', { fault, dependency: this.config.name, reason });
    if (kills(fault) && !this.#isDown) {
      this.#comeBack().then(recovered, (error: Error) => {
        if (!this.#stopping) this.#options.onLost(error.message);
      });
      return;
    }
    if (this.up && !kills(fault)) this.#child?.send({ type: 'recover', id });
    recovered();
  }

  /** Two that end one right after the other bring back one process. */
  #comeBack(): Promise<void> {
    this.#returning ??= this.#startAgain().finally(() => {
      this.#returning = null;
    });
    return this.#returning;
  }

  async #startAgain(): Promise<void> {
    for (;;) {
      // Its port is free when the process is gone.
      await this.#child?.exited;
      if (this.#stopping || this.#isDown) return;
      try {
        await this.start();
        return;
      } catch (error) {
        // It may have been taken down again while it started.
        if (this.#dying !== this.#child) throw error;
      }
    }
  }
}

export class DependencyFleet implements Dependencies {
  readonly #host: string;
  readonly #dependencies: readonly Dependency[];

  constructor(options: DependencyFleetOptions) {
    this.#host = options.host;
    this.#dependencies = options.configs.map((config) => new Dependency(config, options));
  }

  /** Starts every dependency. @throws UserError when one cannot start. */
  async start(): Promise<void> {
    await Promise.all(this.#dependencies.map((dependency) => dependency.start()));
  }

  /** As workers call them; known once they have started. */
  get targets(): readonly DependencyTarget[] {
    return this.#dependencies.map(({ config: { name, kind, use }, port }) => ({
      name,
      kind,
      host: this.#host,
      port,
      use,
    }));
  }

  disturb(name: string, disturbance: Disturbance): void {
    this.#find(name).disturb(disturbance);
  }

  recover(name: string, fault: DependencyFaultName | null): void {
    this.#find(name).recover(fault);
  }

  status(): readonly DependencyStatus[] {
    return this.#dependencies.map(({ config, up, faults }) => ({ dependency: config.name, up, faults }));
  }

  /** Ends every one of them. */
  async stop(): Promise<void> {
    await Promise.all(this.#dependencies.map((dependency) => dependency.stop()));
  }

  #find(name: string): Dependency {
    const dependency = this.#dependencies.find(({ config }) => config.name === name);
    if (dependency === undefined) throw new Error(`no dependency is called ${name}`);
    return dependency;
  }
}
