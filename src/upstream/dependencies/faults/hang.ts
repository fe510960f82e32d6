/**
 * Calls that are taken and never answered. When it is over, those that still hang are cut off, as by the restart that
 * ends such a thing; until then only their senders can end them.
 */
import { CHOSEN, chosenBy } from '../../faults/chosen.js';
import type { HeldCall } from '../model.js';
import { defineDependencyFault } from './dependency-fault.js';

export const hang = defineDependencyFault({
  description: 'takes calls and never answers them; cuts them off when it is over',
  workerSees: 'nothing at all, until its own timeout; at the end a connection that is reset',
  standsFor:
    'Fortnite 2018-02 (proxy workers all waiting for Memcached); seed 001 "Third-Party Service Failures"',
  kinds: ['third-party'],
  takes: CHOSEN,
  survivesRestart: false,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    const hanging = new Set<HeldCall>();
    const leave = site.onCall((call) => {
      if (!isChosen()) return false;
      hanging.add(call);
      return true;
    });
    return () => {
      leave();
      for (const call of hanging) call.cut();
    };
  },
});
