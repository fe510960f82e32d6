/** New connections that are refused, as by a database whose connections are all in use by others. */
import { CHOSEN, chosenBy } from '../../faults/chosen.js';
import { defineDependencyFault } from './dependency-fault.js';

export const refuse = defineDependencyFault({
  description: 'refuses new connections with "too many connections"; those that are open go on',
  workerSees: 'nothing while its pool lasts; then every call that needs a new connection fails at once',
  standsFor: 'seed 001 "Resource exhaustion on backend systems" (connections used up by another service)',
  kinds: ['database'],
  takes: CHOSEN,
  survivesRestart: true,
  begin: (site, options) => site.onConnect(chosenBy(options, site.random)),
});
