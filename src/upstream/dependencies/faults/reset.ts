/** Calls that are worked on like others, and whose connection is reset in place of an answer. */
import { CHOSEN, chosenBy } from '../../faults/chosen.js';
import { defineDependencyFault } from './dependency-fault.js';

export const reset = defineDependencyFault({
  description: 'resets the connection (RST) in place of an answer',
  workerSees: 'a reset connection; nobody can say whether the call took effect',
  standsFor: 'a database that fails over in the middle of queries; a firewall that forgets connections',
  kinds: ['database', 'third-party'],
  takes: CHOSEN,
  survivesRestart: true,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    return site.onAnswer((reply) => {
      if (!isChosen()) return false;
      reply.cut();
      return true;
    });
  },
});
