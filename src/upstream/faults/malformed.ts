/** An answer that is not HTTP in one of its parts. */
import { rawConnection } from './bytes.js';
import { CHOSEN, chosenBy } from './chosen.js';
import { defineFault } from './fault.js';
import type { ParameterValue } from './parameters.js';

const ANSWERS: Readonly<Record<ParameterValue<'part'>, string>> = {
  'status-line': 'HTTP/1.1 OK 200\r\ncontent-length: 2\r\n\r\nok',
  header: 'HTTP/1.1 200 OK\r\ncontent type: text/plain\r\ncontent-length: 2\r\n\r\nok',
  length: 'HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nok',
  chunk: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n',
};

export const malformed = defineFault({
  description: 'answers with a spoiled status line, header, length or chunk',
  clientSees: '502; with a spoiled chunk its own connection breaks after the headers',
  standsFor: 'seed 001 "received an invalid response from an upstream server"',
  takes: { part: 'status-line', ...CHOSEN },
  lasts: 'span',
  survivesRestart: true,
  begin: (site, { part, ...chosen }) => {
    const isChosen = chosenBy(chosen, site.random);
    return site.onAnswer((visit) => {
      if (!isChosen()) return false;
      rawConnection(visit).end(ANSWERS[part]);
      return true;
    });
  },
});
