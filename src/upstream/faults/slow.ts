/** Requests that keep their slots for longer: all of them, or a few by far (the tail). */
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

export const slow = defineFault({
  description: 'requests take `factor` times as long; with `share` only some of them do, such as 1% × 66',
  clientSees: 'late answers, and 504 when the queue or the request itself outlasts the timeout',
  standsFor:
    'Slack 2021-01-04 (1 % of the requests took 40 % of the time); seed 001 "increased response times"',
  takes: { factor: 10, ...CHOSEN },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { factor, ...chosen }) => {
    const isChosen = chosenBy(chosen, site.random);
    return site.onService((serviceMs) => (isChosen() ? serviceMs * factor : serviceMs));
  },
});
