/** Headers one byte at a time: always something, never the whole, so that a timeout between two reads does not fire. */
import { rawConnection, WHOLE } from './bytes.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

const BYTE_INTERVAL_MS = 100;

export const drippingHeaders = defineFault({
  description: 'sends its answer one byte each 100 ms, headers first',
  clientSees: '504 where the whole of the headers is timed; where only reads are, an answer after seconds',
  standsFor: 'a peer behind a congested link; Slowloris from the other side',
  takes: CHOSEN,
  lasts: 'span',
  survivesRestart: true,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    /** Each sends what is left of its answer. */
    const dripping = new Set<() => void>();
    const leave = site.onAnswer((visit) => {
      if (!isChosen()) return false;
      const socket = rawConnection(visit);
      let sent = 0;
      const leaveIt = (): void => {
        timer.cancel();
        dripping.delete(flush);
      };
      const flush = (): void => {
        leaveIt();
        socket.end(WHOLE.slice(sent));
      };
      const timer = site.clock.every(BYTE_INTERVAL_MS, () => {
        if (sent === WHOLE.length - 1) flush();
        else socket.write(WHOLE[sent++]!);
      });
      dripping.add(flush);
      socket.on('close', leaveIt);
      return true;
    });
    return () => {
      leave();
      for (const flush of [...dripping]) flush();
    };
  },
});
