/**
 * The processes that serve for a primary: started, started again when one dies, asked where they stand, and ended.
 */
import { type ChildExit, exitText } from '../core/child.js';
import type { Clock, Timer } from '../core/clock.js';
import { Deferred } from '../core/deferred.js';
import type { SmokeCheck, SmokeFailure } from '../delivery/smoke-test.js';
import type { ClusterProcess } from './cluster.js';
import type { GatewayConfig } from './config.js';
import type { FromServing, ServingArgument, ServingReport, ToServing } from './messages.js';
import { SMOKE_TEST_TIMEOUT_MS } from './smoke-test.js';

const untested = (why: string): SmokeFailure => ({ status: 409, reason: `${why}; send it again` });

/** No process serves yet, or none is left. */
export const NOBODY: SmokeFailure = untested('no process is there to test it');

/** Long enough that a process which dies at once does not take the processor from those that serve. */
const RESTART_DELAY_MS = 1_000;

/** A process that stands still must not keep the others from being seen. */
const ASK_TIMEOUT_MS = 500;

/** A stack fits; an event is no log. */
const REASON_CHARS = 2_000;

export interface ProcessExit extends ChildExit {
  readonly pid: number;
  /** What it said of it, or the end of what it wrote to stderr. */
  readonly reason: string;
  /** `null`: it was asked to end, or nothing has served yet. */
  readonly restartInMs: number | null;
}

/** One process that serves, or a model of it. */
export type ServingChild = Pick<
  ClusterProcess<ToServing, FromServing>,
  'pid' | 'stderr' | 'exited' | 'send' | 'kill'
>;

export interface ProcessGroupOptions {
  readonly processes: number;
  readonly clock: Clock;
  readonly spawn: (argument: ServingArgument, onMessage: (message: FromServing) => void) => ServingChild;
  /** @param number of the process, from 1. @param start 1 at its first start. */
  readonly argumentOf: (number: number, start: number) => ServingArgument;
  /** The first messages to each, before it listens: whom it may send requests to, and what has changed since the start. */
  readonly greet: (number: number) => readonly ToServing[];
  /** A process cannot follow a plan. @param version the one that is new in it. */
  readonly onRefused: (number: number, version: number, reason: string) => void;
  readonly onStart: (number: number, pid: number) => void;
  readonly onReport: (number: number, report: ServingReport) => void;
  readonly onExit: (number: number, exit: ProcessExit) => void;
}

interface Running {
  readonly process: ServingChild;
  listening: boolean;
  /** What it said of why it cannot serve. */
  problem: string | null;
  /** Wait for an answer to that number. */
  readonly waiting: Map<number, () => void>;
  /** Smoke tests that it is at, by their number. */
  readonly testing: Map<number, (failure: SmokeFailure | null) => void>;
}

export class ProcessGroup {
  readonly #options: ProcessGroupOptions;
  readonly #running = new Map<number, Running>();
  readonly #restarts = new Set<Timer>();
  readonly #allListen = new Deferred<void>();
  #served = false;
  #stopping = false;
  #asked = 0;

  constructor(options: ProcessGroupOptions) {
    this.#options = options;
  }

  /** Resolves when all of them listen; rejects when one ends before any has. */
  start(): Promise<void> {
    for (let number = 1; number <= this.#options.processes; number++) this.#start(number, 1);
    return this.#allListen.promise;
  }

  send(message: ToServing): void {
    for (const { process } of this.#running.values()) process.send(message);
  }

  /** @param messageTo by the number of the process. */
  sendEach(messageTo: (number: number) => ToServing): void {
    for (const [number, { process }] of this.#running) process.send(messageTo(number));
  }

  /** Resolves when each has reported where it stands now, or when waiting for it is no use. */
  async ask(): Promise<void> {
    const number = ++this.#asked;
    const waits = [...this.#running.values()]
      .filter(({ listening }) => listening)
      .map(({ process, waiting }) => {
        process.send({ type: 'ask', number });
        return new Promise<void>((resolve) => {
          waiting.set(number, resolve);
        });
      });
    const late = new Deferred<void>();
    const timer = this.#options.clock.after(ASK_TIMEOUT_MS, () => late.resolve());
    await Promise.race([Promise.all(waits), late.promise]);
    timer.cancel();
  }

  /**
   * Has one of them answer requests that nobody waits for.
   * @param configOf its share, by the number of the process. @returns why not; `null`: nothing was seen.
   */
  async smokeTest(
    configOf: (number: number) => GatewayConfig,
    checks: readonly SmokeCheck[],
  ): Promise<SmokeFailure | null> {
    const found = [...this.#running].find(([, { listening }]) => listening);
    if (found === undefined) return NOBODY;
    const [number, { process, testing }] = found;
    const test = ++this.#asked;
    const tested = new Deferred<SmokeFailure | null>();
    testing.set(test, tested.resolve);
    process.send({ type: 'smoke-test', number: test, config: configOf(number), checks });
    const waitMs = SMOKE_TEST_TIMEOUT_MS + ASK_TIMEOUT_MS;
    const timer = this.#options.clock.after(waitMs, () =>
      tested.resolve(untested(`process ${number}, which was to try it, stands still`)),
    );
    const failure = await tested.promise;
    timer.cancel();
    testing.delete(test);
    return failure;
  }

  /** Asks each to end, and after `graceMs` insists. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const restart of this.#restarts) restart.cancel();
    this.send({ type: 'stop' });
    const insist = this.#options.clock.after(graceMs, () => this.kill());
    await Promise.all([...this.#running.values()].map(({ process }) => process.exited));
    insist.cancel();
  }

  kill(): void {
    for (const { process } of this.#running.values()) process.kill();
  }

  #start(number: number, start: number): void {
    const { argumentOf, onStart, spawn } = this.#options;
    const process = spawn(argumentOf(number, start), (message) => this.#onMessage(number, running, message));
    const running: Running = {
      process,
      listening: false,
      problem: null,
      waiting: new Map(),
      testing: new Map(),
    };
    this.#running.set(number, running);
    onStart(number, process.pid);
    process.exited.then((exit) => this.#onExit(number, start, exit));
  }

  #onMessage(number: number, running: Running, message: FromServing): void {
    switch (message.type) {
      case 'up':
        for (const first of this.#stopping ? [{ type: 'stop' as const }] : this.#options.greet(number)) {
          running.process.send(first);
        }
        return;
      case 'refused':
        this.#options.onRefused(number, message.version, message.reason);
        return;
      case 'smoke-tested':
        running.testing.get(message.number)?.(message.failure);
        return;
      case 'listening':
        running.listening = true;
        this.#served = true;
        if ([...this.#running.values()].every(({ listening }) => listening)) this.#allListen.resolve();
        return;
      case 'failed':
        running.problem = message.message;
        // It cannot serve, so it is as good as dead; its end is told where every end is.
        running.process.kill();
        return;
      case 'report':
        this.#options.onReport(number, message);
        for (const [asked, resolve] of running.waiting) {
          if (asked > message.asked) continue;
          running.waiting.delete(asked);
          resolve();
        }
    }
  }

  #onExit(number: number, start: number, exit: ChildExit): void {
    const { clock, onExit } = this.#options;
    const { process, problem, waiting, testing } = this.#running.get(number)!;
    this.#running.delete(number);
    for (const resolve of waiting.values()) resolve();
    for (const resolve of testing.values()) resolve(untested(`process ${number}, which tried it, ended`));
    const again = this.#served && !this.#stopping;
    const reason = problem ?? process.stderr.trim().slice(-REASON_CHARS);
    onExit(number, { ...exit, pid: process.pid, reason, restartInMs: again ? RESTART_DELAY_MS : null });
    if (!this.#served) {
      const name = `gateway's process ${number}`;
      this.#allListen.reject(new Error(problem ?? exitText({ name, stderr: process.stderr }, exit)));
    }
    if (!again) return;
    const restart = clock.after(RESTART_DELAY_MS, () => {
      this.#restarts.delete(restart);
      this.#start(number, start + 1);
    });
    this.#restarts.add(restart);
  }
}
