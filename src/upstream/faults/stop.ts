/** SIGSTOP: the process stands still with everything it has open. The kernel goes on accepting connections for it. */
import { defineFault } from './fault.js';

export const stop = defineFault({
  description: 'stands still (SIGSTOP); its connections are accepted and nobody serves them',
  clientSees: '504 after the attempt timeout; a TCP check stays green, an HTTP check does not',
  standsFor: 'a grey failure: paused virtual machines, swapping, a stuck disk',
  takes: {},
  lasts: 'span',
  survivesRestart: false,
  signals: { begin: 'SIGSTOP', end: 'SIGCONT' },
});
