/**
 * Memory that is never given back. Objects fill V8's heap: the collector works harder and harder, requests get slower,
 * and the process aborts at the limit. Buffers lie outside it: the heap stays as it was, no limit of V8's applies, and
 * the machine's memory is what ends. Measured on Node 20: 600 MiB of buffers under a heap limit of 32 MiB, and the
 * process ended of its own accord, with code 0.
 */
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

/** What a second is divided into: one large step would be a jump, and not a leak. */
const STEPS_PER_SECOND = 20;

/** V8 keeps an array of numbers with fractions as 8 bytes each. */
const BYTES_PER_NUMBER = 8;

/** Larger arrays go to a space of their own, which is not collected as the rest is. */
const NUMBERS_PER_ARRAY = 4_096;

const heapOf = (bytes: number): number[][] => {
  const arrays: number[][] = [];
  for (let left = Math.ceil(bytes / BYTES_PER_NUMBER); left > 0; left -= NUMBERS_PER_ARRAY)
    arrays.push(new Array<number>(Math.min(left, NUMBERS_PER_ARRAY)).fill(0.5));
  return arrays;
};

/** Written to, because the system gives a page only to who touches it. */
const externalOf = (bytes: number): Buffer => Buffer.alloc(bytes, 1);

export const leak = defineFault({
  description: 'keeps memory for each request or each second, and never gives it back',
  clientSees: 'slower answers as the collector works, then 502 when V8 aborts at its limit, again and again',
  standsFor: 'OpenAI 2023-11-08 and 2024-11-08; AWS EBS 2012',
  takes: { perRequest: null, perSecond: null, memory: 'heap', ...CHOSEN },
  check: ({ perRequest, perSecond }) =>
    perRequest === null && perSecond === null ? 'leak needs `perRequest` or `perSecond`' : null,
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { perRequest, perSecond, memory, ...chosen }) => {
    const allocate = memory === 'heap' ? heapOf : externalOf;
    const isChosen = chosenBy(chosen, site.random);
    let kept: unknown[] = [];
    const undos = [
      site.onArrival(() => {
        if (perRequest !== null && isChosen()) kept.push(allocate(perRequest));
        return false;
      }),
    ];
    if (perSecond !== null) {
      const step = Math.ceil(perSecond / STEPS_PER_SECOND);
      const timer = site.clock.every(1000 / STEPS_PER_SECOND, () => kept.push(allocate(step)));
      undos.push(() => timer.cancel());
    }
    return () => {
      for (const undo of undos) undo();
      kept = [];
    };
  },
});
