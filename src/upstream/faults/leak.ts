/**
 * Memory that is never given back.
 *
 * Objects fill V8's heap: the collector works harder and harder, requests get slower, and V8 aborts the process at its
 * limit (SIGABRT, with a line of its own on stderr). Buffers lie outside the heap: it stays as it was, V8 counts nothing,
 * and the process grows until whoever gave it its memory takes it away: the kernel, by SIGKILL and without a word.
 * Measured on Node 20: 600 MiB of buffers under a heap limit of 32 MiB, and V8 had no objection. So a leak has to be
 * looked for in two places: in the heap, and in what the process has in all.
 *
 * The machine that the tests and scenarios run on is not to be brought down, so the second limit is the fault's own
 * (`memoryLimit`), as a container's would be, and is looked at every 50 ms.
 */
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault, type Undo } from './fault.js';

/** What a second is divided into: one large step would be a jump, and not a leak. */
const STEPS_PER_SECOND = 20;

export const leak = defineFault({
  description:
    'keeps memory for each request or each second; V8 aborts (SIGABRT) when the heap is full, SIGKILL ends a process that has `memoryLimit` in all',
  clientSees: 'late answers as the collector works, then 502 at the death; the same again after each restart',
  standsFor: 'OpenAI 2023-11-08 and 2024-11-08; AWS EBS 2012-10-22; memoryLimit: Spotify 2025-04-16',
  takes: { perRequest: null, perSecond: null, memory: 'heap', memoryLimit: '256MiB', ...CHOSEN },
  check: ({ perRequest, perSecond }) =>
    perRequest === null && perSecond === null
      ? 'needs `perRequest` or `perSecond`, such as `perRequest: 200KiB`'
      : null,
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { perRequest, perSecond, memory, memoryLimit, ...chosen }) => {
    const { runtime } = site;
    const isChosen = chosenBy(chosen, site.random);
    const step = Math.ceil((perSecond ?? 0) / STEPS_PER_SECOND);
    const kept: Undo[] = [];
    const leave = site.onArrival(() => {
      if (perRequest !== null && isChosen()) kept.push(runtime.hold(perRequest, memory));
      return false;
    });
    const timer = site.clock.every(1000 / STEPS_PER_SECOND, () => {
      if (step > 0) kept.push(runtime.hold(step, memory));
      if (runtime.residentBytes() >= memoryLimit) runtime.die('kill');
    });
    return () => {
      leave();
      timer.cancel();
      for (const giveBack of kept.splice(0)) giveBack();
    };
  },
});
