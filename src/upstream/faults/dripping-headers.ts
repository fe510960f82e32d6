/** Headers one byte at a time: always something, never the whole, so that a timeout between two reads does not fire. */
import { rawConnection, WHOLE } from './bytes.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

const BYTE_INTERVAL_MS = 100;

export const drippingHeaders = defineFault({
  description: 'sends its headers one byte each 100 ms',
  clientSees: '504 where the whole of the headers is timed; where only reads are, an answer after seconds',
  standsFor: 'a peer behind a congested link; Slowloris from the other side',
  takes: CHOSEN,
  lasts: 'span',
  survivesRestart: true,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    return site.onAnswer((visit) => {
      if (!isChosen()) return false;
      const socket = rawConnection(visit);
      let sent = 0;
      const timer = site.clock.every(BYTE_INTERVAL_MS, () => {
        socket.write(WHOLE[sent]!);
        sent++;
        if (sent === WHOLE.length) timer.cancel();
      });
      socket.on('close', () => timer.cancel());
      return true;
    });
  },
});
