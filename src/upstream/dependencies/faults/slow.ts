/** Calls that take longer: all of them, or a few by far. */
import { CHOSEN, chosenBy } from '../../faults/chosen.js';
import { defineDependencyFault } from './dependency-fault.js';

export const slow = defineDependencyFault({
  description: 'calls take `factor` times as long; with `share`, only some of them do',
  workerSees: 'late answers, and a pool that is used up when calls come faster than it gets them back',
  standsFor: 'Slack 2022-02-22 (scatter queries overload the database); a lost index',
  kinds: ['database', 'third-party'],
  takes: { factor: 10, ...CHOSEN },
  survivesRestart: true,
  begin: (site, { factor, ...chosen }) => {
    const isChosen = chosenBy(chosen, site.random);
    return site.onTime((timeMs) => (isChosen() ? timeMs * factor : timeMs));
  },
});
