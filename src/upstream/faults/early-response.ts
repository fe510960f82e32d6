/** An answer before the request has been read, and the connection closed: what is still on its way meets a reset. */
import { rawConnection } from './bytes.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok';

export const earlyResponse = defineFault({
  description: 'answers before it has read the request’s body, and closes',
  clientSees: 'the answer, where the gateway reads it before it writes on; else 502 for uploads',
  standsFor: 'servers that refuse an upload by its headers',
  takes: CHOSEN,
  lasts: 'span',
  survivesRestart: true,
  begin: (site, options) => {
    const isChosen = chosenBy(options, site.random);
    return site.onArrival((visit) => {
      if (!isChosen()) return false;
      visit.request.pause();
      rawConnection(visit).end(ANSWER);
      return true;
    });
  },
});
