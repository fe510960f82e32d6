/**
 * Calls that are taken and never answered. When it is over, those that still hang are cut off, as by the restart that
 * ends such a thing; until then only their senders can end them.
 */
import { CHOSEN } from '../../faults/chosen.js';
import { defineDependencyFault } from './dependency-fault.js';
import { holdCalls } from './held-calls.js';

export const hang = defineDependencyFault({
  description: 'takes calls and never answers them; cuts them off when it is over',
  workerSees: 'nothing at all, until its own timeout; at the end a connection that is reset',
  standsFor:
    'Fortnite 2018-02 (proxy workers all waiting for Memcached); seed 001 "Third-Party Service Failures"',
  kinds: ['third-party'],
  takes: CHOSEN,
  survivesRestart: false,
  begin: (site, options) => holdCalls(site, options, (call) => call.cut()),
});
