/**
 * A firewall that drops packets (`DROP`): a new connection is never answered, and on those there are nothing arrives,
 * not even an end. When it is over, what was held arrives, as it does when packets are sent again.
 */
import { defineToxic } from '../toxic.js';

const never = Number.POSITIVE_INFINITY;

export const blackHole = defineToxic({
  description:
    'new connections are never answered, open ones stand still until it is over; not one of Toxiproxy’s',
  clientSees: '504 after the connect timeout, or the response timeout on a connection that was open',
  attributes: {},
  swallowsConnections: true,
  begin: () => ({
    onBytes: (bytes) => [{ bytes, atMs: never }],
    onEnding: (ending) => [{ ending, atMs: never }],
  }),
});
