/** Calls that are worked on like others and answered with an error. */
import { CHOSEN, chosenBy } from '../../faults/chosen.js';
import { defineDependencyFault } from './dependency-fault.js';

export const errors = defineDependencyFault({
  description: 'answers with errors, after the usual time',
  workerSees: 'the statuses given; of a database, a query that failed',
  standsFor: 'seed 001 "Third-Party Service Failures"; Cloudflare 2025-09-12 (the authorization service)',
  kinds: ['database', 'third-party'],
  takes: { statuses: [500], ...CHOSEN },
  survivesRestart: true,
  begin: (site, { statuses, ...chosen }) => {
    const isChosen = chosenBy(chosen, site.random);
    return site.onAnswer((reply) => {
      if (!isChosen()) return false;
      reply.fail(statuses[site.random.below(statuses.length)]!);
      return true;
    });
  },
});
