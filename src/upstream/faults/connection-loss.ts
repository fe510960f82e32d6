/** The connection breaks at some point of the answer. */
import { HALF, HEAD, rawConnection, WHOLE } from './bytes.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault, type WorkerFault } from './fault.js';
import type { ParameterValue } from './parameters.js';

const SENT: Readonly<Record<ParameterValue<'when'>, string>> = {
  'before-headers': '',
  'in-headers': WHOLE.slice(0, HEAD.length / 2),
  'after-headers': HEAD,
  'in-body': HALF,
};

const CLIENT_SEES =
  '502 before and in the headers; after them its own connection breaks, since the status has been sent';

const connectionLoss = (how: 'reset' | 'end', description: string, standsFor: string): WorkerFault =>
  defineFault({
    description,
    clientSees: CLIENT_SEES,
    standsFor,
    takes: { when: 'before-headers', ...CHOSEN },
    lasts: 'span',
    survivesRestart: true,
    begin: (site, { when, ...chosen }) => {
      const isChosen = chosenBy(chosen, site.random);
      return site.onAnswer((visit) => {
        if (!isChosen()) return false;
        const socket = rawConnection(visit);
        const leave = (): void => {
          if (how === 'reset') socket.resetAndDestroy();
          else socket.end();
        };
        if (SENT[when] === '') leave();
        else socket.write(SENT[when], leave);
        return true;
      });
    },
  });

export const reset = connectionLoss(
  'reset',
  'resets the connection (RST) before the headers, in their middle, after them or in the middle of the body',
  'seed 001 "received an invalid response from an upstream server"; a process killed in the middle of its work',
);

export const close = connectionLoss(
  'end',
  'closes the connection (FIN) before the headers, in their middle, after them or in the middle of the body (truncated)',
  'a server that ends without a drain (seed 000 "routine maintenance")',
);
