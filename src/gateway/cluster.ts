/**
 * The one place that knows `node:cluster`: starts processes that share the primary's ports. The primary accepts each
 * connection and hands it to the next process in turn that is free to take one.
 */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { ChildExit } from '../core/child.js';

const ENTRY = fileURLToPath(new URL('./serving-process.js', import.meta.url));

/** How much of the end of stderr is kept. */
const STDERR_TAIL_CHARS = 16_384;

export class ClusterProcess<Sent, Received> {
  readonly pid: number;
  /** Settles when it is gone, and everything that it sent and wrote has been read. */
  readonly exited: Promise<ChildExit>;
  #stderr = '';
  readonly #worker: Worker;

  constructor(argument: unknown, onMessage: (message: Received) => void) {
    // In turn on every platform: a kernel that chooses gives most connections to few processes.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({
      exec: ENTRY,
      args: [JSON.stringify(argument)],
      // Its own stderr and not ours: a process that outlives us must not keep our parent waiting for our last words.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#worker = cluster.fork();
    const { process } = this.#worker;
    this.pid = process.pid ?? 0;
    this.#worker.on('message', (message) => onMessage(message as Received));
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    const disconnected = new Promise<void>((resolve) => {
      process.on('disconnect', () => resolve());
    });
    this.exited = new Promise((resolve) => {
      process.on('close', (code, signal) => disconnected.then(() => resolve({ code, signal })));
      this.#worker.on('error', (error) => {
        this.#stderr += error.message;
        if (this.pid === 0) resolve({ code: null, signal: null });
      });
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Sends a message; a process that is already gone drops it. */
  send(message: Sent): void {
    if (this.#worker.isConnected()) this.#worker.send(message as object, () => {});
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }
}
