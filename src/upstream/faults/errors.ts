/** Requests that are served like others and answered with an error. */
import { answerWith } from './answer.js';
import { CHOSEN, chosenBy, isBelow } from './chosen.js';
import { defineFault } from './fault.js';

export const errors = defineFault({
  description: 'answers with errors, after the usual time',
  clientSees: 'the statuses given, marked as the upstream’s own',
  standsFor: 'seed 001 "bugs or inefficiencies"; Cloudflare 2025-12-05',
  takes: { statuses: [500], ...CHOSEN, path: null },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { statuses, path, ...chosen }) => {
    const isChosen = chosenBy(chosen, site.random);
    return site.onAnswer(({ request, response }) => {
      if (!isBelow(path, request) || !isChosen()) return false;
      answerWith(response, statuses[site.random.below(statuses.length)]!);
      return true;
    });
  },
});
