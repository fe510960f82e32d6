/**
 * The worker burns CPU and gives nothing else a turn. The kernel still completes TCP handshakes for it, so a check that
 * only connects stays green.
 */
import { defineFault } from './fault.js';
import type { ParameterValue } from './parameters.js';

/**
 * Trims both ends of a line. Where a long run of spaces does not end the line, each of its spaces is tried as the
 * beginning of the end: the time grows with the square of the length (Stack Exchange, 2016-07-20: 20,000 spaces).
 */
const TRIM = /^[\s\u200c]+|[\s\u200c]+$/g;

export const trim = (line: string): string => line.replace(TRIM, '');

/** Such a line. Measured on Node 20: 1.8 ms for 2,000 spaces, 7.7 for 4,000, 31 for 8,000, 165 for 16,000. */
export const spacedLine = (spaces: number): string => `-${' '.repeat(spaces)}x`;

/** A few milliseconds' worth, so that the end is met closely. */
const LINE = spacedLine(4_000);

const WORK: Readonly<Record<ParameterValue<'work'>, () => void>> = {
  loop: () => {},
  regex: () => void trim(LINE),
};

export const eventLoopBlock = defineFault({
  description: 'burns CPU without a pause; nothing else in the worker runs',
  clientSees: '504 from this worker, and then a burst of late answers; a TCP check stays green',
  standsFor: 'Stack Exchange 2016-07-20; Cloudflare 2019-07-02',
  takes: { work: 'loop' },
  lasts: 'bounded',
  survivesRestart: false,
  begin: (site, { work }, forMs) => {
    const untilMs = site.clock.nowMs() + forMs;
    while (site.clock.nowMs() < untilMs) WORK[work]();
    return () => {};
  },
});
