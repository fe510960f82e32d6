/** The heap as it is after a collection, for tests about what is kept and not about what is garbage. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const usedBytes = (): number => {
  // Twice: the first may leave what finalizers and weak references held.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** How much larger the heap is because of what `make` returns, bytes outside of it included. */
export const keptBytes = (make: () => unknown): number => {
  const beforeBytes = usedBytes();
  const kept: unknown[] = [make()];
  const afterBytes = usedBytes();
  // Read after the measurement, so that it cannot be collected before it.
  return kept.length === 1 ? afterBytes - beforeBytes : Number.NaN;
};
