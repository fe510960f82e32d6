/**
 * What Node makes of a request's head. Node takes every `Upgrade` for the end of HTTP on a connection, and then has no
 * body and no next request for it. Clients that ask for `h2c` beside a plain request do so by default; they may be
 * answered as if they had not asked (RFC 9110 section 7.8), so only what we can go on with is an upgrade here.
 */
import { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

export class Incoming extends IncomingMessage {
  /** Whether it names another protocol, whichever. */
  asksUpgrade = false;

  /** Node's own field: true ends HTTP on the connection. A body could not be told from what follows it. */
  get upgrade(): boolean {
    if (!this.asksUpgrade) return false;
    const { method, headers } = this;
    if (method === 'CONNECT') return true;
    const { upgrade = '', 'content-length': length, 'transfer-encoding': coding } = headers;
    return method === 'GET' && upgrade.toLowerCase() === 'websocket' && (length ?? coding) === undefined;
  }

  set upgrade(asks: boolean | null) {
    if (asks) this.asksUpgrade = true;
  }
}

/** Methods whose bodies mean nothing (RFC 9110 section 9.3); upstreams differ in what they make of one, so it is dropped. */
const dropsBody = (method: string | undefined): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'TRACE';

/** Whether a body comes with it that is to be passed on. */
export const hasBody = (raw: IncomingMessage): boolean => {
  if (dropsBody(raw.method)) return false;
  // Its frames say it: a length is the client's choice.
  if (raw.httpVersionMajor === 2) return !(raw as unknown as Http2ServerRequest).stream.endAfterHeaders;
  const length = raw.headers['content-length'];
  return length === undefined ? raw.headers['transfer-encoding'] !== undefined : Number(length) > 0;
};

/** Whether the client waits with its body until it is asked for (RFC 9110 section 10.1.1). */
export const waitsForContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect !== undefined && httpVersion !== '1.0' && /(^|\W)100-continue($|\W)/i.test(headers.expect);
