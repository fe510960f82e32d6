/** A worker process's own memory, event loop and end, for real. */
import { closeSync, openSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from '../core/clock.js';
import type { ParameterValue } from './faults/parameters.js';
import { makeGarbage } from './garbage.js';
import { externalOf, heapOf } from './memory.js';
import type { MemoryKind, WorkerRuntime } from './runtime.js';
import { spacedLine, trim } from './trim.js';

/** A connection that ends frees a file, and who comes next would get it: it is taken at the next turn. */
const REFILL_INTERVAL_MS = 10;

/** Of the process, and of the whole machine. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE']);

const ENDS: Readonly<Record<ParameterValue<'how'>, () => void>> = {
  throw: () => {
    // Not in the turn of whoever handles a request or a message: there somebody might catch it.
    queueMicrotask(() => {
      throw new Error('an injected exception that nobody catches');
    });
  },
  exit: () => process.exit(1),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
};

/** A few milliseconds' worth, so that the end of a block is met closely. */
const LINE = spacedLine(4_000);

const WORK: Readonly<Record<ParameterValue<'work'>, () => void>> = {
  loop: () => {},
  regex: () => void trim(LINE),
};

export class NodeRuntime implements WorkerRuntime {
  readonly isModel = false;
  readonly #clock: Clock;
  /** What is held, so that the collector leaves it. */
  readonly #held = new Set<unknown>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  heapBytes(): number {
    return getHeapStatistics().used_heap_size;
  }

  /** A process that may open no file cannot read it. */
  residentBytes(): number {
    try {
      return process.memoryUsage.rss();
    } catch {
      return 0;
    }
  }

  hold(bytes: number, kind: MemoryKind): () => void {
    return this.#hold(kind === 'heap' ? heapOf(bytes) : externalOf(bytes));
  }

  keep(array: readonly unknown[]): () => void {
    return this.#hold(array);
  }

  churn(liveBytes: number, bytesPerSecond: number): () => void {
    return makeGarbage(liveBytes, bytesPerSecond, this.#clock);
  }

  block(forMs: number, work: ParameterValue<'work'>): void {
    const untilMs = this.#clock.nowMs() + forMs;
    while (this.#clock.nowMs() < untilMs) WORK[work]();
  }

  exhaustFiles(): () => void {
    const open: number[] = [];
    const fill = (): void => {
      try {
        for (;;) open.push(openSync('/dev/null', 'r'));
      } catch (error) {
        if (!EXHAUSTED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    };
    fill();
    const timer = this.#clock.every(REFILL_INTERVAL_MS, fill);
    return () => {
      timer.cancel();
      for (const file of open) closeSync(file);
    };
  }

  die(how: ParameterValue<'how'>): void {
    ENDS[how]();
  }

  #hold(memory: unknown): () => void {
    // In a box of its own: the same array may be kept twice.
    const held = [memory];
    this.#held.add(held);
    return () => this.#held.delete(held);
  }
}
