/** A lock on a table: queries that need it wait until it is released, then all go on at once. */
import { CHOSEN } from '../../faults/chosen.js';
import { defineDependencyFault } from './dependency-fault.js';
import { holdCalls } from './held-calls.js';

export const lock = defineDependencyFault({
  description: 'queries wait, each on its connection, until the lock is released, and then all go on at once',
  workerSees: 'no answer until the release: connections of its pool that do not come back',
  standsFor: 'seed 001 "Database maintenance operations" (a migration that takes an exclusive lock)',
  kinds: ['database'],
  takes: CHOSEN,
  survivesRestart: false,
  begin: (site, options) => holdCalls(site, options, (call) => call.proceed()),
});
