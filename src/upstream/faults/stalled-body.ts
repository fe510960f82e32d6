/** Headers and half a body, and then nothing: the connection stays open. */
import { HALF, rawConnection, WHOLE } from './bytes.js';
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
    /** Each sends what is left of its answer. */
    const stalled = new Set<() => void>();
    const leave = site.onAnswer((visit) => {
      if (!isChosen()) return false;
      const socket = rawConnection(visit);
      socket.write(HALF);
      const goOn = (): void => void socket.end(WHOLE.slice(HALF.length));
      stalled.add(goOn);
      socket.on('close', () => stalled.delete(goOn));
      return true;
    });
    return () => {
      leave();
      for (const goOn of stalled) goOn();
    };
  },
});
