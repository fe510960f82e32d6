/**
 * Fails at the door, in no time: it has no slot in use and nothing queued, so it looks like the one with the least to do,
 * and a balancer that goes by that sends it everything.
 */
import { answerWith } from './answer.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

export const fastFail = defineFault({
  description: 'answers with errors at once, without a slot',
  clientSees:
    'the statuses given, for more than this worker’s share where the balancer looks for the least busy',
  standsFor: 'every balancer by least requests before a worker with a broken dependency',
  takes: { statuses: [500], ...CHOSEN },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { statuses, ...chosen }) => {
    const isChosen = chosenBy(chosen, site.random);
    return site.onArrival(({ response }) => {
      if (!isChosen()) return false;
      answerWith(response, statuses[site.random.below(statuses.length)]!);
      return true;
    });
  },
});
