/** What a process of the gateway uses of its machine, as the process itself sees it. */
import { performance } from 'node:perf_hooks';

export interface MemoryUse {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
}

export const readMemory = (): MemoryUse => {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external, residentBytes: rss };
};

/** Since the process began. */
export interface ProcessorUse {
  /** Time on processors, all threads together. */
  readonly cpuSeconds: number;
  /** Time in which the event loop was at work and not waiting for something to do. */
  readonly loopActiveSeconds: number;
}

const MICROS_PER_SECOND = 1_000_000;

export const readProcessorUse = (): ProcessorUse => {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / MICROS_PER_SECOND,
    loopActiveSeconds: performance.eventLoopUtilization().active / 1000,
  };
};
