/**
 * What a dependency of the workers does with calls, without sockets or a clock of its own: takes so many connections,
 * one call at a time on each, and answers after a while, unless a fault holds the call, stretches it or ends it in
 * another way.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import type { Undo } from '../faults/fault.js';
import { type ServiceTime, sampleServiceTime } from '../service-time.js';
import { Hooks } from '../site.js';

/** The ways in which a call ends; one of them, once. */
export interface Reply {
  answer(): void;
  /** Answers with an error. */
  fail(statusCode: number): void;
  /** Breaks the connection. */
  cut(): void;
}

/** A call that a fault holds. What is said of one that is over does nothing. */
export interface HeldCall extends Reply {
  /** Goes on as if it had just come in. */
  proceed(): void;
}

/** What a fault may touch in a dependency. Everything that is added here is taken back with the `Undo`. */
export interface DependencySite {
  readonly random: Random;
  /** Asked for each new connection; `true`: it is refused. */
  onConnect(refuses: () => boolean): Undo;
  /** Sees each call before it is worked on; `true`: holds it, and nothing else is done. */
  onCall(hold: (call: HeldCall) => boolean): Undo;
  /** Changes how long a call takes. */
  onTime(change: (timeMs: number) => number): Undo;
  /** Sees each call that has been worked on, before its answer; `true`: ends it in another way. */
  onAnswer(end: (reply: Reply) => boolean): Undo;
}

export interface DependencyModelOptions {
  /** Connections at once; one more is refused. Infinity: as many as come. */
  readonly connections: number;
  readonly time: ServiceTime;
  /**
   * What becomes of a call whose sender is gone. `finish`: it is worked on to the end and keeps its connection until
   * then, because a database notices nothing before it writes; `cancel`: it ends at once.
   */
  readonly abandoned: 'finish' | 'cancel';
  readonly clock: Clock;
  readonly random: Random;
}

export class DependencyModel implements DependencySite {
  readonly random: Random;
  readonly #options: DependencyModelOptions;
  readonly #times: Random;
  readonly #connect = new Hooks<() => boolean>();
  readonly #call = new Hooks<(call: HeldCall) => boolean>();
  readonly #time = new Hooks<(timeMs: number) => number>();
  readonly #answer = new Hooks<(reply: Reply) => boolean>();
  #connections = 0;

  constructor(options: DependencyModelOptions) {
    this.#options = options;
    this.random = options.random.fork('faults');
    this.#times = options.random.fork('times');
  }

  readonly onConnect = (refuses: () => boolean): Undo => this.#connect.add(refuses);
  readonly onCall = (hold: (call: HeldCall) => boolean): Undo => this.#call.add(hold);
  readonly onTime = (change: (timeMs: number) => number): Undo => this.#time.add(change);
  readonly onAnswer = (end: (reply: Reply) => boolean): Undo => this.#answer.add(end);

  /** Connections in use, those included whose sender is gone and whose call is not. */
  get connections(): number {
    return this.#connections;
  }

  /** @returns `null`: refused. */
  connect(): Session | null {
    if (this.#connections >= this.#options.connections) return null;
    if (this.#connect.all.some((refuses) => refuses())) return null;
    this.#connections++;
    const { clock, abandoned } = this.#options;
    return new Session({
      clock,
      finishes: abandoned === 'finish',
      isHeld: (call) => this.#call.all.some((hold) => hold(call)),
      timeMs: () => this.#time.all.reduce((ms, change) => change(ms), this.#sample()),
      isEnded: (reply) => this.#answer.all.some((end) => end(reply)),
      onEnd: () => {
        this.#connections--;
      },
    });
  }

  #sample(): number {
    return sampleServiceTime(this.#options.time, this.#times);
  }
}

interface SessionParts {
  readonly clock: Clock;
  /** Whether a call goes on when its sender is gone. */
  readonly finishes: boolean;
  readonly isHeld: (call: HeldCall) => boolean;
  readonly timeMs: () => number;
  readonly isEnded: (reply: Reply) => boolean;
  readonly onEnd: () => void;
}

/** One connection, as the dependency has it. */
export class Session {
  readonly #parts: SessionParts;
  #current: CallUnderWay | null = null;
  #left = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Whether a call is under way. */
  get busy(): boolean {
    return this.#current !== null;
  }

  /** @throws when a call is under way: there is one at a time. */
  call(reply: Reply): void {
    if (this.busy) throw new Error('one call at a time');
    this.#current = new CallUnderWay(this.#parts, reply, () => {
      this.#current = null;
      if (this.#left) this.#parts.onEnd();
    });
    this.#current.proceed();
  }

  /** Its sender is gone. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#current === null) this.#parts.onEnd();
    else this.#current.abandon();
  }
}

class CallUnderWay implements HeldCall {
  readonly #parts: SessionParts;
  /** `null`: nobody listens any more. */
  #reply: Reply | null;
  readonly #onOver: () => void;
  #timer: Timer | null = null;
  #over = false;

  constructor(parts: SessionParts, reply: Reply, onOver: () => void) {
    this.#parts = parts;
    this.#reply = reply;
    this.#onOver = onOver;
  }

  proceed(): void {
    const { clock, isHeld, timeMs, isEnded } = this.#parts;
    if (this.#over || isHeld(this)) return;
    this.#timer = clock.after(timeMs(), () => {
      if (!isEnded(this)) this.answer();
    });
  }

  answer(): void {
    this.#end()?.answer();
  }

  fail(statusCode: number): void {
    this.#end()?.fail(statusCode);
  }

  cut(): void {
    this.#end()?.cut();
  }

  abandon(): void {
    this.#reply = null;
    if (!this.#parts.finishes) this.#end();
  }

  /** @returns whom to tell. */
  #end(): Reply | null {
    if (this.#over) return null;
    this.#over = true;
    this.#timer?.cancel();
    this.#onOver();
    return this.#reply;
  }
}
