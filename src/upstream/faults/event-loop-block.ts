/**
 * The worker burns CPU and gives nothing else a turn. The kernel still completes TCP handshakes for it, so a check that
 * only connects stays green.
 */
import { defineFault } from './fault.js';

/** Trims both ends of a line; on a long run of spaces it tries every beginning of the run (Stack Exchange, 2016). */
const TRIM = /^[\s\u200c]+|[\s\u200c]+$/g;

/** A few milliseconds' worth: the time it takes grows with the square of the length. */
const SPACES = `${' '.repeat(4_000)}x`;

const WORK = {
  loop: () => {},
  regex: () => {
    `-${SPACES}`.replace(TRIM, '');
  },
};

export const eventLoopBlock = defineFault({
  description: 'burns CPU without a pause; nothing else in the worker runs',
  clientSees: '504 from this worker, and then a burst of late answers; a TCP check stays green',
  standsFor: 'Stack Exchange 2016; Cloudflare 2019-07-02',
  takes: { work: 'loop' },
  lasts: 'bounded',
  survivesRestart: false,
  begin: (site, { work }, forMs) => {
    const untilMs = site.clock.nowMs() + forMs;
    while (site.clock.nowMs() < untilMs) WORK[work]();
    return () => {};
  },
});
