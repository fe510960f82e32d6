/**
 * One life of a worker: a process from its start to its end, with what is known of it. What it leaves behind when it dies
 * is recorded as evidence: its exit state, V8's last line, and its last heap sample.
 */
import type { ChildExit } from '../../core/child.js';
import { Deferred } from '../../core/deferred.js';
import type { EventMap } from '../../core/event-map.js';
import type { WorkerSample, WorkerStatus } from '../fleet.js';
import type { WorkerChild } from '../machine.js';
import type { FromWorker, VersionedWorkerConfig, WorkerArgument } from '../messages.js';
import type { Tally } from './canary.js';
import { Draining } from './draining.js';
import type { PlaceParts } from './place-parts.js';
import type { WorkerVersion } from './versions.js';

/** The line V8 writes before it aborts for want of memory. */
const FATAL_LINE = /^FATAL ERROR: .*$/m;

export interface LifeOptions {
  readonly id: string;
  /** 0: any free one. */
  readonly port: number;
  readonly version: WorkerVersion;
  readonly config: VersionedWorkerConfig;
  readonly bootMs: number;
  readonly seed: number;
  readonly parts: PlaceParts;
  readonly onReady: (life: WorkerLife) => void;
  readonly onSample: (life: WorkerLife, sample: WorkerSample) => void;
  readonly onRequest: (message: Extract<FromWorker, { type: 'began' | 'ended' }>) => void;
  readonly onExit: (life: WorkerLife, exit: ChildExit) => void;
}

export type Death = Omit<EventMap['worker.exited'], 'restartInMs'>;

export class WorkerLife {
  readonly version: WorkerVersion;
  readonly child: WorkerChild;
  readonly #options: LifeOptions;
  readonly #startedMs: number;
  readonly #ready = new Deferred<void>();
  #port: number;
  #up = false;
  #ordered = false;
  #appliedVersion = 0;
  #lastSample: WorkerSample | null = null;
  #tally: Omit<Tally, 'exits'> = { answered: 0, failed: 0, latencyTotalMs: 0, heapBytes: 0 };
  #open = 0;
  #draining: Draining | null = null;

  constructor(options: LifeOptions) {
    const { version, parts } = options;
    this.#options = options;
    this.version = version;
    this.#port = options.port;
    this.#startedMs = parts.clock.nowMs();
    this.child = parts.machine.spawn({
      argument: argumentOf(options),
      heapLimitBytes: version.heapLimitBytes,
      openFiles: parts.config.openFiles,
      onMessage: (message) => this.#onMessage(message),
    });
    parts.spans.began(this, this.#startedMs);
    this.child.exited.then((exit) => this.#onExit(exit));
  }

  /** Settles when it serves; rejects when it ends before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get port(): number {
    return this.#port;
  }

  /** It serves. */
  get up(): boolean {
    return this.#up;
  }

  /** It was told to end. */
  get ordered(): boolean {
    return this.#ordered;
  }

  /** Config version that it has applied. */
  get appliedVersion(): number {
    return this.#appliedVersion;
  }

  get heapBytes(): number {
    return this.#lastSample?.heapBytes ?? 0;
  }

  get tally(): Omit<Tally, 'exits'> {
    return this.#tally;
  }

  /** By its last sample; `null`: there was none yet. */
  get requests(): WorkerStatus['requests'] {
    if (this.#lastSample === null) return null;
    const { busy, queued, served, wasted } = this.#lastSample;
    return { busy, queued, served, wasted };
  }

  /** Requests in its slots and its queue, by its last sample. */
  get inHand(): number {
    return (this.#lastSample?.busy ?? 0) + (this.#lastSample?.queued ?? 0);
  }

  /** Requests taken and not over, wherever they are, by its last sample. */
  get open(): number {
    return this.#open;
  }

  get uptimeMs(): number {
    return this.#options.parts.clock.nowMs() - this.#startedMs;
  }

  /** @returns when nothing is in flight any more, or it is gone, or the time is over. */
  async drained(graceMs: number): Promise<void> {
    if (!this.#up) return;
    this.#draining = new Draining();
    await Promise.race([this.#draining.done, this.#options.parts.waits.wait(graceMs)]);
    this.#draining = null;
  }

  /** Ends it on purpose. */
  async end(): Promise<void> {
    this.#ordered = true;
    this.child.kill();
    await this.child.exited;
  }

  /** Ends it as a death. */
  kill(): void {
    this.#up = false;
    this.child.kill();
  }

  #onMessage(message: FromWorker): void {
    const { id, parts, onRequest } = this.#options;
    switch (message.type) {
      case 'ready':
        this.#onReady(message.port);
        break;
      case 'failed':
        this.#ready.reject(new Error(message.message));
        this.child.kill();
        break;
      case 'applied':
        this.#appliedVersion = message.version;
        parts.emit('config.applied', { version: message.version, reader: id });
        break;
      case 'sample':
        this.#onSample(message);
        break;
      case 'circuit':
        parts.emit('dependency.circuit-changed', {
          dependency: message.dependency,
          worker: id,
          state: message.state,
        });
        break;
      default:
        onRequest(message);
    }
  }

  #onReady(port: number): void {
    // One that was told to end while it booted is not up any more.
    if (this.#ordered) return;
    const { id, config, parts, onReady } = this.#options;
    this.#port = port;
    this.#up = true;
    parts.emit('worker.started', { worker: id, pid: this.child.pid, configVersion: config.version });
    onReady(this);
    this.#ready.resolve();
  }

  #onSample(message: Extract<FromWorker, { type: 'sample' }>): void {
    const { id, parts, onSample } = this.#options;
    const { heapBytes, busy, queued, served, wasted, abandoned } = message;
    const { answered, failed, latencyTotalMs, open } = message;
    const atMs = parts.clock.nowMs();
    this.#lastSample = { worker: id, atMs, heapBytes, busy, queued, served, wasted, abandoned };
    this.#tally = { answered, failed, latencyTotalMs, heapBytes };
    this.#open = open;
    this.#draining?.saw(open);
    onSample(this, this.#lastSample);
  }

  #onExit(exit: ChildExit): void {
    this.#up = false;
    this.#options.parts.spans.ended(this, this.#options.parts.clock.nowMs());
    this.#draining?.finish();
    this.#ready.reject(new Error(this.child.stderr || `exited with ${exit.signal ?? exit.code}`));
    this.#options.onExit(this, exit);
  }

  /** The evidence, at the moment of its death. */
  deathOf(exit: ChildExit): Death {
    const { uptimeMs } = this;
    const sample = this.#lastSample;
    return {
      worker: this.#options.id,
      pid: this.child.pid,
      code: exit.code,
      signal: exit.signal,
      fatalLine: FATAL_LINE.exec(this.child.stderr)?.[0] ?? null,
      lastHeapBytes: this.heapBytes,
      lastSampleAgeMs: sample === null ? uptimeMs : this.#options.parts.clock.nowMs() - sample.atMs,
      heapLimitBytes: this.version.heapLimitBytes,
      uptimeMs,
      configVersion: this.#appliedVersion,
    };
  }
}

/** What its process is told at its start. */
export const argumentOf = ({
  id,
  port,
  version,
  config,
  bootMs,
  seed,
  parts,
}: Pick<
  LifeOptions,
  'id' | 'port' | 'version' | 'config' | 'bootMs' | 'seed' | 'parts'
>): WorkerArgument => ({
  id,
  host: parts.host,
  port,
  slots: version.slots,
  serviceTime: version.serviceTime,
  abandoned: parts.config.abandoned,
  seed,
  config,
  dependencies: parts.dependencies(),
  bootDelayMs: bootMs,
  faults: version.faults,
  tellsRequests: parts.config.quarantine !== null,
  quarantined: parts.quarantined(),
});
