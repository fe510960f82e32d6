/**
 * Much garbage, and much that is alive beside it: every collection has to copy or mark what lives, and nothing else runs
 * meanwhile. The memory in use stays the same; it is the time that goes.
 */
import { defineFault } from './fault.js';

export const gcPressure = defineFault({
  description: 'makes garbage all the time beside a lot that stays alive, so that collections take long',
  clientSees: 'answers that are slow now and then, the more the closer the heap is to its limit',
  standsFor: 'OpenAI 2023-11-08 (collector falls behind); Google Cloud load balancing 2017-04-05',
  takes: { live: '24MiB', perSecond: '200MiB' },
  lasts: 'span',
  survivesRestart: true,
  begin: ({ runtime }, { live, perSecond }) => runtime.churn(live, perSecond),
});
