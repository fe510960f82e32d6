/** An end that comes late: the bytes are all there, but not the news that there are no more. */
import { defineToxic } from '../toxic.js';

export const slowClose = defineToxic({
  description: 'the end of the connection arrives `delay` ms after the last bytes',
  clientSees:
    'nothing where an answer tells its length; where the end of the connection ends it, an answer that late',
  attributes: { delay: { unit: 'ms', required: true, description: 'between the last bytes and the end' } },
  begin: ({ delay }) => ({
    // A reset is no end that somebody waits for.
    onEnding: (ending, nowMs) => [{ ending, atMs: ending === 'reset' ? nowMs : nowMs + delay }],
  }),
});
