/**
 * A model of the memory, the event loop and the end of a worker process. Memory is counted; the heap has a limit at
 * which the process is aborted as V8 does it, and before that a collector that takes more and more of the time.
 */
import type { ChildExit } from '../../core/child.js';
import type { Timer } from '../../core/clock.js';
import type { Processors } from '../../core/processors.js';
import type { Random } from '../../core/random.js';
import type { StallableClock } from '../../core/stallable-clock.js';
import type { ParameterValue } from '../faults/parameters.js';
import { GARBAGE_TICK_MS } from '../garbage.js';
import type { MemoryKind, WorkerRuntime } from '../runtime.js';

const MEBIBYTE = 1024 ** 2;

/** Measured on Node 20: a worker that has just begun to serve. */
const BARE_HEAP_BYTES = 6 * MEBIBYTE;
const BARE_RESIDENT_BYTES = 55 * MEBIBYTE;

/** An array that grew by pushes has some room to spare. Measured on Node 20: 0.9 MiB for each 100,000 entries. */
const BYTES_PER_ENTRY = 9.5;

/** And it takes time to be made: 2.5 to 5 ms for each 100,000 entries. */
const MS_PER_ENTRY = 4e-5;

/** Less is not looked at: a small array costs a worker nothing that its clients could see. */
const LEAST_WORK_MS = 0.05;

/**
 * A collection of the whole heap looks through everything in it that points somewhere, and passes by numbers. Measured on
 * Node 20 by V8's own trace: 35 to 60 ms of a heap of 60 MiB of arrays of objects, 1.2 ms of as much that is numbers.
 */
const COLLECT_MS_PER_MIB = 0.8;
const COLLECT_NUMBERS_MS = 1.2;

/**
 * V8 aborts when collections have freed too little several times in a row, which takes a different number of them each time.
 * Measured on Node 20 under a limit of 64 MiB, of eleven processes that died so: 0.4 to 0.7 s of processor time from 6 MiB to
 * the abort, less what the model takes up to the last collections.
 */
const ABORT_RATIO = 0.97;
const LEAST_LAST_COLLECTIONS = 2;
const MOST_LAST_COLLECTIONS = 8;

/** From this share of the limit on, collections of the whole heap come ever more often. */
const PRESSED_RATIO = 0.75;
/** What they take of the time at the limit itself, of a heap that is all to be looked through: V8 tells of 0.29 left. */
const PRESSED_TIME_RATIO = 0.7;
const COLLECT_INTERVAL_MS = 50;

/**
 * Garbage that takes the places of what lives (`garbage.ts`): each object lands somewhere else in memory, while V8 marks what
 * lives beside it. Measured on Node 20, of processes that do nothing else: milliseconds for each MiB made, collections included,
 * are 1.1 to 2.1 beside 8 MiB that live, 4 to 6 beside 24 and 11 to 16 beside 60; at 400 MiB a second the last has an event loop
 * that does nothing else, and makes a sixth of it.
 */
const MAKE_MS_PER_MIB_LIVING = 0.14;
const LEAST_MAKE_MS_PER_MIB = 1.1;

/**
 * V8 lets a heap that is filled in haste grow by about half, by no less than this, and no further than half of the way to its
 * limit; then it collects. Measured: heaps of 88 to 94 MiB beside 60 that live, under a limit of 128, and of 42 beside 24. What
 * that stops is 30 to 40 ms beside 24 MiB that live, and 80 to 110 beside 60.
 */
const HASTE_GROWTH_RATIO = 0.45;
const LEAST_GROWTH_BYTES = 16 * MEBIBYTE;
const HASTE_COLLECT_MS_PER_MIB = 1.8;

/** How a process ended, in the words of whoever started it. */
export interface ModelExit extends ChildExit {
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
  /** Of the machine, for what keeps the event loop busy. */
  readonly processors: Processors;
  readonly random: Random;
  readonly onEnd: (exit: ModelExit) => void;
  /** Takes the process's files away, or gives them back. */
  readonly onFiles: (exhausted: boolean) => void;
}

export class ModelRuntime implements WorkerRuntime {
  readonly isModel = true;
  readonly #options: ModelRuntimeOptions;
  #heapBytes = BARE_HEAP_BYTES;
  #buffersBytes = 0;
  /** Of the heap: what points somewhere. */
  #pointersBytes = 0;
  /** Made by faults since the last collection. */
  #garbageBytes = 0;
  /** Of the last array that was kept, and what lets one like it go. */
  #keptBytes = Number.NaN;
  #letGo: () => void = () => {};
  readonly #beganMs: number;
  /** The next collection that takes time has been set. */
  #collecting = false;
  /** Nothing but collections from here to the abort. */
  #exhausted = false;
  /** Work that is still to be begun, milliseconds. */
  #dueMs = 0;
  #work: Timer | null = null;
  /** Each lets a processor go. */
  readonly #held = new Set<() => void>();

  constructor(options: ModelRuntimeOptions) {
    this.#options = options;
    this.#beganMs = options.clock.nowMs();
  }

  heapBytes(): number {
    // What is held beyond it between the last collections is on its way to be refused.
    return Math.min(this.#heapBytes + this.#garbageBytes, this.#options.heapLimitBytes);
  }

  residentBytes(): number {
    return BARE_RESIDENT_BYTES + this.#heapBytes + this.#garbageBytes - BARE_HEAP_BYTES + this.#buffersBytes;
  }

  /** How many it wants now. */
  get processors(): number {
    return this.#held.size + (this.#work === null ? 0 : 1);
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
    const ms = array.length * MS_PER_ENTRY;
    if (ms >= LEAST_WORK_MS) this.#burn(ms);
    const bytes = array.length * BYTES_PER_ENTRY;
    this.#pointersBytes += bytes;
    this.#grow(bytes);
    // One for all arrays of a length: a fleet keeps millions of them.
    if (bytes !== this.#keptBytes) {
      this.#keptBytes = bytes;
      this.#letGo = () => {
        this.#pointersBytes -= bytes;
        this.#heapBytes -= bytes;
      };
    }
    return this.#letGo;
  }

  churn(liveBytes: number, bytesPerSecond: number): () => void {
    this.#pointersBytes += liveBytes;
    const giveBack = this.hold(liveBytes, 'heap');
    const made = (bytesPerSecond * GARBAGE_TICK_MS) / 1000;
    const timer = this.#options.clock.every(GARBAGE_TICK_MS, () => this.#makeGarbage(made, liveBytes));
    return () => {
      timer.cancel();
      // What another makes goes with it: a collection comes a little later.
      this.#garbageBytes = 0;
      this.#pointersBytes -= liveBytes;
      giveBack();
    };
  }

  #makeGarbage(bytes: number, besideBytes: number): void {
    const msPerMib = Math.max(LEAST_MAKE_MS_PER_MIB, (MAKE_MS_PER_MIB_LIVING * besideBytes) / MEBIBYTE);
    this.#burn((bytes / MEBIBYTE) * msPerMib);
    this.#garbageBytes += bytes;
    const roomBytes = Math.min(
      Math.max(LEAST_GROWTH_BYTES, HASTE_GROWTH_RATIO * this.#heapBytes),
      (this.#options.heapLimitBytes - this.#heapBytes) / 2,
    );
    if (this.#garbageBytes < roomBytes) return;
    this.#garbageBytes = 0;
    this.#burn((HASTE_COLLECT_MS_PER_MIB * this.#pointersBytes) / MEBIBYTE);
  }

  /** It looks at the time and not at what it has done: beside others it does less, and takes no longer. */
  block(forMs: number): void {
    const { clock, processors } = this.#options;
    const letGo = processors.hold();
    this.#held.add(letGo);
    clock.stall(forMs);
    clock.after(forMs, () => {
      letGo();
      this.#held.delete(letGo);
    });
  }

  exhaustFiles(): () => void {
    this.#options.onFiles(true);
    return () => this.#options.onFiles(false);
  }

  die(how: ParameterValue<'how'>): void {
    this.#options.onEnd(ENDS[how]);
  }

  /** The process is gone: it needs no processor any more. */
  end(): void {
    this.#work?.cancel();
    for (const letGo of this.#held) letGo();
  }

  #grow(bytes: number): void {
    const { heapLimitBytes, random } = this.#options;
    this.#heapBytes += bytes;
    this.#collectLater();
    if (this.#exhausted || this.#heapBytes < heapLimitBytes * ABORT_RATIO) return;
    this.#exhausted = true;
    this.#collectInVain(
      LEAST_LAST_COLLECTIONS + random.below(MOST_LAST_COLLECTIONS - LEAST_LAST_COLLECTIONS + 1),
    );
  }

  get #collectMs(): number {
    return COLLECT_NUMBERS_MS + COLLECT_MS_PER_MIB * (this.#pointersBytes / MEBIBYTE);
  }

  /** Between two collections the event loop has a turn: what came meanwhile is served, late, and what is let go counts. */
  #collectInVain(left: number): void {
    const { heapLimitBytes, clock, onEnd } = this.#options;
    this.#burn(this.#collectMs);
    clock.after(0, () => {
      if (this.#heapBytes < heapLimitBytes * ABORT_RATIO) this.#exhausted = false;
      else if (left > 1) this.#collectInVain(left - 1);
      else onEnd(HEAP_EXHAUSTED);
    });
  }

  /** The event loop does nothing else until this is done, which takes longer where others want the processors too. */
  #burn(ms: number): void {
    this.#dueMs += ms;
    if (this.#work !== null) return;
    const goOn = this.#options.clock.halt();
    const next = (): void => {
      const dueMs = this.#dueMs;
      this.#dueMs = 0;
      this.#work = dueMs > 0 ? this.#options.processors.work(dueMs, next) : null;
      if (this.#work === null) goOn();
    };
    next();
  }

  /** What collections take of the time now. */
  get #collectRatio(): number {
    const { heapLimitBytes } = this.#options;
    const pressure = Math.max(0, (this.#heapBytes / heapLimitBytes - PRESSED_RATIO) / (1 - PRESSED_RATIO));
    const lookedThrough = this.#pointersBytes / heapLimitBytes;
    return PRESSED_TIME_RATIO * pressure * pressure * lookedThrough;
  }

  /** At the next of its intervals, while there is something to it: most workers never come to that. */
  #collectLater(): void {
    if (this.#collecting || this.#collectRatio <= 0) return;
    const { clock } = this.#options;
    this.#collecting = true;
    const sinceMs = clock.nowMs() - this.#beganMs;
    clock.after(COLLECT_INTERVAL_MS - (sinceMs % COLLECT_INTERVAL_MS), () => {
      this.#collecting = false;
      if (!this.#exhausted) this.#burn(COLLECT_INTERVAL_MS * this.#collectRatio);
      this.#collectLater();
    });
  }
}
