/** A long way: everything arrives later, in the order it was sent in. */
import { defineToxic } from '../toxic.js';

/**
 * What is under way on a long fast line: at half a second, 8 MiB a second still get through. Toxiproxy keeps 1024
 * chunks of up to 32 KiB, which is more than loopback sockets hold.
 */
const UNDER_WAY_BYTES = 4 * 1024 ** 2;

export const latency = defineToxic({
  description:
    'bytes arrive `latency` ms later, give or take up to `jitter` ms, each read for itself and in order',
  clientSees: 'answers that much later; 504 when that is more than the timeout',
  attributes: {
    latency: { unit: 'ms', required: true, description: 'added to the way' },
    jitter: { unit: 'ms', description: 'more or less than that, evenly spread' },
  },
  heldBytes: UNDER_WAY_BYTES,
  begin: ({ latency, jitter }, { random }) => ({
    onBytes: (bytes, nowMs) => [{ bytes, atMs: nowMs + latency + (2 * random.next() - 1) * jitter }],
  }),
});
