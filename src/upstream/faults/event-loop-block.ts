/**
 * The worker burns CPU and gives nothing else a turn. The kernel still completes TCP handshakes for it, so a check that
 * only connects stays green.
 */
import { defineFault } from './fault.js';

export const eventLoopBlock = defineFault({
  description: 'burns CPU without a pause; nothing else in the worker runs',
  clientSees: '504 from this worker, and then a burst of late answers; a TCP check stays green',
  standsFor: 'Stack Exchange 2016-07-20; Cloudflare 2019-07-02',
  takes: { work: 'loop' },
  lasts: 'bounded',
  survivesRestart: false,
  begin: ({ runtime }, { work }, forMs) => {
    runtime.block(forMs, work);
    return () => {};
  },
});
