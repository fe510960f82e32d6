/** A dependency in virtual time: its model (`dependencies/model.ts`), as the process that it is in the other engine. */
import type { ChildExit } from '../../core/child.js';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { type ErrorCode, GatewayError } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import type { ProxyResponse, Service } from '../../policies/service.js';
import type { DependencyChild, DependencySpawn } from '../dependencies/dependency-fleet.js';
import { DEPENDENCY_FAULTS } from '../dependencies/faults/dependency-faults.js';
import type { DependencyTarget, ToDependency } from '../dependencies/messages.js';
import { DependencyModel, type Session } from '../dependencies/model.js';
import { answered } from '../dependencies/wire.js';
import type { Undo } from '../faults/fault.js';
import { BARE_BOOT_MS } from './model-child.js';

/** A query that the database refused. */
const QUERY_FAILED = 500;

/** All dependencies of a run, by their port. */
export class ModelDependencies {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #nextPort: () => number;
  readonly #listening = new Map<number, ModelDependency>();

  constructor(clock: Clock, latencyMs: number, nextPort: () => number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#nextPort = nextPort;
  }

  readonly spawn = (options: DependencySpawn): DependencyChild => {
    const port = options.argument.port || this.#nextPort();
    const dependency = new ModelDependency(options, this.#clock);
    this.#clock.after(BARE_BOOT_MS, () => {
      if (!dependency.running) return;
      this.#listening.set(port, dependency);
      options.onMessage({ type: 'ready', port });
    });
    return dependency;
  };

  /**
   * How one worker's calls travel.
   * @param clock the worker's own, which may stand still.
   */
  wires(clock: Clock) {
    const databases = (target: DependencyTarget): Service => this.#wire(target, clock, true);
    return {
      database: databases,
      'third-party': (target: DependencyTarget) => this.#wire(target, clock, false),
    };
  }

  /** @param keeps whether a session lasts for more than a call, as a database's does. */
  #wire({ port }: DependencyTarget, clock: Clock, keeps: boolean): Service {
    const idle: { readonly dependency: ModelDependency; readonly session: Session }[] = [];
    const take = (): (typeof idle)[number] | ErrorCode => {
      for (let kept = idle.pop(); kept !== undefined; kept = idle.pop())
        if (kept.dependency.running) return kept;
      const dependency = this.#listening.get(port);
      if (dependency === undefined || !dependency.running) return 'BGW_ERR_CONNECTION_REFUSED';
      const session = dependency.model.connect();
      if (session === null) return keeps ? 'BGW_ERR_CONNECTION_REFUSED' : 'BGW_ERR_CONNECTION_CLOSED';
      return { dependency, session };
    };
    return (_request, call) =>
      new Promise<ProxyResponse>((resolve, reject) => {
        let over = false;
        let underWay: (typeof idle)[number] | null = null;
        const end = (finish: () => void, keep: boolean): void => {
          if (over) return;
          over = true;
          if (underWay !== null) {
            underWay.dependency.open.delete(lose);
            if (keep && keeps) idle.push(underWay);
            else underWay.session.leave();
          }
          finish();
        };
        const fail = (code: ErrorCode): void => end(() => reject(new GatewayError(code)), false);
        const lose = (): void => this.#later(clock, () => fail('BGW_ERR_CONNECTION_CLOSED'));
        call.onCancel((error) => end(() => reject(error), false));
        this.#later(this.#clock, () => {
          if (over) return;
          const taken = take();
          if (typeof taken === 'string') {
            this.#later(clock, () => fail(taken));
            return;
          }
          underWay = taken;
          taken.dependency.open.add(lose);
          const answer = (status: number) => (): void =>
            this.#later(clock, () => end(() => resolve(answered(status)), true));
          taken.session.call({
            answer: answer(200),
            fail: (status) => answer(keeps ? QUERY_FAILED : status)(),
            cut: () => this.#later(clock, () => fail('BGW_ERR_CONNECTION_RESET')),
          });
        });
      });
  }

  #later(clock: Clock, run: () => void): void {
    clock.after(this.#latencyMs, run);
  }
}

class ModelDependency implements DependencyChild {
  readonly name: string;
  readonly stderr = '';
  readonly exited: Promise<ChildExit>;
  readonly model: DependencyModel;
  /** Each breaks a call that is under way. */
  readonly open = new Set<() => void>();
  running = true;
  readonly #clock: Clock;
  readonly #exit = new Deferred<ChildExit>();
  readonly #disturbed = new Map<number, Undo>();

  constructor({ name, argument }: DependencySpawn, clock: Clock) {
    const { connections, time, abandoned, seed } = argument;
    this.name = name;
    this.#clock = clock;
    this.exited = this.#exit.promise;
    this.model = new DependencyModel({
      connections: connections ?? Number.POSITIVE_INFINITY,
      ...{ time, abandoned, clock, random: new Random(seed) },
    });
  }

  send(message: ToDependency): void {
    if (message.type === 'recover') {
      this.#disturbed.get(message.id)?.();
      this.#disturbed.delete(message.id);
      return;
    }
    const definition = DEPENDENCY_FAULTS[message.fault];
    if ('begin' in definition) this.#disturbed.set(message.id, definition.begin(this.model, message.options));
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.running) return;
    this.running = false;
    for (const lose of [...this.open]) lose();
    this.#clock.after(0, () => this.#exit.resolve({ code: null, signal }));
  }
}
