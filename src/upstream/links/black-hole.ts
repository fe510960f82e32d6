/**
 * A port that answers no connection: what a firewall that drops packets looks like, without being root.
 *
 * The kernel completes handshakes until the backlog of a listener is full, and drops what comes after. Node accepts
 * whenever its loop turns, so the listener lives in a thread whose loop stands still (`black-hole-thread.ts`), and its
 * backlog, as short as it gets, is filled with connections of our own.
 */
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import type { Address } from './address.js';

/** A listener that has room takes a connection within a round trip on the loopback. */
const TAKEN_WITHIN_MS = 100;

/**
 * Linux takes one more than the backlog of 1 says, others half as many again; when as many were taken, this is no
 * listener that fills up, and what it does not accept is at least not served.
 */
const MAX_FILLERS = 16;

/**
 * At once; more than Linux takes with a backlog of 1, so that one round is enough. One that only was late on a busy
 * machine goes on knocking, and fills too.
 */
const KNOCKS = 3;

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string };

/** Compiled programs are in `dist/`, from wherever this runs. */
const THREAD = fileURLToPath(new URL('../../../dist/upstream/links/black-hole-thread.js', import.meta.url));

export class BlackHole {
  readonly #clock: Clock;
  readonly #gate = new SharedArrayBuffer(4);
  readonly #thread: Worker;
  readonly #exited: Promise<void>;
  readonly #ready = new Deferred<void>();
  readonly #listening = new Deferred<number>();
  readonly #fillers: Socket[] = [];

  /** Starts the thread, which takes a while; nothing listens so far. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#thread = new Worker(THREAD, { execArgv: [], workerData: this.#gate });
    this.#exited = new Promise((resolve) => this.#thread.once('exit', () => resolve()));
    const fail = (error: Error): void => {
      this.#ready.reject(error);
      this.#listening.reject(error);
    };
    this.#thread.on('error', fail);
    this.#thread.on('message', (message: FromThread) => {
      if (message.type === 'ready') this.#ready.resolve();
      else if (message.type === 'listening') this.#listening.resolve(message.port);
      else fail(new Error(message.message));
    });
  }

  /** Resolves when the thread only waits for its address, so that a port changes hands within a millisecond or so. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /**
   * Takes the address, which must be free, and fills up.
   * @returns the address with its port. @throws when it cannot listen there.
   */
  async open(wanted: Address): Promise<Address> {
    this.#thread.postMessage(wanted);
    const address = { ...wanted, port: await this.#listening.promise };
    let isFull = false;
    while (!isFull && this.#fillers.length < MAX_FILLERS) {
      const taken = await Promise.all(Array.from({ length: KNOCKS }, () => this.#knock(address)));
      isFull = taken.includes(false);
    }
    return address;
  }

  /** Gives the address back; resolves when nothing listens there any more. */
  async close(): Promise<void> {
    for (const socket of this.#fillers) socket.destroy();
    Atomics.store(new Int32Array(this.#gate), 0, 1);
    Atomics.notify(new Int32Array(this.#gate), 0);
    this.#thread.postMessage(null);
    await this.#exited;
  }

  /** @returns whether it was taken. The connection stays. */
  #knock({ host, port }: Address): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, host);
      this.#fillers.push(socket);
      const timer = this.#clock.after(TAKEN_WITHIN_MS, () => resolve(false));
      socket.on('error', () => {});
      socket.once('connect', () => {
        timer.cancel();
        resolve(true);
      });
    });
  }
}
