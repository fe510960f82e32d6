/**
 * A model of the memory, the event loop and the end of a worker process. Memory is counted; the heap has a limit at
 * which the process is aborted as V8 does it, and before that a collector that takes more and more of the time.
 */
import type { StallableClock } from '../../core/stallable-clock.js';
import type { ParameterValue } from '../faults/parameters.js';
import type { MemoryKind, WorkerRuntime } from '../runtime.js';

const MEBIBYTE = 1024 ** 2;

/** Measured on Node 20: a worker that has just begun to serve. */
const BARE_HEAP_BYTES = 6 * MEBIBYTE;
const BARE_RESIDENT_BYTES = 55 * MEBIBYTE;

/** An array that grew by pushes has some room to spare. Measured on Node 20: 0.9 MiB for each 100,000 entries. */
const BYTES_PER_ENTRY = 9.5;

/** And it takes time to be made: 2.5 to 5 ms for each 100,000 entries. */
const MS_PER_ENTRY = 4e-5;

/**
 * V8 aborts when collections have freed too little several times in a row. Measured: 0.4 to 0.6 s after 62 MiB of 64 were in
 * use.
 */
const ABORT_RATIO = 0.97;
const LAST_COLLECTIONS_MS = 400;

/** From this share of the limit on, collections of the whole heap come ever more often. */
const PRESSED_RATIO = 0.75;
/** What they take of the time at the limit itself: V8 tells of 0.29 that is left ("average mu"). */
const PRESSED_TIME_RATIO = 0.7;
const COLLECT_INTERVAL_MS = 50;

/** What a collector does with garbage: of a second, for each GiB made beside each 100 MiB that live. Measured. */
const CHURN_TIME_RATIO = 0.5;

/** How a process ended, in the words of whoever started it. */
export interface ModelExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

const ENDS: Readonly<Record<ParameterValue<'how'>, ModelExit>> = {
  throw: { code: 1, signal: null, stderr: 'Error: an injected exception that nobody catches' },
  exit: { code: 1, signal: null, stderr: '' },
  kill: { code: null, signal: 'SIGKILL', stderr: '' },
  abort: { code: null, signal: 'SIGABRT', stderr: '' },
};

export const HEAP_EXHAUSTED: ModelExit = {
  code: null,
  signal: 'SIGABRT',
  stderr: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
};

export interface ModelRuntimeOptions {
  readonly heapLimitBytes: number;
  readonly clock: StallableClock;
  readonly onEnd: (exit: ModelExit) => void;
  /** Takes the process's files away, or gives them back. */
  readonly onFiles: (exhausted: boolean) => void;
}

export class ModelRuntime implements WorkerRuntime {
  readonly isModel = true;
  readonly #options: ModelRuntimeOptions;
  #heapBytes = BARE_HEAP_BYTES;
  #buffersBytes = 0;
  /** Of the time, for garbage that faults make. */
  #churnRatio = 0;
  /** Of the last array that was kept, and what lets one like it go. */
  #keptBytes = Number.NaN;
  #letGo: () => void = () => {};
  readonly #beganMs: number;
  /** The next collection that takes time has been set. */
  #collecting = false;
  /** Nothing but collections from here to the abort. */
  #exhausted = false;

  constructor(options: ModelRuntimeOptions) {
    this.#options = options;
    this.#beganMs = options.clock.nowMs();
  }

  heapBytes(): number {
    // What is held beyond it between the last collections is on its way to be refused.
    return Math.min(this.#heapBytes, this.#options.heapLimitBytes);
  }

  residentBytes(): number {
    return BARE_RESIDENT_BYTES + this.#heapBytes - BARE_HEAP_BYTES + this.#buffersBytes;
  }

  hold(bytes: number, kind: MemoryKind): () => void {
    if (kind === 'heap') this.#grow(bytes);
    else this.#buffersBytes += bytes;
    return () => {
      if (kind === 'heap') this.#heapBytes -= bytes;
      else this.#buffersBytes -= bytes;
    };
  }

  keep(array: readonly unknown[]): () => void {
    this.#options.clock.stall(array.length * MS_PER_ENTRY);
    const bytes = array.length * BYTES_PER_ENTRY;
    this.#grow(bytes);
    // One for all arrays of a length: a fleet keeps millions of them.
    if (bytes !== this.#keptBytes) {
      this.#keptBytes = bytes;
      this.#letGo = () => {
        this.#heapBytes -= bytes;
      };
    }
    return this.#letGo;
  }

  churn(liveBytes: number, bytesPerSecond: number): () => void {
    const giveBack = this.hold(liveBytes, 'heap');
    const ratio = CHURN_TIME_RATIO * (bytesPerSecond / 1024 ** 3) * (liveBytes / (100 * MEBIBYTE));
    this.#churnRatio += ratio;
    this.#collectLater();
    return () => {
      this.#churnRatio -= ratio;
      giveBack();
    };
  }

  block(forMs: number): void {
    this.#options.clock.stall(forMs);
  }

  exhaustFiles(): () => void {
    this.#options.onFiles(true);
    return () => this.#options.onFiles(false);
  }

  die(how: ParameterValue<'how'>): void {
    this.#options.onEnd(ENDS[how]);
  }

  #grow(bytes: number): void {
    const { heapLimitBytes, clock, onEnd } = this.#options;
    this.#heapBytes += bytes;
    this.#collectLater();
    if (this.#exhausted || this.#heapBytes < heapLimitBytes * ABORT_RATIO) return;
    this.#exhausted = true;
    clock.after(LAST_COLLECTIONS_MS, () => onEnd(HEAP_EXHAUSTED));
  }

  /** What collections take of the time now. */
  get #collectRatio(): number {
    const filled = this.#heapBytes / this.#options.heapLimitBytes;
    const pressure = Math.max(0, (filled - PRESSED_RATIO) / (1 - PRESSED_RATIO));
    return Math.min(0.9, this.#churnRatio + PRESSED_TIME_RATIO * pressure * pressure);
  }

  /** At the next of its intervals, while there is something to it: most workers never come to that. */
  #collectLater(): void {
    if (this.#collecting || this.#collectRatio <= 0) return;
    const { clock } = this.#options;
    this.#collecting = true;
    const sinceMs = clock.nowMs() - this.#beganMs;
    clock.after(COLLECT_INTERVAL_MS - (sinceMs % COLLECT_INTERVAL_MS), () => {
      this.#collecting = false;
      clock.stall(COLLECT_INTERVAL_MS * this.#collectRatio);
      this.#collectLater();
    });
  }
}
