/** Silence: whatever is sent is lost, and after a while the connection is closed. */
import { defineToxic, type Flow } from '../toxic.js';

export const timeout = defineToxic({
  description:
    'bytes are lost; after `timeout` ms without any the connection is closed, with 0 not before the toxic is removed',
  clientSees: '502 (closed before an answer), or 504 where the gateway gives up first',
  attributes: {
    timeout: { unit: 'ms', required: true, description: 'until it is closed; 0: never by itself' },
  },
  closesWhenRemoved: true,
  begin: ({ timeout }, { nowMs: begunMs }): Flow => {
    if (timeout === 0) return { onBytes: () => [] };
    let closesAtMs = begunMs + timeout;
    return {
      get closesAtMs() {
        return closesAtMs;
      },
      onBytes: (_bytes, nowMs) => {
        closesAtMs = nowMs + timeout;
        return [];
      },
    };
  },
});
