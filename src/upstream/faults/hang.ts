/** Requests that are taken and never answered. Their connections stay open; other requests are served as ever. */
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

export const hang = defineFault({
  description:
    'takes requests, without a slot, and never answers them; checks that do not come this way stay green',
  clientSees: '504 after the attempt timeout',
  standsFor:
    'seed 001 "the main server fails to respond properly or in time"; Canva 2024-11-12 (requests that never completed)',
  takes: CHOSEN,
  lasts: 'span',
  survivesRestart: false,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    return site.onArrival(({ request }) => {
      if (!isChosen()) return false;
      request.resume();
      return true;
    });
  },
});
