/** A connection that is broken off from outside, such as by a firewall that has lost its state. */
import { defineToxic } from '../toxic.js';

export const resetPeer = defineToxic({
  description: '`timeout` ms after the first bytes both sides get a reset (RST); the bytes are lost',
  clientSees: '502 (reset before an answer); on the upstream stream the worker has not even got the request',
  attributes: { timeout: { unit: 'ms', description: 'between the first bytes and the reset' } },
  begin: ({ timeout }) => ({
    onBytes: (_bytes, nowMs) => [{ ending: 'reset', atMs: nowMs + timeout }],
    onEnding: (_ending, nowMs) => [{ ending: 'reset', atMs: nowMs + timeout }],
  }),
});
