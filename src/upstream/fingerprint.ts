/** What tells one request of a client from all others, and stays the same when it is sent again. */
import type { IncomingMessage } from 'node:http';

/** Sent by clients with every try of a request. */
export const FINGERPRINT_HEADER = 'x-request-id';

/** Empty: the client sends none. */
export const fingerprintOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string =>
  String(headers[FINGERPRINT_HEADER] ?? '');
