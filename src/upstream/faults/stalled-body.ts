/** Headers and half a body, and then nothing: the connection stays open. */
import { HALF, rawConnection } from './bytes.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

export const stalledBody = defineFault({
  description: 'sends headers and half of the body, and then nothing more',
  clientSees: 'an answer that stops in the middle, until the body’s idle timeout breaks its connection',
  standsFor: 'seed 001 "potential data loss if responses are not saved": a stream cut in the middle',
  takes: CHOSEN,
  lasts: 'span',
  survivesRestart: true,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    return site.onAnswer((visit) => {
      if (!isChosen()) return false;
      rawConnection(visit).write(HALF);
      return true;
    });
  },
});
