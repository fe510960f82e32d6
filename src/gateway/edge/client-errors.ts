/**
 * A client that does not speak HTTP, or too slowly, gets its answer on the bare socket: there is no request to answer.
 * In the middle of a response nothing may be written: it would be taken for its body.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { causeOf, ERRORS, type ErrorCode } from '../../core/errors.js';
import { proxyStatus, RAY_ID_HEADER } from '../headers.js';
import { lingeringEnd } from './linger.js';

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
};

/** Whether a packet begins with a request whose first line alone is longer than a header may be. */
const isLongAddress = (packet: Buffer | undefined, maxHeaderBytes: number): boolean => {
  if (packet === undefined || !/^[A-Z-]+ /.test(packet.toString('latin1', 0, 32))) return false;
  const end = packet.indexOf('\n');
  return end === -1 || end > maxHeaderBytes;
};

const codeOf = (
  error: NodeJS.ErrnoException & { readonly rawPacket?: Buffer },
  maxHeaderBytes: number,
): ErrorCode => {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'BGW_ERR_CLIENT_TIMEOUT';
    case 'HPE_HEADER_OVERFLOW':
      return isLongAddress(error.rawPacket, maxHeaderBytes)
        ? 'BGW_ERR_URI_TOO_LONG'
        : 'BGW_ERR_REQUEST_HEADERS_TOO_LARGE';
    default:
      return 'BGW_ERR_BAD_REQUEST';
  }
};

export interface ClientErrorParts {
  readonly clock: Clock;
  readonly maxHeaderBytes: number;
  readonly rayId: () => string;
  /** Called with the status the client got, and why. */
  readonly answered: (status: number, cause: string) => void;
}

/** @returns the listener of a server's `clientError` event, which answers and closes. */
export const clientErrors = ({ clock, maxHeaderBytes, rayId, answered }: ClientErrorParts) => {
  /** Those that have their answer: what else is wrong with them is no news. */
  const refused = new WeakSet<Socket>();

  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (refused.has(socket)) return;
    const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: ServerResponse };
    if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent) {
      socket.destroy();
      return;
    }
    // What follows a whole request is no part of it: that request has its answer first, and it is the last one.
    if (underWay?.req.complete) {
      underWay.shouldKeepAlive = false;
      return;
    }
    refused.add(socket);
    // Node has let go of a connection that asks for CONNECT.
    socket.on('error', () => socket.destroy());
    const code = codeOf(error, maxHeaderBytes);
    const { statusCode } = ERRORS[code];
    answered(statusCode, causeOf(code));
    socket.write(
      `HTTP/1.1 ${statusCode} ${REASONS[statusCode]}\r\nconnection: close\r\ncontent-length: 0\r\n` +
        `${RAY_ID_HEADER}: ${rayId()}\r\nproxy-status: ${proxyStatus(ERRORS[code], code)}\r\n\r\n`,
    );
    // What the client is still sending must not turn our answer into a reset before it is read.
    lingeringEnd(socket, clock);
  };
};
